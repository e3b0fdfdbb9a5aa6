//! ln Z of a model with data: where chains start, how many temperatures the time allows.

use crate::data::{BinaryDataset, BinaryMatrix};
use burn::tensor::{Device, Tensor, TensorData};
use rbm_model::estimate::{
    Base, Bracket, Comparison, Direction, Equilibrium, Estimate, Group, Noise, Path, Start,
    Verdict, anneal, automatic, equilibrate, linear, pick, quiet, resample,
};
use rbm_model::sampling::noise::shuffle;
use rbm_model::sampling::{Chains, stream};
use rbm_model::{ModelError, Parameters, Rbm};
use serde::Serialize;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Chains where none are asked for.
pub const CHAINS: usize = 200;
/// Temperatures where neither they nor a budget are given.
pub const TEMPERATURES: usize = 10_000;
/// Fewest temperatures that a budget is turned into.
const FEWEST: usize = 100;
/// Temperatures of a pilot run, and fewest of one that a short budget leaves.
const PILOT: usize = 500;
const SHORTEST_PILOT: usize = 50;
/// Part of a budget that all pilot runs may take.
const PILOT_PART: f64 = 0.2;
/// Sweeps before the reverse run, as a part of the temperatures.
const SWEEPS_PART: f64 = 1.0 / 3.0;
/// Nats by which no reverse run may lie above AIS.
const LARGEST_EXCESS: f64 = 1.0;
/// Rows that the mean of the hidden units is taken over, at most.
const MEAN_ROWS: usize = 10_000;

/// How to estimate ln Z by annealing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnnealingOptions {
    /// Chains in each direction.
    pub chains: usize,
    /// Temperatures; from the budget if absent.
    pub temperatures: Option<usize>,
    /// When to be done. Temperatures that are given go before it.
    pub deadline: Option<Instant>,
    /// Seed of everything random.
    pub seed: u64,
    /// First step of the noise, so that several estimates under one seed take different numbers.
    pub first_step: u64,
}

/// What was done, for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Chosen {
    /// Chains in each direction.
    pub chains: usize,
    /// Temperatures in each direction.
    pub temperatures: usize,
    /// Gibbs sweeps before the reverse run.
    pub sweeps: usize,
}

/// Something that shows how far a long computation is: its name, steps done, steps in all.
pub type Show<'a> = dyn FnMut(&str, usize, usize) + Send + 'a;

/// Brackets ln Z: annealing up from independent units at the data's means, and down from samples.
///
/// `saved` are chains that the run kept, if any. Samples come from them and from training rows, or
/// from annealing, after Gibbs sweeps of both; the verdict says which, and why. Pilot runs choose
/// the base, space the temperatures, and tell how many of them fit before the deadline.
///
/// # Errors
/// [`ModelError`] for parameters that are not finite or so large that weights overflow.
pub fn bracket(
    model: &Parameters,
    device: &Device,
    data: &BinaryDataset,
    saved: Option<&Chains>,
    options: &AnnealingOptions,
    show: &mut Show<'_>,
) -> Result<(Bracket, Chosen), ModelError> {
    let chains = options.chains.max(2);
    let noise = |stream| Noise {
        seed: options.seed,
        stream,
        first_step: options.first_step,
    };
    // The pilot chooses the base: forward estimates are low on average, so the highest is the
    // best. The runs that count take other random numbers, which leaves them unbiased.
    let began = Instant::now();
    let mut best: Option<(f64, Base, Path, Vec<f64>)> = None;
    let candidates = bases(model, device, data, options.seed);
    let length = match (options.temperatures, options.deadline) {
        (None, Some(deadline)) => {
            let left = deadline
                .saturating_duration_since(Instant::now())
                .as_secs_f64();
            let runs = 2.0 * candidates.len() as f64;
            let affordable = PILOT_PART * left / (runs * time_one(model, device, chains)?);
            (affordable as usize).clamp(SHORTEST_PILOT, PILOT)
        }
        // Nothing may depend on the clock.
        (temperatures, _) => {
            let quarter = temperatures.unwrap_or(TEMPERATURES) / 4;
            quarter.clamp(SHORTEST_PILOT, PILOT)
        }
    };
    let pilots = candidates.len() * 2 * length;
    for (index, base) in candidates.into_iter().enumerate() {
        let path = Path::from_base(&base, model)?;
        let start = || Start::Independent(chains);
        let pilot = |half| Noise {
            first_step: options.first_step + ((2 * index + half) * PILOT) as u64 * 2,
            ..noise(stream::ANNEALING_PILOT)
        };
        show("pilot", 2 * index * length, pilots);
        let betas = automatic(&path, device, length, length, start(), pilot(0))?;
        let run = anneal(&path, device, &betas, start(), pilot(1), &mut |done, _| {
            show("pilot", (2 * index + 1) * length + done, pilots);
            ControlFlow::Continue(())
        })?;
        let (direction, ln_z) = (Direction::Forward, base.ln_z());
        let value = Estimate::new(direction, ln_z, &run.log_weights, length, options.seed)?.value;
        if best.as_ref().is_none_or(|(least, ..)| value > *least) {
            best = Some((value, base, path, betas));
        }
    }
    let Some((_, base, path, density)) = best else {
        unreachable!("there are several bases")
    };
    let pilot_time = began.elapsed().as_secs_f64() / pilots as f64;
    let temperatures = match (options.temperatures, options.deadline) {
        (Some(temperatures), _) => temperatures.max(1),
        (None, Some(deadline)) => {
            let left = deadline.saturating_duration_since(Instant::now());
            affordable(left, pilot_time)
        }
        (None, None) => TEMPERATURES,
    };
    let sweeps = ((temperatures as f64 * SWEEPS_PART).round() as usize).max(1);
    let chosen = Chosen {
        chains,
        temperatures,
        sweeps,
    };
    let betas = refine(&density, temperatures);

    let run = |name: &str, betas: &[f64], start, stream, show: &mut Show<'_>| {
        let total = betas.len() - 1;
        anneal(
            &path,
            device,
            betas,
            start,
            noise(stream),
            &mut |done, _| {
                show(name, done, total);
                ControlFlow::Continue(())
            },
        )
    };
    let start = Start::Independent(chains);
    let forward = run("AIS", &betas, start, stream::ANNEALING, show)?;
    let families = resample(&forward.log_weights, noise(stream::BOOTSTRAP));
    let annealed = pick(&forward.visible, &families, chains);
    let groups = [
        elsewhere(data, saved, chains, options.seed),
        Group {
            name: "annealing".into(),
            visible: annealed,
        },
    ];
    let still = noise(stream::EQUILIBRIUM);
    let found = equilibrate(model, device, &groups, sweeps, still, &mut |done, _| {
        show("sweeps", done, sweeps);
        ControlFlow::Continue(())
    })?;
    let down: Vec<f64> = betas.iter().rev().copied().collect();
    let all = found.visible.concat();
    let start = Start::Visible(&all);
    let back = run("reverse AIS", &down, start, stream::ANNEALING_BACK, show)?;
    let (first, second) = back
        .log_weights
        .split_at(all.len() / model.n_visible - chains);
    let names = [groups[0].name.as_str(), "annealing"];
    let judged = |weights: &[f64], equilibrium| {
        let (ln_z, up) = (base.ln_z(), &forward.log_weights);
        Bracket::new(ln_z, up, weights, equilibrium, temperatures, options.seed)
    };
    let bracket = choose(&found, names, [first, second], families, judged)?;
    Ok((bracket, chosen))
}

/// Seconds that a temperature takes, from a few.
fn time_one(model: &Parameters, device: &Device, chains: usize) -> Result<f64, ModelError> {
    const FEW: usize = 10;
    let base = Base::uniform(model.n_visible, model.n_hidden);
    let path = Path::from_base(&base, model)?;
    let noise = Noise {
        seed: 0,
        stream: stream::ANNEALING_PILOT,
        first_step: 0,
    };
    let began = Instant::now();
    let start = Start::Independent(chains);
    anneal(&path, device, &linear(FEW), start, noise, &mut quiet)?;
    Ok(began.elapsed().as_secs_f64() / FEW as f64)
}

/// Temperatures that fit into a time, from the time that one took in the pilot run: once up, and
/// sweeps and the way down with twice as many chains.
fn affordable(left: Duration, seconds: f64) -> usize {
    let per_temperature = seconds * (3.0 + SWEEPS_PART * 2.0);
    // A little is left for what comes after.
    let count = 0.93 * left.as_secs_f64() / per_temperature.max(1e-9);
    (count as usize).clamp(FEWEST, 1 << 23)
}

/// The same spacing with another number of steps: straight lines between the given ones.
fn refine(betas: &[f64], count: usize) -> Vec<f64> {
    let last = betas.len() - 1;
    let at = |t: f64| {
        let place = t * last as f64;
        let k = (place as usize).min(last - 1);
        betas[k] + (betas[k + 1] - betas[k]) * (place - k as f64)
    };
    let mut refined: Vec<f64> = (0..=count).map(|k| at(k as f64 / count as f64)).collect();
    refined[count] = 1.0;
    refined
}

/// Where annealing may begin: units at the means of training rows and of p(h | v) over them,
/// visible units at those means alone, and all states alike.
///
/// None is best for all models. At the data's means the way is shortest; but a model with modes
/// far from the data is reached in full only from further away.
pub(super) fn bases(
    model: &Parameters,
    device: &Device,
    data: &BinaryDataset,
    seed: u64,
) -> [Base; 3] {
    let rows = some_rows(&data.train, MEAN_ROWS.min(data.train.rows()), seed);
    let (n, m, count) = (model.n_visible, model.n_hidden, data.train.rows());
    let rbm = Rbm::from_parameters(model, device);
    let mut hidden = vec![0.0; m];
    for chunk in rows.chunks(1000 * n) {
        let data = TensorData::new(chunk.to_vec(), [chunk.len() / n, n]);
        let p = rbm.hidden_probabilities(Tensor::from_data(data, device));
        let sum: Tensor<1> = p.sum_dim(0).squeeze_dim(0);
        let part = n as f64 / rows.len() as f64;
        let sum = sum.into_data();
        let values = sum.iter::<f64>();
        hidden
            .iter_mut()
            .zip(values)
            .for_each(|(h, x)| *h += x * part);
    }
    let visible = data.train.column_means();
    [
        Base::from_means(&visible, &hidden, count),
        Base::from_visible_mean(&visible, count, m),
        Base::uniform(n, m),
    ]
}

/// Decides which of two reverse runs counts, with what is known of its samples: from chains that
/// started elsewhere, and from those that annealing brought.
///
/// Where both groups of chains agree and the former give a bracket, they are independent samples.
/// Where not, sweeps do not mix, and the annealed chains, drawn by their weights, are the better samples. The other
/// reverse run then tells what annealing may have missed: from chains that stay in a region A,
///
/// ```text
/// reverse ln Z = ln Z + ln(p(A) / q(A))
/// ```
///
/// with the model's probability of A and the frequency with which annealing arrives there. If it
/// is not above AIS, annealing finds A as often as it should, or more often. If it is, the check fails.
fn choose(
    found: &Comparison,
    [other, annealing]: [&str; 2],
    [first, second]: [&[f64]; 2],
    families: Vec<usize>,
    judged: impl Fn(&[f64], Equilibrium) -> Result<Bracket, ModelError>,
) -> Result<Bracket, ModelError> {
    let independent = Equilibrium {
        origin: format!("{} chains from {other}", first.len()),
        check: found.text.clone(),
        passed: found.agree,
        families: Vec::new(),
    };
    let elsewhere = judged(first, independent)?;
    if found.agree && elsewhere.verdict == Verdict::Bracketed {
        return Ok(elsewhere);
    }
    let excess = elsewhere.gap().unwrap_or(f64::INFINITY);
    let passed = excess < LARGEST_EXCESS;
    let distinct = families
        .iter()
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    let meaning = if passed {
        format!(
            "reverse AIS from the former lies {excess:+.2} nats from AIS, so annealing does not miss \
             them: their region holds at most {:.2} of the probability",
            excess.exp().min(1.0)
        )
    } else {
        format!(
            "reverse AIS from the former lies {excess:+.2} nats from AIS: annealing misses what they \
             have found, or finds it too rarely"
        )
    };
    judged(
        second,
        Equilibrium {
            origin: format!(
                "chains from {annealing}, {distinct} distinct ones drawn by their weights"
            ),
            check: format!("{}; {meaning}", found.text),
            passed,
            families,
        },
    )
}

/// Chains that start elsewhere than annealing does: half from those that the run kept, if any, and
/// the rest from training rows.
///
/// A better sampler takes their place here.
fn elsewhere(data: &BinaryDataset, saved: Option<&Chains>, chains: usize, seed: u64) -> Group {
    let n = data.train.columns();
    let mut group = Group {
        name: "training rows".into(),
        visible: Vec::new(),
    };
    if let Some(saved) = saved {
        let count = saved.count().min(chains.div_ceil(2));
        let visible = saved.visible.clone().narrow(0, 0, count).into_data();
        group.visible.extend(visible.iter::<f32>());
        group.name = "the run's own chains and training rows".into();
    }
    let missing = chains - group.visible.len() / n;
    group
        .visible
        .extend(some_rows(&data.train, missing, seed ^ 1));
    group
}

/// Rows chosen by the seed; all of them, over and over, where more are asked for.
fn some_rows(data: &BinaryMatrix, count: usize, seed: u64) -> Vec<f32> {
    let order = shuffle(seed, stream::MONITOR, u64::MAX - 2, data.rows() as u32);
    let order: Vec<u32> = order.iter().cycle().take(count).copied().collect();
    let mut rows = vec![0.0f32; order.len() * data.columns()];
    data.unpack_rows(&order, &mut rows);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use rbm_model::estimate::{check_betas, sigmoid};

    #[test]
    fn a_finer_schedule_has_the_same_shape() {
        for count in [1, 7, 100, 1234] {
            check_betas(&refine(&sigmoid(100, 3.0), count)).unwrap();
        }
        let (fine, coarse) = (refine(&sigmoid(100, 3.0), 200), sigmoid(100, 3.0));
        for (k, beta) in coarse.iter().enumerate() {
            assert!((fine[2 * k] - beta).abs() < 1e-12);
        }
        for (a, b) in refine(&linear(10), 20).iter().zip(linear(20)) {
            assert!((a - b).abs() < 1e-12);
        }
    }

    #[test]
    fn a_budget_becomes_temperatures() {
        let count = affordable(Duration::from_secs(60), 1e-3);
        // 55.8 s at 3.67 ms.
        assert!((count as f64 - 55.8 / 3.66667e-3).abs() < 3.0, "{count}");
        assert_eq!(affordable(Duration::ZERO, 1e-3), FEWEST);
    }
}
