use super::*;
use crate::testing::random_model;
use burn::tensor::Device;
use faer::Mat;

#[test]
fn states_arrays_and_recordings_hold_the_projections() {
    let model = random_model(1, 6, 4, 0.5, 0.2);
    let space = ReciprocalSpace::new(&model).unwrap();
    let rbm = Rbm::from_parameters(&model, &Device::flex());
    let mut chains = Chains::from_biases(&rbm, 5, 3, rbm_model::noise::stream::CHAINS);
    let coordinates = vec![Coordinate::Y(1), Coordinate::X(0), Coordinate::X(3)];
    let recorded =
        Trajectories::record(&space, coordinates.clone(), &rbm, &mut chains, 7, 2).unwrap();
    assert_eq!(
        (recorded.times(), recorded.chains(), chains.step),
        (7, 5, 14)
    );

    let host = |t: &Tensor<2>| {
        let [rows, columns] = t.dims();
        let values = t.to_data().try_into_vec::<f32>().unwrap();
        Mat::from_fn(rows, columns, |i, j| f64::from(values[i * columns + j]))
    };
    let (v, h) = (host(&chains.visible), host(&chains.hidden));
    let states = Trajectories::from_states(&space, coordinates.clone(), v.as_ref(), h.as_ref());
    let states = states.unwrap();
    let (x, y) = (
        space.project_visible(v.as_ref()).unwrap(),
        space.project_hidden(h.as_ref()).unwrap(),
    );
    for chain in 0..5 {
        let expected = [y[(chain, 1)], x[(chain, 0)], x[(chain, 3)]];
        for (at, e) in expected.iter().enumerate() {
            assert!((states.at(0, chain)[at] - e).abs() < 1e-12);
            assert!((recorded.at(6, chain)[at] - e).abs() < 1e-5);
        }
    }

    let array: Vec<f64> = (0..5 * 7 * 3).map(f64::from).collect();
    let from_array = Trajectories::from_array(coordinates, 5, &array).unwrap();
    assert_eq!(from_array.at(2, 1), [27.0, 28.0, 29.0]);
    assert_eq!(from_array.series(1, 4)[6], 103.0);
    assert_eq!(from_array.mean(0), 51.0);
    assert_eq!(from_array.index(Coordinate::X(3)).unwrap(), 2);
    assert!(from_array.index(Coordinate::X(1)).is_err());
}

#[test]
fn blocks_are_chains_or_parts_of_them() {
    let array = vec![0.0; 2 * 10];
    let two = Trajectories::from_array(vec![Coordinate::X(0)], 2, &array).unwrap();
    assert_eq!(two.blocks(2).len(), 2);
    let parts = two.blocks(5);
    assert_eq!(parts.len(), 6);
    assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), 20);
    assert_eq!(parts[5], [(6, 1), (7, 1), (8, 1), (9, 1)]);
    // Never more parts than times.
    assert_eq!(two.blocks(1000).len(), 20);
}

#[test]
fn refuses_what_does_not_fit() {
    assert!(Trajectories::new(vec![], 3).is_err());
    assert!(Trajectories::new(vec![Coordinate::X(0)], 0).is_err());
    let mut one = Trajectories::new(vec![Coordinate::X(0)], 2).unwrap();
    assert!(one.check_recorded().is_err());
    assert!(one.push(&[1.0]).is_err());
    assert!(one.push(&[1.0, f64::NAN]).is_err());
    assert!(Trajectories::from_array(vec![Coordinate::X(0)], 2, &[1.0; 3]).is_err());
    let space = ReciprocalSpace::new(&random_model(1, 6, 4, 0.5, 0.2)).unwrap();
    let (v, h) = (Mat::<f64>::zeros(2, 6), Mat::<f64>::zeros(2, 4));
    let beyond = Trajectories::from_states(&space, vec![Coordinate::X(4)], v.as_ref(), h.as_ref());
    assert!(matches!(beyond, Err(AnalysisError::NoSuchMode { .. })));
    let short = Mat::<f64>::zeros(2, 3);
    assert!(
        Trajectories::from_states(&space, vec![Coordinate::X(0)], v.as_ref(), short.as_ref())
            .is_err()
    );
}
