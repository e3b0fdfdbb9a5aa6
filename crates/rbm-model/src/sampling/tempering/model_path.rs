//! Paths of models from one that is easily sampled to the one that is wanted.

use super::TemperingError;
use super::softplus::row_sums;
use crate::error::ModelError;
use crate::model::Rbm;
use burn::module::Param;
use burn::tensor::{Tensor, TensorData};

/// A piecewise linear path through models of one shape.
///
/// Position s in \[k, k + 1\] is the model with parameters (1 - t) theta_k + t theta_{k+1}, t = s - k.
/// The energy of an RBM is linear in its parameters, so on each piece
///
/// ```text
/// E_s(v, h) = (1 - t) E_k(v, h) + t E_{k+1}(v, h)
/// ```
///
/// which is the geometric path between the two distributions.
///
/// * [`ModelPath::tempered`] has two models: independent units, and the model. Position s is an inverse
///   temperature beta, with parameters (beta W, (1 - beta) a + beta b, beta c). The reference fields a
///   choose the path: 0 is the plain inverse temperature, at which both layers forget everything;
///   those of the data's mean keep the mean activity of the visible units about constant on
///   the way, so neighbors overlap more and the ladder is shorter.
/// * [`ModelPath::through`] goes through the snapshots of a training run. Modes appear one after the
///   other along it, in continuous transitions, where lowering the temperature of the final model
///   may meet a discontinuous one. Source: N. Bereux, A. Decelle, C. Furtlehner, L. Rosset,
///   B. Seoane, arXiv:2405.15376 (2024), whose replicas are the snapshots themselves; here levels may
///   lie between snapshots as well, so that neighbors overlap as wanted.
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_model::{Parameters, Rbm, sampling::ModelPath};
/// let model = Parameters::new(1, 1, vec![2.0], vec![0.5], vec![-1.0])?;
/// let path = ModelPath::tempered(&Rbm::from_parameters(&model, &Device::flex()), &[1.5])?;
/// // (beta W, (1 - beta) a + beta b, beta c) at beta = 1/2
/// let half = Parameters::new(1, 1, vec![1.0], vec![1.0], vec![-0.5])?;
/// assert_eq!(path.at(0.5).parameters()?, half);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ModelPath {
    nodes: Vec<Rbm>,
    /// The first model has no couplings and no hidden biases.
    independent_start: bool,
}

impl ModelPath {
    /// From independent visible units with fields `reference` (`[n_visible]`) and unbiased
    /// hidden units to the model.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if `reference` has another length, [`ModelError::NotFinite`] for an
    /// entry that is NaN or infinite.
    pub fn tempered(rbm: &Rbm, reference: &[f32]) -> Result<Self, TemperingError> {
        let n = rbm.n_visible();
        if reference.len() != n {
            return Err(ModelError::Shape {
                tensor: "reference fields".into(),
                expected: vec![n],
                found: vec![reference.len()],
            }
            .into());
        }
        if let Some(index) = reference.iter().position(|x| !x.is_finite()) {
            return Err(ModelError::NotFinite {
                tensor: "reference fields".into(),
                index,
                value: f64::from(reference[index]),
            }
            .into());
        }
        let fields = TensorData::new(reference.to_vec(), [n]);
        let independent = Rbm {
            weight: Param::from_tensor(rbm.weight.val().zeros_like()),
            visible_bias: Param::from_tensor(Tensor::from_data(fields, &rbm.device())),
            hidden_bias: Param::from_tensor(rbm.hidden_bias.val().zeros_like()),
        };
        Ok(Self {
            nodes: vec![independent, rbm.clone()],
            independent_start: true,
        })
    }

    /// Through models of one shape in their order, at least two; the last one is that to sample.
    ///
    /// # Errors
    /// [`TemperingError::ShortPath`] for fewer than two, [`ModelError::Shape`] where a shape differs
    /// from that of the last.
    pub fn through(models: Vec<Rbm>) -> Result<Self, TemperingError> {
        let [.., last] = models.as_slice() else {
            return Err(TemperingError::ShortPath { found: 0 });
        };
        if models.len() < 2 {
            return Err(TemperingError::ShortPath {
                found: models.len(),
            });
        }
        let expected = last.weight.val().dims();
        for (index, model) in models.iter().enumerate() {
            let found = model.weight.val().dims();
            if found != expected {
                return Err(ModelError::Shape {
                    tensor: format!("weight of model {index} of the path"),
                    expected: expected.to_vec(),
                    found: found.to_vec(),
                }
                .into());
            }
        }
        Ok(Self {
            nodes: models,
            independent_start: false,
        })
    }

    /// Position of the last model; that of the first is 0.
    pub fn end(&self) -> f64 {
        (self.nodes.len() - 1) as f64
    }

    /// Number of visible units.
    pub fn n_visible(&self) -> usize {
        self.nodes[0].n_visible()
    }

    /// The model at a position, which is moved into the path if it lies outside.
    pub fn at(&self, position: f64) -> Rbm {
        let position = position.clamp(0.0, self.end());
        let before = position.floor() as usize;
        let t = position - before as f64;
        if t == 0.0 {
            return self.nodes[before].clone();
        }
        let (a, b) = (&self.nodes[before], &self.nodes[before + 1]);
        if before == 0 && self.independent_start {
            // The same numbers as below, without a pass over zeros.
            return Rbm {
                weight: Param::from_tensor(b.weight.val() * t),
                visible_bias: Param::from_tensor(
                    a.visible_bias.val() * (1.0 - t) + b.visible_bias.val() * t,
                ),
                hidden_bias: Param::from_tensor(b.hidden_bias.val() * t),
            };
        }
        Rbm {
            weight: Param::from_tensor(a.weight.val() * (1.0 - t) + b.weight.val() * t),
            visible_bias: Param::from_tensor(
                a.visible_bias.val() * (1.0 - t) + b.visible_bias.val() * t,
            ),
            hidden_bias: Param::from_tensor(
                a.hidden_bias.val() * (1.0 - t) + b.hidden_bias.val() * t,
            ),
        }
    }

    /// Free energies of the same visible states (`[rows, n_visible]`) under the models at two
    /// positions, `levels` being those models: F(v) = - b.v - sum_j softplus(c_j + (v W)_j).
    ///
    /// Fields are computed on the device; the sums over hidden units in f64 on the host, in a fixed order.
    pub(super) fn free_energies(
        &self,
        positions: [f64; 2],
        levels: [&Rbm; 2],
        visible: Tensor<2>,
    ) -> [Vec<f64>; 2] {
        let bias = levels.map(|level| {
            let bias = level.visible_bias.val().unsqueeze_dim::<2>(1);
            read(visible.clone().matmul(bias))
        });
        let m = levels[0].n_hidden();
        let softplus = if self.independent_start && positions.iter().all(|s| *s <= 1.0) {
            // The fields at inverse temperature beta are beta times those of the model.
            let fields = read(self.nodes[1].hidden_field(visible));
            positions.map(|beta| row_sums(&fields, m, beta as f32))
        } else {
            levels.map(|level| row_sums(&read(level.hidden_field(visible.clone())), m, 1.0))
        };
        let [b0, b1] = bias;
        let [s0, s1] = softplus;
        let total = |bias: Vec<f32>, sums: Vec<f64>| {
            bias.into_iter()
                .zip(sums)
                .map(|(b, s)| -f64::from(b) - s)
                .collect()
        };
        [total(b0, s0), total(b1, s1)]
    }
}

fn read(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RbmConfig;
    use crate::parameters::softplus;
    use burn::tensor::Device;

    #[test]
    fn free_energies_are_those_of_the_models_on_the_path() {
        let device = Device::default();
        let model = |seed| {
            let rbm = RbmConfig::new(9, 5)
                .with_weight_std(1.0)
                .with_seed(seed)
                .init(&device)
                .unwrap();
            let bias = crate::init::normal(9, 1.0, seed + 50);
            Rbm {
                visible_bias: Param::from_tensor(Tensor::from_data(
                    TensorData::new(bias, [9]),
                    &device,
                )),
                hidden_bias: Param::from_tensor(Tensor::ones([5], &device) * 0.3),
                ..rbm
            }
        };
        let reference = [0.5f32; 9];
        let rows: Vec<f32> = (0..27).map(|k| f32::from(k * 7 % 3 == 0)).collect();
        for path in [
            ModelPath::tempered(&model(1), &reference).unwrap(),
            ModelPath::through(vec![model(1), model(2), model(3)]).unwrap(),
        ] {
            let positions = [0.25 * path.end(), 0.75 * path.end()];
            let levels = positions.map(|s| path.at(s));
            let visible = Tensor::from_data(TensorData::new(rows.clone(), [3, 9]), &device);
            let found = path.free_energies(positions, [&levels[0], &levels[1]], visible);
            for (found, level) in found.iter().zip(&levels) {
                let host = level.parameters().unwrap();
                for (row, found) in rows.chunks(9).zip(found) {
                    let row: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
                    let expected = -host
                        .visible_bias
                        .iter()
                        .zip(&row)
                        .map(|(b, v)| b * v)
                        .sum::<f64>()
                        - host
                            .hidden_field(&row)
                            .into_iter()
                            .map(softplus)
                            .sum::<f64>();
                    assert!((found - expected).abs() < 1e-5, "{found} {expected}");
                }
            }
        }
    }

    #[test]
    fn paths_that_make_no_sense_are_refused() {
        let device = Device::default();
        let rbm = RbmConfig::new(4, 3).init(&device).unwrap();
        let other = RbmConfig::new(4, 2).init(&device).unwrap();
        assert!(ModelPath::tempered(&rbm, &[0.0; 3]).is_err());
        assert!(ModelPath::tempered(&rbm, &[f32::NAN; 4]).is_err());
        assert!(ModelPath::through(vec![]).is_err());
        assert!(ModelPath::through(vec![rbm.clone()]).is_err());
        let error = ModelPath::through(vec![other, rbm])
            .unwrap_err()
            .to_string();
        assert!(error.contains("model 0"), "{error}");
    }
}
