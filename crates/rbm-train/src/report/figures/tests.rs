//! The figures of the experiment from made-up measurements.

use super::*;
use crate::evaluation::history::LikelihoodRow;
use crate::measure::chains::Relaxation;
use crate::measure::checkpoint::{Annealed, Cloud, Kurtosis, Split};
use crate::measure::landscape::{Curve, Pair, Plane};
use crate::measure::saddle::Saddles;
use crate::measure::weights::WeightHistogram;
use crate::measure::{Checkpoint, Landscape, Measurements, ModeState, SnapshotSpectrum};
use crate::report::tests::{column, metrics};
use crate::report::well_formed::assert_well_formed;
use rbm_analysis::bosons::Occupation;
use rbm_analysis::mean_field::{Bins, LandauMode};
use rbm_analysis::overlap::ModeOverlap;
use rbm_analysis::reciprocal::{RotatedDistances, Saddle, SaddleDistance};
use rbm_analysis::summary::LnZ;
use rbm_analysis::symmetry::{RotationDistance, RotationTest};
use rbm_figures::{Block, Document};
use std::collections::BTreeSet;

const STEPS: [u64; 5] = [0, 10, 100, 1000, 3000];

fn landau(k: usize, lambda: f64) -> LandauMode {
    let a = (16.0 - lambda * lambda) / 8.0;
    LandauMode {
        mode: k,
        singular_value: lambda,
        ipr_left: 0.1,
        ipr_right: 0.1,
        a,
        g: 0.3,
        tilt: 0.2,
        order_parameter: (-a / 0.6).max(0.0).sqrt(),
        barrier: if a < 0.0 { a * a / 1.2 } else { 0.0 },
        largest_deviation: 0.1,
    }
}

fn mode(k: usize, lambda: f64) -> ModeState {
    let occupation = |value: f64| Occupation {
        mode: k,
        singular_value: lambda,
        occupation: value,
        error: Some(0.1),
        per_visible_unit: value / 6.0,
        connected: None,
        connected_error: None,
    };
    let overlap = ModeOverlap {
        mode: k,
        best: k,
        overlap: 0.8,
        group: [k, k + 1],
        other_group: [k, k + 1],
        group_overlap: 0.8,
        largest_angle: 0.6,
        null: 0.3,
    };
    ModeState {
        landau: landau(k, lambda),
        data: Some(occupation(lambda)),
        model: Some(occupation(0.9 * lambda)),
        mean_field: Some(0.5),
        variance: Some([0.4, 0.01]),
        components: Some(overlap.clone()),
        last: Some(overlap),
    }
}

fn checkpoint(index: usize, ends: bool) -> Checkpoint {
    let lambda = 1.0 + 1.2 * index as f64;
    let distance = RotationDistance {
        mean: 0.01,
        error: 0.001,
        null_mean: 0.005,
        null_error: 0.0005,
        p_value: 0.2,
    };
    let cloud = |label| Cloud {
        label,
        mean: [1.0, -1.0],
        deviation: [0.5, 0.5],
    };
    let split = |mode| Split {
        mode,
        data: vec![cloud(Some(0)), cloud(Some(1))],
        model: Some(cloud(None)),
        mean_point: [0.0, -2.0],
        between_labels: Some([0.4, 0.1]),
    };
    let place = |mode, distance| SaddleDistance {
        mode,
        distance,
        energy: 0.1 * lambda,
    };
    let saddles = Saddles {
        data: vec![place(0, 3.0), place(1, 4.0), place(2, 1.0)],
        model: vec![place(0, 1.0), place(1, 2.0)],
        uniform: vec![place(0, 1.5)],
        rotated: [Some(RotatedDistances {
            copies: 9,
            mean: 1.4,
            deviation: 0.2,
            nearer: 0.95,
        }); 2],
    };
    Checkpoint {
        step: STEPS[index],
        rotation: ends.then_some(RotationTest {
            rotations: 4,
            entry_rms: 0.1,
            bins: 10,
            jensen_shannon: distance,
            kolmogorov_smirnov: distance,
        }),
        weights: ends.then(|| WeightHistogram {
            rms: 0.1,
            middles: vec![-1.0, 0.0, 1.0],
            own: vec![0.1, 0.8, 0.1],
            rotated: vec![0.2, 0.6, 0.2],
        }),
        participation: Some([1.0, 1.1]),
        kurtosis: Kurtosis {
            uniform: Some([2.9, 2.8]),
            sampled: ends.then_some([[2.95, 0.01], [2.85, 0.01]]),
        },
        ln_z: Some(LnZ {
            exact: None,
            mean_field: Some(5.0),
            onsager: Some(5.2),
            one_loop: Some(5.3),
            gaussian: (lambda < 4.0).then_some(6.0),
        }),
        annealed: Some(Annealed {
            ais: 5.25,
            highest: 5.35,
            combined: 5.3,
            verdict: "bracketed".into(),
        }),
        modes: (0..3).map(|k| mode(k, lambda - 0.2 * k as f64)).collect(),
        relaxation: (0..3)
            .map(|k| Relaxation {
                mode: k,
                lambda: lambda - 0.2 * k as f64,
                time: (k < 2).then_some([1.5, 0.1]),
                plain: Some(1.4),
                spherical: Some(1.4),
                dressed: Some(1.5),
            })
            .collect(),
        split: [0, 1].map(split).into(),
        saddles,
        images: vec![vec![0.1, -0.2, 0.3, 0.0, 0.5, -0.5]; 2],
        notes: Vec::new(),
    }
}

/// A run with everything that can be measured.
fn replica(hidden: usize, seed: u64) -> Replica {
    let history = STEPS.iter().enumerate().map(|(k, step)| SnapshotSpectrum {
        step: *step,
        singular_values: vec![1.0 + 1.2 * k as f64 + 0.1 * seed as f64, 0.8, 0.5, 0.3],
        sigma: Some(0.1),
        edges: Some([0.1, 0.9]),
        above_edge: Some(k),
        nonconvergent: k / 3,
        j0_over_j: Some(0.1 * k as f64),
        t_over_j: Some(5.0 / (k + 1) as f64),
    });
    let saddle = Saddle {
        x: 0.3,
        y: 0.1,
        energy: 1.0,
    };
    let bins = |count| Bins {
        low: -1.0,
        high: 1.0,
        count,
    };
    let plane = |mode: usize| Plane {
        mode,
        lambda: 5.0,
        saddle,
        data: vec![[0.0, 1.0], [1.0, 0.0]],
        model: vec![[0.5, 0.5]],
    };
    let settings = [
        ("model.hidden", hidden.to_string()),
        ("training.seed", seed.to_string()),
    ];
    Replica {
        name: format!("hidden-{hidden},seed-{seed}"),
        settings: settings
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect(),
        metrics: (0..10).map(|k| metrics(100 * k)).collect(),
        likelihood: Vec::new(),
        measurements: Measurements {
            n_visible: 6,
            n_hidden: hidden,
            image_shape: Some((2, 3)),
            full: true,
            data: true,
            history: history.collect(),
            checkpoints: (0..STEPS.len())
                .map(|k| checkpoint(k, k == 0 || k + 1 == STEPS.len()))
                .collect(),
            landscape: Landscape {
                planes: vec![plane(0), plane(1)],
                labels: Some(vec![0, 1]),
                curves: vec![Curve {
                    mode: 0,
                    sampled: vec![[-1.0, 2.0, 0.1], [0.0, 1.0, 0.1]],
                    mean_field: Some(vec![[-1.0, 4.0], [0.0, 3.0]]),
                }],
                pair: Some(Pair {
                    bins: [bins(2), bins(3)],
                    free_energy: vec![Some(1.0), None, Some(2.0), Some(3.0), None, Some(0.5)],
                }),
            },
            notes: Vec::new(),
        },
    }
}

fn written(replicas: &[Replica]) -> (tempfile::TempDir, String, Document) {
    let document = Document {
        title: "Test".into(),
        sections: sections(&groups(replicas)),
        ..Default::default()
    };
    let directory = tempfile::tempdir().unwrap();
    // Names that are not unique would be an error.
    let page = document.write(directory.path()).unwrap();
    let page = std::fs::read_to_string(page).unwrap();
    assert_well_formed(&page);
    assert!(!page.contains("NaN") && !page.contains(">inf"));
    let ids: Vec<&str> = document.sections.iter().map(|section| section.id).collect();
    assert_eq!(
        ids.iter().collect::<BTreeSet<_>>().len(),
        ids.len(),
        "{ids:?}"
    );
    (directory, page, document)
}

fn names(document: &Document) -> Vec<&'static str> {
    let blocks = document.sections.iter().flat_map(|section| &section.blocks);
    let figure = |block: &Block| match block {
        Block::Figure(figure) => Some(figure.name),
        _ => None,
    };
    blocks.filter_map(figure).collect()
}

/// In the order of the page; the first four are those that the page of a single run has in another form.
const ALL: [&str; 23] = [
    "sweep-training",
    "sweep-spectrum",
    "sweep-singular-values",
    "nonconvergent",
    "weights-rotated",
    "rotation",
    "kurtosis",
    "overlaps",
    "mode-images",
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
fn one_run_has_the_same_figures_but_those_of_its_own_page() {
    let (_, page, document) = written(&[replica(4, 1)]);
    assert_eq!(names(&document), ALL[3..]);
    assert!(!page.contains("left out, since") && !page.contains("replicas, runs that differ"));
}

#[test]
fn likelihoods_are_drawn_where_runs_were_evaluated() {
    let row = |step: u64, value: f64| LikelihoodRow {
        step,
        epoch: 1.0,
        ln_z: 10.0,
        standard_error: 0.1,
        ln_z_low: 9.0,
        ln_z_high: 11.0,
        ln_z_ais: 9.0,
        ln_z_reverse_ais: Some(11.0),
        effective_fraction: 0.5,
        temperatures: 100,
        train_log_likelihood: value + 1.0,
        test_log_likelihood: Some(value),
        verdict: "bracketed".into(),
        reason: String::new(),
    };
    let mut runs = [replica(4, 1), replica(4, 2), replica(8, 1)];
    for (run, value) in runs.iter_mut().zip([-10.0, -12.0]) {
        run.likelihood = vec![row(0, value - 5.0), row(3000, value)];
    }
    let (directory, page, document) = written(&runs);
    assert!(names(&document).contains(&"sweep-likelihood"));
    assert!(!page.contains("left out, since") && !page.contains("nor bracketed"));
    let cells = |name: &str| column(directory.path(), "sweep-likelihood", name);
    let known: Vec<(String, String)> = cells("quantity").into_iter().zip(cells("mean")).collect();
    let of = |quantity: &str| -> Vec<f64> {
        let chosen = known.iter().filter(|(name, _)| name == quantity);
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
        checkpoint.saddles = Saddles::default();
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
        "Modes as images",
        "Coordinates of data and samples",
        "Energy landscapes",
        "Data and saddles",
        "Free energy over two modes",
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
    assert!(page.matches("left out, since").count() >= 15);
}
