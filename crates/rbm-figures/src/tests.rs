//! Tests of whole documents.

use std::fs;

use maud::html;

use crate::well_formed::assert_well_formed;
use crate::*;

#[test]
fn replicas_have_bands_and_error_bars() {
    let panel = Panel::new("Replicas", Axis::log("M"), Axis::linear("nats"))
        .with(
            Mark::error_bars([
                (8.0, -2.0, 0.5),
                (16.0, -1.0, f64::NAN),
                (f64::NAN, 0.0, 1.0),
            ])
            .label("mean"),
        )
        .with(
            Mark::band([(8.0, -2.5, -1.5), (16.0, -1.2, -0.8)])
                .color(Color::Series(2))
                .label("± error"),
        );
    let mut section = Section::new("replicas", "Replicas");
    section.figure(Figure {
        name: "replicas",
        title: "Replicas".to_owned(),
        caption: html! { "Means." },
        content: Content::Panels(vec![panel]),
        tables: Vec::new(),
    });
    let mut document = Document {
        sections: vec![section],
        ..Document::default()
    };
    let directory = tempfile::tempdir().unwrap();
    let page = fs::read_to_string(document.write(directory.path()).unwrap()).unwrap();
    assert_well_formed(&page);
    let drawn = page.split("<figure id=\"replicas\">").nth(1).unwrap();
    // Two dots and one area, wide and narrow; only the dot with a finite error has a bar.
    assert_eq!(drawn.matches("class=\"mark\"").count(), 2 * 3);
    assert_eq!(drawn.matches("m-3 0h6").count(), 2);
    assert!(drawn.contains(">± error<"));

    document.sections.push(document.sections[0].clone());
    let error = document.write(directory.path()).unwrap_err();
    assert!(error.to_string().contains("figures/replicas."), "{error}");
}

#[test]
fn a_page_escapes_what_it_is_told() {
    let document = Document {
        title: "A <small> run & its report".to_owned(),
        ..Document::default()
    };
    let directory = tempfile::tempdir().unwrap();
    let page = fs::read_to_string(document.write(directory.path()).unwrap()).unwrap();
    assert_well_formed(&page);
    assert!(page.contains("<h1>A &lt;small&gt; run &amp; its report</h1>"));
}

#[test]
fn writing_again_replaces_and_leaves_no_scraps() {
    let directory = tempfile::tempdir().unwrap();
    let titled = |title: &str| Document {
        title: title.to_owned(),
        ..Document::default()
    };
    titled("First").write(directory.path()).unwrap();
    let page = titled("Second").write(directory.path()).unwrap();
    assert_eq!(page, directory.path().join("index.html"));
    assert!(
        fs::read_to_string(page)
            .unwrap()
            .contains("<h1>Second</h1>")
    );
    let names = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["data", "figures", "index.html"]);
}

#[test]
fn an_unusable_directory_is_an_error_that_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Document::default().write(&file).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
}
