//! Rows completed by the model: units that are not known, given those that are.

use super::mixing::DRAWS;
use burn::tensor::Device;
use rbm_model::noise::stream;
use rbm_model::partition::Enumeration;
use rbm_model::sampling::PackedChains;
use rbm_model::sampling::diagnostics::{LEAST_DRAWS, diagnose};
use rbm_model::{BitMatrix, Conditional, ModelError, Parameters, Rbm};

/// Layers of so many units are summed over in an instant.
const EXACT: usize = 16;

/// One row, completed.
#[derive(Debug, Clone)]
pub struct Completed {
    /// p(v_i = 1 | known units), `[n_visible]`: exact, or the mean of p(v_i = 1 | h) over chains; 0 or 1 for known units.
    pub probabilities: Vec<f32>,
    /// Whole rows, one for each chain, `[chains, n_visible]`.
    pub states: BitMatrix,
    /// Whether the probabilities are sums over all states.
    pub exact: bool,
    /// R-hat of the free energy of the free units over the second half of the sweeps; `None` where too few were made, or
    /// nothing is free.
    pub r_hat: Option<f64>,
}

/// How to complete rows.
#[derive(Debug, Clone, Copy)]
pub struct ClampedOptions {
    /// Chains for each row.
    pub chains: usize,
    /// Gibbs sweeps of each, of which the first half is discarded.
    pub sweeps: usize,
    /// Seed.
    pub seed: u64,
}

/// Completes row number `row`, whose units are known or `None`.
///
/// Given the known units the free ones are a restricted Boltzmann machine, see [`Conditional`], of which block Gibbs chains start at its
/// biases. Each row has random numbers of its own.
///
/// # Errors
/// [`ModelError::Shape`] for another number of units than the model's.
pub fn complete(
    model: &Parameters,
    device: &Device,
    known: &[Option<bool>],
    row: usize,
    options: ClampedOptions,
) -> Result<Completed, ModelError> {
    let states = |free: &[usize], drawn: &BitMatrix| {
        BitMatrix::from_fn(options.chains, known.len(), |chain, unit| {
            known[unit].unwrap_or_else(|| {
                let at = free.binary_search(&unit);
                at.is_ok_and(|at| drawn.get(chain, at))
            })
        })
    };
    if known.len() == model.n_visible && known.iter().all(Option::is_some) {
        let on = known
            .iter()
            .map(|unit| f32::from(u8::from(*unit == Some(true))));
        return Ok(Completed {
            probabilities: on.collect(),
            states: states(&[], &BitMatrix::zeros(options.chains, 0)),
            exact: true,
            r_hat: None,
        });
    }
    let given = Conditional::new(model, known)?;
    let rbm = Rbm::from_parameters(&given.model, device);
    let mut chains = PackedChains::from_biases(&rbm, options.chains, options.seed, stream::SAMPLE);
    chains.step = (row as u64) << 32;
    let recorded = options.sweeps.div_ceil(2);
    chains.sweep(&rbm, options.sweeps - recorded);
    let every = recorded.div_ceil(DRAWS).max(1);
    let mut sums = vec![0.0f64; given.free.len()];
    let mut draws = Vec::new();
    let mut energies = vec![Vec::new(); options.chains];
    for _ in 0..(recorded / every).max(1) {
        chains.sweep(&rbm, every.min(recorded));
        let means = rbm
            .visible_probabilities(chains.hidden.to_tensor(device))
            .mean_dim(0);
        for (sum, mean) in sums.iter_mut().zip(means.into_data().iter::<f64>()) {
            *sum += mean;
        }
        let energy = rbm
            .free_energy(chains.visible.to_tensor(device))
            .into_data();
        for (of_chain, energy) in energies.iter_mut().zip(energy.iter::<f64>()) {
            of_chain.push(energy);
        }
        draws.push(());
    }
    let exact = given.free.len().min(model.n_hidden) <= EXACT;
    let means = match exact {
        true => Enumeration::new(&given.model)?.moments().visible,
        false => sums.iter().map(|sum| sum / draws.len() as f64).collect(),
    };
    let mut probabilities: Vec<f32> = known
        .iter()
        .map(|unit| f32::from(u8::from(*unit == Some(true))))
        .collect();
    for (&unit, mean) in given.free.iter().zip(&means) {
        probabilities[unit] = *mean as f32;
    }
    let judged = draws.len() >= LEAST_DRAWS && options.chains > 1;
    Ok(Completed {
        probabilities,
        states: states(&given.free, &chains.visible),
        exact,
        r_hat: match judged {
            true => diagnose(&energies).ok().map(|found| found.r_hat),
            false => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rbm_model::RbmConfig;

    /// Beside the sum over all states of a model whose smaller layer is small, and which pretends not to be.
    #[test]
    fn chains_have_the_conditional_probabilities() {
        let device = Device::flex();
        let rbm = RbmConfig::new(9, 4).with_weight_std(1.0).init(&device);
        let model = rbm.unwrap().parameters().unwrap();
        let known: Vec<Option<bool>> = (0..9).map(|i| (i % 3 > 0).then_some(i % 2 == 0)).collect();
        let options = ClampedOptions {
            chains: 400,
            sweeps: 400,
            seed: 3,
        };
        let found = complete(&model, &device, &known, 5, options).unwrap();
        assert!(found.exact && found.r_hat.unwrap() < 1.05);
        let on =
            |unit: usize| (0..400).filter(|c| found.states.get(*c, unit)).count() as f64 / 400.0;
        for (unit, &p) in found.probabilities.iter().enumerate() {
            match known[unit] {
                Some(state) => assert_eq!(
                    (p, on(unit)),
                    (f32::from(u8::from(state)), f64::from(u8::from(state)))
                ),
                // Five standard errors of 400 independent chains.
                None => assert!((on(unit) - f64::from(p)).abs() < 5.0 * 0.5 / 20.0, "{unit}"),
            }
        }
        let other = complete(&model, &device, &known, 6, options).unwrap();
        assert_ne!(
            other.states, found.states,
            "rows have random numbers of their own"
        );
        assert!(complete(&model, &device, &known[1..], 0, options).is_err());
    }

    #[test]
    fn means_over_chains_are_those_of_a_sum() {
        let device = Device::flex();
        let rbm = RbmConfig::new(40, 17).with_weight_std(0.3).init(&device);
        let model = rbm.unwrap().parameters().unwrap();
        let known: Vec<Option<bool>> = (0..40).map(|i| (i < 20).then_some(i % 2 == 0)).collect();
        let options = ClampedOptions {
            chains: 50,
            sweeps: 400,
            seed: 1,
        };
        let found = complete(&model, &device, &known, 0, options).unwrap();
        assert!(!found.exact);
        let given = Conditional::new(&model, &known).unwrap();
        let exact = Enumeration::new(&given.model).unwrap().moments().visible;
        for (&unit, mean) in given.free.iter().zip(exact) {
            // 10,000 draws, and means of p(v | h) vary less than v.
            assert!((f64::from(found.probabilities[unit]) - mean).abs() < 0.02);
        }
    }

    #[test]
    fn a_row_that_is_known_stays() {
        let model = Parameters::new(2, 1, vec![1.0; 2], vec![0.0; 2], vec![0.0]).unwrap();
        let options = ClampedOptions {
            chains: 2,
            sweeps: 0,
            seed: 0,
        };
        let found = complete(
            &model,
            &Device::flex(),
            &[Some(true), Some(false)],
            0,
            options,
        )
        .unwrap();
        assert_eq!(found.probabilities, [1.0, 0.0]);
        assert!((0..2).all(|c| found.states.get(c, 0) && !found.states.get(c, 1)));
    }
}
