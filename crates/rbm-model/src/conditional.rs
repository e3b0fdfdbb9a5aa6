//! The distribution of some visible units given the others.

use crate::error::ModelError;
use crate::parameters::Parameters;

/// p(v_F | v_K) of the free visible units F, given known values of the others, K: a restricted Boltzmann machine again.
///
/// ```text
/// E(v, h) = - v_F.W_F.h - b_F.v_F - (c + v_K.W_K).h - b_K.v_K
/// ```
///
/// It has the weights and biases of the free units, and known units only move the hidden biases. Whatever samples a model or
/// estimates its ln Z does so for the rest of a row, and ln p(v_K) = [`log_weight`](Self::log_weight) + ln Z of this model - ln Z of the whole.
///
/// # Examples
/// ```
/// use rbm_model::partition::Enumeration;
/// use rbm_model::{Conditional, Parameters};
/// let model = Parameters::new(3, 1, vec![1.0, -2.0, 0.5], vec![0.3, 0.0, -1.0], vec![0.2])?;
/// let given = Conditional::new(&model, &[Some(true), None, None])?;
/// assert_eq!(given.free, [1, 2]);
///
/// // Weight of the known unit, and of both values of it together.
/// let on = given.log_weight + Enumeration::new(&given.model)?.ln_z();
/// let ln_z = Enumeration::new(&model)?.ln_z();
/// let mean = Enumeration::new(&model)?.moments().visible[0];
/// assert!((on - ln_z - mean.ln()).abs() < 1e-12);
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Conditional {
    /// The model of the free units.
    pub model: Parameters,
    /// Which visible units they are, in order.
    pub free: Vec<usize>,
    /// b_K.v_K.
    pub log_weight: f64,
}

impl Conditional {
    /// The conditional model for the known units of a row, `[n_visible]`; `None` is free.
    ///
    /// # Errors
    /// [`ModelError::Shape`] for another number of units, [`ModelError::EmptyLayer`] where none is free.
    pub fn new(model: &Parameters, known: &[Option<bool>]) -> Result<Self, ModelError> {
        if known.len() != model.n_visible {
            return Err(ModelError::Shape {
                tensor: "known".into(),
                expected: vec![model.n_visible],
                found: vec![known.len()],
            });
        }
        let free: Vec<usize> = (0..known.len()).filter(|&i| known[i].is_none()).collect();
        let on: Vec<f64> = known
            .iter()
            .map(|unit| f64::from(u8::from(*unit == Some(true))))
            .collect();
        let row = |&i: &usize| &model.weight[i * model.n_hidden..(i + 1) * model.n_hidden];
        Ok(Self {
            model: Parameters::new(
                free.len(),
                model.n_hidden,
                free.iter().flat_map(row).copied().collect(),
                free.iter().map(|&i| model.visible_bias[i]).collect(),
                model.hidden_field(&on),
            )?,
            log_weight: on.iter().zip(&model.visible_bias).map(|(v, b)| v * b).sum(),
            free,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RbmConfig;
    use crate::partition::Enumeration;
    use burn::tensor::Device;

    /// Every way to know some of four units, beside sums over all states.
    #[test]
    fn it_is_the_joint_distribution_divided_by_that_of_the_known_units() {
        let rbm = RbmConfig::new(4, 3)
            .with_weight_std(1.5)
            .init(&Device::flex());
        let mut model = rbm.unwrap().parameters().unwrap();
        model.visible_bias = vec![0.4, -1.0, 0.0, 2.0];
        model.hidden_bias = vec![-0.3, 0.8, 1.0];
        let states: Vec<[bool; 4]> = (0..16u8)
            .map(|s| std::array::from_fn(|i| s >> i & 1 == 1))
            .collect();
        let weight =
            |v: &[bool; 4]| (-model.free_energy(&v.map(|on| f64::from(u8::from(on))))).exp();
        let z: f64 = states.iter().map(weight).sum();
        for pattern in 0..80u32 {
            let unit =
                |i: u32| [Some(false), Some(true), None][(pattern / 3u32.pow(i) % 3) as usize];
            let known: [Option<bool>; 4] = [unit(0), unit(1), unit(2), unit(3)];
            if known.iter().all(Option::is_some) {
                assert!(Conditional::new(&model, &known).is_err());
                continue;
            }
            let fits =
                |v: &&[bool; 4]| known.iter().zip(*v).all(|(k, v)| k.is_none_or(|k| k == *v));
            let of_known: f64 = states.iter().filter(fits).map(weight).sum();
            let given = Conditional::new(&model, &known).unwrap();
            let exact = Enumeration::new(&given.model).unwrap();
            let ln_p = given.log_weight + exact.ln_z() - z.ln();
            assert!((ln_p - (of_known / z).ln()).abs() < 1e-10, "{known:?}");
            let means = exact.moments().visible;
            for (mean, &i) in means.iter().zip(&given.free) {
                let on = states.iter().filter(fits).filter(|v| v[i]).map(weight);
                assert!(
                    (mean - on.sum::<f64>() / of_known).abs() < 1e-10,
                    "{known:?}"
                );
            }
        }
        assert!(Conditional::new(&model, &[None; 3]).is_err());
    }
}
