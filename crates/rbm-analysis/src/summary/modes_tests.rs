use super::*;
use crate::bosons::occupation::exact_occupations;
use crate::testing::random_model;
use burn::tensor::Device;
use rbm_model::noise::stream;

fn small(
    options: &ModeAnalysisOptions,
    data: Option<MatRef<'_, f64>>,
) -> Result<ModeAnalysis, AnalysisError> {
    let model = random_model(5, 10, 7, 1.0, 0.3);
    let space = ReciprocalSpace::new(&model).unwrap();
    let rbm = Rbm::from_parameters(&model, &Device::flex());
    let mut chains = Chains::from_biases(&rbm, 200, 3, stream::CHAINS);
    analyze_modes(&rbm, &space, &mut chains, data, options)
}

#[test]
fn a_small_model_is_analyzed_in_all_parts_and_agrees_with_enumeration() {
    let options = ModeAnalysisOptions {
        modes: 3,
        recordings: 200,
        ..Default::default()
    };
    let data = Mat::from_fn(50, 10, |r, i| f64::from((r * i + r) % 3 == 0));
    let found = small(&options, Some(data.as_ref())).unwrap();
    let model = random_model(5, 10, 7, 1.0, 0.3);
    let space = ReciprocalSpace::new(&model).unwrap();
    let exact = exact_occupations(&space, &model).unwrap();
    for occupation in &found.model_occupations {
        let e = exact[occupation.mode].occupation;
        assert!(
            (occupation.occupation - e).abs() < 4.5 * occupation.error.unwrap(),
            "{occupation:?} {e}"
        );
    }
    for curve in &found.free_energies {
        let exact = curve.exact.as_ref().unwrap();
        for ((s, e), error) in curve.sampled.iter().zip(exact).zip(&curve.error) {
            if let (Some(s), Some(e), Some(error)) = (s, e, error) {
                assert!(
                    *error > 0.1 || (s - e).abs() < 4.5 * error,
                    "{s} {e} +- {error}"
                );
            }
        }
        // Nothing was recorded outside.
        let mass: f64 = curve
            .sampled
            .iter()
            .flatten()
            .map(|f| (-f).exp() * curve.bins.width())
            .sum();
        assert!((mass - 1.0).abs() < 1e-9);
    }
    assert_eq!(
        (
            found.landau.len(),
            found.diffusion.len(),
            found.kurtosis.len()
        ),
        (3, 6, 6)
    );
    assert_eq!(found.correlations.len(), 3 * 3 + 2);
    assert_eq!(found.data_occupations.as_ref().map(Vec::len), Some(3));
    assert!(found.points.iter().all(|p| p.occupations.len() == 3));
    // Largest singular value above 4.
    assert!(
        space.singular_values()[0] > 4.0 && found.notes.iter().any(|n| n.contains("at least 4"))
    );

    let text = serde_json::to_string(&found).unwrap();
    let back: ModeAnalysis = serde_json::from_str(&text).unwrap();
    assert_eq!(back.points.len(), found.points.len());
    assert_eq!(
        serde_json::to_string(&small(&options, Some(data.as_ref())).unwrap()).unwrap(),
        text
    );
}

#[test]
fn short_chains_are_named_and_bad_options_refused() {
    let short = ModeAnalysisOptions {
        modes: 1,
        recordings: 3,
        ..Default::default()
    };
    let found = small(&short, None).unwrap();
    assert!(found.data_occupations.is_none());
    assert!(
        found.notes.iter().any(|n| n.contains("too short")),
        "{:?}",
        found.notes
    );
    for bad in [
        ModeAnalysisOptions {
            modes: 0,
            ..short.clone()
        },
        ModeAnalysisOptions {
            recordings: 0,
            ..short.clone()
        },
        ModeAnalysisOptions {
            bins: 0,
            ..short.clone()
        },
        ModeAnalysisOptions {
            sweeps_between: 0,
            ..short.clone()
        },
    ] {
        assert!(small(&bad, None).is_err());
    }
    assert!(small(&short, Some(Mat::zeros(2, 9).as_ref())).is_err());
}
