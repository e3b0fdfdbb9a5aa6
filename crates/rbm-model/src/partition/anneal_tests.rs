//! The two kinds of devices against each other, and refusals.

use super::*;
use crate::init::normal;
use crate::parameters::Parameters;
use crate::partition::{Base, linear};

fn model(n: usize, m: usize, seed: u64) -> Parameters {
    let draw = |count, s| normal(count, s, seed).into_iter().map(f64::from).collect();
    Parameters::new(n, m, draw(n * m, 0.5), draw(n, 1.0), draw(m, 0.7)).unwrap()
}

fn noise() -> Noise {
    Noise {
        seed: 5,
        stream: 9,
        first_step: 100,
    }
}

#[test]
fn tensors_and_packed_kernels_do_the_same() {
    let device = Device::flex();
    let (start, end) = (model(70, 40, 1), model(70, 40, 2));
    let base = Base::from_visible_mean(&[0.3; 70], 10, 40);
    for path in [
        GeometricPath::from_base(&base, &end).unwrap(),
        GeometricPath::between(&start, &end).unwrap(),
    ] {
        let rows = BitMatrix::from_fn(30, 70, |r, c| (70 * r + c) % 3 == 0);
        let first = match path.starts_independent() {
            true => Start::Independent(30),
            false => Start::Visible(&rows),
        };
        let up = linear(6);
        let down: Vec<f64> = up.iter().rev().copied().collect();
        for (betas, start) in [(up, first), (down, Start::Visible(&rows))] {
            let host = on_host(&path, &betas, start.clone(), noise(), &mut ignore_steps).unwrap();
            let sampler = OnDevice::new(&path, &device, start);
            let tensors = run(sampler, &path, &betas, noise(), &mut ignore_steps).unwrap();
            // A draw that rounding decides sends a chain elsewhere: none in so few draws.
            assert!(host.visible == tensors.visible);
            for (a, b) in host.log_weights.iter().zip(&tensors.log_weights) {
                assert!((a - b).abs() < 1e-3, "{a} {b}");
            }
        }
    }
}

#[test]
fn log_weights_are_what_energies_say() {
    // With no sweep in between, ln w is the difference of two free energies.
    let (start, end) = (model(20, 9, 3), model(20, 9, 4));
    let rows = BitMatrix::from_fn(40, 20, |r, c| (20 * r + c) % 7 < 3);
    let path = GeometricPath::between(&start, &end).unwrap();
    let run = anneal(
        &path,
        &Device::flex(),
        &[0.0, 1.0],
        Start::Visible(&rows),
        noise(),
        &mut ignore_steps,
    )
    .unwrap();
    for (row, w) in rows.to_numbers().chunks_exact(20).zip(&run.log_weights) {
        let v: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
        let exact = start.free_energy(&v) - end.free_energy(&v);
        assert!((w - exact).abs() < 2e-5, "{w} {exact}");
    }
}

#[test]
fn looking_on_can_break_off() {
    let path = GeometricPath::from_base(&Base::uniform(6, 4), &model(6, 4, 1)).unwrap();
    let mut seen = 0;
    let run = anneal(
        &path,
        &Device::flex(),
        &linear(10),
        Start::Independent(3),
        noise(),
        &mut |done, weights| {
            assert_eq!(weights.len(), 3);
            seen = done;
            if done == 4 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        },
    )
    .unwrap();
    assert_eq!((seen, run.temperatures), (4, 4));
}

#[test]
fn impossible_runs_are_refused() {
    let path = GeometricPath::from_base(&Base::uniform(6, 4), &model(6, 4, 1)).unwrap();
    let text = |betas: &[f64], start: Start<'_>| {
        let run = anneal(
            &path,
            &Device::flex(),
            betas,
            start,
            noise(),
            &mut ignore_steps,
        );
        run.unwrap_err().to_string()
    };
    assert!(text(&[0.0], Start::Independent(3)).contains("at least 2"));
    assert!(text(&[0.0, 1.5], Start::Independent(3)).contains("1.5"));
    assert!(text(&[0.0, f64::NAN], Start::Independent(3)).contains("NaN"));
    assert!(text(&[1.0, 0.0], Start::Independent(3)).contains("visible states"));
    assert!(text(&[0.0, 1.0], Start::Independent(0)).contains("no chains"));
    assert!(text(&[0.0, 1.0], Start::Visible(&BitMatrix::zeros(0, 6))).contains("no chains"));
    assert!(text(&[0.0, 1.0], Start::Visible(&BitMatrix::zeros(2, 7))).contains("[2, 7]"));
    let other = model(6, 5, 1);
    assert!(GeometricPath::between(&model(6, 4, 1), &other).is_err());
    assert!(GeometricPath::from_base(&Base::uniform(6, 4), &other).is_err());
    let infinite = Base::from_visible_mean(&[f64::NAN; 6], 3, 4);
    assert!(GeometricPath::from_base(&infinite, &model(6, 4, 1)).is_err());
}
