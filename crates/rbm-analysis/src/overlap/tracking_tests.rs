use super::*;
use crate::random::{gaussian_matrix, generator, haar_matrix};
use crate::reciprocal::svd::{Vectors, svd};

fn modes_of(weight: &Mat<f64>) -> Modes {
    let svd = svd(weight.as_ref(), Vectors::Thin).unwrap();
    Modes {
        singular_values: svd.singular_values,
        left: svd.left,
        right: svd.right,
    }
}

#[test]
fn the_assignment_is_the_best_of_all() {
    let mut random = generator(81, 0);
    for (rows, columns) in [(1, 1), (4, 4), (3, 5), (5, 3)] {
        for _ in 0..40 {
            let weight = gaussian_matrix(&mut random, rows, columns, 1.0);
            let pairs = assign(weight.as_ref());
            let value = |pairs: &[(usize, usize)]| pairs.iter().map(|&p| weight[p]).sum::<f64>();
            assert_eq!(pairs.len(), rows.min(columns));
            let distinct: std::collections::HashSet<usize> = pairs.iter().map(|p| p.1).collect();
            assert_eq!(distinct.len(), pairs.len());
            // All one-to-one assignments.
            let mut best = f64::NEG_INFINITY;
            let mut stack = vec![Vec::new()];
            while let Some(partial) = stack.pop() {
                if partial.len() == rows.min(columns) {
                    best = best.max(value(&partial));
                    continue;
                }
                let next = partial.len();
                for other in 0..rows.max(columns) {
                    let used = |p: &(usize, usize)| if rows <= columns { p.1 } else { p.0 };
                    if partial.iter().all(|p| used(p) != other) {
                        let mut longer = partial.clone();
                        longer.push(if rows <= columns {
                            (next, other)
                        } else {
                            (other, next)
                        });
                        stack.push(longer);
                    }
                }
            }
            assert!((value(&pairs) - best).abs() < 1e-12);
        }
    }
}

#[test]
fn a_mode_is_followed_through_a_crossing_and_back_to_its_birth() {
    let (n, m, steps) = (60, 50, 9);
    let mut random = generator(82, 0);
    let u = haar_matrix(&mut random, n, 2);
    let v = haar_matrix(&mut random, m, 2);
    let noise = gaussian_matrix(&mut random, n, m, 0.05);
    // The first mode is there from the start and stays; the second grows out of the bulk, whose edge is at 0.74, and overtakes.
    let strength = |t: usize| [2.0, 0.45 * t as f64];
    let checkpoints: Vec<Modes> = (0..steps)
        .map(|t| {
            let s = strength(t);
            modes_of(&Mat::from_fn(n, m, |i, j| {
                noise[(i, j)] + s[0] * u[(i, 0)] * v[(j, 0)] + s[1] * u[(i, 1)] * v[(j, 1)]
            }))
        })
        .collect();
    let tracks = track_modes(&checkpoints, 0.3).unwrap();
    let numbers = |k: usize| {
        let points = tracks[k].points.iter();
        points.map(|p| p.map(|p| p.mode)).collect::<Vec<_>>()
    };
    // At the end the growing mode leads with 3.6; it was second below 2.0 and nobody before it left the bulk.
    let leading = numbers(0);
    assert_eq!(leading[steps - 1], Some(0));
    assert_eq!(leading[5..8], [Some(0); 3]);
    assert_eq!(leading[3..5], [Some(1); 2]);
    assert_eq!(leading[0], None, "{leading:?}");
    assert_eq!(
        numbers(1),
        (0..steps)
            .map(|t| Some(usize::from(t >= 5)))
            .collect::<Vec<_>>()
    );
    let link = tracks[1].points[2].unwrap();
    assert!(link.weight > 0.9 && link.confidence > 0.8 && link.group_weight > 0.9);
}

#[test]
fn signs_do_not_matter_and_mixing_in_a_group_shows_as_doubt() {
    let mut random = generator(83, 0);
    let (u, v) = (
        haar_matrix(&mut random, 20, 3),
        haar_matrix(&mut random, 15, 3),
    );
    let first = Modes {
        singular_values: vec![3.0, 2.0, 2.0],
        left: u.clone(),
        right: v.clone(),
    };
    let flip = |a: &Mat<f64>| {
        Mat::from_fn(
            a.nrows(),
            3,
            |i, k| if k == 0 { -a[(i, k)] } else { a[(i, k)] },
        )
    };
    // Equal modes turned by 45 degrees, on both sides alike.
    let turn = |a: &Mat<f64>| {
        let root = std::f64::consts::FRAC_1_SQRT_2;
        Mat::from_fn(a.nrows(), 3, |i, k| match k {
            1 => root * (a[(i, 1)] + a[(i, 2)]),
            2 => root * (a[(i, 1)] - a[(i, 2)]),
            _ => a[(i, k)],
        })
    };
    let second = Modes {
        singular_values: first.singular_values.clone(),
        left: turn(&flip(&u)),
        right: turn(&flip(&v)),
    };
    let matches = match_modes(&first, &second).unwrap();
    assert!(matches[0].to == 0 && (matches[0].weight - 1.0).abs() < 1e-12);
    assert!(matches[0].confidence > 1.0 - 1e-12);
    for m in &matches[1..] {
        assert!((m.weight - 0.5).abs() < 1e-12 && m.confidence < 1e-12);
        assert!((m.group_weight - 1.0).abs() < 1e-12);
    }
    // A mode whose right vector alone changes sign is another mode.
    let opposite = Modes {
        left: first.left.clone(),
        right: flip(&v),
        ..second
    };
    assert!(match_modes(&first, &opposite).unwrap()[0].weight < 1e-12);
}

#[test]
fn different_numbers_of_modes_and_empty_runs() {
    let weight = gaussian_matrix(&mut generator(84, 0), 12, 9, 1.0);
    let all = modes_of(&weight);
    let few = Modes {
        singular_values: all.singular_values[..3].to_vec(),
        left: all.left.as_ref().subcols(0, 3).to_owned(),
        right: all.right.as_ref().subcols(0, 3).to_owned(),
    };
    for (a, b) in [(&all, &few), (&few, &all)] {
        let matches = match_modes(a, b).unwrap();
        assert!(matches.len() == 3 && matches.iter().all(|m| m.from == m.to && m.weight > 0.999));
    }
    let tracks = track_modes(&[few.clone(), all.clone()], 0.3).unwrap();
    assert!(tracks[2].points[0].is_some() && tracks[3].points[0].is_none());
    assert!(track_modes(&[], 0.3).unwrap().is_empty());
    assert_eq!(track_modes(&[few], 0.3).unwrap().len(), 3);
    let other = modes_of(&gaussian_matrix(&mut generator(84, 1), 11, 9, 1.0));
    assert!(match_modes(&all, &other).is_err());
}
