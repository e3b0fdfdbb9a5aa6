//! Runs with made-up measurements.

use super::entries::{self, WeightHistogram};
use super::saddle::{self, Saddles};
use super::sampled;
use crate::evaluation::likelihood_row::LikelihoodRow;
use crate::measure::chains::Relaxation;
use crate::measure::landscape::{Curve, Pair, Plane};
use crate::measure::snapshot::{AnnealedLnZ, Cloud, Kurtosis, Split};
use crate::measure::{
    Landscape, Measurements, ModeState, SnapshotMeasurement, SnapshotSpectrum, kept,
};
use crate::observers::MetricsRow;
use crate::report::data::{CloseUp, HiddenUnit, Replica, Samples};
use rbm_analysis::bosons::Occupation;
use rbm_analysis::mean_field::{Bins, LandauMode};
use rbm_analysis::overlap::ModeOverlap;
use rbm_analysis::reciprocal::{RotatedDistances, Saddle, SaddleDistance};
use rbm_analysis::spectrum::KolmogorovSmirnov;
use rbm_analysis::summary::LnZ;
use rbm_analysis::symmetry::{RotationDistance, RotationTest};

/// One evaluation.
pub fn metrics(step: u64) -> MetricsRow {
    let t = step as f64;
    let mut row = MetricsRow::new(step, t / 100.0, 0.01);
    for (column, value) in [
        ("train_pseudo_log_likelihood", -100.0 + t / 100.0),
        ("test_pseudo_log_likelihood", -101.0 + t / 100.0),
        ("train_pseudo_standard_error", 0.3),
        ("test_pseudo_standard_error", 0.3),
        ("train_reconstruction_error", 0.1 - t / 1e5),
        ("test_reconstruction_error", 0.11 - t / 1e5),
        ("free_energy_train", -50.0 - t / 1e3),
        ("free_energy_test", -49.0),
        ("free_energy_gap", 1.0 + t / 1e3),
        ("weight_norm", 1.0 + t / 1e3),
        ("weight_max", 0.1 + t / 1e4),
        ("singular_value_1", 1.0 + t / 500.0),
        ("singular_value_2", 0.5),
    ] {
        row.set(column, Some(value));
    }
    row
}

pub const STEPS: [u64; 5] = [0, 10, 100, 1000, 3000];

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

fn checkpoint(index: usize, ends: bool) -> SnapshotMeasurement {
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
    let histogram = ends.then(|| WeightHistogram {
        rms: 0.1,
        middles: vec![-1.0, 0.0, 1.0],
        own: vec![0.1, 0.8, 0.1],
        rotated: vec![0.2, 0.6, 0.2],
    });
    SnapshotMeasurement {
        step: STEPS[index],
        rotation: ends.then_some(RotationTest {
            rotations: 4,
            entry_rms: 0.1,
            bins: 10,
            jensen_shannon: distance,
            kolmogorov_smirnov: distance,
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
            spherical: Some(5.3),
            gaussian: (lambda < 4.0).then_some(6.0),
        }),
        annealed: Some(AnnealedLnZ {
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
        images: vec![vec![0.1, -0.2, 0.3, 0.0, 0.5, -0.5]; 2],
        probed: [
            (saddle::PROBE, kept(saddles)),
            (entries::PROBE, kept(histogram)),
            (sampled::PROBE, kept(["010011"; 8])),
        ]
        .map(|(probe, value)| (probe.name.to_owned(), value.unwrap()))
        .into(),
        notes: Vec::new(),
    }
}

/// A run with everything that can be measured.
pub fn replica(hidden: usize, seed: u64) -> Replica {
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
        likelihood_in_training: Vec::new(),
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
        close_up: None,
    }
}

/// The same as the only run of its page.
pub fn single() -> Replica {
    let mut run = replica(4, 1);
    let weights: Vec<f64> = (0..24).map(|k| ((5 * k) % 7) as f64 / 2.0 - 1.0).collect();
    let model = rbm_model::Parameters::new(6, 4, weights, vec![0.1; 6], vec![0.2; 4]).unwrap();
    let test = KolmogorovSmirnov {
        distance: 0.05,
        p_value: Some(0.7),
        null_median: None,
        simulations: 20,
    };
    run.close_up = Some(CloseUp {
        samples: Samples {
            states: vec![vec![0.0, 1.0, 0.5, 0.0, 1.0, 0.0]; 4],
            caption: "Four chains.".to_owned(),
            data: Vec::new(),
        },
        hidden: vec![
            HiddenUnit {
                number: 2,
                bias: 0.2,
                weights: vec![0.5; 6]
            };
            3
        ],
        quality: None,
        vectors: vec![vec![0.1, -0.2, 0.3, 0.0, 0.5, -0.5]; 4],
        summary: rbm_analysis::summarize(&model, &Default::default()).unwrap(),
        bulk_tests: [Some(test), None],
    });
    run
}

/// A bracket one nat wide to each side.
pub fn bracket(step: u64, value: f64) -> LikelihoodRow {
    LikelihoodRow {
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
    }
}
