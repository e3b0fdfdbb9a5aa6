//! Short runs up a path, to learn where its work lies and where it leads.

use super::anneal::anneal;
use super::equilibrium::{pick, resample};
use super::geometric_path::{GeometricPath, Noise};
use super::sampler::Start;
use super::schedule::spread_evenly;
use crate::error::ModelError;
use crate::kernels::BitMatrix;
use crate::noise::stream;
use crate::numeric::variance;
use burn::tensor::Device;
use std::ops::ControlFlow;

/// Stretches of the path that are compared.
const STRETCHES: usize = 50;
/// Stretches after which chains may be drawn again.
const LEG: usize = 2;
/// Effective fraction of the chains below which they are drawn again by their weights.
const RESAMPLE_BELOW: f64 = 0.5;

/// What a short run up a path from independent units found.
#[derive(Debug, Clone)]
pub struct Pilot {
    /// ln(Z end / Z start), low on average as AIS is.
    pub ln_ratio: f64,
    /// (sum w)^2 / sum w^2 as a fraction of the chains, w being the weight of all that descends
    /// from one chain of the start.
    pub effective_fraction: f64,
    /// ln of these weights, `[chains]`: negative infinity for a chain without descendants. Their mean
    /// is Z end / Z start, and what [`super::Estimate::new`] takes.
    pub log_weights: Vec<f64>,
    /// Visible states at the end of the path, each as likely as any other, `[chains, n_visible]`.
    pub visible: BitMatrix,
    /// The chain of the start that each of them descends from, `[chains]`.
    pub ancestors: Vec<usize>,
    /// Variance over chains of the work in each of 50 equal stretches of the path.
    pub variances: Vec<f64>,
}

impl Pilot {
    /// `count` steps from 0 to 1 that spread the variance of the work evenly.
    ///
    /// The variance V of the work in a stretch holds the fluctuations of dE/dbeta times how long
    /// they last, so it is what a stretch adds to the variance of ln w, relaxation included; with
    /// n steps in a stretch it falls as 1/n. The least sum of V has n proportional to sqrt(V):
    /// steps are laid out so, with a tenth of them even.
    ///
    /// Sources: G. E. Crooks, Phys. Rev. Lett. 99, 100602 (2007), doi:10.1103/PhysRevLett.99.100602
    /// (thermodynamic length); D. A. Sivak and G. E. Crooks, Phys. Rev. Lett. 108, 190602 (2012),
    /// doi:10.1103/PhysRevLett.108.190602 (with relaxation).
    ///
    /// # Examples
    /// ```
    /// use rbm_model::{BitMatrix, partition::Pilot};
    /// let found = |variances: Vec<f64>| Pilot {
    ///     ln_ratio: 0.0,
    ///     effective_fraction: 1.0,
    ///     log_weights: vec![],
    ///     visible: BitMatrix::zeros(0, 1),
    ///     ancestors: vec![],
    ///     variances,
    /// };
    /// // Work that is spread evenly asks for even steps.
    /// let betas = found(vec![0.3; 50]).betas(10);
    /// assert!((0..=10).all(|k| (betas[k] - k as f64 / 10.0).abs() < 1e-12));
    /// ```
    pub fn betas(&self, count: usize) -> Vec<f64> {
        spread_evenly(&self.variances, count)
    }
}

/// Takes chains up a path in about `temperatures` equal steps, a multiple of 50, as population
/// annealing: after each of 25 legs, chains are drawn again by their weights if the effective
/// fraction has fallen below one half. In so few steps that keeps a population worth the
/// name where weights alone would leave a chain or two; Z stays without bias.
///
/// Sources: K. Hukushima and Y. Iba, AIP Conf. Proc. 690, 200 (2003), doi:10.1063/1.1632130;
/// J. Machta, Phys. Rev. E 82, 026704 (2010), doi:10.1103/PhysRevE.82.026704; adaptive resampling
/// without bias: N. Whiteley, A. Lee and K. Heine, Bernoulli 22, 494 (2016), arXiv:1309.2918.
///
/// # Errors
/// As [`anneal()`]; the path has to start from independent units.
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_model::{RbmConfig, noise::stream};
/// use rbm_model::partition::{Base, Enumeration, GeometricPath, Noise, pilot};
/// let device = Device::flex();
/// let model = RbmConfig::new(10, 6).with_weight_std(0.5).init(&device)?.parameters()?;
/// let base = Base::uniform(10, 6);
/// let noise = Noise { seed: 1, stream: stream::ANNEALING_PILOT, first_step: 0 };
/// let found = pilot(&GeometricPath::from_base(&base, &model)?, &device, 200, 100, noise)?;
/// let exact = Enumeration::new(&model)?.ln_z();
/// assert!((base.ln_z() + found.ln_ratio - exact).abs() < 0.2);
/// // Temperatures that suit the work found.
/// let betas = found.betas(50);
/// assert_eq!((betas.len(), betas[0], betas[50]), (51, 0.0, 1.0));
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
pub fn pilot(
    path: &GeometricPath,
    device: &Device,
    chains: usize,
    temperatures: usize,
    noise: Noise,
) -> Result<Pilot, ModelError> {
    let each = temperatures.div_ceil(STRETCHES).max(1);
    let beta = |k: usize| k as f64 / (each * STRETCHES) as f64;
    let mut visible = BitMatrix::zeros(0, path.n_visible());
    let mut log_weights = vec![0.0; chains];
    let mut ancestors: Vec<usize> = (0..chains).collect();
    let mut variances = Vec::with_capacity(STRETCHES);
    let mut ln_ratio = 0.0;
    for leg in 0..STRETCHES / LEG {
        let first = leg * LEG * each;
        let betas: Vec<f64> = (first..=first + LEG * each).map(beta).collect();
        let start = match leg {
            0 => Start::Independent(chains),
            _ => Start::Visible(&visible),
        };
        let noise = Noise {
            first_step: noise.first_step + first as u64,
            ..noise
        };
        let mut before = vec![0.0; chains];
        let mut look = |done: usize, now: &[f64]| {
            if done.is_multiple_of(each) {
                let work = now.iter().zip(&before).map(|(now, then)| now - then);
                variances.push(variance(&work.collect::<Vec<f64>>()));
                before.copy_from_slice(now);
            }
            ControlFlow::Continue(())
        };
        let run = anneal(path, device, &betas, start, noise, &mut look)?;
        let sums = log_weights.iter_mut().zip(&run.log_weights);
        sums.for_each(|(sum, work)| *sum += work);
        visible = run.visible;
        let last = (leg + 1) * LEG == STRETCHES;
        if last || weigh(&log_weights).1 < RESAMPLE_BELOW {
            let totals = totals(&log_weights, &ancestors);
            let (ln_mean, fraction) = weigh(&totals);
            let drawn = resample(
                &log_weights,
                Noise {
                    stream: stream::POPULATION,
                    ..noise
                },
            );
            visible = pick(&visible, &drawn);
            let roots = drawn.iter().map(|chain| ancestors[*chain]).collect();
            if last {
                return Ok(Pilot {
                    ln_ratio: ln_ratio + ln_mean,
                    effective_fraction: fraction,
                    log_weights: totals.iter().map(|w| ln_ratio + w).collect(),
                    visible,
                    ancestors: roots,
                    variances,
                });
            }
            ln_ratio += ln_mean;
            ancestors = roots;
            log_weights.fill(0.0);
        }
    }
    unreachable!("the last leg returns")
}

/// ln of the sum of the weights of the descendants of each ancestor.
fn totals(log_weights: &[f64], ancestors: &[usize]) -> Vec<f64> {
    let max = highest(log_weights);
    let mut totals = vec![0.0; log_weights.len()];
    for (log_weight, ancestor) in log_weights.iter().zip(ancestors) {
        totals[*ancestor] += (log_weight - max).exp();
    }
    totals.iter().map(|sum| max + sum.ln()).collect()
}

/// ln of the mean weight, and (sum w)^2 / sum w^2 as a fraction of their number.
fn weigh(log_weights: &[f64]) -> (f64, f64) {
    let max = highest(log_weights);
    let weights = || log_weights.iter().map(|w| (w - max).exp());
    let (sum, count) = (weights().sum::<f64>(), log_weights.len() as f64);
    let squares = weights().map(|w| w * w).sum::<f64>();
    (max + (sum / count).ln(), sum * sum / squares / count)
}

fn highest(log_weights: &[f64]) -> f64 {
    log_weights.iter().fold(f64::NEG_INFINITY, |m, w| m.max(*w))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::normal;
    use crate::parameters::Parameters;
    use crate::partition::{Base, Direction, Enumeration, Estimate, check_betas};

    /// Strong weights, few steps, chains drawn again many times: Z is right on average.
    #[test]
    fn drawing_again_leaves_z_unbiased() {
        let draw = |count, s, seed| -> Vec<f64> {
            let x = normal(count, s, seed);
            x.into_iter().map(f64::from).collect()
        };
        let (n, m) = (9, 6);
        let model =
            Parameters::new(n, m, draw(n * m, 10.0, 1), draw(n, 1.0, 2), draw(m, 1.0, 3)).unwrap();
        let exact = Enumeration::new(&model).unwrap().ln_z();
        let base = Base::uniform(n, m);
        let path = GeometricPath::from_base(&base, &model).unwrap();
        let runs = 400;
        let (mut ratios, mut fraction) = (Vec::new(), 0.0);
        for seed in 0..runs {
            let noise = Noise {
                seed,
                stream: stream::ANNEALING_PILOT,
                first_step: 0,
            };
            let found = pilot(&path, &Device::flex(), 20, 50, noise).unwrap();
            check_betas(&found.betas(77)).unwrap();
            assert_eq!(found.visible.rows(), 20);
            ratios.push((base.ln_z() + found.ln_ratio - exact).exp());
            let up = Direction::Forward;
            let same = Estimate::new(up, base.ln_z(), &found.log_weights, 50, seed).unwrap();
            assert!((same.value - base.ln_z() - found.ln_ratio).abs() < 1e-9);
            assert!((same.effective_fraction - found.effective_fraction).abs() < 1e-9);
            fraction += found.effective_fraction / runs as f64;
        }
        let mean = ratios.iter().sum::<f64>() / runs as f64;
        let error = (variance(&ratios) / runs as f64).sqrt();
        println!("E[Z] / exact = {mean:.3} +- {error:.3}, ancestors {fraction:.2}");
        assert!((mean - 1.0).abs() < 4.0 * error, "{mean} +- {error}");
        // Chains were drawn again, and that was counted.
        assert!(fraction < RESAMPLE_BELOW, "{fraction}");
    }
}
