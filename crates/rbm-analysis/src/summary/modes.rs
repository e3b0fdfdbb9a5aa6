//! Dynamics, bosons and free energies of a model's strongest modes, sampled and predicted, in one call.

use crate::bosons::correlation::{
    ConnectedCorrelation, Kurtosis, connected_correlations, excess_kurtosis,
};
use crate::bosons::occupation::{Occupation, occupations, point_occupations};
use crate::dynamics::diffusion::{DiffusionOptions, ModeDiffusion, diffusion};
use crate::dynamics::relaxation::mode_relaxations;
use crate::error::{AnalysisError, check_len};
use crate::gaussian::limit::CRITICAL_SINGULAR_VALUE;
use crate::mean_field::constrained::{ConstrainedOptions, constrained_free_energy};
use crate::mean_field::density::{Bins, exact_free_energy, sampled_free_energy};
use crate::mean_field::fixed_points::{MeanFieldOptions, MeanFieldSolution, fixed_points};
use crate::mean_field::landau::{LandauMode, landau_modes};
use crate::reciprocal::hidden_units::HiddenUnits;
use crate::reciprocal::space::ReciprocalSpace;
use crate::reciprocal::trajectories::{Coordinate, Trajectories, pairs};
use crate::statistics::bootstrap::BootstrapOptions;
use faer::{Mat, MatRef};
use rbm_model::parameters::sigmoid;
use rbm_model::sampling::Chains;
use rbm_model::{Parameters, Rbm};
use serde::{Deserialize, Serialize};

/// What to sample and compute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModeAnalysisOptions {
    /// Number of modes, from the largest singular value down.
    pub modes: usize,
    /// Sweeps before the first recording.
    pub warm_up: usize,
    /// Recordings.
    pub recordings: usize,
    /// Sweeps between recordings.
    pub sweeps_between: usize,
    /// Points of each free-energy curve.
    pub bins: usize,
    /// Data rows whose hidden means start the mean-field iteration, spread evenly over the data.
    pub data_starts: usize,
    /// Exact free energies where the visible layer has at most this many units.
    pub exact_limit: usize,
    /// Mean-field iteration.
    pub mean_field: MeanFieldOptions,
    /// Errors and their seed.
    pub bootstrap: BootstrapOptions,
}

impl Default for ModeAnalysisOptions {
    fn default() -> Self {
        Self {
            modes: 8,
            warm_up: 500,
            recordings: 500,
            sweeps_between: 1,
            bins: 41,
            data_starts: 64,
            exact_limit: 20,
            mean_field: MeanFieldOptions {
                max_iterations: 2_000,
                ..Default::default()
            },
            bootstrap: BootstrapOptions::default(),
        }
    }
}

/// One mean-field point without its means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointSummary {
    /// F_MF.
    pub free_energy: f64,
    /// Largest dressed singular value; the point is stable below 1.
    pub largest_dressed: f64,
    /// How many starts ended here.
    pub starts: usize,
    /// ln Z with Onsager's term.
    pub ln_z_onsager: f64,
    /// ln Z to one loop; `None` at an unstable point.
    pub ln_z_one_loop: Option<f64>,
    /// Occupations at this point.
    pub occupations: Vec<Occupation>,
}

/// Free energy along one mode, in nats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModeFreeEnergy {
    /// The mode.
    pub mode: usize,
    /// Bins of x_k; the curves are at their centers.
    pub bins: Bins,
    /// Constrained mean field F(x_k), an approximation of -ln p(x_k) - ln Z: compare shapes.
    pub mean_field: Vec<Option<f64>>,
    /// The same with fluctuations in one-loop order; `None` where they are unstable in another direction.
    pub one_loop: Vec<Option<f64>>,
    /// -ln p(x_k), sampled.
    pub sampled: Vec<Option<f64>>,
    /// Its standard error.
    pub error: Vec<Option<f64>>,
    /// -ln p(x_k), exact; `None` for a large visible layer.
    pub exact: Option<Vec<Option<f64>>>,
}

/// Dynamics, bosons and free energies of the strongest modes of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModeAnalysis {
    /// Landau's expansion of each mode.
    pub landau: Vec<LandauMode>,
    /// Mean-field points, lowest free energy first.
    pub points: Vec<PointSummary>,
    /// ln Z summed over the stable points: mean field, Onsager, one loop.
    pub ln_z: [Option<f64>; 3],
    /// Occupations under data (conditional means of h); `None` without data.
    pub data_occupations: Option<Vec<Occupation>>,
    /// Occupations under the samples.
    pub model_occupations: Vec<Occupation>,
    /// Autocorrelations of x_k and y_k next to the predictions.
    pub diffusion: Vec<ModeDiffusion>,
    /// Connected correlations under the samples: (x x), (x y), (x x x) of each mode and (x_1 x_2 x_3), (x_1 x_1 x_2 x_2) of the first.
    pub correlations: Vec<ConnectedCorrelation>,
    /// Excess kurtosis of x_k and y_k under the samples against -2 IPR.
    pub kurtosis: Vec<Kurtosis>,
    /// Free energy along each mode.
    pub free_energies: Vec<ModeFreeEnergy>,
    /// What is missing or to be read with care.
    pub notes: Vec<String>,
}

/// Runs the chains and computes everything above. `data` are rows `[rows, N]` of the data set; a few thousand are enough.
///
/// The chains are moved on by warm-up and recordings. Everything sampled is that of the model only if they were or have
/// become stationary; the notes name the coordinates whose chains were too short to tell.
///
/// # Errors
/// [`AnalysisError::Shape`] for data of another width, [`AnalysisError::Argument`] for options of zero, unusable parameters.
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_analysis::{ModeAnalysisOptions, ReciprocalSpace, analyze_modes, bosons::exact_occupations};
/// use rbm_model::{RbmConfig, noise::stream, sampling::Chains};
/// let rbm = RbmConfig::new(6, 4).with_weight_std(0.8).init(&Device::flex())?;
/// let model = rbm.parameters()?;
/// let space = ReciprocalSpace::new(&model)?;
/// let mut chains = Chains::from_biases(&rbm, 50, 1, stream::SAMPLE);
/// let options = ModeAnalysisOptions { modes: 1, warm_up: 50, recordings: 200, ..Default::default() };
/// let found = analyze_modes(&rbm, &space, &mut chains, None, &options)?;
/// let (boson, exact) = (found.model_occupations[0], exact_occupations(&space, &model)?[0]);
/// assert!((boson.occupation - exact.occupation).abs() < 5.0 * boson.error.unwrap());
/// assert_eq!(found.landau.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn analyze_modes(
    rbm: &Rbm,
    space: &ReciprocalSpace,
    chains: &mut Chains,
    data: Option<MatRef<'_, f64>>,
    options: &ModeAnalysisOptions,
) -> Result<ModeAnalysis, AnalysisError> {
    let parameters = rbm.parameters()?;
    for (name, value) in [
        ("modes", options.modes),
        ("recordings", options.recordings),
        ("sweeps_between", options.sweeps_between),
        ("bins", options.bins),
    ] {
        if value == 0 {
            return Err(AnalysisError::Argument {
                name,
                expected: "at least 1".into(),
                found: "0".into(),
            });
        }
    }
    let mut notes = Vec::new();
    let modes: Vec<usize> = (0..options.modes.min(space.modes())).collect();
    let beyond = modes
        .iter()
        .filter(|&&k| space.singular_values()[k] >= CRITICAL_SINGULAR_VALUE)
        .count();
    if beyond > 0 {
        notes.push(format!(
            "{beyond} of these modes have a singular value of at least 4: the plain Gaussian limit predicts nothing for them"
        ));
    }
    let starts = data.map(|data| hidden_starts(&parameters, data, options.data_starts));
    let starts = starts.transpose()?;
    let starts = starts.as_ref().map(Mat::as_ref);
    let solution = fixed_points(&parameters, starts, &options.mean_field)?;
    if solution.unconverged_starts > 0 {
        notes.push(format!(
            "{} mean-field starts did not converge in {} steps and are left out",
            solution.unconverged_starts, options.mean_field.max_iterations
        ));
    }
    let best = solution.points.iter().find(|p| p.stable);
    if best.is_none() {
        notes.push("no stable mean-field point was found: there are no dressed predictions".into());
    }
    let relaxations = mode_relaxations(space, best)?;

    chains.sweep(rbm, options.warm_up);
    let record = Trajectories::record(
        space,
        pairs(&modes),
        rbm,
        chains,
        options.recordings,
        options.sweeps_between,
    )?;
    let times = DiffusionOptions {
        sweeps_between: options.sweeps_between,
        ..Default::default()
    };
    let diffusion = diffusion(&record, &relaxations, &times)?;
    let unresolved: Vec<String> = diffusion
        .iter()
        .filter(|d| d.measured.integrated_time.is_none())
        .map(|d| format!("{:?}", d.measured.coordinate))
        .collect();
    if !unresolved.is_empty() {
        notes.push(format!(
            "chains of {} recordings are too short for the integrated times of {}: what was sampled of them may not be stationary",
            options.recordings,
            unresolved.join(", ")
        ));
    }
    let data_occupations = data
        .map(|data| {
            let rows = Trajectories::from_data(
                space,
                &parameters,
                pairs(&modes),
                data,
                HiddenUnits::Mean,
            )?;
            occupations(space, &rows, &options.bootstrap)
        })
        .transpose()?;
    Ok(ModeAnalysis {
        landau: landau_modes(space).into_iter().take(modes.len()).collect(),
        points: points(space, &solution, modes.len())?,
        ln_z: [
            solution.ln_z_mean_field,
            solution.ln_z_onsager,
            solution.ln_z_one_loop,
        ],
        data_occupations,
        model_occupations: occupations(space, &record, &options.bootstrap)?,
        correlations: connected_correlations(
            &record,
            &groups(&modes),
            space.singular_values(),
            &options.bootstrap,
        )?,
        kurtosis: excess_kurtosis(&record, space, &options.bootstrap)?,
        free_energies: free_energies(&parameters, space, &record, &solution, &modes, options)?,
        diffusion,
        notes,
    })
}

/// Hidden means of some data rows, `[starts, M]`.
fn hidden_starts(
    parameters: &Parameters,
    data: MatRef<'_, f64>,
    count: usize,
) -> Result<Mat<f64>, AnalysisError> {
    check_len("data", parameters.n_visible, data.ncols())?;
    let count = count.min(data.nrows());
    let rows: Vec<Vec<f64>> = (0..count)
        .map(|s| {
            let row = data.row(s * data.nrows() / count);
            let row: Vec<f64> = row.iter().copied().collect();
            parameters
                .hidden_field(&row)
                .into_iter()
                .map(sigmoid)
                .collect()
        })
        .collect();
    Ok(Mat::from_fn(count, parameters.n_hidden, |s, j| rows[s][j]))
}

fn points(
    space: &ReciprocalSpace,
    solution: &MeanFieldSolution,
    modes: usize,
) -> Result<Vec<PointSummary>, AnalysisError> {
    solution
        .points
        .iter()
        .map(|point| {
            let mut occupations = point_occupations(space, point)?;
            occupations.truncate(modes);
            Ok(PointSummary {
                free_energy: point.free_energy,
                largest_dressed: point.dressed_singular_values[0],
                starts: point.starts,
                ln_z_onsager: point.ln_z_onsager,
                ln_z_one_loop: point.ln_z_one_loop,
                occupations,
            })
        })
        .collect()
}

fn groups(modes: &[usize]) -> Vec<Vec<Coordinate>> {
    use Coordinate::{X, Y};
    let mut all = Vec::new();
    for &k in modes {
        all.extend([vec![X(k); 2], vec![X(k), Y(k)], vec![X(k); 3]]);
    }
    if modes.len() >= 2 {
        all.push(vec![X(0), X(0), X(1), X(1)]);
    }
    if modes.len() >= 3 {
        all.push(vec![X(0), X(1), X(2)]);
    }
    all
}

fn free_energies(
    parameters: &Parameters,
    space: &ReciprocalSpace,
    record: &Trajectories,
    solution: &MeanFieldSolution,
    modes: &[usize],
    options: &ModeAnalysisOptions,
) -> Result<Vec<ModeFreeEnergy>, AnalysisError> {
    // The lowest points are starts that random ones may miss; more of them would only cost time.
    let lowest = solution.points.len().min(8);
    let starts = Mat::from_fn(lowest, parameters.n_hidden, |s, j| {
        solution.points[s].hidden[j]
    });
    let starts = (lowest > 0).then_some(starts.as_ref());
    modes
        .iter()
        .map(|&mode| {
            let coordinate = [Coordinate::X(mode)];
            let bins = range(record, coordinate[0], options.bins)?;
            let sampled =
                sampled_free_energy(record, &coordinate, &[bins], options.bootstrap.blocks)?;
            let curve = constrained_free_energy(
                parameters,
                space,
                mode,
                &bins.centers(),
                starts,
                &ConstrainedOptions {
                    random_starts: 0,
                    // The error in F is of second order in this.
                    tolerance: 1e-7,
                    max_iterations: options.mean_field.max_iterations,
                    one_loop: true,
                    ..Default::default()
                },
            )?;
            let exact = (parameters.n_visible <= options.exact_limit)
                .then(|| exact_free_energy(parameters, space, &coordinate, &[bins]))
                .transpose()?;
            Ok(ModeFreeEnergy {
                mode,
                bins,
                mean_field: curve.free_energy,
                one_loop: curve.one_loop,
                sampled: sampled.free_energy,
                error: sampled.error,
                exact: exact.map(|e| e.free_energy),
            })
        })
        .collect()
}

/// Bins over all recorded values of a coordinate.
fn range(
    record: &Trajectories,
    coordinate: Coordinate,
    count: usize,
) -> Result<Bins, AnalysisError> {
    let index = record.index(coordinate)?;
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for time in 0..record.times() {
        for chain in 0..record.chains() {
            let x = record.at(time, chain)[index];
            (low, high) = (low.min(x), high.max(x));
        }
    }
    // The largest value belongs inside; a coordinate that never moved gets some width.
    let margin = (1e-3 * (high - low)).max(1e-6 * high.abs().max(1.0));
    Ok(Bins {
        low: low - margin,
        high: high + margin,
        count,
    })
}

#[cfg(test)]
#[path = "modes_tests.rs"]
mod tests;
