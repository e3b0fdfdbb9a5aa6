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
