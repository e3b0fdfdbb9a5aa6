use super::*;

/// Nodes and weights of Gauss-Hermite quadrature for a standard normal variable, 5 points: exact to degree 9.
fn normal_quadrature() -> Vec<(f64, f64)> {
    let root = 10f64.sqrt();
    let (inner, outer) = ((5.0 - root).sqrt(), (5.0 + root).sqrt());
    let (inner_weight, outer_weight) = ((7.0 + 2.0 * root) / 60.0, (7.0 - 2.0 * root) / 60.0);
    vec![
        (0.0, 8.0 / 15.0),
        (inner, inner_weight),
        (-inner, inner_weight),
        (outer, outer_weight),
        (-outer, outer_weight),
    ]
}

#[test]
fn the_quadrature_of_these_tests_has_the_moments_of_a_normal_variable() {
    for (power, expected) in [
        (0, 1.0),
        (2, 1.0),
        (4, 3.0),
        (6, 15.0),
        (8, 105.0),
        (3, 0.0),
    ] {
        let sum: f64 = normal_quadrature()
            .iter()
            .map(|(x, w)| w * x.powi(power))
            .sum();
        assert!(
            (sum - expected).abs() < 1e-10 * expected.max(1.0),
            "{power}: {sum}"
        );
    }
}

/// E f after one step of a scheme, exactly, for f(x, y) = x^p y^q.
fn after_one_step(
    scheme: &dyn Fn([f64; 2], [f64; 2]) -> [f64; 2],
    at: [f64; 2],
    p: i32,
    q: i32,
) -> f64 {
    let nodes = normal_quadrature();
    let mut sum = 0.0;
    for (x, wx) in &nodes {
        for (y, wy) in &nodes {
            let [x, y] = scheme(at, [*x, *y]);
            sum += wx * wy * x.powi(p) * y.powi(q);
        }
    }
    sum
}

/// First and second order of E f = f + h L f + h^2/2 L^2 f, L = force . grad + Laplacian, by finite differences.
fn expansion(potential: &ModePotential, at: [f64; 2], step: f64, p: i32, q: i32) -> f64 {
    type Field<'a> = &'a dyn Fn([f64; 2]) -> f64;
    let derive = |f: Field, at: [f64; 2]| {
        let d = 0.02;
        // Five-point stencils: exact for polynomials up to degree 4 (first) and 5 (second derivative).
        let along = |i: usize| {
            let v = |by: f64| {
                let mut to = at;
                to[i] += by * d;
                f(to)
            };
            let first = (v(-2.0) - 8.0 * v(-1.0) + 8.0 * v(1.0) - v(2.0)) / (12.0 * d);
            let second = (-v(-2.0) + 16.0 * v(-1.0) - 30.0 * v(0.0) + 16.0 * v(1.0) - v(2.0))
                / (12.0 * d * d);
            (first, second)
        };
        let ((fx, fxx), (fy, fyy)) = (along(0), along(1));
        let force = potential.force(at);
        force[0] * fx + force[1] * fy + fxx + fyy
    };
    let f = |z: [f64; 2]| z[0].powi(p) * z[1].powi(q);
    let first = |z: [f64; 2]| derive(&f, z);
    f(at) + step * first(at) + 0.5 * step * step * derive(&first, at)
}

#[test]
fn one_step_is_right_to_second_weak_order() {
    // The local error of a scheme of weak order 2 is of third order in the step, that of Euler's of second.
    let at = [0.7, -0.4];
    for potential in [
        ModePotential::quadratic(3.0),
        ModePotential {
            source: [0.3, -0.2],
            ..ModePotential::landau(5.0, 0.3, 0.2)
        },
    ] {
        let mut cubic = [0.0_f64; 2];
        let mut euler = [0.0_f64; 2];
        for (p, q) in [(1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0)] {
            for (i, step) in [0.002, 0.0005].into_iter().enumerate() {
                let expected = expansion(&potential, at, step, p, q);
                let heun = |at, noise| potential.heun(at, step, noise);
                let one = |at: [f64; 2], noise: [f64; 2]| {
                    let force = potential.force(at);
                    [0, 1].map(|i| at[i] + step * force[i] + (2.0 * step).sqrt() * noise[i])
                };
                let error = |scheme: &dyn Fn([f64; 2], [f64; 2]) -> [f64; 2]| {
                    (after_one_step(scheme, at, p, q) - expected).abs() / step.powi(3)
                };
                cubic[i] = cubic[i].max(error(&heun));
                euler[i] = euler[i].max(error(&one));
            }
        }
        // Over step^3 the one settles and the other grows fourfold.
        assert!((cubic[1] / cubic[0] - 1.0).abs() < 0.2, "{cubic:?}");
        assert!((euler[1] / euler[0] - 4.0).abs() < 0.4, "{euler:?}");
        assert!(euler[1] > 10.0 * cubic[1], "{euler:?} {cubic:?}");
    }
}

#[test]
fn the_quadratic_potential_gives_the_closed_form_of_the_scheme_and_of_the_process() {
    for lambda in [0.0, 2.0, 3.5] {
        let options = LangevinOptions {
            step: 0.1,
            warm_up: (8.0 / (0.1 * (4.0 - lambda))) as usize,
            recordings: 100,
            steps_between: 10,
            trajectories: 400,
            start: [0.5, 0.5],
            seed: 7,
        };
        let run = langevin(&ModePotential::quadratic(lambda), &options).unwrap();
        // Stationary variance of Heun's scheme along an eigendirection of rate r: (1/r)(2 - rh)/(2 - rh + r^2 h^2/2).
        let of_rate = |r: f64| {
            let t = r * options.step;
            (2.0 - t) / (2.0 - t + t * t / 2.0) / r
        };
        let (u, w) = (of_rate(4.0 - lambda), of_rate(4.0 + lambda));
        let [xx, yy, xy] = run.second_moments;
        for (found, expected) in [
            (xx, (u + w) / 2.0),
            (yy, (u + w) / 2.0),
            (xy, (u - w) / 2.0),
        ] {
            assert!(
                (found.value - expected).abs() < 4.5 * found.error,
                "lambda {lambda}: {found:?} against {expected}"
            );
        }
        // The scheme's own bias is of second order: 4/(16 - lambda^2) is met to (rh)^2/4.
        let g = 16.0 - lambda * lambda;
        let bound = ((4.0 + lambda) * options.step).powi(2) / 4.0 * 4.0 / g;
        assert!((xx.value - 4.0 / g).abs() < bound + 4.5 * xx.error);
    }
}

#[test]
fn a_displaced_mode_returns_at_the_predicted_rates() {
    // u decays with 4 - lambda, w with 4 + lambda.
    let options = LangevinOptions {
        step: 0.02,
        warm_up: 0,
        recordings: 4,
        steps_between: 10,
        trajectories: 20_000,
        start: [3.0, 1.0],
        seed: 3,
    };
    let lambda = 3.0;
    let run = langevin(&ModePotential::quadratic(lambda), &options).unwrap();
    for (at, _) in run.paths[0].iter().enumerate() {
        let t = run.interval * (at + 1) as f64;
        let n = run.paths.len() as f64;
        for (sign, start) in [(1.0, 4.0), (-1.0, 2.0)] {
            let rate = 4.0 - sign * lambda;
            let mean = run
                .paths
                .iter()
                .map(|p| p[at][0] + sign * p[at][1])
                .sum::<f64>()
                / n;
            // Variance of x +- y on the way: 2(1 - e^-2rt)/r; the scheme's bias in the mean is below 3e-3 here.
            let error = (2.0 * (1.0 - (-2.0 * rate * t).exp()) / rate / n).sqrt();
            let expected = start * (-rate * t).exp();
            assert!(
                (mean - expected).abs() < 4.5 * error + 3e-3,
                "t {t} rate {rate}: {mean} against {expected} +- {error}"
            );
        }
    }
}

#[test]
fn the_landau_potential_gives_the_moments_of_its_boltzmann_density() {
    for (lambda, source) in [(3.0, [0.2, 0.0]), (4.5, [0.0, 0.0])] {
        let potential = ModePotential {
            source,
            ..ModePotential::landau(lambda, 0.15, 0.1)
        };
        let options = LangevinOptions {
            step: 0.02,
            warm_up: 500,
            recordings: 100,
            steps_between: 20,
            trajectories: 600,
            seed: 11,
            ..Default::default()
        };
        let run = langevin(&potential, &options).unwrap();
        let expected = potential.second_moments().unwrap();
        for (found, expected) in run.second_moments.iter().zip(expected) {
            // The bias of the scheme at this step is below 1% of these moments.
            assert!(
                (found.value - expected).abs() < 4.5 * found.error + 0.01 * expected,
                "lambda {lambda}: {found:?} against {expected}"
            );
        }
    }
}

#[test]
fn moments_by_quadrature_are_those_of_gaussians_and_of_a_separable_quartic() {
    for lambda in [0.0, 2.0, 3.9] {
        let source = [0.4, -0.3];
        let potential = ModePotential {
            source,
            ..ModePotential::quadratic(lambda)
        };
        let [xx, yy, xy] = potential.second_moments().unwrap();
        let g = 16.0 - lambda * lambda;
        let mean = [
            (4.0 * source[0] + lambda * source[1]) / g,
            (4.0 * source[1] + lambda * source[0]) / g,
        ];
        for (found, expected) in [
            (xx, 4.0 / g + mean[0] * mean[0]),
            (yy, 4.0 / g + mean[1] * mean[1]),
            (xy, lambda / g + mean[0] * mean[1]),
        ] {
            assert!(
                (found - expected).abs() < 1e-9 * xx,
                "{lambda}: {found} {expected}"
            );
        }
    }
    // The stiffness keeps the variance at 1/4, to second order in q.
    for q in [0.01, 0.005] {
        let alone = ModePotential::isolated(0.0, q, q).second_moments().unwrap();
        let landau = ModePotential::landau(0.0, q, q).second_moments().unwrap();
        assert!((alone[0] - 0.25).abs() < 2.0 * q * q, "{q}: {alone:?}");
        assert!(
            (landau[0] - 0.25 + q / 4.0).abs() < 2.0 * q * q,
            "{q}: {landau:?}"
        );
    }
    assert!(ModePotential::quadratic(4.0).second_moments().is_none());
    assert!(ModePotential::quadratic(5.0).second_moments().is_none());
    // Without coupling x has density exp(-2x^2 - (4/3) q x^4) of its own, summed here on a much finer line.
    let [xx, yy, xy] = ModePotential::landau(0.0, 0.3, 0.0)
        .second_moments()
        .unwrap();
    let line = |f: &dyn Fn(f64) -> f64| -> f64 {
        let at = |i: i32| f64::from(i) * 1e-3;
        (-9000..9000)
            .map(|i| f(at(i)) * (-2.0 * at(i).powi(2) - 0.4 * at(i).powi(4)).exp())
            .sum()
    };
    let expected = line(&|x| x * x) / line(&|_| 1.0);
    assert!((xx / expected - 1.0).abs() < 1e-9 && (yy - 0.25).abs() < 1e-9 && xy.abs() < 1e-12);
}

#[test]
fn runs_repeat_and_bad_settings_are_refused() {
    let options = LangevinOptions {
        recordings: 3,
        trajectories: 5,
        ..Default::default()
    };
    let potential = ModePotential::landau(4.5, 0.1, 0.1);
    assert_eq!(
        langevin(&potential, &options).unwrap(),
        langevin(&potential, &options).unwrap()
    );
    for bad in [
        LangevinOptions {
            step: 0.0,
            ..options.clone()
        },
        LangevinOptions {
            step: 0.2,
            ..options.clone()
        },
        LangevinOptions {
            step: f64::NAN,
            ..options.clone()
        },
        LangevinOptions {
            trajectories: 0,
            ..options.clone()
        },
        LangevinOptions {
            recordings: 0,
            ..options.clone()
        },
        LangevinOptions {
            start: [f64::INFINITY, 0.0],
            ..options.clone()
        },
    ] {
        assert!(langevin(&potential, &bad).is_err(), "{bad:?}");
    }
    assert!(langevin(&ModePotential::landau(1.0, -0.1, 0.0), &options).is_err());
    assert!(langevin(&ModePotential::quadratic(f64::NAN), &options).is_err());
    // Beyond 4 nothing holds a quadratic mode back.
    let long = LangevinOptions {
        step: 0.05,
        warm_up: 200_000,
        ..options
    };
    assert!(matches!(
        langevin(&ModePotential::quadratic(6.0), &long),
        Err(AnalysisError::NoConvergence { .. })
    ));
}
