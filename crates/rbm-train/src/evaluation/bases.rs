//! Where annealing begins: independent units at means, chosen by pilot runs.

use super::samples::some_rows;
use crate::data::BinaryDataset;
use burn::tensor::{Device, Tensor, TensorData};
use rbm_model::partition::{Base, GeometricPath, Noise, Pilot, pick, pilot, resample};
use rbm_model::{ModelError, Parameters, Rbm};

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
pub const ALIKE: &str = "all states alike";
/// What the data's means are called.
const DATA: &str = "means of training rows";

/// Pilot runs of one model: from all states alike, from the data's means, and from what those found.
pub const PILOTS: usize = 3;
/// Times as many chains as the others that the first of them has: how much of the mass is where is
/// decided early on the way, by the few chains that come to lie there.
pub const POPULATION: usize = 8;

/// A base with what its pilot run found.
pub(super) struct Begin {
    /// What it is, in words.
    pub name: &'static str,
    pub base: Base,
    pub path: GeometricPath,
    pub pilot: Pilot,
}

impl Begin {
    /// ln Z by the pilot run.
    fn ln_z(&self) -> f64 {
        self.base.ln_z() + self.pilot.ln_ratio
    }

    /// Its standard error, from the number of ancestors that share the weight.
    fn error(&self) -> f64 {
        let ancestors = self.pilot.effective_fraction * self.pilot.log_weights.len() as f64;
        ancestors.powf(-0.5)
    }
}

/// What the pilot runs found.
pub(super) struct Choice {
    /// Where annealing begins best.
    pub best: Begin,
    /// At the means of training rows; none if that is the best.
    pub at_data: Option<Begin>,
    /// Where the pilot runs led, drawn by the weights of all, row-major.
    pub found: Vec<f32>,
    /// The upper end of the interval of ln Z from all states alike.
    pub allowed: f64,
}

/// Chooses where annealing to a model begins.
///
/// Pilot runs start from all states alike, with 8 times `chains`, and from units at the means of
/// training rows and of p(h | v) over them. A model need not have its mass where the data are: the
/// populations of both runs together, drawn by their weights, tell where it is, and a last pilot run starts
/// from the means of *these* samples of the model. From there the way is shortest: the work dissipated
/// is less by orders of magnitude where the model has modes far from the data.
///
/// Forward estimates are low on average, so that a base far below the highest misses something; of those
/// within a standard error of it, or 0.3 nats, the one with the greatest effective sample size is
/// chosen. The runs that count afterwards take other random numbers, so choosing leaves them without bias.
pub(super) fn choose(
    model: &Parameters,
    device: &Device,
    data: &BinaryDataset,
    (chains, length): (usize, usize),
    noise: Noise,
    mut each: impl FnMut(usize),
) -> Result<Choice, ModelError> {
    let (n, m) = (model.n_visible, model.n_hidden);
    let rows = some_rows(&data.train, MEAN_ROWS.min(data.train.rows()), noise.seed);
    let hidden = hidden_means(model, device, &rows);
    let of_data = Base::from_means(&data.train.column_means(), &hidden, data.train.rows());
    let at = |index: usize| Noise {
        first_step: noise.first_step + index as u64 * ROOM,
        ..noise
    };
    let mut runs: Vec<Begin> = Vec::with_capacity(PILOTS);
    let mut run = |runs: &mut Vec<Begin>, name, base: Base, chains| -> Result<(), ModelError> {
        let index = runs.len();
        each(index);
        let path = GeometricPath::from_base(&base, model)?;
        let pilot = pilot(&path, device, chains, length, at(index))?;
        runs.push(Begin {
            name,
            base,
            path,
            pilot,
        });
        Ok(())
    };
    run(&mut runs, ALIKE, Base::uniform(n, m), POPULATION * chains)?;
    run(&mut runs, DATA, of_data, chains)?;
    let found = pool(&runs, chains, at(PILOTS), n);
    let learned = of_samples(model, device, &found);
    run(&mut runs, "means of samples of the model", learned, chains)?;
    let highest = runs.iter().max_by(|a, b| a.ln_z().total_cmp(&b.ln_z()));
    let near = |run: &Begin| {
        highest.is_some_and(|highest| {
            let error = run.error().hypot(highest.error());
            run.ln_z() >= highest.ln_z() - error.max(TOLERANCE)
        })
    };
    let fraction = |k: usize| runs[k].pilot.effective_fraction;
    let best = (0..runs.len())
        .filter(|k| near(&runs[*k]))
        .max_by(|a, b| fraction(*a).total_cmp(&fraction(*b)));
    let Some(best) = best else {
        // Only estimates that are not numbers compare with nothing.
        return Err(ModelError::Annealing {
            reason:
                "no pilot run gave a finite estimate; the model's weights or biases are too large"
                    .into(),
        });
    };
    let allowed = runs[0].ln_z() + INTERVAL * runs[0].error();
    let best = runs.swap_remove(best);
    let at_data = runs.into_iter().find(|run| run.name == DATA);
    Ok(Choice {
        best,
        at_data,
        found,
        allowed,
    })
}

/// States of all runs, as many as asked for, drawn by their weights: each run's chains stand for its
/// estimate of Z in equal parts.
fn pool(runs: &[Begin], count: usize, noise: Noise, n: usize) -> Vec<f32> {
    let (mut all, mut weights) = (Vec::new(), Vec::new());
    for run in runs {
        let chains = run.pilot.visible.len() / n;
        all.extend_from_slice(&run.pilot.visible);
        weights.extend(vec![run.ln_z() - (chains as f64).ln(); chains]);
    }
    let drawn = resample(&weights, noise);
    let spread: Vec<usize> = (0..count).map(|k| drawn[k * drawn.len() / count]).collect();
    pick(&all, &spread, weights.len())
}

/// Units at the means of samples, and of p(h | v) over them.
fn of_samples(model: &Parameters, device: &Device, rows: &[f32]) -> Base {
    let n = model.n_visible;
    let count = rows.len() / n;
    let mut visible = vec![0.0; n];
    for row in rows.chunks_exact(n) {
        let parts = visible.iter_mut().zip(row);
        parts.for_each(|(mean, x)| *mean += f64::from(*x) / count as f64);
    }
    Base::from_means(&visible, &hidden_means(model, device, rows), count)
}

/// Means of p(h | v) over rows.
fn hidden_means(model: &Parameters, device: &Device, rows: &[f32]) -> Vec<f64> {
    let n = model.n_visible;
    let rbm = Rbm::from_parameters(model, device);
    let mut hidden = vec![0.0; model.n_hidden];
    for chunk in rows.chunks(CHUNK * n) {
        let data = TensorData::new(chunk.to_vec(), [chunk.len() / n, n]);
        let p = rbm.hidden_probabilities(Tensor::from_data(data, device));
        let sum: Tensor<1> = p.sum_dim(0).squeeze_dim(0);
        let part = n as f64 / rows.len() as f64;
        let sum = sum.into_data();
        let means = hidden.iter_mut().zip(sum.iter::<f64>());
        means.for_each(|(mean, x)| *mean += x * part);
    }
    hidden
}
