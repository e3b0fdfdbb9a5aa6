//! The figures that are drawn otherwise, or only, of a single run.

use super::testing::{bracket, metrics, replica, single};
use super::written::{column, figure_of, names, written};
use crate::observers::MetricsRow;
use crate::report::data::{Replica, Samples};

fn numbers(directory: &tempfile::TempDir, table: &str, name: &str) -> Vec<f64> {
    let cells = column(directory.path(), table, name);
    cells
        .iter()
        .map(|cell| cell.parse().unwrap_or(f64::NAN))
        .collect()
}

/// The values of one quantity of a part in a long table.
fn of(directory: &tempfile::TempDir, table: &str, quantity: &str, part: &str) -> Vec<f64> {
    let columns = ["quantity", "series"].map(|name| column(directory.path(), table, name));
    let values = numbers(directory, table, "mean");
    let rows = columns[0].iter().zip(&columns[1]).zip(values);
    rows.filter(|((name, series), _)| *name == quantity && *series == part)
        .map(|(_, value)| value)
        .collect()
}

#[test]
fn figures_hold_the_expected_marks() {
    let (_, page, _) = written(&[single()]);
    let marks = |name: &str| figure_of(&page, name).matches("class=\"mark\"").count();
    assert_eq!(
        marks("likelihood"),
        4 + 2 * 2,
        "two curves in two panels; their difference and its zero, wide and narrow"
    );
    assert_eq!(marks("free-energy"), 4, "two curves, the gap and its zero");
    assert_eq!(marks("weights"), 2, "a constant learning rate is not drawn");
    assert_eq!(
        marks("singular-values"),
        2 * (4 + 1),
        "four modes and the critical line, wide and narrow"
    );
    assert!(figure_of(&page, "singular-values").contains("3–4"));
    let spectrum = figure_of(&page, "spectrum");
    assert!(spectrum.contains("Kolmogorov-Smirnov distance 0.050 (p = 0.70)"));
    assert!(spectrum.contains("start (update 0)") && spectrum.contains("end (update 3000)"));
    assert!(spectrum.contains("λ₊ = ") && spectrum.contains("Strokes on the axis"));
    assert_eq!(figure_of(&page, "samples").matches("<img").count(), 4);
    let vectors = figure_of(&page, "singular-vectors").matches("<img").count();
    assert_eq!(vectors, 4 + 1, "and the scale");
    // The saddles.
    assert_eq!(page.matches("<table class=\"grid\" id=").count(), 1);
    assert!(page.contains("fitted σ of the bulk") && page.contains("ln Z, exact"));
}

#[test]
fn tables_hold_the_numbers_that_are_drawn() {
    let run = single();
    let (directory, _, _) = written(std::slice::from_ref(&run));
    let expected =
        |value: fn(&MetricsRow) -> f64| run.metrics.iter().map(value).collect::<Vec<f64>>();
    let likelihood = |part| of(&directory, "likelihood", "Pseudo-log-likelihood", part);
    assert_eq!(
        likelihood("training rows"),
        expected(|row| row.value("train_pseudo_log_likelihood").unwrap())
    );
    assert_eq!(
        likelihood("test rows"),
        expected(|row| row.value("test_pseudo_log_likelihood").unwrap())
    );
    assert_eq!(
        of(&directory, "weights", "Epoch", ""),
        expected(|row| row.epoch)
    );
    let history = &run.measurements.history;
    assert_eq!(
        numbers(&directory, "singular-values", "step"),
        [0.0, 10.0, 100.0, 1000.0, 3000.0]
    );
    let expected: Vec<f64> = history.iter().map(|s| s.singular_values[0]).collect();
    assert_eq!(numbers(&directory, "singular-values", "lambda_1"), expected);
    assert_eq!(
        numbers(&directory, "spectrum", "singular_value")[4],
        history[4].singular_values[0]
    );
    assert_eq!(numbers(&directory, "samples", "pixel_1_1"), [1.0; 4]);
    let summary = &run.close_up.as_ref().unwrap().summary;
    assert_eq!(
        numbers(&directory, "saddles", "x")[0],
        summary.saddle_x[0].unwrap()
    );
    assert_eq!(
        column(directory.path(), "saddles", "usable")[0],
        summary.saddle_x[0].is_some().to_string()
    );
}

#[test]
fn one_evaluation_is_no_curve() {
    let mut run = replica(4, 1);
    run.metrics.truncate(1);
    let (_, page, document) = written(&[run]);
    let reason = "a curve needs two evaluations and there is one";
    assert_eq!(page.matches(reason).count(), 3);
    assert!(!names(&document).contains(&"likelihood"));
}

#[test]
fn without_snapshots_the_evaluations_give_the_spectrum() {
    let mut run = replica(4, 1);
    run.measurements.history.clear();
    let (directory, page, _) = written(&[run]);
    assert_eq!(numbers(&directory, "singular-values", "lambda_2").len(), 10);
    assert!(page.contains("Marchenko-Pastur density: left out, since there are no snapshots"));
}

#[test]
fn missing_and_nan_metrics_leave_gaps_or_panels_out() {
    let mut run = replica(4, 1);
    for (k, row) in run.metrics.iter_mut().enumerate() {
        row.set("test_pseudo_log_likelihood", None);
        row.set("test_reconstruction_error", None);
        row.set("free_energy_test", None);
        row.set("free_energy_gap", None);
        row.set("train_reconstruction_error", Some(f64::NAN));
        row.set("weight_max", Some(f64::INFINITY));
        if k == 5 {
            row.set("train_pseudo_log_likelihood", Some(f64::NAN));
        }
    }
    let (directory, page, _) = written(&[run]);
    let likelihood = figure_of(&page, "likelihood");
    assert!(!likelihood.contains(">test rows"));
    let curve = likelihood.split("class=\"mark\" d=\"").nth(1).unwrap();
    let curve = curve.split('"').next().unwrap();
    assert_eq!(curve.matches('M').count(), 2, "one gap: {curve}");
    let values = of(
        &directory,
        "likelihood",
        "Pseudo-log-likelihood",
        "training rows",
    );
    assert!(values[5].is_nan() && values[4].is_finite());
    for missing in [
        "Reconstruction error",
        "Free-energy gap, test − training",
        "Largest weight",
    ] {
        assert!(page.contains(&format!("{missing}: left out")), "{missing}");
    }
}

#[test]
fn hopeless_numbers_are_no_errors() {
    let hopeless = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        -1.0,
        0.0,
        5e-324,
    ];
    for value in hopeless {
        let mut run = single();
        for row in &mut run.metrics {
            row.set("train_pseudo_log_likelihood", Some(value));
            row.set("weight_norm", Some(value));
            row.learning_rate = value;
            row.set("free_energy_gap", Some(value));
        }
        for snapshot in &mut run.measurements.history {
            snapshot.singular_values = vec![value; 3];
            snapshot.sigma = Some(value);
        }
        let close_up = run.close_up.as_mut().unwrap();
        close_up.vectors = vec![vec![value; 6]; 3];
        close_up.summary.singular_values = vec![value];
        written(&[run]);
    }
}

#[test]
fn images_of_another_shape_are_left_out() {
    let page = |run: Replica| written(&[run]).1;
    let mut run = single();
    let close_up = run.close_up.as_mut().unwrap();
    close_up.samples = Samples {
        states: vec![vec![0.0; 5]],
        ..Samples::default()
    };
    close_up.vectors = vec![vec![]];
    assert_eq!(page(run).matches("not all of its images have").count(), 2);
    let mut run = single();
    run.close_up.as_mut().unwrap().samples = Samples::default();
    assert!(page(run).contains("Samples of the model: left out"));
}

#[test]
fn a_steep_start_is_cut_off_and_the_caption_says_so() {
    let mut run = replica(4, 1);
    let page = |run: &Replica| written(std::slice::from_ref(run)).1;
    let cut = "The steep start of the curves lies outside of the frame";
    assert!(!page(&run).contains(cut));
    run.metrics = (0..20).map(|k| metrics(100 * k)).collect();
    run.metrics[0].set("train_pseudo_log_likelihood", Some(-5000.0));
    assert!(page(&run).contains(cut));
}

#[test]
fn brackets_of_snapshots_are_curves_and_those_of_training_bars() {
    let mut run = replica(4, 1);
    run.likelihood = [(0, -200.0), (10, -90.0), (20, -85.0), (30, -84.0)]
        .map(|(step, value)| bracket(step, value))
        .into();
    run.likelihood_in_training = vec![bracket(20, -85.0)];
    let (directory, page, _) = written(&[run]);
    let drawn = figure_of(&page, "log-likelihood");
    // Two lines, two bands and two bars, wide and narrow.
    assert_eq!(drawn.matches("class=\"mark\"").count(), 2 * 6);
    assert!(drawn.contains("Bars were annealed during training"));
    let values = |quantity: &str| of(&directory, "log-likelihood", quantity, "test rows");
    assert_eq!(values("lowest")[1], -91.0);
    assert_eq!(values("highest")[1], -89.0);
    assert_eq!(values("highest (during training)"), [-84.0]);
}
