//! Samples of a model for reverse runs, and whether they can be believed.

use super::anneal::{StepObserver, anneal};
use super::geometric_path::{Base, GeometricPath, Noise};
use super::sampler::Start;
use crate::error::ModelError;
use crate::kernels::BitMatrix;
use crate::noise::Sequence;
use crate::numeric::variance;
use crate::parameters::Parameters;
use burn::tensor::Device;

/// Largest R-hat with which groups of chains count as one.
const LARGEST_R_HAT: f64 = 1.05;
/// Fewest chains of a group for which that means anything: with fewer, groups cannot be compared.
pub(super) const FEWEST_CHAINS: usize = 50;

/// Chains that start somewhere.
#[derive(Debug, Clone)]
pub struct Group {
    /// Where they start, for the verdict: "data", say.
    pub name: String,
    /// Visible states, `[chains, n_visible]`.
    pub visible: BitMatrix,
}

/// Whether groups of chains have the same distribution.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// R-hat of free energy, number of units on, and leading mode.
    pub r_hat: [f64; 3],
    /// Whether they agree.
    pub agree: bool,
    /// All of that in words.
    pub text: String,
}

/// A function of a visible state, with its name.
type Quantity<'a> = (&'static str, &'a dyn Fn(&[f64]) -> f64);

/// Makes Gibbs sweeps of a model with all groups.
///
/// # Errors
/// [`ModelError::Shape`] or [`ModelError::Annealing`] for states that do not fit or are not there.
pub fn equilibrate(
    model: &Parameters,
    device: &Device,
    groups: &mut [Group],
    sweeps: usize,
    noise: Noise,
    each: &mut StepObserver<'_>,
) -> Result<(), ModelError> {
    let mut all = BitMatrix::zeros(0, model.n_visible);
    for group in &*groups {
        all.append(&group.visible)?;
    }
    let all = sweep(model, device, all, sweeps, noise, each)?;
    let mut first = 0;
    for group in groups {
        let end = first + group.visible.rows();
        group.visible = all.slice(first..end);
        first = end;
    }
    Ok(())
}

/// Compares where groups of chains arrived that started in different places, `sweeps` sweeps ago.
///
/// Three quantities are compared: free energy, number of units that are on, and the projection
/// on the leading left singular vector of W. For each, over groups of chains with means m_g,
///
/// ```text
/// R-hat = sqrt(1 + var_g(m_g) / mean_g(var within g))
/// ```
///
/// which is 1 up to 1 / (2 chains) if all groups have the same distribution. They agree if there
/// are at least two groups, of 50 chains or more, and no R-hat is above 1.05. Modes that no group
/// has found, or that have the same three quantities, go unseen.
///
/// Source: A. Gelman and D. B. Rubin, Stat. Sci. 7, 457 (1992), doi:10.1214/ss/1177011136; for many
/// short chains, C. C. Margossian et al., arXiv:2110.13017.
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_model::{BitMatrix, ModelError, Parameters, noise::stream};
/// use rbm_model::partition::{Group, Noise, compare, equilibrate, ignore_steps};
/// // Chains from all units off and all on meet where couplings are weak, and do not where they make two wells.
/// let meet = |w: f64| -> Result<bool, ModelError> {
///     let model = Parameters::new(6, 4, vec![w; 24], vec![-2.0 * w; 6], vec![-3.0 * w; 4])?;
///     let mut groups = [false, true].map(|on| Group {
///         name: on.to_string(),
///         visible: BitMatrix::from_fn(200, 6, |_, _| on),
///     });
///     let noise = Noise { seed: 1, stream: stream::EQUILIBRIUM, first_step: 0 };
///     equilibrate(&model, &Device::flex(), &mut groups, 50, noise, &mut ignore_steps)?;
///     Ok(compare(&model, &[&groups[0], &groups[1]], 50).agree)
/// };
/// assert!(meet(0.1)? && !meet(3.0)?);
/// # Ok::<(), ModelError>(())
/// ```
pub fn compare(model: &Parameters, groups: &[&Group], sweeps: usize) -> Comparison {
    let leading = leading_left_vector(model);
    let quantities: [Quantity<'_>; 3] = [
        ("free energy", &|v| model.free_energy(v)),
        ("units on", &|v| v.iter().sum()),
        ("leading mode", &|v| {
            v.iter().zip(&leading).map(|(v, u)| v * u).sum()
        }),
    ];
    let mut values = [Vec::new(), Vec::new(), Vec::new()];
    for group in groups {
        let numbers = group.visible.to_numbers();
        let doubles: Vec<Vec<f64>> = numbers
            .chunks_exact(model.n_visible)
            .map(|row| row.iter().map(|x| f64::from(*x)).collect())
            .collect();
        for (values, (_, quantity)) in values.iter_mut().zip(&quantities) {
            values.push(doubles.iter().map(|v| quantity(v)).collect::<Vec<f64>>());
        }
    }
    let r_hat = values.map(|values| r_hat(&values));
    let enough = groups.len() >= 2 && groups.iter().all(|g| g.visible.rows() >= FEWEST_CHAINS);
    let agree = enough && r_hat.iter().all(|r| *r <= LARGEST_R_HAT);
    let names: Vec<&str> = groups.iter().map(|g| g.name.as_str()).collect();
    let found = quantities.iter().zip(r_hat);
    let found: Vec<String> = found
        .map(|((name, _), r)| format!("{name} {r:.3}"))
        .collect();
    let text = if !enough {
        format!(
            "chains cannot be compared: two groups of at least {FEWEST_CHAINS} from different starts \
             are needed (there are {})",
            groups.len()
        )
    } else {
        format!(
            "after {sweeps} sweeps chains from {} {} (R-hat: {}; at most {LARGEST_R_HAT} wanted)",
            names.join(" and "),
            if agree { "agree" } else { "disagree" },
            found.join(", ")
        )
    };
    Comparison { r_hat, agree, text }
}

/// Visible states after Gibbs sweeps of a model.
fn sweep(
    model: &Parameters,
    device: &Device,
    visible: BitMatrix,
    sweeps: usize,
    noise: Noise,
    each: &mut StepObserver<'_>,
) -> Result<BitMatrix, ModelError> {
    if sweeps == 0 {
        return Ok(visible);
    }
    // Staying at the end of a path is sampling the model there.
    let base = Base::uniform(model.n_visible, model.n_hidden);
    let path = GeometricPath::from_base(&base, model)?;
    let stay = vec![1.0; sweeps + 1];
    Ok(anneal(&path, device, &stay, Start::Visible(&visible), noise, each)?.visible)
}

/// R-hat of one quantity over groups of independent chains; see [`compare`]. 1 where nothing
/// varies, infinite where groups differ and chains within them do not.
fn r_hat(groups: &[Vec<f64>]) -> f64 {
    let means: Vec<f64> = groups
        .iter()
        .map(|g| g.iter().sum::<f64>() / g.len() as f64)
        .collect();
    let within = groups.iter().map(|g| variance(g)).sum::<f64>() / groups.len() as f64;
    let between = variance(&means);
    if between == 0.0 {
        return 1.0;
    }
    (1.0 + between / within).sqrt()
}

/// Chains to go on with, in proportion to their weights, as equally weighted ones: each comes up
/// floor or ceil of its share of times (systematic resampling; Douc, Cappe and Moulines 2005,
/// arXiv:cs/0507025). As many numbers of chains as there are weights, rising.
///
/// # Examples
/// ```
/// use rbm_model::{noise::stream, partition::{Noise, resample}};
/// let noise = Noise { seed: 1, stream: stream::POPULATION, first_step: 0 };
/// // Two of four chains have all the weight: twice each.
/// let none = f64::NEG_INFINITY;
/// assert_eq!(resample(&[0.0, none, 0.0, none], noise), [0, 0, 2, 2]);
/// ```
pub fn resample(log_weights: &[f64], noise: Noise) -> Vec<usize> {
    let chains = log_weights.len();
    let max = log_weights.iter().fold(f64::NEG_INFINITY, |m, w| m.max(*w));
    let weights: Vec<f64> = log_weights.iter().map(|w| (w - max).exp()).collect();
    let step = weights.iter().sum::<f64>() / chains as f64;
    let mut random = Sequence::new(noise.seed, noise.stream, noise.first_step);
    let offset = f64::from(random.next_uniform());
    let mut out = Vec::with_capacity(chains);
    let (mut chain, mut passed) = (0, weights.first().copied().unwrap_or(0.0));
    for k in 0..chains {
        let mark = (k as f64 + offset) * step;
        while passed < mark && chain + 1 < chains {
            chain += 1;
            passed += weights[chain];
        }
        out.push(chain);
    }
    out
}

/// The states of the chains with these numbers.
///
/// # Panics
/// If there is no such chain.
pub(super) fn pick(visible: &BitMatrix, chains: &[usize]) -> BitMatrix {
    let chains: Vec<u32> = chains.iter().map(|chain| *chain as u32).collect();
    visible.select(&chains)
}

/// The leading left singular vector of W, as far as 50 steps of the power method find it: any
/// direction of large variance will do here.
fn leading_left_vector(model: &Parameters) -> Vec<f64> {
    let (n, m) = (model.n_visible, model.n_hidden);
    let mut u: Vec<f64> = (0..n).map(|i| 1.0 + (i % 7) as f64 / 7.0).collect();
    for _ in 0..50 {
        let mut y = vec![0.0; m];
        for (row, u) in model.weight.chunks_exact(m).zip(&u) {
            y.iter_mut().zip(row).for_each(|(y, w)| *y += u * w);
        }
        for (u, row) in u.iter_mut().zip(model.weight.chunks_exact(m)) {
            *u = row.iter().zip(&y).map(|(w, y)| w * y).sum();
        }
        let norm = u.iter().map(|x| x * x).sum::<f64>().sqrt();
        if norm == 0.0 {
            break;
        }
        u.iter_mut().for_each(|x| *x /= norm);
    }
    u
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::normal;

    #[test]
    fn r_hat_is_one_for_one_distribution_and_tells_two_apart() {
        let group = |seed, shift: f64| -> Vec<f64> {
            let x = normal(1000, 1.0, seed);
            x.into_iter().map(|x| f64::from(x) + shift).collect()
        };
        // 1 + var(m_g) / 2 with var(m_g) about 1/1000.
        assert!((r_hat(&[group(1, 0.0), group(2, 0.0)]) - 1.0).abs() < 0.005);
        // Means 1 apart: variance 1/2 over two groups.
        let apart = r_hat(&[group(1, 0.0), group(2, 1.0)]);
        assert!((apart - 1.5f64.sqrt()).abs() < 0.05, "{apart}");
        assert_eq!(r_hat(&[vec![2.0; 5], vec![2.0; 5]]), 1.0);
        assert_eq!(r_hat(&[vec![2.0; 5], vec![3.0; 5]]), f64::INFINITY);
    }

    #[test]
    fn resampling_keeps_shares_to_within_one() {
        let log_weights: Vec<f64> = [0.1f64, 0.4, 0.05, 0.25, 0.2].map(f64::ln).to_vec();
        let mut counts = [0.0; 5];
        for first_step in 0..2000 {
            let noise = Noise {
                seed: 1,
                stream: 2,
                first_step,
            };
            let drawn = resample(&log_weights, noise);
            for (k, w) in log_weights.iter().enumerate() {
                let count = drawn.iter().filter(|x| **x == k).count() as f64;
                assert!((count - 5.0 * w.exp()).abs() < 1.0 + 1e-6);
                counts[k] += count / 2000.0;
            }
        }
        for (count, w) in counts.iter().zip(&log_weights) {
            // Counts are two neighboring integers: standard deviation at most 1/2.
            assert!((count - 5.0 * w.exp()).abs() < 5.0 * 0.5 / 2000f64.sqrt());
        }
    }

    #[test]
    fn the_leading_vector_is_one() {
        // W = 3 u v^T + small: u is found.
        let u = [0.6, 0.0, 0.8];
        let weight: Vec<f64> = u.iter().flat_map(|u| [3.0 * u, 0.0]).collect();
        let model = Parameters::new(3, 2, weight, vec![0.0; 3], vec![0.0; 2]).unwrap();
        let found = leading_left_vector(&model);
        assert!(found.iter().zip(u).all(|(a, b)| (a - b).abs() < 1e-12));
    }
}
