//! Pages of made-up runs, and what every page must be.

use super::{groups, sections};
use crate::report::data::Replica;
use crate::report::well_formed::assert_well_formed;
use rbm_figures::{Block, Document};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The page of some runs, in a directory.
pub fn written(replicas: &[Replica]) -> (tempfile::TempDir, String, Document) {
    let document = Document {
        title: "Test".into(),
        sections: sections(&groups(replicas)),
        ..Default::default()
    };
    let directory = tempfile::tempdir().unwrap();
    // Names that are not unique would be an error.
    let page = document.write(directory.path()).unwrap();
    let page = fs::read_to_string(page).unwrap();
    assert_well_formed(&page);
    assert_self_contained(&page, directory.path());
    assert!(!page.contains("NaN") && !page.contains(">inf"));
    assert_legible(&page);
    for entry in fs::read_dir(directory.path().join("figures")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("var(") && !text.contains("NaN"), "{path:?}");
        if path.extension().is_some_and(|kind| kind == "svg") {
            assert_well_formed(&text);
        }
    }
    let ids: Vec<&str> = document.sections.iter().map(|section| section.id).collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
    (directory, page, document)
}

/// Every axis has three labels or more, and every figure its data.
fn assert_legible(page: &str) {
    for plot in page.split("<svg class=\"plot\"").skip(1) {
        let plot = plot.split("</svg></div>").next().unwrap();
        let name = plot.split('"').nth(3).unwrap();
        let texts = plot
            .split("<text ")
            .skip(1)
            .map(|text| text.split('>').next().unwrap());
        let count = |anchor: &str| {
            let attribute = format!("text-anchor=\"{anchor}\"");
            texts
                .clone()
                .filter(|text| text.contains(&attribute))
                .count()
        };
        // The name of the horizontal axis stands in its middle.
        let (x, y) = (count("middle") - 1, count("end"));
        assert!(x >= 3 && y >= 3, "{name}: {x} and {y} labels");
    }
    for figure in page.split("<figure id=\"").skip(1) {
        let name = figure.split('"').next().unwrap();
        let figure = figure.split("</figure>").next().unwrap();
        assert!(figure.contains("<details class=\"data\">"), "{name}");
    }
}

/// Names of all figures.
pub fn names(document: &Document) -> Vec<&'static str> {
    let blocks = document.sections.iter().flat_map(|section| &section.blocks);
    let figure = |block: &Block| match block {
        Block::Figure(figure) => Some(figure.name),
        _ => None,
    };
    blocks.filter_map(figure).collect()
}

/// Nothing is loaded from elsewhere, and every link leads to something; those to the theory are for readers to follow.
fn assert_self_contained(page: &str, directory: &Path) {
    let page = &page.replace(&format!(" href=\"{}", crate::report::theory::THEORY), " ");
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("//cdn"));
    assert!(!page.contains("@import") && !page.contains("url("));
    let ids: BTreeSet<&str> = page
        .split(" id=\"")
        .skip(1)
        .filter_map(|part| part.split('"').next())
        .collect();
    for part in page.split(" href=\"").skip(1) {
        let target = part.split('"').next().unwrap();
        match target.strip_prefix('#') {
            Some(id) => assert!(ids.contains(id), "#{id}"),
            None => assert!(
                target.starts_with("data:") || directory.join(target).is_file(),
                "{target}"
            ),
        }
    }
    for part in page.split(" src=\"").skip(1) {
        assert!(part.starts_with("data:image/png;base64,iVBOR"));
    }
}

/// A column of a table.
pub fn column(directory: &Path, table: &str, name: &str) -> Vec<String> {
    let mut reader =
        csv::Reader::from_path(directory.join("data").join(format!("{table}.csv"))).unwrap();
    let at = reader
        .headers()
        .unwrap()
        .iter()
        .position(|head| head == name)
        .expect(name);
    reader
        .records()
        .map(|row| row.unwrap()[at].to_owned())
        .collect()
}

/// The page's part on one figure.
pub fn figure_of<'a>(page: &'a str, name: &str) -> &'a str {
    let start = page
        .find(&format!("<figure id=\"{name}\">"))
        .unwrap_or_else(|| panic!("figure {name}"));
    &page[start..start + page[start..].find("</figure>").unwrap()]
}
