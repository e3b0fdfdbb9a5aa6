//! From log weights to ln Z, with what tells how far to trust it.

use crate::error::ModelError;
use crate::noise::{Sequence, stream};
use crate::numeric::variance;
use serde::Serialize;

/// Bootstrap samples behind an interval.
const RESAMPLES: u64 = 1000;

/// Which way a run went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the start of a path, whose ln Z is known, to the model.
    Forward,
    /// From the model back.
    Reverse,
}

/// ln Z by annealing in one direction, in nats.
///
/// With the weights w of C chains and the known ln Z0 at the start of the path,
///
/// ```text
/// forward: ln Z = ln Z0 + ln((1/C) sum_c w_c)       E[Z] is exact, E[ln Z] is low
/// reverse: ln Z = ln Z0 - ln((1/C) sum_c w_c)       E[1/Z] is exact, E[ln Z] is high
/// ```
///
/// The signs of the two follow from Jensen's inequality, whatever the number of temperatures: it
/// only makes the bounds tight. Forward: Neal, Stat. Comput. 11, 125 (2001),
/// doi:10.1023/A:1008923215028, for RBMs Salakhutdinov and Murray, ICML (2008),
/// doi:10.1145/1390156.1390266. Reverse: Burda, Grosse and Salakhutdinov, AISTATS (2015),
/// arXiv:1412.8566.
///
/// # Examples
/// ```
/// use rbm_model::partition::{Direction, Estimate};
/// // Weights 1 and 3, ln Z0 = 5.
/// let log_weights = [0.0, 3f64.ln()];
/// let up = Estimate::new(Direction::Forward, 5.0, &log_weights, 100, 1)?;
/// let down = Estimate::new(Direction::Reverse, 5.0, &log_weights, 100, 1)?;
/// assert!((up.value - 5.0 - 2f64.ln()).abs() < 1e-12 && (down.value - 5.0 + 2f64.ln()).abs() < 1e-12);
/// // (1 + 3)^2 / (1 + 9)
/// assert!((up.effective_sample_size - 1.6).abs() < 1e-12);
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// ln Z.
    pub value: f64,
    /// 95% interval from 1000 bootstrap samples of the chains (percentiles). It tells the
    /// statistical error of the chains at hand, not that of states that no chain has found.
    pub interval: [f64; 2],
    /// (sum w)^2 / sum w^2: the number of equally weighted chains that would be worth as much.
    pub effective_sample_size: f64,
    /// The same as a fraction of the chains.
    pub effective_fraction: f64,
    /// Standard deviation of ln w over the chains (those with a weight); below about 1 the estimate is
    /// safe.
    pub log_weight_std: f64,
    /// Chains.
    pub chains: usize,
    /// Temperatures between the ends.
    pub temperatures: usize,
}

impl Estimate {
    /// The estimate from the log weights `[chains]` of independent chains, in a run with so many
    /// temperatures; `ln_z_start` is ln Z at the start of the path, for both directions. A log weight
    /// of negative infinity is a chain of no weight.
    ///
    /// # Errors
    /// [`ModelError::Annealing`] for fewer than two chains, a log weight that is no number, or chains
    /// that are all without weight.
    pub fn new(
        direction: Direction,
        ln_z_start: f64,
        log_weights: &[f64],
        temperatures: usize,
        seed: u64,
    ) -> Result<Self, ModelError> {
        Self::with_ancestors(direction, ln_z_start, log_weights, &[], temperatures, seed)
    }

    /// The same from chains of which some are related: equal numbers in `ancestors` (one per chain)
    /// mean a common one, as [`super::resample`] leaves them. The bootstrap then draws all descendants
    /// of an ancestor together, and the effective sample size counts ancestors, w being the sum over
    /// the descendants of one.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`ModelError::Shape`] for another number of ancestors.
    ///
    /// # Examples
    /// ```
    /// use rbm_model::partition::{Direction::Forward, Estimate};
    /// // Four chains with the same weight, but only two ancestors.
    /// let alone = Estimate::new(Forward, 0.0, &[1.0; 4], 100, 1)?;
    /// let related = Estimate::with_ancestors(Forward, 0.0, &[1.0; 4], &[0, 0, 3, 3], 100, 1)?;
    /// assert_eq!((alone.value, related.value), (1.0, 1.0));
    /// assert!((alone.effective_sample_size - 4.0).abs() < 1e-12 && (related.effective_sample_size - 2.0).abs() < 1e-12);
    /// # Ok::<(), rbm_model::ModelError>(())
    /// ```
    pub fn with_ancestors(
        direction: Direction,
        ln_z_start: f64,
        log_weights: &[f64],
        ancestors: &[usize],
        temperatures: usize,
        seed: u64,
    ) -> Result<Self, ModelError> {
        check_weights(log_weights)?;
        let members = members(log_weights.len(), ancestors)?;
        let sign = match direction {
            Direction::Forward => 1.0,
            Direction::Reverse => -1.0,
        };
        let count = log_weights.len() as f64;
        let max = log_weights.iter().fold(f64::NEG_INFINITY, |m, w| m.max(*w));
        // The sum of the weights of each ancestor's descendants, and their number.
        let totals: Vec<(f64, f64)> = members
            .iter()
            .map(|descendants| {
                let weights = descendants.iter().map(|c| (log_weights[*c] - max).exp());
                (weights.sum(), descendants.len() as f64)
            })
            .collect();
        let sum: f64 = totals.iter().map(|(w, _)| w).sum();
        let squares: f64 = totals.iter().map(|(w, _)| w * w).sum();
        let ln_z = |mean: f64| ln_z_start + sign * (max + mean.ln());
        let mut random = Sequence::new(seed, stream::BOOTSTRAP, direction as u64);
        let mut values: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                let picks = (0..totals.len()).map(|_| random.below(totals.len() as u32));
                let (sum, size) = picks.fold((0.0, 0.0), |(sum, size), i| {
                    let (w, s) = totals[i as usize];
                    (sum + w, size + s)
                });
                ln_z(sum / size)
            })
            .collect();
        values.sort_unstable_by(f64::total_cmp);
        let finite: Vec<f64> = log_weights
            .iter()
            .copied()
            .filter(|w| w.is_finite())
            .collect();
        Ok(Self {
            value: ln_z(sum / count),
            interval: [percentile(&values, 0.025), percentile(&values, 0.975)],
            effective_sample_size: sum * sum / squares,
            effective_fraction: sum * sum / squares / count,
            log_weight_std: variance(&finite).sqrt(),
            chains: log_weights.len(),
            temperatures,
        })
    }
}

/// Refuses weights that no estimate follows from.
pub(super) fn check_weights(log_weights: &[f64]) -> Result<(), ModelError> {
    let none = |w: &f64| *w == f64::NEG_INFINITY;
    if log_weights.iter().all(none) {
        return check(log_weights);
    }
    let some: Vec<f64> = log_weights
        .iter()
        .map(|w| if none(w) { 0.0 } else { *w })
        .collect();
    check(&some)
}

/// Refuses all but finite weights of two chains or more.
pub(super) fn check(log_weights: &[f64]) -> Result<(), ModelError> {
    let error = |reason| Err(ModelError::Annealing { reason });
    if log_weights.len() < 2 {
        return error(format!(
            "{} chains give no error; at least 2 are needed",
            log_weights.len()
        ));
    }
    match log_weights.iter().position(|w| !w.is_finite()) {
        Some(chain) => error(format!(
            "the log weight of chain {chain} is {}; the model's weights or biases are too large",
            log_weights[chain]
        )),
        None => Ok(()),
    }
}

/// Refuses ancestors that are not one forward chain for each reverse chain.
pub(super) fn check_ancestors(
    ancestors: &[usize],
    forward: usize,
    reverse: usize,
) -> Result<(), ModelError> {
    if !ancestors.is_empty() && ancestors.len() != reverse {
        return Err(ModelError::Shape {
            tensor: "ancestors".into(),
            expected: vec![reverse],
            found: vec![ancestors.len()],
        });
    }
    match ancestors.iter().find(|chain| **chain >= forward) {
        Some(chain) => Err(ModelError::Annealing {
            reason: format!("chain {chain} is no ancestor: there are {forward} forward chains"),
        }),
        None => Ok(()),
    }
}

/// The chains of each ancestor, in order; every chain is its own where `ancestors` is empty.
pub(super) fn members(chains: usize, ancestors: &[usize]) -> Result<Vec<Vec<usize>>, ModelError> {
    if ancestors.is_empty() {
        return Ok((0..chains).map(|c| vec![c]).collect());
    }
    if ancestors.len() != chains {
        return Err(ModelError::Shape {
            tensor: "ancestors".into(),
            expected: vec![chains],
            found: vec![ancestors.len()],
        });
    }
    let mut members = std::collections::BTreeMap::<usize, Vec<usize>>::new();
    for (chain, ancestor) in ancestors.iter().enumerate() {
        members.entry(*ancestor).or_default().push(chain);
    }
    Ok(members.into_values().collect())
}

/// The value below which a fraction of sorted values lies, between neighbors by a straight line.
fn percentile(sorted: &[f64], fraction: f64) -> f64 {
    let place = fraction * (sorted.len() - 1) as f64;
    let (low, high) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    low + (high - low) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::normal;

    /// ln w ~ N(-s^2 / 2, s^2) has E[w] = 1, ESS C e^(-s^2), and a known error.
    #[test]
    fn log_normal_weights_give_what_is_known() {
        let (s, chains) = (0.7, 20_000);
        let weights: Vec<f64> = normal(chains, s, 5)
            .into_iter()
            .map(|x| f64::from(x) - s * s / 2.0)
            .collect();
        let e = Estimate::new(Direction::Forward, 10.0, &weights, 1, 3).unwrap();
        // var w = e^(s^2) - 1.
        let error = ((s * s).exp_m1() / chains as f64).sqrt();
        assert!((e.value - 10.0).abs() < 4.0 * error);
        let width = e.interval[1] - e.interval[0];
        assert!((width / (2.0 * 1.96 * error) - 1.0).abs() < 0.15, "{width}");
        // The squares have heavy tails: a few per cent.
        assert!((e.effective_fraction / (-s * s).exp() - 1.0).abs() < 0.05);
        // Standard error s / sqrt(2 C).
        assert!((e.log_weight_std - s).abs() < 4.0 * s / (2.0 * chains as f64).sqrt());
        let back = Estimate::new(Direction::Reverse, 10.0, &weights, 1, 3).unwrap();
        assert!((back.value + e.value - 20.0).abs() < 1e-12);
        assert!(back.interval[0] < back.value && back.value < back.interval[1]);
    }

    #[test]
    fn the_interval_covers_as_often_as_it_says() {
        let (s, chains, runs) = (0.8, 100, 400);
        let all = normal(chains * runs, s, 6);
        let covered = all
            .chunks_exact(chains)
            .filter(|weights| {
                let weights: Vec<f64> = weights
                    .iter()
                    .map(|x| f64::from(*x) - s * s / 2.0)
                    .collect();
                let e = Estimate::new(Direction::Forward, 0.0, &weights, 1, 4).unwrap();
                e.interval[0] < 0.0 && 0.0 < e.interval[1]
            })
            .count();
        // Percentile intervals of 100 skewed weights cover a little less than 95%; five standard
        // errors of a frequency are 5%.
        let rate = covered as f64 / runs as f64;
        assert!(rate > 0.87 && rate < 0.99, "{rate}");
    }

    /// Copies add nothing: four of each chain leave value, interval and size as they were.
    #[test]
    fn descendants_of_one_chain_count_once() {
        let alone: Vec<f64> = normal(200, 0.8, 9).into_iter().map(f64::from).collect();
        let copies: Vec<f64> = alone.iter().flat_map(|w| [*w; 4]).collect();
        let ancestors: Vec<usize> = (0..800).map(|c| c / 4).collect();
        let up = Direction::Forward;
        let one = Estimate::new(up, 0.0, &alone, 1, 2).unwrap();
        let four = Estimate::with_ancestors(up, 0.0, &copies, &ancestors, 1, 2).unwrap();
        assert!((one.value - four.value).abs() < 1e-12);
        assert!((one.interval[0] - four.interval[0]).abs() < 1e-12);
        assert!((one.effective_sample_size - four.effective_sample_size).abs() < 1e-9);
        assert!(Estimate::with_ancestors(up, 0.0, &copies, &[1], 1, 2).is_err());
    }

    #[test]
    fn too_few_or_infinite_weights_are_refused() {
        let text = |w: &[f64]| {
            let e = Estimate::new(Direction::Forward, 0.0, w, 1, 0);
            e.unwrap_err().to_string()
        };
        assert!(text(&[1.0]).contains("at least 2"));
        assert!(text(&[1.0, f64::NAN]).contains("chain 1"));
    }
}
