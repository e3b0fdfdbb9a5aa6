//! Annealing estimates against enumeration, on small models.

use super::equilibrium::pick;
use super::*;
use crate::init::normal;
use crate::kernels::BitMatrix;
use crate::noise::{Sequence, stream};
use crate::parameters::Parameters;
use burn::tensor::Device;

const DEVICE: fn() -> Device = Device::flex;

/// Random weights scaled to a largest singular value, and random biases about the symmetric point.
fn random_model(n: usize, m: usize, largest: f64, seed: u64) -> Parameters {
    let draw = |count, s, seed| -> Vec<f64> {
        let x = normal(count, s, seed);
        x.into_iter().map(f64::from).collect()
    };
    let weight = draw(n * m, 1.0, seed);
    let weight: Vec<f64> = {
        let scale = largest / largest_singular_value(&weight, n, m);
        // f32, as sampling has them: the exact sum is over the same model.
        weight
            .iter()
            .map(|w| f64::from((w * scale) as f32))
            .collect()
    };
    let (mut b, mut c) = (draw(n, 0.5, seed + 1), draw(m, 0.5, seed + 2));
    for (i, row) in weight.chunks_exact(m).enumerate() {
        b[i] = f64::from((b[i] - row.iter().sum::<f64>() / 2.0) as f32);
        c.iter_mut().zip(row).for_each(|(c, w)| *c -= w / 2.0);
    }
    c.iter_mut().for_each(|c| *c = f64::from(*c as f32));
    Parameters::new(n, m, weight, b, c).unwrap()
}

fn largest_singular_value(weight: &[f64], n: usize, m: usize) -> f64 {
    let mut u: Vec<f64> = (0..n).map(|i| 1.0 + i as f64).collect();
    let mut norm = 1.0;
    for _ in 0..500 {
        let mut y = vec![0.0; m];
        for (row, u) in weight.chunks_exact(m).zip(&u) {
            y.iter_mut().zip(row).for_each(|(y, w)| *y += u * w / norm);
        }
        for (u, row) in u.iter_mut().zip(weight.chunks_exact(m)) {
            *u = row.iter().zip(&y).map(|(w, y)| w * y).sum();
        }
        norm = u.iter().map(|x| x * x).sum::<f64>().sqrt();
    }
    norm.sqrt()
}

fn noise(seed: u64, stream: u8) -> Noise {
    Noise {
        seed,
        stream,
        first_step: 0,
    }
}

/// All visible states with their probabilities.
fn distribution(model: &Parameters, exact: &Enumeration) -> Vec<(Vec<f64>, f64)> {
    (0..1usize << model.n_visible)
        .map(|s| {
            let v: Vec<f64> = (0..model.n_visible).map(|i| (s >> i & 1) as f64).collect();
            let p = exact.log_probability(&v).exp();
            (v, p)
        })
        .collect()
}

/// Samples of the model, drawn from the exact probabilities.
fn exact_samples(states: &[(Vec<f64>, f64)], count: usize, seed: u64) -> BitMatrix {
    let mut random = Sequence::new(seed, stream::SAMPLE, 0);
    let mut rows = BitMatrix::zeros(0, states[0].0.len());
    for _ in 0..count {
        let mut mark = f64::from(random.next_uniform());
        let drawn = states.iter().find(|(_, p)| {
            mark -= p;
            mark < 0.0
        });
        let (v, _) = drawn.unwrap_or(&states[0]);
        rows.push_row(v.iter().map(|x| *x == 1.0));
    }
    rows
}

/// Means over the exact distribution: v, and p(h | v).
fn exact_base(model: &Parameters, exact: &Enumeration) -> Base {
    let moments = exact.moments();
    assert_eq!(moments.visible.len(), model.n_visible);
    Base::from_means(&moments.visible, &moments.hidden, 1000)
}

fn exactly() -> Equilibrium {
    Equilibrium {
        origin: "drawn from the exact probabilities".into(),
        check: "none needed".into(),
        passed: true,
        ancestors: Vec::new(),
        allowed: None,
    }
}

#[test]
fn exact_values_lie_in_the_stated_intervals_of_twenty_models() {
    let mut inside = [0; 3];
    let mut bracketed = 0;
    for seed in 0..20u64 {
        let largest = 0.5 + 11.5 * seed as f64 / 19.0;
        let (n, m) = (8 + seed as usize % 4, 5 + seed as usize % 6);
        let model = random_model(n, m, largest, 1000 + 10 * seed);
        let exact = Enumeration::new(&model).unwrap();
        let states = distribution(&model, &exact);
        let base = match seed % 3 {
            0 => Base::uniform(n, m),
            1 => exact_base(&model, &exact),
            _ => Base::from_visible_mean(&exact.moments().visible, 1000, m),
        };
        let path = GeometricPath::from_base(&base, &model).unwrap();
        let chains = 300;
        let first = noise(seed, stream::ANNEALING_PILOT);
        let betas = match seed % 2 {
            0 => linear(300),
            _ => pilot(&path, &DEVICE(), 50, 200, first).unwrap().betas(300),
        };
        check_betas(&betas).unwrap();
        let up = noise(seed, stream::ANNEALING);
        let start = Start::Independent(chains);
        let forward = anneal(&path, &DEVICE(), &betas, start, up, &mut ignore_steps).unwrap();
        let rows = exact_samples(&states, chains, seed);
        let down: Vec<f64> = betas.iter().rev().copied().collect();
        let start = Start::Visible(&rows);
        let back = noise(seed, stream::ANNEALING_BACK);
        let reverse = anneal(&path, &DEVICE(), &down, start, back, &mut ignore_steps).unwrap();
        let bracket = Bracket::new(
            base.ln_z(),
            &forward.log_weights,
            &reverse.log_weights,
            exactly(),
            300,
            seed,
        )
        .unwrap();
        if bracket.verdict != Verdict::Bracketed {
            continue;
        }
        bracketed += 1;
        let intervals = [
            bracket.ais.interval,
            bracket.reverse_ais.as_ref().unwrap().interval,
            bracket.bar.as_ref().unwrap().interval,
        ];
        for (inside, [low, high]) in inside.iter_mut().zip(intervals) {
            // Log weights of weak models hardly vary; f32 fields leave 1e-5.
            if low - 1e-5 <= exact.ln_z() && exact.ln_z() <= high + 1e-5 {
                *inside += 1;
            }
        }
    }
    println!("bracketed {bracketed}, inside {inside:?}");
    assert!(bracketed >= 17, "bracketed {bracketed}");
    // 95% intervals of 17 to 20 models: fewer than this many at a chance below 2%.
    assert!(
        inside.iter().all(|i| *i + 3 >= bracketed && *i >= 17),
        "{inside:?}"
    );
}

/// Few temperatures, strong weights: far from quasi-static, and still unbiased.
#[test]
fn z_is_unbiased_and_ln_z_is_bounded_on_both_sides() {
    let model = random_model(9, 6, 10.0, 77);
    let exact = Enumeration::new(&model).unwrap();
    let states = distribution(&model, &exact);
    let base = Base::uniform(9, 6);
    let path = GeometricPath::from_base(&base, &model).unwrap();
    let (runs, chains) = (3000, 10);
    let up = linear(5);
    let down: Vec<f64> = up.iter().rev().copied().collect();
    let ratio = exact.ln_z() - base.ln_z();
    let mut z = [Vec::new(), Vec::new()];
    let mut ln_z = [Vec::new(), Vec::new()];
    for seed in 0..runs {
        let rows = exact_samples(&states, chains, 500 + seed);
        for (side, (betas, start, sign)) in [
            (&up, Start::Independent(chains), 1.0),
            (&down, Start::Visible(&rows), -1.0),
        ]
        .into_iter()
        .enumerate()
        {
            let noise = noise(seed, stream::ANNEALING + side as u8);
            let run = anneal(&path, &DEVICE(), betas, start, noise, &mut ignore_steps).unwrap();
            // w is Z / Z0 on the way up, Z0 / Z on the way down.
            let weights = run.log_weights.iter().map(|w| (w - sign * ratio).exp());
            z[side].push(weights.sum::<f64>() / chains as f64);
            let direction = [Direction::Forward, Direction::Reverse][side];
            let estimate = Estimate::new(direction, base.ln_z(), &run.log_weights, 5, seed);
            ln_z[side].push(estimate.unwrap().value - exact.ln_z());
        }
    }
    let statistics = |x: &[f64]| {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, (variance / n).sqrt())
    };
    for (side, name) in ["AIS", "reverse AIS"].iter().enumerate() {
        let (mean, error) = statistics(&z[side]);
        println!("{name}: E[w] / exact = {mean:.4} +- {error:.4}");
        assert!(
            (mean - 1.0).abs() < 4.0 * error,
            "{name}: {mean} +- {error}"
        );
        // Far from trivial: single weights vary widely.
        assert!(error > 0.005, "{error}");
    }
    let (low, low_error) = statistics(&ln_z[0]);
    let (high, high_error) = statistics(&ln_z[1]);
    println!("ln Z: {low:.4} +- {low_error:.4}, {high:.4} +- {high_error:.4}");
    assert!(low < -3.0 * low_error, "AIS is low: {low} +- {low_error}");
    assert!(
        high > 3.0 * high_error,
        "reverse AIS is high: {high} +- {high_error}"
    );
}

/// Reverse chains that start where forward chains ended share what these saw and missed: Bennett's
/// error counts that.
#[test]
fn the_error_is_true_for_samples_that_annealing_brought() {
    let model = random_model(9, 6, 10.0, 77);
    let exact = Enumeration::new(&model).unwrap().ln_z();
    let base = Base::uniform(9, 6);
    let path = GeometricPath::from_base(&base, &model).unwrap();
    let (runs, chains) = (400, 300);
    let up = linear(12);
    let down: Vec<f64> = up.iter().rev().copied().collect();
    let mut squares = [0.0; 2];
    for seed in 0..runs {
        let start = Start::Independent(chains);
        let first = noise(seed, stream::ANNEALING);
        let forward = anneal(&path, &DEVICE(), &up, start, first, &mut ignore_steps).unwrap();
        let drawn = resample(&forward.log_weights, noise(seed, 99));
        let rows = pick(&forward.visible, &drawn);
        let back = noise(seed, stream::ANNEALING_BACK);
        let start = Start::Visible(&rows);
        let reverse = anneal(&path, &DEVICE(), &down, start, back, &mut ignore_steps).unwrap();
        for (square, ancestors) in squares.iter_mut().zip([&drawn[..], &[]]) {
            let (f, r) = (&forward.log_weights, &reverse.log_weights);
            let b = bennett(base.ln_z(), f, r, ancestors).unwrap();
            *square += ((b.value - exact) / b.standard_error).powi(2) / runs as f64;
        }
    }
    println!("mean square of (value - exact) / error: {squares:?}");
    // 1 at five standard errors of a mean square, sqrt(2 / runs) = 7%, and the 1 / chains of the formula.
    assert!((squares[0] - 1.0).abs() < 0.35, "{squares:?}");
    // Taken as independent they would be too small, by a tenth here.
    assert!(squares[1] > 1.1 * squares[0], "{squares:?}");
}

/// A schedule that spreads the work leaves less of it than an even one.
#[test]
fn the_automatic_schedule_lowers_the_spread_of_log_weights() {
    let model = random_model(60, 40, 9.0, 31);
    let base = Base::uniform(60, 40);
    let path = GeometricPath::from_base(&base, &model).unwrap();
    let first = noise(1, stream::ANNEALING_PILOT);
    let betas = pilot(&path, &DEVICE(), 64, 400, first).unwrap().betas(200);
    let spread = |betas: &[f64]| {
        let noise = noise(2, stream::ANNEALING);
        let start = Start::Independent(600);
        let run = anneal(&path, &DEVICE(), betas, start, noise, &mut ignore_steps).unwrap();
        let e = Estimate::new(Direction::Forward, 0.0, &run.log_weights, 200, 0);
        e.unwrap().log_weight_std
    };
    let (even, automatic) = (spread(&linear(200)), spread(&betas));
    println!("even {even:.3}, automatic {automatic:.3}");
    // The error of each is 3%.
    assert!(automatic < 0.95 * even, "{automatic} {even}");
}

/// One hidden unit that all visible ones follow: two modes that Gibbs sweeps do not cross.
fn two_modes() -> Parameters {
    let n = 16;
    // With h = 1 most units are on, with h = 0 most are off, and that is e^2 times as likely.
    Parameters::new(n, 1, vec![6.0; n], vec![-3.0; n], vec![-50.0]).unwrap()
}

#[test]
fn chains_that_do_not_mix_are_found_out() {
    let model = two_modes();
    let n = model.n_visible;
    let exact = Enumeration::new(&model).unwrap();
    let base = Base::uniform(n, 1);
    let path = GeometricPath::from_base(&base, &model).unwrap();
    let betas = linear(500);
    let start = Start::Independent(200);
    let up = noise(3, stream::ANNEALING);
    let forward = anneal(&path, &DEVICE(), &betas, start, up, &mut ignore_steps).unwrap();
    let ancestors = resample(&forward.log_weights, noise(3, 99));
    let annealed = pick(&forward.visible, &ancestors);
    // "Data" of the less likely mode alone.
    let groups = [
        Group {
            name: "data".into(),
            visible: BitMatrix::from_fn(100, n, |_, _| true),
        },
        Group {
            name: "annealing".into(),
            visible: annealed,
        },
    ];
    let still = noise(3, stream::EQUILIBRIUM);
    let bracket_of = |groups: &[Group], sweeps| {
        let mut groups = groups.to_vec();
        equilibrate(
            &model,
            &DEVICE(),
            &mut groups,
            sweeps,
            still,
            &mut ignore_steps,
        )
        .unwrap();
        let found = compare(&model, &groups.iter().collect::<Vec<_>>(), sweeps);
        let equilibrium = Equilibrium {
            origin: "data".into(),
            check: found.text.clone(),
            passed: found.agree,
            ancestors: Vec::new(),
            allowed: None,
        };
        let rows = &groups[0].visible;
        let down: Vec<f64> = betas.iter().rev().copied().collect();
        let back = noise(3, stream::ANNEALING_BACK);
        let start = Start::Visible(rows);
        let reverse = anneal(&path, &DEVICE(), &down, start, back, &mut ignore_steps).unwrap();
        let (f, r) = (&forward.log_weights, &reverse.log_weights);
        Bracket::new(base.ln_z(), f, r, equilibrium, 500, 0).unwrap()
    };
    let bracket = bracket_of(&groups, 30);
    assert_ne!(bracket.verdict, Verdict::Bracketed);
    assert!(bracket.reason.contains("disagree"), "{}", bracket.reason);
    // AIS itself passes the transition where the modes part.
    let [low, high] = bracket.ais.interval;
    assert!(low < exact.ln_z() && exact.ln_z() < high);

    // Samples of both modes in their shares pass.
    let states = distribution(&model, &exact);
    let mut groups = groups;
    groups[0].visible = exact_samples(&states, 200, 8);
    let bracket = bracket_of(&groups, 30);
    assert_eq!(bracket.verdict, Verdict::Bracketed, "{}", bracket.reason);

    // One group, or a few chains, prove nothing.
    let alone = bracket_of(&groups[..1], 30);
    assert_eq!(alone.verdict, Verdict::UpperBoundOnly, "{}", alone.reason);
}

#[test]
fn same_seed_same_bytes_for_any_number_of_threads() {
    let model = random_model(100, 70, 6.0, 9);
    let path = GeometricPath::from_base(&Base::uniform(100, 70), &model).unwrap();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let noise = noise(4, stream::ANNEALING);
            let start = Start::Independent(130);
            let run = anneal(
                &path,
                &DEVICE(),
                &linear(30),
                start,
                noise,
                &mut ignore_steps,
            )
            .unwrap();
            (run.log_weights, run.visible)
        })
    };
    assert!(run(1) == run(2) && run(2) == run(3));
}
