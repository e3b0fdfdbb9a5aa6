use super::*;
use crate::reciprocal::space::dot;
use crate::reciprocal::trajectories::pairs;
use crate::testing::random_model;
use burn::tensor::Device;
use rbm_model::Rbm;
use rbm_model::noise::stream;
use rbm_model::sampling::Chains;

fn bins(low: f64, high: f64, count: usize) -> Bins {
    Bins { low, high, count }
}

fn mass(curve: &SampledFreeEnergy) -> Vec<f64> {
    let size: f64 = curve.bins.iter().map(Bins::width).product();
    curve
        .free_energy
        .iter()
        .map(|f| f.map_or(0.0, |f| (-f).exp() * size))
        .collect()
}

#[test]
fn exact_densities_are_sums_over_all_states() {
    for (n, m) in [(12, 5), (4, 11)] {
        let model = random_model(1, n, m, 0.7, 0.4);
        let space = ReciprocalSpace::new(&model).unwrap();
        let ln_z = Enumeration::new(&model).unwrap().ln_z();
        let range = [bins(-1.0, 1.5, 7), bins(-0.5, 1.0, 3)];
        let found = exact_free_energy(
            &model,
            &space,
            &[Coordinate::X(0), Coordinate::X(2)],
            &range,
        )
        .unwrap();
        let mut expected = [0.0; 21];
        let mut outside = 0.0;
        for state in 0..1usize << n {
            let v: Vec<f64> = (0..n).map(|i| (state >> i & 1) as f64).collect();
            let p = (-model.free_energy(&v) - ln_z).exp();
            let at = [0, 2].map(|k| dot(space.left_vector(k).unwrap(), &v));
            let cell = |b: &Bins, x: f64| {
                (b.low..b.high)
                    .contains(&x)
                    .then(|| ((x - b.low) / b.width()) as usize)
            };
            match (cell(&range[0], at[0]), cell(&range[1], at[1])) {
                (Some(i), Some(j)) => expected[3 * i + j] += p,
                _ => outside += p,
            }
        }
        assert!((found.outside - outside).abs() < 1e-12);
        for (f, e) in mass(&found).iter().zip(&expected) {
            assert!((f - e).abs() < 1e-12, "{f} {e}");
        }
        assert!((mass(&found).iter().sum::<f64>() + found.outside - 1.0).abs() < 1e-12);
        // y, by enumerating the other layer: its mean is that of the exact moments to half a bin.
        let fine = bins(-4.0, 4.0, 4000);
        let y = exact_free_energy(&model, &space, &[Coordinate::Y(0)], &[fine]).unwrap();
        let mean: f64 = mass(&y)
            .iter()
            .zip(fine.centers())
            .map(|(p, y)| p * y)
            .sum();
        let moments = Enumeration::new(&model).unwrap().moments();
        let expected = dot(space.right_vector(0).unwrap(), &moments.hidden);
        assert!((mean - expected).abs() < 1e-3 && y.outside < 1e-12);
    }
}

#[test]
fn sampled_densities_agree_with_exact_ones_within_their_errors() {
    let model = random_model(2, 12, 8, 0.6, 0.3);
    let space = ReciprocalSpace::new(&model).unwrap();
    let rbm = Rbm::from_parameters(&model, &Device::flex());
    let mut chains = Chains::from_biases(&rbm, 250, 5, stream::CHAINS);
    chains.sweep(&rbm, 100);
    let samples = Trajectories::record(&space, pairs(&[0, 1]), &rbm, &mut chains, 400, 1).unwrap();
    let one = ([Coordinate::X(0)].to_vec(), vec![bins(-2.5, 2.5, 20)]);
    let y = ([Coordinate::Y(1)].to_vec(), vec![bins(-2.5, 2.5, 20)]);
    let two = (
        [Coordinate::X(0), Coordinate::X(1)].to_vec(),
        vec![bins(-2.5, 2.5, 8), bins(-2.5, 2.5, 8)],
    );
    let (mut scores, mut count) = (0.0_f64, 0.0_f64);
    for (coordinates, range) in [one, y, two] {
        let sampled = sampled_free_energy(&samples, &coordinates, &range, 50).unwrap();
        let exact = exact_free_energy(&model, &space, &coordinates, &range).unwrap();
        for ((s, e), error) in sampled
            .free_energy
            .iter()
            .zip(&exact.free_energy)
            .zip(&sampled.error)
        {
            let Some(e) = e else {
                assert!(s.is_none(), "mass where there is none");
                continue;
            };
            let (Some(s), Some(error)) = (s, error) else {
                continue;
            };
            // Bins with few visits have skewed errors.
            if *error < 0.1 {
                let z = (s - e) / error;
                assert!(z.abs() < 4.5, "{s} against {e} +- {error}");
                scores += z * z;
                count += 1.0;
            }
        }
    }
    // Mean square of the scores is 1; bins of one coordinate share a constraint and its scatter is about sqrt(2/count).
    assert!(count > 25.0);
    assert!(
        (scores / count - 1.0).abs() < 5.0 * (2.0_f64 / count).sqrt(),
        "{scores} {count}"
    );
}

#[test]
fn unusable_bins_and_coordinates_are_refused() {
    let model = random_model(3, 5, 4, 0.5, 0.1);
    let space = ReciprocalSpace::new(&model).unwrap();
    let samples = Trajectories::from_array(pairs(&[0]), 1, &[0.0, 0.1, 0.2, 0.3]).unwrap();
    let good = bins(0.0, 1.0, 2);
    let found = sampled_free_energy(&samples, &[Coordinate::X(0)], &[good], 1).unwrap();
    assert!(found.free_energy[0].is_some() && found.free_energy[1].is_none());
    assert_eq!(found.error, [None, None]);
    for bad in [
        bins(1.0, 1.0, 2),
        bins(0.0, 1.0, 0),
        bins(f64::NAN, 1.0, 2),
        bins(0.0, f64::INFINITY, 3),
    ] {
        assert!(sampled_free_energy(&samples, &[Coordinate::X(0)], &[bad], 1).is_err());
        assert!(exact_free_energy(&model, &space, &[Coordinate::X(0)], &[bad]).is_err());
    }
    assert!(sampled_free_energy(&samples, &[Coordinate::X(1)], &[good], 1).is_err());
    assert!(sampled_free_energy(&samples, &[], &[], 1).is_err());
    assert!(exact_free_energy(&model, &space, &pairs(&[0]), &[good, good]).is_err());
    assert!(exact_free_energy(&model, &space, &[Coordinate::X(4)], &[good]).is_err());
    let large = random_model(4, 30, 4, 0.1, 0.1);
    let space = ReciprocalSpace::new(&large).unwrap();
    assert!(exact_free_energy(&large, &space, &[Coordinate::X(0)], &[good]).is_err());
    assert!(exact_free_energy(&large, &space, &[Coordinate::Y(0)], &[good]).is_ok());
}
