//! Where annealing begins: independent units at means, chosen by pilot runs.

use super::bracket_input::BracketInput;
use super::bracket_options::BracketOptions;
use super::equilibrium::{pick, resample};
use super::geometric_path::{Base, GeometricPath, Noise};
use super::pilot::{Pilot, pilot};
use crate::error::ModelError;
use crate::kernels::BitMatrix;
use crate::model::Rbm;
use crate::noise::stream;
use crate::parameters::Parameters;
use burn::tensor::{Device, Tensor};

/// Rows that the mean of the hidden units is taken over, at most.
const MEAN_ROWS: usize = 2000;
/// Rows taken to the device at a time.
const CHUNK: usize = 1000;
/// Nats that a base may lie below the highest and still be chosen, where a standard error is not more.
const TOLERANCE: f64 = 0.3;
/// Standard errors from a value to the end of its 95% interval.
const INTERVAL: f64 = 1.96;
/// Steps of the noise that a pilot run may take.
const ROOM: u64 = 1 << 20;

/// What uniform independent units are called.
pub(super) const UNIFORM: &str = "all states alike";
/// What units at the data's means are called.
const DATA: &str = "means of training rows";
/// What units at the means that pilot runs found are called.
const SAMPLES: &str = "means of samples of the model";

/// Pilot runs of one model: from uniform units, from the data's means, and from what those found.
pub(super) const PILOTS: usize = 3;

/// A base with what its pilot run found.
pub(super) struct PilotedBase {
    /// What it is, in words.
    pub name: &'static str,
    pub base: Base,
    pub path: GeometricPath,
    pub pilot: Pilot,
}

impl PilotedBase {
    /// Makes the pilot run from a base.
    pub fn run(
        name: &'static str,
        base: Base,
        input: &BracketInput<'_>,
        (chains, temperatures): (usize, usize),
        noise: Noise,
    ) -> Result<Self, ModelError> {
        let path = GeometricPath::from_base(&base, input.model)?;
        let pilot = pilot(&path, input.device, chains, temperatures, noise)?;
        Ok(Self {
            name,
            base,
            path,
            pilot,
        })
    }

    /// Whether these are uniform units, all states alike.
    pub fn is_uniform(&self) -> bool {
        self.name == UNIFORM
    }

    /// ln Z by the pilot run.
    pub fn ln_z(&self) -> f64 {
        self.base.ln_z() + self.pilot.ln_ratio
    }

    /// Its standard error, from the number of ancestors that share the weight.
    fn error(&self) -> f64 {
        let ancestors = self.pilot.effective_fraction * self.pilot.log_weights.len() as f64;
        ancestors.powf(-0.5)
    }
}

/// What the pilot runs found.
pub(super) struct BaseChoice {
    /// Where annealing begins best.
    pub best: PilotedBase,
    /// At the means of training rows; none if that is the best.
    pub at_data: Option<PilotedBase>,
    /// Where the pilot runs led, drawn by the weights of all, `[chains, n_visible]`.
    pub found: BitMatrix,
    /// Where the one from uniform units led, `[chains, n_visible]`.
    pub uniform: BitMatrix,
    /// The upper end of the interval of ln Z from uniform units.
    pub allowed: f64,
}

/// Chooses where annealing to a model begins, by pilot runs with so many chains and temperatures.
///
/// They start from uniform units, with `pilot_population` times the chains, and from units at the means of
/// the data's rows and of p(h | v) over them. A model need not have its mass where the data are: the
/// populations of both runs together, drawn by their weights, tell where it is, and a last pilot run starts
/// from the means of *these* samples of the model. From there the way is shortest: the work dissipated
/// is less by orders of magnitude where the model has modes far from the data.
///
/// Forward estimates are low on average, so that a base far below the highest misses something; of those
/// within a standard error of it, or 0.3 nats, the one with the greatest effective sample size is
/// chosen. The runs that count afterwards take other random numbers, so choosing leaves them without bias.
///
/// `observe` is told the number of each pilot run before it is made.
pub(super) fn choose_base(
    input: &BracketInput<'_>,
    options: &BracketOptions,
    (chains, temperatures): (usize, usize),
    mut observe: impl FnMut(usize),
) -> Result<BaseChoice, ModelError> {
    let (n, m) = (input.model.n_visible, input.model.n_hidden);
    let first = options.noise(stream::ANNEALING_PILOT);
    let noise = |index: usize| Noise {
        first_step: first.first_step + index as u64 * ROOM,
        ..first
    };
    let mut run = |index: usize, name, base, chains| {
        observe(index);
        PilotedBase::run(name, base, input, (chains, temperatures), noise(index))
    };
    let count = input.rows.rows();
    let rows = input.some_rows(MEAN_ROWS.min(count), options.seed);
    let hidden = hidden_means(input.model, input.device, &rows);
    let of_data = Base::from_means(&input.rows.column_means(), &hidden, count);
    let many = options.pilot_population.max(1) * chains;
    let mut bases = vec![
        run(0, UNIFORM, Base::uniform(n, m), many)?,
        run(1, DATA, of_data, chains)?,
    ];
    let found = pool(&bases, chains, noise(PILOTS))?;
    let of_samples = sample_means(input.model, input.device, &found);
    bases.push(run(2, SAMPLES, of_samples, chains)?);
    let allowed = bases[0].ln_z() + INTERVAL * bases[0].error();
    let Some(best) = best_of(&bases) else {
        // Only estimates that are not numbers compare with nothing.
        return Err(ModelError::Annealing {
            reason:
                "no pilot run gave a finite estimate; the model's weights or biases are too large"
                    .into(),
        });
    };
    let uniform = bases[0].pilot.visible.clone();
    let best = bases.swap_remove(best);
    let at_data = bases.into_iter().find(|base| base.name == DATA);
    Ok(BaseChoice {
        best,
        at_data,
        found,
        uniform,
        allowed,
    })
}

/// Of the bases whose estimate is about the highest, the one with the greatest effective fraction.
fn best_of(bases: &[PilotedBase]) -> Option<usize> {
    let highest = bases.iter().max_by(|a, b| a.ln_z().total_cmp(&b.ln_z()))?;
    let near = |base: &PilotedBase| {
        let error = base.error().hypot(highest.error());
        base.ln_z() >= highest.ln_z() - error.max(TOLERANCE)
    };
    let fraction = |k: usize| bases[k].pilot.effective_fraction;
    (0..bases.len())
        .filter(|k| near(&bases[*k]))
        .max_by(|a, b| fraction(*a).total_cmp(&fraction(*b)))
}

/// States of all runs, as many as asked for, drawn by their weights: each run's chains stand for its
/// estimate of Z in equal parts.
fn pool(runs: &[PilotedBase], count: usize, noise: Noise) -> Result<BitMatrix, ModelError> {
    let mut all = BitMatrix::zeros(0, runs[0].pilot.visible.columns());
    let mut weights = Vec::new();
    for run in runs {
        let chains = run.pilot.visible.rows();
        all.append(&run.pilot.visible)?;
        weights.extend(vec![run.ln_z() - (chains as f64).ln(); chains]);
    }
    let drawn = resample(&weights, noise);
    let spread: Vec<usize> = (0..count).map(|k| drawn[k * drawn.len() / count]).collect();
    Ok(pick(&all, &spread))
}

/// Units at the means of samples, and of p(h | v) over them.
fn sample_means(model: &Parameters, device: &Device, rows: &BitMatrix) -> Base {
    let count = rows.rows();
    let mut visible = vec![0.0; model.n_visible];
    for row in 0..count {
        rows.ones(row)
            .for_each(|unit| visible[unit] += 1.0 / count as f64);
    }
    Base::from_means(&visible, &hidden_means(model, device, rows), count)
}

/// Means of p(h = 1 | v) over rows, `[n_hidden]`.
fn hidden_means(model: &Parameters, device: &Device, rows: &BitMatrix) -> Vec<f64> {
    let count = rows.rows();
    let rbm = Rbm::from_parameters(model, device);
    let mut hidden = vec![0.0; model.n_hidden];
    for first in (0..count).step_by(CHUNK) {
        let some = rows.slice(first..count.min(first + CHUNK));
        let p = rbm.hidden_probabilities(some.to_tensor(device));
        let sum: Tensor<1> = p.sum_dim(0).squeeze_dim(0);
        let part = 1.0 / count as f64;
        let sum = sum.into_data();
        let means = hidden.iter_mut().zip(sum.iter::<f64>());
        means.for_each(|(mean, x)| *mean += x * part);
    }
    hidden
}
