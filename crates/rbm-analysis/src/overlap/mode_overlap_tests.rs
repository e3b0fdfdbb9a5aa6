use super::*;
use crate::random::{gaussian_matrix, generator, haar_matrix};
use crate::testing::{from_matrix, planted};

#[test]
fn principal_angles_are_the_angles_that_were_put_in() {
    // Columns of a Haar matrix turned by known angles into further columns.
    let q = haar_matrix(&mut generator(71, 0), 30, 8);
    let angles = [1e-12_f64, 1e-6, 0.3, 1.2];
    let a = q.as_ref().subcols(0, 4);
    let turned = Mat::from_fn(30, 4, |i, k| {
        angles[k].cos() * q[(i, k)] + angles[k].sin() * q[(i, k + 4)]
    });
    // Any basis of the same spaces gives the same angles.
    let (r, s) = (
        haar_matrix(&mut generator(71, 1), 4, 4),
        haar_matrix(&mut generator(71, 2), 4, 4),
    );
    for (a, b) in [
        (a.to_owned(), turned.clone()),
        (a * &r, &turned * &s),
        (&turned * &r, a * &s),
    ] {
        let found = principal_angles(a.as_ref(), b.as_ref()).unwrap();
        for (f, e) in found.iter().zip(angles) {
            assert!((f - e).abs() < 1e-14 + 1e-13 * e, "{f} against {e}");
        }
    }
    // A space within a larger one, and the orthogonal complement.
    let inside = principal_angles(q.as_ref(), a).unwrap();
    assert!(inside.len() == 4 && inside.iter().all(|&t| t < 1e-14));
    let outside = principal_angles(a, q.as_ref().subcols(4, 4)).unwrap();
    assert!(
        outside
            .iter()
            .all(|&t| (t - std::f64::consts::FRAC_PI_2).abs() < 1e-14)
    );
    assert!(principal_angles(a, Mat::<f64>::zeros(29, 2).as_ref()).is_err());
    assert!(principal_angles(a, Mat::<f64>::zeros(30, 0).as_ref()).is_err());
}

#[test]
fn groups_join_close_neighbors_only() {
    assert_eq!(
        degenerate_groups(&[5.0, 4.95, 3.0, 2.99, 2.98, 1.0, 0.0, 0.0], 0.02),
        [0..2, 2..5, 5..6, 6..8]
    );
    assert!(degenerate_groups(&[], 0.02).is_empty());
}

#[test]
fn overlaps_do_not_depend_on_signs_or_on_the_basis_of_a_degenerate_space() {
    let (n, m) = (40, 30);
    let values = [6.0, 3.0, 3.0, 1.0, 0.5];
    let weight = planted(72, n, m, &values);
    let mut random = generator(73, 0);
    // A change far below the other gaps, which still turns the two equal modes by any angle.
    let noise = gaussian_matrix(&mut random, n, m, 1e-5);
    let models = [
        weight.clone(),
        &weight + &noise,
        faer::Scale(-1.0) * &weight,
    ];
    let spaces: Vec<ReciprocalSpace> = models
        .iter()
        .map(|w| ReciprocalSpace::new(&from_matrix(w, vec![0.0; n], vec![0.0; m])).unwrap())
        .collect();
    for later in &spaces[1..] {
        for (k, o) in checkpoint_overlaps(&spaces[0], later, 5)
            .unwrap()
            .iter()
            .enumerate()
        {
            assert!(
                o.group_overlap > 1.0 - 1e-8 && o.largest_angle < 1e-3,
                "{o:?}"
            );
            assert_eq!(o.mode, k);
            match k {
                1 | 2 => assert_eq!((o.group, o.other_group), ([1, 3], [1, 3])),
                _ => assert!(o.best == k && o.overlap > 1.0 - 1e-8),
            }
        }
    }
    // Random vectors: at the null level.
    let other = ReciprocalSpace::new(&from_matrix(
        &planted(74, n, m, &values),
        vec![0.0; n],
        vec![0.0; m],
    ));
    let o = &checkpoint_overlaps(&spaces[0], &other.unwrap(), 1).unwrap()[0];
    assert!(
        o.overlap < 0.8 && o.group_overlap < 4.0 * o.null + 0.2,
        "{o:?}"
    );
}

#[test]
fn components_of_binary_data_diagonalize_its_covariance() {
    let (rows, n) = (300, 7);
    let gaussian = gaussian_matrix(&mut generator(75, 0), rows, n, 1.0);
    // Correlated, not centered, and one constant column.
    let data = Mat::from_fn(rows, n, |i, j| match j {
        6 => 1.0,
        _ => f64::from(gaussian[(i, j)] + 0.8 * gaussian[(i, 0)] > 0.5),
    });
    let pca = Pca::new(data.as_ref()).unwrap();
    let mean = |j: usize| data.col(j).iter().sum::<f64>() / rows as f64;
    for i in 0..n {
        assert!((pca.mean[i] - mean(i)).abs() < 1e-14);
        for j in 0..n {
            let direct: f64 = (0..rows)
                .map(|r| (data[(r, i)] - mean(i)) * (data[(r, j)] - mean(j)))
                .sum::<f64>()
                / rows as f64;
            let rebuilt: f64 = (0..n)
                .map(|k| pca.variances[k] * pca.components[(i, k)] * pca.components[(j, k)])
                .sum();
            assert!((direct - rebuilt).abs() < 1e-14);
        }
    }
    assert!(pca.variances.windows(2).all(|w| w[0] >= w[1]) && pca.variances[6] == 0.0);
    let along = pca.variance_along(pca.components.as_ref()).unwrap();
    assert!((along[2].variance - pca.variances[2]).abs() < 1e-14);
    assert!((along.iter().map(|a| a.share).sum::<f64>() - 1.0).abs() < 1e-12);
    // In batches: the same bytes.
    let mut moments = crate::overlap::pca::SecondMoments::new(n);
    let first: Vec<f64> = (0..100 * n).map(|at| data[(at / n, at % n)]).collect();
    moments.add_row_major(&first).unwrap();
    for start in [100, 200] {
        moments.add(data.as_ref().subrows(start, 100)).unwrap();
    }
    assert!(moments.add_row_major(&[0.0; 8]).is_err());
    let batched = moments.pca().unwrap();
    assert_eq!((moments.rows(), &batched.variances), (300, &pca.variances));
    assert_eq!(batched.components, pca.components);
}

/// Fewer rows than columns: the same components as of the covariance of all columns, from a smaller matrix.
#[test]
fn components_of_few_rows_are_those_of_the_covariance() {
    let (rows, n) = (9, 30);
    let gaussian = gaussian_matrix(&mut generator(76, 0), rows, n, 1.0);
    let data = Mat::from_fn(rows, n, |i, j| f64::from(gaussian[(i, j)] > 0.2));
    let few = Pca::new(data.as_ref()).unwrap();
    let mut moments = crate::overlap::pca::SecondMoments::new(n);
    moments.add(data.as_ref()).unwrap();
    let all = moments.pca().unwrap();
    assert_eq!(few.mean, all.mean);
    assert_eq!((few.variances.len(), few.components.shape()), (8, (30, 8)));
    for k in 0..8 {
        assert!((few.variances[k] - all.variances[k]).abs() < 1e-13);
        for i in 0..n {
            let (a, b) = (few.components[(i, k)], all.components[(i, k)]);
            assert!((a - b).abs() < 1e-10, "{i} {k}: {a} {b}");
        }
    }
    let share = |pca: &Pca| pca.variance_along(all.components.as_ref()).unwrap();
    for (a, b) in share(&few).iter().zip(share(&all)) {
        assert!((a.share - b.share).abs() < 1e-13);
    }
    // Rows that are all alike, and a value that is none, by its place.
    let alike = Pca::new(Mat::from_fn(3, 5, |_, j| (j % 2) as f64).as_ref()).unwrap();
    assert_eq!((alike.variances.len(), alike.components[(0, 0)]), (1, 1.0));
    let bad = Mat::from_fn(2, 5, |i, j| if (i, j) == (1, 3) { f64::NAN } else { 0.0 });
    let message = Pca::new(bad.as_ref()).unwrap_err().to_string();
    assert!(
        message.contains("row 1") && message.contains("column 3"),
        "{message}"
    );
}

#[test]
fn modes_of_a_model_that_is_its_data_overlap_with_the_components() {
    // Weights whose left vectors are the components, in an order of their own.
    let n = 8;
    let gaussian = gaussian_matrix(&mut generator(76, 0), 400, n, 1.0);
    let data = Mat::from_fn(400, n, |i, j| {
        f64::from(gaussian[(i, j)] + 1.5 * gaussian[(i, j / 3)] > 0.0)
    });
    let pca = Pca::new(data.as_ref()).unwrap();
    let v = haar_matrix(&mut generator(76, 1), 5, 2);
    let weight = Mat::from_fn(n, 5, |i, j| {
        5.0 * pca.components[(i, 2)] * v[(j, 0)] + 2.0 * pca.components[(i, 0)] * v[(j, 1)]
    });
    let space = ReciprocalSpace::new(&from_matrix(&weight, vec![0.0; n], vec![0.0; 5])).unwrap();
    let found = mode_overlaps(
        space.left_vectors(),
        space.singular_values(),
        pca.components.as_ref(),
        &pca.variances,
        2,
        1e-6,
    )
    .unwrap();
    assert_eq!((found[0].best, found[1].best), (2, 0));
    assert!(found.iter().all(|o| o.overlap > 1.0 - 1e-12));
    let grouped = data_overlaps(&space, &pca, 2).unwrap();
    assert!(grouped.iter().all(|o| o.group_overlap > 1.0 - 1e-12));
}

#[test]
fn refuses_data_and_vectors_that_do_not_fit() {
    assert!(Pca::new(Mat::<f64>::zeros(0, 3).as_ref()).is_err());
    let mut data = Mat::<f64>::zeros(4, 3);
    let pca = Pca::new(data.as_ref()).unwrap();
    assert_eq!(pca.variances, [0.0; 3]);
    assert!(
        pca.variance_along(Mat::<f64>::zeros(2, 1).as_ref())
            .is_err()
    );
    assert_eq!(
        pca.variance_along(Mat::<f64>::full(3, 1, 0.5).as_ref())
            .unwrap()[0]
            .share,
        0.0
    );
    data[(2, 1)] = f64::INFINITY;
    let error = Pca::new(data.as_ref()).unwrap_err().to_string();
    assert!(error.contains("row 2, column 1"), "{error}");
    assert!(overlaps(data.as_ref(), Mat::<f64>::zeros(3, 1).as_ref()).is_err());
}
