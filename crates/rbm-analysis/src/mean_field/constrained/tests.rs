use super::*;
use crate::mean_field::fixed_points::{MeanFieldOptions, fixed_points};
use crate::mean_field::landau::landau_modes;
use crate::mean_field::wells::wells;
use crate::reciprocal::space::dot;
use crate::testing::{centered, planted, random_model};

fn linspace(low: f64, high: f64, count: usize) -> Vec<f64> {
    (0..count)
        .map(|i| low + (high - low) * i as f64 / (count - 1) as f64)
        .collect()
}

#[test]
fn its_minima_are_the_stable_mean_field_points() {
    for seed in 0..6 {
        let model = random_model(80 + seed, 9, 7, 1.2, 0.3);
        let space = ReciprocalSpace::new(&model).unwrap();
        let solution = fixed_points(&model, None, &MeanFieldOptions::default()).unwrap();
        let options = ConstrainedOptions::default();
        // At each point's own coordinate the constrained minimum cannot lie above the point, nor the lowest point above it.
        let x: Vec<f64> = solution
            .points
            .iter()
            .map(|p| dot(space.left_vector(0).unwrap(), &p.visible))
            .collect();
        let at_points = constrained_free_energy(&model, &space, 0, &x, None, &options).unwrap();
        for (point, f) in solution.points.iter().zip(&at_points.free_energy) {
            assert!(f.unwrap() <= point.free_energy + 1e-8, "seed {seed}");
            assert!(
                f.unwrap() >= solution.points[0].free_energy - 1e-8,
                "seed {seed}"
            );
        }
        assert!((at_points.free_energy[0].unwrap() - solution.points[0].free_energy).abs() < 1e-8);
        assert_eq!(at_points.unconverged, 0);
    }
}

#[test]
fn the_constraint_is_met_and_the_value_is_the_free_energy_of_such_means() {
    let model = random_model(90, 8, 6, 0.8, 0.5);
    let space = ReciprocalSpace::new(&model).unwrap();
    let (u, w) = (space.left_vector(0).unwrap(), space.left_vector(2).unwrap());
    let constraint = Constraint {
        vectors: vec![u, w],
    };
    let target = [0.7 * dot(u, &[0.6; 8]), 0.9 * dot(w, &[0.4; 8]) + 0.1];
    let (field, mu) = constraint.solve(model.visible_bias.clone(), &target, &[0.0, 0.0]);
    let means: Vec<f64> = field.iter().map(|&f| sigmoid(f)).collect();
    assert!(
        (dot(u, &means) - target[0]).abs() < 1e-10 && (dot(w, &means) - target[1]).abs() < 1e-10
    );
    for i in 0..8 {
        let expected = model.visible_bias[i] + mu[0] * u[i] + mu[1] * w[i];
        assert!((field[i] - expected).abs() < 1e-10);
    }
    let hidden_field = model.hidden_field(&means);
    let hidden: Vec<f64> = hidden_field.iter().map(|&f| sigmoid(f)).collect();
    let gibbs =
        crate::mean_field::fixed_points::gibbs_free_energy(&model, &means, &hidden).unwrap();
    assert!((free_energy(&model, &field, &hidden_field) - gibbs).abs() < 1e-10);
}

#[test]
fn no_means_with_the_same_coordinate_lie_lower() {
    // Random feasible means, shifted onto the constraint: all above the curve.
    let model = random_model(91, 7, 5, 1.0, 0.3);
    let space = ReciprocalSpace::new(&model).unwrap();
    let u = space.left_vector(0).unwrap();
    let mut random = generator(5, 0);
    let mut tried = 0;
    for _ in 0..300 {
        let v: Vec<f64> = (0..7).map(|_| random.random()).collect();
        let h: Vec<f64> = model.hidden_field(&v).into_iter().map(sigmoid).collect();
        let found = crate::mean_field::fixed_points::gibbs_free_energy(&model, &v, &h).unwrap();
        let curve = constrained_free_energy(
            &model,
            &space,
            0,
            &[dot(u, &v)],
            None,
            &ConstrainedOptions::default(),
        );
        assert!(curve.unwrap().free_energy[0].unwrap() <= found + 1e-9);
        tried += 1;
    }
    assert_eq!(tried, 300);
}

#[test]
fn coordinates_beyond_reach_have_no_value() {
    let model = random_model(92, 8, 6, 0.8, 0.5);
    let space = ReciprocalSpace::new(&model).unwrap();
    let (u, w) = (space.left_vector(0).unwrap(), space.left_vector(1).unwrap());
    let high: f64 = u.iter().map(|u| u.max(0.0)).sum();
    let options = ConstrainedOptions::default();
    let curve = constrained_free_energy(
        &model,
        &space,
        0,
        &[high - 0.01, high, high + 0.01],
        None,
        &options,
    );
    let values = curve.unwrap().free_energy;
    assert!(values[0].is_some() && values[1].is_none() && values[2].is_none());
    // Two coordinates: a corner of the reachable set is a state; just inside has a value, just outside has none.
    let corner: Vec<f64> = (0..8).map(|i| f64::from(u[i] + 0.3 * w[i] > 0.0)).collect();
    let center = [dot(u, &[0.5; 8]), dot(w, &[0.5; 8])];
    let corner = [dot(u, &corner), dot(w, &corner)];
    for (scale, reachable) in [(0.999, true), (1.001, false)] {
        let at: Vec<f64> = (0..2)
            .map(|k| center[k] + scale * (corner[k] - center[k]))
            .collect();
        let surface = constrained_free_energy_pair(
            &model,
            &space,
            [0, 1],
            [&at[..1], &at[1..]],
            None,
            &options,
        );
        assert_eq!(
            surface.unwrap().free_energy[0].is_some(),
            reachable,
            "{scale}"
        );
    }
}

#[test]
fn the_surface_of_a_pair_lies_above_the_curve_and_touches_it() {
    let model = centered(&planted(4, 16, 12, &[5.5, 4.8]));
    let space = ReciprocalSpace::new(&model).unwrap();
    let options = ConstrainedOptions::default();
    let (mx, my) = (space.mean_x[0], space.mean_x[1]);
    let x = linspace(mx - 1.5, mx + 1.5, 9);
    let y = linspace(my - 1.6, my + 1.6, 33);
    let curve = constrained_free_energy(&model, &space, 0, &x, None, &options).unwrap();
    let surface =
        constrained_free_energy_pair(&model, &space, [0, 1], [&x, &y], None, &options).unwrap();
    for (i, f) in curve.free_energy.iter().enumerate() {
        let row = &surface.free_energy[i * 33..(i + 1) * 33];
        let lowest = row.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        let f = f.unwrap();
        // The grid of step 0.1 misses the minimum by at most curvature (of order 4) times 0.05^2/2.
        assert!(lowest >= f - 1e-8 && lowest < f + 0.02, "{i}: {lowest} {f}");
    }
}

#[test]
fn near_the_transition_it_is_landaus_curve() {
    for (lambda, expected_wells) in [(3.6, 1), (4.4, 2)] {
        let model = centered(&planted(5, 200, 150, &[lambda, 1.0]));
        let space = ReciprocalSpace::new(&model).unwrap();
        let landau = landau_modes(&space)[0];
        let half_width = if expected_wells == 2 {
            1.6 * landau.order_parameter
        } else {
            1.0
        };
        let x = linspace(-half_width, half_width, 33);
        let raw: Vec<f64> = x.iter().map(|x| x + space.mean_x[0]).collect();
        let curve = constrained_free_energy(
            &model,
            &space,
            0,
            &raw,
            None,
            &ConstrainedOptions::default(),
        )
        .unwrap();
        let rest = curve.free_energy[16].unwrap();
        let found = wells(&x, &curve.free_energy, 1e-6).unwrap();
        assert_eq!(found.minima.len(), expected_wells, "lambda {lambda}");
        if expected_wells == 2 {
            assert!(
                (found.minima[1].x / landau.order_parameter - 1.0).abs() < 0.1,
                "{found:?} {landau:?}"
            );
            assert!(
                (found.barrier().unwrap() / landau.barrier - 1.0).abs() < 0.15,
                "{found:?} {landau:?}"
            );
        } else {
            for (x, f) in x.iter().zip(&curve.free_energy) {
                assert!((f.unwrap() - rest - landau.value(*x)).abs() < 0.01 * landau.value(1.0));
            }
        }
    }
}

#[test]
fn refuses_what_does_not_fit() {
    let model = random_model(93, 5, 4, 0.5, 0.1);
    let space = ReciprocalSpace::new(&model).unwrap();
    let options = ConstrainedOptions::default();
    assert!(constrained_free_energy(&model, &space, 4, &[0.0], None, &options).is_err());
    assert!(constrained_free_energy(&model, &space, 0, &[f64::NAN], None, &options).is_err());
    let starts = Mat::<f64>::zeros(1, 3);
    assert!(
        constrained_free_energy(&model, &space, 0, &[0.5], Some(starts.as_ref()), &options)
            .is_err()
    );
    assert!(
        constrained_free_energy_pair(&model, &space, [1, 1], [&[0.0], &[0.0]], None, &options)
            .is_err()
    );
    let hasty = ConstrainedOptions {
        max_iterations: 1,
        ..options
    };
    let curve = constrained_free_energy(&model, &space, 0, &[0.5], None, &hasty).unwrap();
    assert_eq!(curve.unconverged, 1);
}

#[test]
fn fluctuations_bring_the_curve_to_the_exact_density() {
    // Absolute values of -ln p, with the exact ln Z: below, near and above the transition, for one and two coordinates.
    use crate::mean_field::density::{Bins, exact_free_energy};
    use crate::reciprocal::trajectories::Coordinate::X;
    for lambda in [2.0, 3.8, 5.0] {
        let model = centered(&planted(3, 18, 13, &[lambda, 1.5]));
        let space = ReciprocalSpace::new(&model).unwrap();
        let ln_z = rbm_model::partition::Enumeration::new(&model)
            .unwrap()
            .ln_z();
        let options = ConstrainedOptions {
            one_loop: true,
            ..Default::default()
        };
        let bins = [0, 1].map(|k| Bins {
            low: space.mean_x[k] - 1.2,
            high: space.mean_x[k] + 1.2,
            count: 8,
        });
        let grids = bins.map(|b| b.centers());
        let compare =
            |found: &ConstrainedFreeEnergy, exact: &[Option<f64>], share: f64, least: f64| {
                let errors = |values: &[Option<f64>], constant: f64| {
                    let pairs = values.iter().zip(exact);
                    pairs
                        .map(|(v, e)| (v.unwrap() + constant - e.unwrap()).abs())
                        .fold(0.0, f64::max)
                };
                // Mean field has no scale of its own: its curve is compared at the best constant.
                let shifts: Vec<f64> = found
                    .free_energy
                    .iter()
                    .zip(exact)
                    .map(|(v, e)| e.unwrap() - v.unwrap())
                    .collect();
                let plain = 0.5
                    * (shifts.iter().copied().fold(f64::MIN, f64::max)
                        - shifts.iter().copied().fold(f64::MAX, f64::min));
                let corrected = errors(&found.one_loop, ln_z);
                assert!(
                    corrected < share * plain + least,
                    "lambda {lambda}: {corrected} against {plain}"
                );
            };
        let curve = constrained_free_energy(&model, &space, 0, &grids[0], None, &options).unwrap();
        let exact = exact_free_energy(&model, &space, &[X(0)], &bins[..1]).unwrap();
        compare(&curve, &exact.free_energy, 0.3, 0.05);
        let surface = constrained_free_energy_pair(
            &model,
            &space,
            [0, 1],
            [&grids[0], &grids[1]],
            None,
            &options,
        )
        .unwrap();
        let exact = exact_free_energy(&model, &space, &[X(0), X(1)], &bins).unwrap();
        compare(&surface, &exact.free_energy, 0.3, 0.1);
    }
}

#[test]
fn strong_fields_and_the_edges_of_the_reachable_range_are_no_trouble() {
    for (scale, field) in [(3.0, 8.0), (0.5, 30.0), (8.0, 1.0)] {
        let model = random_model(95, 10, 8, scale, field);
        let ln_z = rbm_model::partition::Enumeration::new(&model)
            .unwrap()
            .ln_z();
        let space = ReciprocalSpace::new(&model).unwrap();
        let u = space.left_vector(0).unwrap();
        let (low, high): (f64, f64) = (
            u.iter().map(|u| u.min(0.0)).sum(),
            u.iter().map(|u| u.max(0.0)).sum(),
        );
        let mut grid = linspace(low + 0.01, high - 0.01, 30);
        grid.extend([low + 1e-6, high - 1e-6]);
        let curve = constrained_free_energy(
            &model,
            &space,
            0,
            &grid,
            None,
            &ConstrainedOptions::default(),
        )
        .unwrap();
        for f in &curve.free_energy {
            assert!(f.unwrap() >= -ln_z - 1e-9, "{scale} {field}");
        }
        assert_eq!(curve.unconverged, 0, "{scale} {field}");
    }
}
