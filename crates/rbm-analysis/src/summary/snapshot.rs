//! One snapshot's analysis in one serializable struct: what `rbm-train analyze --model FILE --json` prints.

use super::ln_z::{LnZ, Points};
use crate::bosons::occupation::occupations_of;
use crate::error::AnalysisError;
use crate::gaussian::limit::gaussian_limit;
use crate::gaussian::spherical::spherical_closure;
use crate::mean_field::fixed_points::MeanFieldOptions;
use crate::phase::plane::{PhasePoint, phase_point};
use crate::reciprocal::space::{ReciprocalSpace, Saddle};
use crate::reciprocal::svd::weight_matrix;
use crate::spectrum::{BulkFit, KolmogorovSmirnov, LevelSpacing, fit_bulk, ks_test, level_spacing};
use crate::symmetry::ipr::inverse_participation_ratios;
use crate::symmetry::vectors::{Symmetry, SymmetryOptions, symmetry};
use faer::MatRef;
use rbm_model::Parameters;
use rbm_model::partition::{ENUMERATION_LIMIT, Enumeration};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What to compute in a [`Summary`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryOptions {
    /// Mean-field iteration.
    pub mean_field: MeanFieldOptions,
    /// Exact parts where min(N, M) is at most this; never beyond [`ENUMERATION_LIMIT`].
    pub exact_limit: usize,
    /// Random matrices simulated for the p-value of the Marchenko-Pastur distance; 0 for none.
    pub ks_simulations: usize,
    /// Haar matrices simulated for the p-values of the singular vectors of small models; 0 for the normal law.
    pub haar_simulations: usize,
    /// Rotated copies for the rotation test; below 2 for no test.
    pub rotations: usize,
    /// Seed of the simulations.
    pub seed: u64,
}

impl Default for SummaryOptions {
    fn default() -> Self {
        Self {
            mean_field: MeanFieldOptions {
                max_iterations: 2_000,
                ..Default::default()
            },
            exact_limit: ENUMERATION_LIMIT,
            ks_simulations: 100,
            haar_simulations: SymmetryOptions::default().haar_simulations,
            rotations: SymmetryOptions::default().rotations,
            seed: 0,
        }
    }
}

/// Analysis of one snapshot. A value that does not exist is `None`, with the reason in `notes` under its key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Number of visible units N.
    pub n_visible: usize,
    /// Number of hidden units M.
    pub n_hidden: usize,
    /// Singular values lambda, `[R]`, largest first.
    pub singular_values: Vec<f64>,
    /// Inverse participation ratios of the left vectors, `[R]`.
    pub ipr_left: Vec<f64>,
    /// Inverse participation ratios of the right vectors, `[R]`.
    pub ipr_right: Vec<f64>,
    /// Saddle coordinate x* of each mode, `[R]`.
    pub saddle_x: Vec<Option<f64>>,
    /// Saddle coordinate y* of each mode, `[R]`.
    pub saddle_y: Vec<Option<f64>>,
    /// Energy at each saddle, `[R]`.
    pub saddle_energy: Vec<Option<f64>>,
    /// ln Z by six methods.
    pub ln_z: LnZ,
    /// Dressed singular values at the mean-field point reached from m = 1/2, `[R]`.
    pub dressed_singular_values: Option<Vec<f64>>,
    /// Multipliers a, d of the spherical closure.
    pub spherical_multipliers: Option<[f64; 2]>,
    /// Exact moments, small models only.
    pub exact_moments: Option<SummaryMoments>,
    /// Spectrum against the Marchenko-Pastur law.
    pub marchenko_pastur: Option<SpectrumSummary>,
    /// Singular vectors and entries against a rotationally symmetric matrix.
    pub symmetry: Option<Symmetry>,
    /// Place in the phase plane at T = 1.
    pub phase: PhasePoint,
    /// Modes with lambda >= 4, numbered from 0, which do not converge to their Boltzmann distribution.
    pub nonconvergent_modes: Vec<usize>,
    /// Reasons for what is missing, and conditions of validity, by key.
    pub notes: BTreeMap<String, String>,
}

/// Exact moments of a small model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryMoments {
    /// `<v>`, `[N]`.
    pub v: Vec<f64>,
    /// `<h>`, `[M]`.
    pub h: Vec<f64>,
    /// Boson occupations n_k = lambda_k <x_k y_k>, `[R]`.
    pub boson_occupation: Vec<f64>,
}

/// Spectrum against the Marchenko-Pastur law.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpectrumSummary {
    /// Fit to the bulk and outliers.
    #[serde(flatten)]
    pub fit: BulkFit,
    /// Distance from the fitted law.
    pub ks: KolmogorovSmirnov,
    /// Level-spacing ratios; `None` with too few modes.
    pub level_spacing: Option<LevelSpacing>,
}

/// Analyzes one snapshot. No sampling; exact parts for small models only.
///
/// # Errors
/// Unusable parameters (NaN, sizes that disagree) or a decomposition that does not converge. What merely does not
/// exist for this model is `None` in the result.
///
/// # Examples
/// ```
/// use rbm_analysis::{Summary, SummaryOptions, summarize};
/// use rbm_model::Parameters;
/// let model = Parameters::new(2, 1, vec![1.0, 1.0], vec![0.0; 2], vec![0.0])?;
/// let summary: Summary = summarize(&model, &SummaryOptions::default())?;
/// // Z = 4 + (1 + e)^2
/// let z = 4.0 + (1.0 + 1f64.exp()).powi(2);
/// assert!((summary.ln_z.exact.unwrap() - z.ln()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn summarize(
    parameters: &Parameters,
    options: &SummaryOptions,
) -> Result<Summary, AnalysisError> {
    let space = ReciprocalSpace::new(parameters)?;
    summarize_in(&space, parameters, options)
}

/// As [`summarize`], with the decomposition of these very parameters already at hand.
///
/// # Errors
/// As [`summarize`].
pub fn summarize_in(
    space: &ReciprocalSpace,
    parameters: &Parameters,
    options: &SummaryOptions,
) -> Result<Summary, AnalysisError> {
    let mut notes = BTreeMap::new();
    let mut note = |key: &str, text: String| {
        notes.insert(key.to_string(), text);
    };
    let (n, m) = (parameters.n_visible, parameters.n_hidden);
    let saddles = space.saddles();
    let missing = saddles.iter().filter(|s| s.is_none()).count();
    if missing > 0 {
        note(
            "saddle",
            format!(
                "{missing} modes have a singular value below 1e-6 of the largest and no usable saddle"
            ),
        );
    }
    let saddle = |get: fn(&Saddle) -> f64| saddles.iter().map(|s| s.as_ref().map(get)).collect();

    let gaussian = gaussian_limit(space);
    let points = Points::find(parameters, space, options, &mut notes)?;
    let mut note = |key: &str, text: String| {
        notes.insert(key.to_string(), text);
    };
    let spherical = match spherical_closure(space.singular_values(), n, m) {
        Ok(closure) => Some(closure),
        Err(error) => {
            note("spherical_multipliers", error.to_string());
            None
        }
    };
    let exact = if n.min(m) <= options.exact_limit.min(ENUMERATION_LIMIT) {
        let enumeration = Enumeration::new(parameters)?;
        Some((enumeration.ln_z(), enumeration.moments()))
    } else {
        for key in ["ln_z.exact", "exact_moments"] {
            note(
                key,
                format!(
                    "enumeration needs a layer of at most {} units",
                    options.exact_limit.min(ENUMERATION_LIMIT)
                ),
            );
        }
        None
    };
    let marchenko_pastur = match fit_bulk(space.singular_values(), n, m)? {
        Some(fit) => Some(SpectrumSummary {
            ks: ks_test(
                space.singular_values(),
                n,
                m,
                &fit,
                options.ks_simulations,
                options.seed,
            )?,
            level_spacing: level_spacing(space.singular_values()),
            fit,
        }),
        None => {
            note(
                "marchenko_pastur",
                "half of the singular values or more are zero: there is no bulk to fit".into(),
            );
            None
        }
    };
    let tests = symmetry(
        weight_matrix(parameters).as_ref(),
        &space.svd,
        &SymmetryOptions {
            haar_simulations: options.haar_simulations,
            rotations: options.rotations,
            seed: options.seed,
        },
    )?;
    match &tests {
        None => note(
            "symmetry",
            "all weights are zero: there are no singular vectors to test".into(),
        ),
        Some(tests) if tests.rotation.is_none() => note(
            "symmetry.rotation",
            format!(
                "{} rotated copies were asked for; the test needs 2",
                options.rotations
            ),
        ),
        Some(_) => {}
    }
    let phase = phase_point(parameters, 1.0)?;
    if phase.binary.j0_over_j.is_none() {
        note(
            "phase",
            "all weights are equal: J = 0, and ratios to it do not exist".into(),
        );
    }
    let ln_z_exact = exact.as_ref().map(|(ln_z, _)| *ln_z);
    let ln_z = points.ln_z(
        parameters,
        &gaussian,
        spherical.as_ref(),
        ln_z_exact,
        &mut notes,
    );
    Ok(Summary {
        n_visible: n,
        n_hidden: m,
        singular_values: space.singular_values().to_vec(),
        ipr_left: inverse_participation_ratios(space.svd.left.as_ref().subcols(0, space.modes())),
        ipr_right: inverse_participation_ratios(space.svd.right.as_ref().subcols(0, space.modes())),
        saddle_x: saddle(|s| s.x),
        saddle_y: saddle(|s| s.y),
        saddle_energy: saddle(|s| s.energy),
        ln_z,
        dressed_singular_values: points.dressed_singular_values(),
        spherical_multipliers: spherical.map(|closure| [closure.a, closure.d]),
        exact_moments: exact.map(|(_, moments)| SummaryMoments {
            boson_occupation: occupations_of(
                space,
                MatRef::from_row_major_slice(&moments.visible_hidden, n, m),
            ),
            v: moments.visible,
            h: moments.hidden,
        }),
        marchenko_pastur,
        symmetry: tests,
        phase,
        nonconvergent_modes: gaussian.nonconvergent_modes,
        notes,
    })
}
