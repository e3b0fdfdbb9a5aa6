//! The figures of several runs and of one from made-up measurements.

use super::testing::{bracket, replica, single};
use super::written::{column, figure_of, names, written};
use crate::measure::Landscape;
use crate::report::data::Replica;

/// In the order of the page, without the likelihood.
const ALL: [&str; 26] = [
    "samples-over-updates",
    "likelihood",
    "free-energy",
    "weights",
    "singular-values",
    "spectrum",
    "nonconvergent",
    "weights-rotated",
    "rotation",
    "kurtosis",
    "overlaps",
    "modes-over-updates",
    "coordinates",
    "labels",
    "landscape",
    "landscape-polar",
    "saddle-distances",
    "free-energy-pair",
    "relaxation",
    "landau",
    "landau-coefficients",
    "free-energy-modes",
    "transition",
    "occupations",
    "ln-z",
    "phase-plane",
];

#[test]
fn a_sweep_has_all_figures_with_their_data() {
    let runs: Vec<Replica> = [(4, 1), (4, 2), (8, 1), (8, 2)]
        .map(|(hidden, seed)| replica(hidden, seed))
        .into();
    let (directory, page, document) = written(&runs);
    assert_eq!(names(&document), ALL);
    for name in ALL {
        for file in [format!("figures/{name}.svg"), format!("data/{name}.csv")] {
            let text = std::fs::read_to_string(directory.path().join(&file)).unwrap();
            assert!(text.lines().count() > 1 || file.ends_with("svg"), "{file}");
            assert!(
                !file.ends_with("svg")
                    || text.contains("class=\"mark\"")
                    || text.contains("<image"),
                "{file}"
            );
        }
    }
    // Only the likelihood, which nobody evaluated, is missing.
    assert_eq!(page.matches("left out, since").count(), 1);
    // Two replicas with leading singular values that differ by 0.1: mean and s/sqrt(2).
    let cells = |name: &str| column(directory.path(), "transition", name);
    assert_eq!(cells("replicas")[0], "2");
    assert_eq!(cells("mean")[0].parse::<f64>().unwrap(), 1.15);
    let error: f64 = cells("standard_error")[0].parse().unwrap();
    assert!((error - 0.05).abs() < 1e-12, "{error}");
    assert_eq!(cells("group")[0], "hidden 4");
    assert!(page.contains("hidden 8") && page.contains("class=\"scroll\""));
    // The first mode at 3, the root mean square of the others at 4 and 1: three groups of rows of one panel each.
    let rows = |name: &str| column(directory.path(), "saddle-distances", name);
    let known: Vec<_> = rows("quantity").into_iter().zip(rows("mean")).collect();
    let first = |quantity: &str| -> f64 {
        let found = known.iter().find(|(name, _)| name == quantity);
        found.unwrap().1.parse().unwrap()
    };
    assert_eq!(first("Mode 1"), 3.0);
    assert!((first("Other modes") - 8.5f64.sqrt()).abs() < 1e-12);
}

#[test]
fn one_run_has_the_same_figures_and_those_of_its_close_up() {
    let (_, page, document) = written(&[replica(4, 1)]);
    assert_eq!(names(&document), ALL);
    // Only the likelihood, which nobody evaluated, is missing.
    assert_eq!(page.matches("left out, since").count(), 1);
    assert!(!page.contains("replicas, runs that differ"));
    let (_, _, document) = written(&[single()]);
    let mut all = ALL.to_vec();
    all.insert(0, "samples");
    all.splice(8..8, ["singular-vectors", "hidden-units"]);
    assert_eq!(names(&document), all);
}

#[test]
fn likelihoods_are_drawn_where_runs_were_evaluated() {
    let mut runs = [replica(4, 1), replica(4, 2), replica(8, 1)];
    for (run, value) in runs.iter_mut().zip([-10.0, -12.0]) {
        run.likelihood = vec![bracket(0, value - 5.0), bracket(3000, value)];
    }
    let (directory, page, document) = written(&runs);
    assert!(names(&document).contains(&"log-likelihood"));
    assert!(!page.contains("left out, since") && !page.contains("nor bracketed"));
    let cells = |name: &str| column(directory.path(), "log-likelihood", name);
    let parts = cells("quantity").into_iter().zip(cells("series"));
    let known: Vec<_> = parts.zip(cells("mean")).collect();
    let of = |quantity: &str| -> Vec<f64> {
        let chosen = known.iter();
        let chosen = chosen.filter(|((name, part), _)| name == quantity && part == "test rows");
        chosen.map(|(_, mean)| mean.parse().unwrap()).collect()
    };
    assert_eq!(of("combined"), [-16.0, -11.0]);
    assert_eq!(
        of("highest"),
        [-15.0, -10.0],
        "a low ln Z is a high likelihood"
    );
    assert_eq!(of("lowest"), [-17.0, -12.0]);
    runs[0].likelihood[0].verdict = "unreliable".into();
    let (_, page, _) = written(&runs);
    assert!(page.contains("Of 4 evaluations 1 are neither exact nor bracketed"));
}

#[test]
fn what_is_missing_is_said_and_nothing_else_is_lost() {
    let mut bare = replica(4, 1);
    let m = &mut bare.measurements;
    m.image_shape = None;
    m.landscape = Landscape::default();
    for checkpoint in &mut m.checkpoints {
        checkpoint.split.clear();
        checkpoint.probed.clear();
        checkpoint.rotation = None;
        for mode in &mut checkpoint.modes {
            mode.components = None;
            mode.data = None;
            mode.variance = Some([f64::NAN, f64::INFINITY]);
        }
    }
    m.history[2].singular_values[0] = f64::NAN;
    let (_, page, document) = written(&[bare]);
    for title in [
        "Rotation test",
        "Coordinates of data and samples",
        "Energy landscapes",
        "Data and saddles",
        "Free energy over two modes",
        "Samples over updates",
    ] {
        assert!(
            page.contains(&format!("{title}: left out, since")),
            "{title}"
        );
    }
    assert!(names(&document).contains(&"occupations") && names(&document).contains(&"ln-z"));

    let nothing = Replica::default();
    let (_, page, document) = written(&[nothing]);
    assert!(names(&document).is_empty(), "{:?}", names(&document));
    assert!(page.matches("left out, since").count() >= 18);
}

/// Rows of a table have no shape: what is an image elsewhere is bars or a heat map, and nothing speaks of images.
#[test]
fn rows_that_are_no_images_are_drawn_and_never_called_so() {
    let mut alone = single();
    alone.measurements.image_shape = None;
    let mut several = [replica(4, 1), replica(8, 1)];
    for run in &mut several {
        run.measurements.image_shape = None;
    }
    for (runs, more) in [(&[alone][..], 3), (&several[..], 0)] {
        let (directory, page, document) = written(runs);
        assert_eq!(names(&document).len(), ALL.len() + more);
        assert!(!page.contains("class=\"tile\""));
        let drawn = figure_of(&page, "modes-over-updates");
        assert!(drawn.contains("visible unit") && drawn.contains("<image"));
        assert_eq!(
            column(directory.path(), "samples-over-updates", "unit_2")[0],
            "1"
        );
        // What a reader sees: without tags.
        let text: String = page[page.find("<body>").unwrap()..]
            .split('<')
            .filter_map(|part| part.split_once('>'))
            .map(|part| part.1)
            .collect();
        let script = text.find("// Shows the value").unwrap_or(text.len());
        assert!(!text[..script].contains("image") && !text.contains("pixel_"));
    }
}

#[test]
fn every_group_of_a_small_sweep_is_drawn() {
    let runs: Vec<Replica> = [(4, 1), (6, 1), (8, 1), (10, 1)]
        .map(|(hidden, seed)| replica(hidden, seed))
        .into();
    let (_, page, _) = written(&runs);
    assert!(!page.contains("Left out here"));
    let plots = figure_of(&page, "landscape")
        .matches("<svg class=\"plot\"")
        .count();
    assert_eq!(plots, 4);
}
