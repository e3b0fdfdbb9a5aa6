use super::*;
use crate::mean_field::fixed_points::{MeanFieldOptions, central_fixed_point};
use crate::reciprocal::hidden_units::HiddenUnits;
use crate::reciprocal::trajectories::pairs;
use crate::testing::random_model;
use burn::tensor::Device;
use faer::Mat;
use rbm_model::Rbm;
use rbm_model::noise::stream;
use rbm_model::parameters::sigmoid;
use rbm_model::sampling::Chains;

#[test]
fn sampled_occupations_agree_with_enumeration() {
    let model = random_model(61, 10, 7, 0.8, 0.5);
    let space = ReciprocalSpace::new(&model).unwrap();
    let exact = exact_occupations(&space, &model).unwrap();
    let rbm = Rbm::from_parameters(&model, &Device::flex());
    let mut chains = Chains::from_biases(&rbm, 400, 2, stream::CHAINS);
    chains.sweep(&rbm, 200);
    let samples =
        Trajectories::record(&space, pairs(&[0, 1, 6]), &rbm, &mut chains, 200, 2).unwrap();
    let found = occupations(&space, &samples, &BootstrapOptions::default()).unwrap();
    assert_eq!(found.len(), 3);
    for f in &found {
        let e = &exact[f.mode];
        let (error, connected_error) = (f.error.unwrap(), f.connected_error.unwrap());
        assert!(
            (f.occupation - e.occupation).abs() < 4.5 * error,
            "{f:?} {e:?}"
        );
        assert!(
            (f.connected.unwrap() - e.connected.unwrap()).abs() < 4.5 * connected_error,
            "{f:?} {e:?}"
        );
        assert!(error < 0.05 * exact[0].occupation.abs(), "{f:?}");
    }
}

#[test]
fn conditional_means_and_drawn_hidden_units_give_the_same_occupations_under_data() {
    let model = random_model(62, 9, 6, 0.8, 0.5);
    let space = ReciprocalSpace::new(&model).unwrap();
    let data = Mat::from_fn(3000, 9, |r, i| f64::from((r * 7 + r / 9 * i * i) % 5 < 2));
    let occupation = |hidden| {
        let rows = Trajectories::from_data(&space, &model, pairs(&[0, 1]), data.as_ref(), hidden);
        occupations(&space, &rows.unwrap(), &BootstrapOptions::default()).unwrap()
    };
    let (mean, drawn) = (
        occupation(HiddenUnits::Mean),
        occupation(HiddenUnits::Drawn { seed: 4 }),
    );
    for k in 0..2 {
        // The straightforward sum.
        let mut expected = 0.0;
        for row in 0..3000 {
            let v: Vec<f64> = data.row(row).iter().copied().collect();
            let h: Vec<f64> = model.hidden_field(&v).into_iter().map(sigmoid).collect();
            let x = crate::reciprocal::space::dot(space.left_vector(k).unwrap(), &v);
            let y = crate::reciprocal::space::dot(space.right_vector(k).unwrap(), &h);
            expected += space.singular_values()[k] * x * y / 3000.0;
        }
        assert!((mean[k].occupation - expected).abs() < 1e-10 * expected.abs().max(1.0));
        assert!((drawn[k].occupation - expected).abs() < 4.5 * drawn[k].error.unwrap());
        assert!(drawn[k].occupation != mean[k].occupation);
        assert!(mean[k].error.unwrap() < drawn[k].error.unwrap());
    }
}

#[test]
fn mean_field_and_one_loop_approach_the_exact_occupations() {
    let (mut plain, mut loops) = (0.0_f64, 0.0_f64);
    for seed in 0..5 {
        let model = random_model(70 + seed, 9, 7, 0.25, 0.8);
        let space = ReciprocalSpace::new(&model).unwrap();
        let point = central_fixed_point(&model, &MeanFieldOptions::default()).unwrap();
        let exact = exact_occupations(&space, &model).unwrap();
        for (p, e) in point_occupations(&space, &point)
            .unwrap()
            .iter()
            .zip(&exact)
        {
            plain = plain.max((p.occupation - e.occupation).abs());
            loops = loops.max((p.occupation + p.connected.unwrap() - e.occupation).abs());
            // The fluctuation itself, without the shift of the means: next order is lambda^2 times smaller.
            assert!((p.connected.unwrap() - e.connected.unwrap()).abs() < 0.02 * e.singular_value);
        }
    }
    assert!(loops < 0.3 * plain, "{loops} against {plain}");
}

#[test]
fn a_mode_needs_both_coordinates() {
    let model = random_model(63, 5, 4, 0.5, 0.1);
    let space = ReciprocalSpace::new(&model).unwrap();
    let only_x = Trajectories::from_array(vec![Coordinate::X(0)], 2, &[0.0, 1.0]).unwrap();
    assert!(
        occupations(&space, &only_x, &BootstrapOptions::default())
            .unwrap()
            .is_empty()
    );
    let beyond = Trajectories::from_array(pairs(&[4]), 1, &[0.0, 1.0]).unwrap();
    assert!(occupations(&space, &beyond, &BootstrapOptions::default()).is_err());
}
