//! Mean-field descent from visible states: which basin a state is in.

use super::geometric_path::Base;
use crate::kernels::BitMatrix;
use crate::model::Rbm;
use crate::parameters::{Parameters, softplus};
use burn::tensor::{Device, Tensor, TensorData};

/// Updates of both layers. They need not converge: a fixed number makes the end a function of the state.
const UPDATES: usize = 30;
/// Rows taken to the device at a time.
const CHUNK: usize = 500;
/// Leading modes whose two ends are starts.
const MODES: usize = 8;
/// Hidden units that are starts alone.
const UNITS: usize = 32;
/// Steps of the power method.
const POWER_STEPS: usize = 20;

/// Means of both layers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    pub visible: Vec<f32>,
    pub hidden: Vec<f32>,
}

impl Point {
    /// -F_MF, in nats, which at a fixed point is a lower bound of the ln Z of its surroundings.
    pub fn ln_z(&self, model: &Parameters) -> f64 {
        let double = |x: &[f32]| x.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
        let (v, h) = (double(&self.visible), double(&self.hidden));
        let (to_v, to_h) = (model.visible_field(&h), model.hidden_field(&v));
        let fields = to_h.iter().zip(&model.hidden_bias).zip(&h);
        let coupling: f64 = fields.map(|((f, c), h)| (f - c) * h).sum();
        to_v.into_iter().chain(to_h).map(softplus).sum::<f64>() - coupling
    }

    /// Independent units in the fields of these means: b + W m_h and c + m_v W.
    pub fn base(&self, model: &Parameters) -> Base {
        let double = |x: &[f32]| x.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
        Base {
            visible_bias: model.visible_field(&double(&self.hidden)),
            hidden_bias: model.hidden_field(&double(&self.visible)),
        }
    }

    /// Sum over visible units of the differences of the means.
    pub fn distance(&self, other: &Self) -> f64 {
        let pairs = self.visible.iter().zip(&other.visible);
        pairs.map(|(a, b)| f64::from((a - b).abs())).sum()
    }
}

/// Where the alternating mean-field updates lead from visible states, one point per row,
///
/// ```text
/// m_h = sigmoid(c + m_v W),   m_v = sigmoid(b + W m_h)
/// ```
///
/// Each update minimizes F_MF over one layer, so the way leads down.
pub(super) fn from_visible(model: &Parameters, device: &Device, rows: &BitMatrix) -> Vec<Point> {
    let rbm = Rbm::from_parameters(model, device);
    let starts = (0..rows.rows()).step_by(CHUNK);
    let each = starts.flat_map(|first| {
        let some = rows.slice(first..rows.rows().min(first + CHUNK));
        let hidden = rbm.hidden_probabilities(some.to_tensor(device));
        descend(&rbm, hidden)
    });
    each.collect()
}

/// Where the updates lead from places that the weights point to: all hidden units off, half on and on, the hidden
/// units of the greatest weights alone, and both ends of the leading modes.
pub(super) fn from_weights(model: &Parameters, device: &Device) -> Vec<Point> {
    let (n, m) = (model.n_visible, model.n_hidden);
    let rbm = Rbm::from_parameters(model, device);
    let mut hidden: Vec<Vec<f32>> = [0.0, 0.5, 1.0].map(|x| vec![x; m]).to_vec();
    let norm = |j: usize| (0..n).map(|i| model.weight_at(i, j).powi(2)).sum::<f64>();
    let mut units: Vec<(usize, f64)> = (0..m).map(|j| (j, norm(j))).collect();
    units.sort_by(|a, b| b.1.total_cmp(&a.1));
    hidden.extend(units.iter().take(UNITS).map(|(unit, _)| {
        let mut alone = vec![0.0; m];
        alone[*unit] = 1.0;
        alone
    }));
    let count = hidden.len();
    let data = TensorData::new(hidden.concat(), [count, m]);
    let mut points = descend(&rbm, Tensor::from_data(data, device));
    let modes = leading_modes(model);
    let ends = BitMatrix::from_fn(2 * modes.len(), n, |row, i| {
        (modes[row / 2][i] > 0.0) == (row % 2 == 0)
    });
    points.extend(from_visible(model, device, &ends));
    points
}

fn descend(rbm: &Rbm, mut hidden: Tensor<2>) -> Vec<Point> {
    let mut visible = rbm.visible_probabilities(hidden.clone());
    for _ in 0..UPDATES {
        hidden = rbm.hidden_probabilities(visible);
        visible = rbm.visible_probabilities(hidden.clone());
    }
    let rows = |x: Tensor<2>| -> Vec<Vec<f32>> {
        let width = x.dims()[1];
        let numbers: Vec<f32> = x.into_data().iter::<f32>().collect();
        numbers.chunks_exact(width).map(<[f32]>::to_vec).collect()
    };
    let pairs = rows(visible).into_iter().zip(rows(hidden));
    pairs
        .map(|(visible, hidden)| Point { visible, hidden })
        .collect()
}

/// Left singular vectors of W with the greatest singular values, about: any directions of large variance will do.
fn leading_modes(model: &Parameters) -> Vec<Vec<f64>> {
    let (n, m) = (model.n_visible, model.n_hidden);
    let count = MODES.min(n).min(m);
    let mut modes: Vec<Vec<f64>> = (0..count)
        .map(|k| {
            (0..n)
                .map(|i| 1.0 + ((i * (k + 1)) % 7) as f64 / 7.0)
                .collect()
        })
        .collect();
    for _ in 0..POWER_STEPS {
        for k in 0..count {
            let mut y = vec![0.0; m];
            for (row, u) in model.weight.chunks_exact(m).zip(&modes[k]) {
                y.iter_mut().zip(row).for_each(|(y, w)| *y += u * w);
            }
            let product = |row: &[f64]| row.iter().zip(&y).map(|(w, y)| w * y).sum();
            let mut next: Vec<f64> = model.weight.chunks_exact(m).map(product).collect();
            for other in &modes[..k] {
                let overlap: f64 = next.iter().zip(other).map(|(a, b)| a * b).sum();
                next.iter_mut()
                    .zip(other)
                    .for_each(|(x, o)| *x -= overlap * o);
            }
            let norm = next.iter().map(|x| x * x).sum::<f64>().sqrt();
            if norm > 0.0 {
                next.iter_mut().for_each(|x| *x /= norm);
                modes[k] = next;
            }
        }
    }
    modes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two wells: each state goes to its own, and the bound is one.
    #[test]
    fn states_go_down_to_the_well_they_are_in() {
        let (n, m) = (12, 6);
        let weight = vec![2.0; n * m];
        let model = Parameters::new(n, m, weight, vec![-6.0; n], vec![-12.0; m]).unwrap();
        let device = Device::flex();
        let rows = BitMatrix::from_fn(4, n, |row, i| i < [0, 2, 10, 12][row]);
        let points = from_visible(&model, &device, &rows);
        assert!(points[0].distance(&points[1]) < 1e-3 && points[2].distance(&points[3]) < 1e-3);
        assert!(points[0].distance(&points[3]) > 0.9 * n as f64);
        let exact = crate::partition::Enumeration::new(&model).unwrap().ln_z();
        for point in &points {
            // Each well has half of Z, nearly all of it at the fixed point.
            let below = exact - point.ln_z(&model);
            assert!(below > 0.0 && (below - 2f64.ln()).abs() < 0.05, "{below}");
        }
        let found = from_weights(&model, &device);
        for point in [&points[0], &points[3]] {
            assert!(found.iter().any(|other| other.distance(point) < 1e-3));
        }
    }
}
