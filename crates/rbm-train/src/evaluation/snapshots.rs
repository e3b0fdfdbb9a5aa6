//! Brackets of the likelihood along a run.

use super::likelihood_row::{LikelihoodRow, mean_free_energy};
use super::quick_exact_limit;
use crate::checkpoint::RunDir;
use crate::data::BinaryDataset;
use burn::tensor::Device;
use rbm_model::partition::{
    BracketInput, BracketOptions, Enumeration, Estimate, LnZBracket, Verdict, bracket,
};
use rbm_model::progress::{ProgressFn, ignore_progress};
use rbm_model::sampling::Chains;
use rbm_model::{ModelError, Parameters};

/// Snapshots where no number is asked for: with the default run they cost about as much as its training.
pub const SNAPSHOTS: usize = 12;

/// Brackets ln Z of `count` of a run's snapshots, or of all if there are fewer: the first, the last and
/// others evenly between.
///
/// Annealing goes from independent units to each snapshot. The way from snapshot to snapshot would be
/// the longer one: learning is a walk with noise, and models 600 updates apart at a learning rate
/// of 0.05 leave more work between them than a model and independent units at its means.
///
/// # Errors
/// A snapshot that cannot be read, or a model that is not finite.
pub fn bracket_snapshots(
    run: &RunDir,
    device: &Device,
    data: &BinaryDataset,
    updates_per_epoch: f64,
    count: usize,
    options: &BracketOptions,
    progress: &mut ProgressFn<'_>,
) -> anyhow::Result<Vec<LikelihoodRow>> {
    let steps = evenly(&run.snapshot_steps()?, count);
    let mut rows = Vec::with_capacity(steps.len());
    for (index, step) in steps.iter().enumerate() {
        progress("snapshots", index, steps.len());
        let model = run.snapshot(*step)?;
        let moment = (*step, *step as f64 / updates_per_epoch);
        rows.push(bracket_model(&model, device, data, None, moment, options)?);
    }
    Ok(rows)
}

/// `count` of the steps, at least two, evenly by their place in the list.
fn evenly(steps: &[u64], count: usize) -> Vec<u64> {
    let (all, count) = (steps.len(), count.max(2));
    if all <= count {
        return steps.to_vec();
    }
    (0..count)
        .map(|k| steps[k * (all - 1) / (count - 1)])
        .collect()
}

/// Brackets one model of a run, or sums over its states where that is quick; `moment` is its update and epoch, `saved` are
/// the learner's chains.
///
/// # Errors
/// As [`bracket()`].
pub fn bracket_model(
    model: &Parameters,
    device: &Device,
    data: &BinaryDataset,
    saved: Option<&Chains>,
    moment: (u64, f64),
    options: &BracketOptions,
) -> Result<LikelihoodRow, ModelError> {
    let [n, m] = [model.n_visible, model.n_hidden];
    if n.min(m) <= quick_exact_limit(n, m) {
        let ln_z = LnZ::exact(Enumeration::new(model)?.ln_z(), n.min(m));
        return Ok(row(model, device, data, ln_z, moment));
    }
    let options = at(moment.0, options);
    let input = BracketInput {
        model,
        device,
        rows: &data.train,
        saved,
    };
    let found = bracket(&input, &options, &mut ignore_progress)?;
    Ok(row(model, device, data, LnZ::annealed(found), moment))
}

/// ln Z of a row, by either way.
struct LnZ {
    value: f64,
    standard_error: f64,
    range: [f64; 2],
    ais: f64,
    reverse_ais: Option<f64>,
    effective_fraction: f64,
    temperatures: usize,
    verdict: Verdict,
    reason: String,
}

impl LnZ {
    fn exact(value: f64, units: usize) -> Self {
        Self {
            value,
            standard_error: 0.0,
            range: [value; 2],
            ais: value,
            reverse_ais: None,
            effective_fraction: 1.0,
            temperatures: 0,
            verdict: Verdict::Exact,
            reason: format!("enumeration of 2^{units} states"),
        }
    }

    fn annealed(LnZBracket { bracket, plan }: LnZBracket) -> Self {
        let [from, to] = bracket.ais.interval;
        let reverse = bracket.reverse_ais.as_ref();
        let fraction = |e: &Estimate| e.effective_fraction;
        Self {
            value: bracket.best(),
            standard_error: bracket
                .bar
                .as_ref()
                .map_or((to - from) / 3.92, |bar| bar.standard_error),
            range: bracket.range(),
            ais: bracket.ais.value,
            reverse_ais: reverse.map(|e| e.value),
            effective_fraction: reverse.map_or(1.0, fraction).min(fraction(&bracket.ais)),
            temperatures: plan.temperatures,
            verdict: bracket.verdict,
            reason: bracket.reason,
        }
    }
}

/// The options at an update: noise of its own, with room for 2^24 temperatures.
fn at(step: u64, options: &BracketOptions) -> BracketOptions {
    BracketOptions {
        first_step: step << 24,
        ..*options
    }
}

fn row(
    model: &Parameters,
    device: &Device,
    data: &BinaryDataset,
    found: LnZ,
    (step, epoch): (u64, f64),
) -> LikelihoodRow {
    let [train, test] = [&data.train, &data.test].map(|part| mean_free_energy(model, device, part));
    // Both parts are quoted, so the part that is no number decides.
    let worst = [train, test].into_iter().flatten().find(|f| !f.is_finite());
    let (verdict, objection) = found.verdict.of_log_likelihood(worst.unwrap_or(0.0));
    LikelihoodRow {
        step,
        epoch,
        ln_z: found.value,
        standard_error: found.standard_error,
        ln_z_low: found.range[0],
        ln_z_high: found.range[1],
        ln_z_ais: found.ais,
        ln_z_reverse_ais: found.reverse_ais,
        effective_fraction: found.effective_fraction,
        temperatures: found.temperatures,
        train_log_likelihood: train.map_or(f64::NAN, |f| -f - found.value),
        test_log_likelihood: test.map(|f| -f - found.value),
        verdict: verdict.to_string(),
        reason: objection.unwrap_or(found.reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_model_is_summed_exactly() {
        // Three independent units with biases 1, hidden units that see nothing: Z = (1 + e)^3 2^2.
        let model = Parameters::new(3, 2, vec![0.0; 6], vec![1.0; 3], vec![0.0; 2]).unwrap();
        let data = BinaryDataset::from_rows("rows", &[[true; 3], [false; 3]]).unwrap();
        let options = BracketOptions::SNAPSHOT;
        let row = bracket_model(&model, &Device::flex(), &data, None, (7, 1.0), &options).unwrap();
        let ln_z = 3.0 * 1f64.exp().ln_1p() + 2.0 * 2f64.ln();
        assert!((row.ln_z - ln_z).abs() < 1e-6);
        // All units on or all off: -F is 3 + 2 ln 2 or 2 ln 2.
        let expected = 1.5 + 2.0 * 2f64.ln() - ln_z;
        assert!((row.train_log_likelihood - expected).abs() < 1e-5);
        assert_eq!((row.verdict.as_str(), row.temperatures), ("exact", 0));
    }

    #[test]
    fn the_first_and_the_last_snapshot_are_among_those_chosen() {
        let steps: Vec<u64> = (0..75).collect();
        let chosen = evenly(&steps, 24);
        assert_eq!((chosen.len(), chosen[0], chosen[23]), (24, 0, 74));
        assert!(
            chosen
                .windows(2)
                .all(|pair| (3..=4).contains(&(pair[1] - pair[0])))
        );
        assert_eq!(evenly(&steps, 1), [0, 74]);
        assert_eq!(evenly(&steps[..3], 24), [0, 1, 2]);
        assert!(evenly(&[], 24).is_empty());
    }
}
