//! A planted two-mode model: one well below lambda = 4, two above it, and the same barrier by every method.

use crate::ReciprocalSpace;
use crate::mean_field::constrained::{ConstrainedOptions, constrained_free_energy};
use crate::mean_field::density::{Bins, exact_free_energy, sampled_free_energy};
use crate::mean_field::landau::landau_modes;
use crate::mean_field::wells::{Wells, wells};
use crate::reciprocal::trajectories::{Coordinate, Trajectories};
use crate::testing::{centered, planted};
use burn::tensor::Device;
use rbm_model::Rbm;
use rbm_model::noise::stream;
use rbm_model::sampling::Chains;

/// Wells along the first mode by mean field, with fluctuations, sampled and exact, and the sampled barrier's error.
struct Curves {
    mean_field: Wells,
    one_loop: Wells,
    sampled: Wells,
    exact: Wells,
    error: f64,
    landau_barrier: f64,
}

fn curves(lambda: f64) -> Curves {
    let model = centered(&planted(3, 18, 13, &[lambda, 2.0]));
    let space = ReciprocalSpace::new(&model).unwrap();
    let mode = usize::from(lambda < 2.0);
    let center = space.mean_x[mode];
    // As wide as the states reach often enough to be sampled.
    let bins = Bins {
        low: center - 2.0,
        high: center + 2.0,
        count: 21,
    };
    let x = bins.centers();
    let options = ConstrainedOptions {
        one_loop: true,
        ..Default::default()
    };
    let constrained = constrained_free_energy(&model, &space, mode, &x, None, &options).unwrap();
    assert_eq!(constrained.unconverged, 0);

    let rbm = Rbm::from_parameters(&model, &Device::flex());
    let mut chains = Chains::from_biases(&rbm, 1000, 1, stream::CHAINS);
    chains.sweep(&rbm, 500);
    let coordinate = [Coordinate::X(mode)];
    let record =
        Trajectories::record(&space, coordinate.to_vec(), &rbm, &mut chains, 200, 5).unwrap();
    let sampled = sampled_free_energy(&record, &coordinate, &[bins], 100).unwrap();
    let exact = exact_free_energy(&model, &space, &coordinate, &[bins]).unwrap();
    // Chains of both wells: sampled and exact agree bin by bin.
    let mut error = 0.0_f64;
    for ((s, e), sigma) in sampled
        .free_energy
        .iter()
        .zip(&exact.free_energy)
        .zip(&sampled.error)
    {
        let (Some(s), Some(e), Some(sigma)) = (s, e, sigma) else {
            continue;
        };
        // Bins with few visits have skewed errors.
        if *sigma < 0.1 {
            assert!(
                (s - e).abs() < 4.5 * sigma,
                "lambda {lambda}: {s} {e} +- {sigma}"
            );
            error = error.max(*sigma);
        }
    }
    Curves {
        mean_field: wells(&x, &constrained.free_energy, 0.01).unwrap(),
        one_loop: wells(&x, &constrained.one_loop, 0.01).unwrap(),
        sampled: wells(&x, &sampled.free_energy, 0.1).unwrap(),
        exact: wells(&x, &exact.free_energy, 0.05).unwrap(),
        landau_barrier: landau_modes(&space)[mode].barrier,
        error,
    }
}

#[test]
fn below_four_there_is_one_well() {
    for lambda in [1.0, 3.0, 3.8] {
        let found = curves(lambda);
        for curve in [
            &found.mean_field,
            &found.one_loop,
            &found.sampled,
            &found.exact,
        ] {
            assert_eq!(curve.minima.len(), 1, "lambda {lambda}: {curve:?}");
        }
        assert_eq!(found.landau_barrier, 0.0);
    }
}

#[test]
fn above_four_there_are_two_with_the_same_minima_and_barrier() {
    for lambda in [5.0, 6.0] {
        let found = curves(lambda);
        let all = [
            &found.mean_field,
            &found.one_loop,
            &found.sampled,
            &found.exact,
        ];
        for curve in all {
            assert_eq!(curve.minima.len(), 2, "lambda {lambda}: {curve:?}");
        }
        let half = |w: &Wells| (w.minima[1].x - w.minima[0].x) / 2.0;
        let barrier = |w: &Wells| w.barrier().unwrap();
        let exact = (half(&found.exact), barrier(&found.exact));
        // Sampled: its error at the top and at the bottom of the barrier.
        assert!((barrier(&found.sampled) - exact.1).abs() < 6.0 * found.error);
        assert!((half(&found.sampled) - exact.0).abs() < 0.05);
        // Mean field leaves fluctuations out, which widen and deepen the wells of so small a model; one loop restores them.
        let plain = (
            half(&found.mean_field) - exact.0,
            barrier(&found.mean_field) - exact.1,
        );
        let loops = (
            half(&found.one_loop) - exact.0,
            barrier(&found.one_loop) - exact.1,
        );
        assert!(
            plain.0.abs() < 0.2 * exact.0 && plain.1.abs() < 0.4 * exact.1,
            "{plain:?} {exact:?}"
        );
        assert!(
            loops.0.abs() < 0.05 * exact.0 && loops.1.abs() < 0.3 * plain.1.abs(),
            "{loops:?} {exact:?}"
        );
    }
}
