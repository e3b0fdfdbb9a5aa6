//! Tests of whole reports.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::well_formed::assert_well_formed;
use super::*;

pub(super) fn metrics(step: u64) -> MetricsRow {
    let t = step as f64;
    MetricsRow {
        step,
        epoch: t / 100.0,
        learning_rate: 0.01,
        train_pseudo_log_likelihood: -100.0 + t / 100.0,
        test_pseudo_log_likelihood: Some(-101.0 + t / 100.0),
        train_reconstruction_error: 0.1 - t / 1e5,
        test_reconstruction_error: Some(0.11 - t / 1e5),
        free_energy_train: Some(-50.0 - t / 1e3),
        free_energy_test: Some(-49.0),
        free_energy_gap: Some(1.0 + t / 1e3),
        weight_norm: 1.0 + t / 1e3,
        weight_max: 0.1 + t / 1e4,
        singular_values: vec![1.0 + t / 500.0, 0.5],
    }
}

/// A small run with every part of a report.
fn full() -> ReportData {
    let spectrum = |label: &str, largest: f64| SpectrumPanel {
        label: label.to_owned(),
        singular_values: vec![largest, 1.0, 0.8, 0.6, 0.5, 0.3],
        density: (0..=10).map(|k| (0.2 + 0.1 * f64::from(k), 1.0)).collect(),
        edges: (0.2, 1.2),
        sigma: 0.1,
        modes_above_edge: usize::from(largest > 1.2),
        ks_distance: Some(0.05),
        ks_p_value: Some(0.7),
    };
    ReportData {
        title: "A <small> run & its report".to_owned(),
        subtitle: "6 × 6".to_owned(),
        facts: vec![("modes with λ ≥ 4".to_owned(), "1 of 6".to_owned())],
        settings: vec![("seed".to_owned(), "7".to_owned())],
        metrics: (0..20).map(|k| metrics(100 * k)).collect(),
        likelihood: Vec::new(),
        snapshot_likelihood: Vec::new(),
        reconstruction_unit: "squared error per pixel".to_owned(),
        spectra: SpectrumHistory {
            steps: vec![0, 1, 10, 100],
            singular_values: (0..4)
                .map(|k| vec![0.9 + 1.5 * f64::from(k), 0.8, 0.1])
                .collect(),
        },
        spectrum_panels: vec![spectrum("start", 1.1), spectrum("end", 5.4)],
        quality: None,
        samples: Some(ImageGrid {
            images: vec![vec![0.0, 1.0, 0.5, 0.0, 1.0, 0.0]; 4],
            shape: (2, 3),
            caption: "Four chains.".to_owned(),
        }),
        modes: Some(ModeImages {
            vectors: (0..18)
                .map(|k| {
                    (0..6)
                        .map(|i| 0.1 * f64::from(i - 3) + 0.01 * f64::from(k))
                        .collect()
                })
                .collect(),
            lambda: vec![5.4; 18],
            shape: (2, 3),
        }),
        analysis: vec![("modes with λ ≥ 4".to_owned(), "1".to_owned())],
        saddles: vec![
            SaddleRow {
                mode: 1,
                lambda: 5.4,
                x: -0.5,
                y: 1.5,
                energy: 2.25,
                usable: true,
            },
            SaddleRow {
                mode: 2,
                lambda: 1e-9,
                x: f64::NAN,
                y: f64::NAN,
                energy: f64::NAN,
                usable: false,
            },
        ],
        experiment: None,
        notes: vec!["One note.".to_owned()],
    }
}

fn written(data: &ReportData) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = write(data, directory.path()).unwrap();
    assert_eq!(path, directory.path().join("index.html"));
    let page = fs::read_to_string(path).unwrap();
    assert_well_formed(&page);
    assert_self_contained(&page, directory.path());
    for entry in fs::read_dir(directory.path().join("figures")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert_well_formed(&text);
        assert!(!text.contains("var(") && !text.contains("NaN"), "{text}");
    }
    assert!(!page.contains("NaN") && !page.contains(">inf"));
    (directory, page)
}

/// Nothing is loaded from elsewhere, and every link leads to something.
fn assert_self_contained(page: &str, directory: &Path) {
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

pub(super) fn column(directory: &Path, table: &str, name: &str) -> Vec<String> {
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

fn figure_of<'a>(page: &'a str, name: &str) -> &'a str {
    let start = page
        .find(&format!("<figure id=\"{name}\">"))
        .unwrap_or_else(|| panic!("figure {name}"));
    &page[start..start + page[start..].find("</figure>").unwrap()]
}

#[test]
fn a_full_report_has_all_its_figures() {
    let (directory, page) = written(&full());
    let names = [
        "likelihood",
        "free-energy",
        "weights",
        "samples",
        "singular-values",
        "spectrum",
        "singular-vectors",
    ];
    for (k, name) in names.into_iter().enumerate() {
        assert!(
            figure_of(&page, name).contains(&format!("Figure {}. ", k + 1)),
            "{name}"
        );
        assert!(
            directory
                .path()
                .join(format!("figures/{name}.svg"))
                .is_file()
        );
        assert!(directory.path().join(format!("data/{name}.csv")).is_file());
    }
    assert!(page.contains("A &lt;small&gt; run &amp; its report"));
    assert!(!page.contains("left out"));
    assert_eq!(page.matches("<table class=\"grid\" id=").count(), 1);
}

#[test]
fn figures_hold_the_expected_marks() {
    let (directory, page) = written(&full());
    let marks = |name: &str| figure_of(&page, name).matches("class=\"mark\"").count();
    assert_eq!(marks("likelihood"), 4, "two curves in two panels");
    assert_eq!(marks("free-energy"), 4, "two curves, the gap and its zero");
    assert_eq!(marks("weights"), 2, "a constant learning rate is not drawn");
    assert_eq!(
        marks("singular-values"),
        2 * (3 + 1),
        "three modes and the critical line, wide and narrow"
    );
    assert!(figure_of(&page, "singular-values").contains("critical, λ = 4"));
    // Start: 8 bars, density, rug, two edges. End: the same, the largest mode beyond the axis.
    // By rank: two spectra and the critical line, wide and narrow.
    assert_eq!(marks("spectrum"), 2 * 12 + 2 * 3);
    assert!(figure_of(&page, "spectrum").contains("6 modes, 1 further right"));
    assert_eq!(figure_of(&page, "samples").matches("<img").count(), 4);
    assert_eq!(
        figure_of(&page, "singular-vectors").matches("<img").count(),
        16 + 1,
        "and the scale"
    );
    let file = fs::read_to_string(directory.path().join("figures/singular-values.svg")).unwrap();
    assert_eq!(file.matches("class=\"mark\"").count(), 3 + 1);
}

#[test]
fn tables_hold_the_numbers_that_are_drawn() {
    let data = full();
    let (directory, _) = written(&data);
    let numbers = |table: &str, name: &str| -> Vec<f64> {
        column(directory.path(), table, name)
            .iter()
            .map(|cell| cell.parse().unwrap())
            .collect()
    };
    let expected: Vec<f64> = data
        .metrics
        .iter()
        .map(|row| row.train_pseudo_log_likelihood)
        .collect();
    assert_eq!(
        numbers("likelihood", "train_pseudo_log_likelihood"),
        expected
    );
    assert_eq!(numbers("singular-values", "step"), [0.0, 1.0, 10.0, 100.0]);
    let expected: Vec<f64> = data
        .spectra
        .singular_values
        .iter()
        .map(|values| values[0])
        .collect();
    assert_eq!(numbers("singular-values", "lambda_1"), expected);
    assert_eq!(numbers("spectrum", "singular_value")[6], 5.4);
    assert_eq!(numbers("samples", "pixel_1_1"), [1.0; 4]);
    assert_eq!(
        column(directory.path(), "saddles", "usable"),
        ["true", "false"]
    );
    assert_eq!(column(directory.path(), "saddles", "x"), ["-0.5", ""]);
}

#[test]
fn an_empty_report_says_what_is_missing() {
    let (directory, page) = written(&ReportData {
        title: "Nothing".to_owned(),
        ..ReportData::default()
    });
    assert!(!page.contains("<figure") && !page.contains("<svg"));
    assert_eq!(page.matches("left out, since").count(), 5);
    assert_eq!(
        fs::read_dir(directory.path().join("figures"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn one_evaluation_is_no_curve() {
    let data = ReportData {
        metrics: vec![metrics(0)],
        spectra: SpectrumHistory::default(),
        ..full()
    };
    let (_, page) = written(&data);
    assert!(page.contains("a curve needs two evaluations and the run has one"));
    assert!(!page.contains("id=\"likelihood\"") && !page.contains("id=\"singular-values\""));
}

#[test]
fn without_snapshots_the_evaluations_give_the_spectrum() {
    let data = ReportData {
        spectra: SpectrumHistory::default(),
        ..full()
    };
    let (directory, _) = written(&data);
    assert_eq!(
        column(directory.path(), "singular-values", "lambda_2").len(),
        20
    );
}

#[test]
fn missing_and_nan_metrics_leave_gaps_or_panels_out() {
    let mut data = full();
    for (k, row) in data.metrics.iter_mut().enumerate() {
        row.test_pseudo_log_likelihood = None;
        row.test_reconstruction_error = None;
        row.free_energy_train = None;
        row.free_energy_test = None;
        row.free_energy_gap = None;
        row.train_reconstruction_error = f64::NAN;
        row.weight_max = f64::INFINITY;
        if k == 10 {
            row.train_pseudo_log_likelihood = f64::NAN;
        }
    }
    let (directory, page) = written(&data);
    let likelihood = figure_of(&page, "likelihood");
    assert!(!likelihood.contains("test images") && !likelihood.contains("Reconstruction"));
    let curve = likelihood
        .split("class=\"mark\" d=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(curve.matches('M').count(), 2, "one gap: {curve}");
    assert_eq!(
        column(
            directory.path(),
            "likelihood",
            "train_pseudo_log_likelihood"
        )[10],
        ""
    );
    for missing in [
        "Reconstruction error",
        "Free energy of training and test images",
        "Largest weight",
    ] {
        assert!(page.contains(&format!("{missing}: left out")), "{missing}");
    }
}

#[test]
fn hopeless_numbers_are_no_errors() {
    let mut data = full();
    for value in [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        -1.0,
        0.0,
        5e-324,
    ] {
        for row in &mut data.metrics {
            row.train_pseudo_log_likelihood = value;
            row.weight_norm = value;
            row.learning_rate = value;
            row.free_energy_gap = Some(value);
        }
        data.spectra.singular_values = vec![vec![value; 3]; 4];
        for panel in &mut data.spectrum_panels {
            panel.singular_values = vec![value; 5];
            panel.density = vec![(value, value)];
            panel.edges = (value, value);
            panel.sigma = value;
        }
        if let Some(modes) = &mut data.modes {
            modes.vectors = vec![vec![value; 6]; 3];
            modes.lambda = vec![value];
        }
        written(&data);
    }
}

#[test]
fn images_of_another_shape_are_left_out() {
    let mut data = full();
    data.samples = Some(ImageGrid {
        images: vec![vec![0.0; 5]],
        shape: (2, 3),
        caption: String::new(),
    });
    data.modes = Some(ModeImages {
        vectors: vec![vec![]],
        lambda: vec![1.0],
        shape: (0, 3),
    });
    let (_, page) = written(&data);
    assert_eq!(page.matches("not all of its images have").count(), 2);
    data.samples = Some(ImageGrid::default());
    data.modes = Some(ModeImages {
        vectors: vec![],
        lambda: vec![],
        shape: (2, 3),
    });
    let (_, page) = written(&data);
    assert!(!page.contains("id=\"samples\"><div") && !page.contains("singular-vectors"));
}

#[test]
fn a_steep_start_is_cut_off_and_the_caption_says_so() {
    let mut data = full();
    assert!(!written(&data).1.contains("outside of the frame"));
    data.metrics[0].train_pseudo_log_likelihood = -5000.0;
    assert!(written(&data).1.contains("outside of the frame"));
}

#[test]
fn writing_again_replaces_and_leaves_no_scraps() {
    let (directory, _) = written(&full());
    let data = ReportData {
        title: "Second".to_owned(),
        ..full()
    };
    write(&data, directory.path()).unwrap();
    assert!(
        fs::read_to_string(directory.path().join("index.html"))
            .unwrap()
            .contains("<h1>Second</h1>")
    );
    let mut names: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["data", "figures", "index.html"]);
}

#[test]
fn an_unusable_directory_is_an_error_that_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = write(&full(), &file).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
}
