//! Whether a device computes what another one does.
//!
//! All devices draw from the same integer noise, so two of them may differ only where rounding of
//! a field decides a state: where the uniform number is within rounding of its probability.
//! [`compare`] measures how far energies are apart, trains the same small model on both, and names
//! every state that they drew differently when they first did.

use crate::error::ModelError;
use crate::gradient::{Offsets, PhaseSamples};
use crate::model::host;
use crate::noise::{Layer, NoiseKey, stream};
use crate::optim::{Rule, Step};
use crate::parameters::sigmoid;
use crate::sampling::Chains;
use crate::update::{self, OptimizerState};
use crate::{Parameters, Rbm, RbmConfig};
use burn::tensor::{Device, Tensor, TensorData};
use serde::Serialize;

/// A state that two devices drew differently.
#[derive(Debug, Clone, Serialize)]
pub struct Flip {
    /// `visible` or `hidden`.
    pub layer: &'static str,
    /// Chain.
    pub chain: usize,
    /// Unit of the layer.
    pub unit: usize,
    /// Uniform number that decided.
    pub uniform: f64,
    /// Probability that it was compared with, in double precision.
    pub probability: f64,
}

/// How far two devices agree.
#[derive(Debug, Clone, Serialize)]
pub struct Agreement {
    /// Largest difference of energies of random joint states, relative to the larger of energy and 1.
    pub energy: f64,
    /// The same for free energies of random visible states.
    pub free_energy: f64,
    /// Updates asked for.
    pub updates: u64,
    /// Updates until the first state that differs; `updates` where none does.
    pub equal_updates: u64,
    /// Largest difference of weights after those, relative to the largest weight.
    pub weights: f64,
    /// All states that differ in the update after them, but for those that follow from others.
    pub flips: Vec<Flip>,
}

impl Agreement {
    /// The largest distance of a uniform number from its probability among the flips; 0 without any.
    pub fn widest_flip(&self) -> f64 {
        let gaps = self
            .flips
            .iter()
            .map(|flip| (flip.uniform - flip.probability).abs());
        gaps.fold(0.0, f64::max)
    }
}

const SEED: u64 = 7;
const RATE: f64 = 0.05;

/// A model with the chains that follow it.
struct Side {
    rbm: Rbm,
    chains: Chains,
    data: Tensor<2>,
}

impl Side {
    fn new([n, m, rows]: [usize; 3], device: &Device) -> Result<Self, ModelError> {
        let config = RbmConfig::new(n, m).with_weight_std(0.5).with_seed(SEED);
        let rbm = config.init(device)?;
        Ok(Self {
            chains: Chains::from_visible(&rbm, bits([rows, n], 1, device), SEED, stream::CHAINS),
            data: bits([rows, n], 2, device),
            rbm,
        })
    }

    /// One PCD-1 update by the plain gradient.
    fn update(mut self) -> Self {
        let hidden = self.chains.sweep(&self.rbm, 1);
        let model = PhaseSamples {
            visible: self.chains.visible.clone(),
            hidden,
        };
        let data = PhaseSamples {
            hidden: self.rbm.hidden_probabilities(self.data.clone()),
            visible: self.data.clone(),
        };
        let offsets = Offsets {
            visible: self.rbm.visible_bias.val().zeros_like(),
            hidden: self.rbm.hidden_bias.val().zeros_like(),
        };
        let step = Step {
            rate: RATE,
            l1: 0.0,
            l2: 0.0,
            rule: Rule::Plain,
        };
        let state = &mut OptimizerState::default();
        (self.rbm, _) = update::from_samples(self.rbm, state, data, model, offsets, step);
        self
    }

    /// Energies of the chains' states, then free energies of their visible states.
    fn energies(&self) -> [Vec<f64>; 2] {
        let (v, h) = (self.chains.visible.clone(), self.chains.hidden.clone());
        [
            host(self.rbm.energy(v.clone(), h)),
            host(self.rbm.free_energy(v)),
        ]
    }

    fn states(&self) -> [Vec<f64>; 2] {
        [&self.chains.visible, &self.chains.hidden].map(|states| host(states.clone()))
    }
}

/// Compares two devices on an RBM of `n_visible` x `n_hidden` units with `chains` chains: energies,
/// then up to `updates` PCD-1 updates at rate 0.05 on random data.
///
/// # Errors
/// [`ModelError`] where a layer is empty, or a model cannot be read back.
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rbm_model::agreement::compare;
/// // A device agrees with itself to the last bit.
/// let device = Device::flex();
/// let found = compare([&device, &device], [6, 4, 10], 5)?;
/// assert_eq!((found.energy, found.weights, found.equal_updates), (0.0, 0.0, 5));
/// assert!(found.flips.is_empty());
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
pub fn compare(
    devices: [&Device; 2],
    [n_visible, n_hidden, chains]: [usize; 3],
    updates: u64,
) -> Result<Agreement, ModelError> {
    let shape = [n_visible, n_hidden, chains];
    let [mut a, mut b] = [Side::new(shape, devices[0])?, Side::new(shape, devices[1])?];
    // The same states on both, whatever rounding has made of their start.
    let [visible, hidden] = a
        .states()
        .map(|states| states.iter().map(|x| *x as f32).collect());
    let tensor = |values: Vec<f32>, columns: usize| {
        let rows = values.len() / columns;
        Tensor::from_data(TensorData::new(values, [rows, columns]), devices[1])
    };
    b.chains = Chains {
        visible: tensor(visible, n_visible),
        hidden: tensor(hidden, n_hidden),
        ..b.chains
    };
    let apart = |x: &[f64], y: &[f64]| {
        let relative = |(x, y): (&f64, &f64)| (x - y).abs() / x.abs().max(1.0);
        x.iter().zip(y).map(relative).fold(0.0, f64::max)
    };
    let ([energy, free], [other, other_free]) = (a.energies(), b.energies());
    let mut agreement = Agreement {
        energy: apart(&energy, &other),
        free_energy: apart(&free, &other_free),
        updates,
        equal_updates: updates,
        weights: 0.0,
        flips: vec![],
    };
    for update in 0..updates {
        let before = a.rbm.parameters()?;
        let [_, hidden] = a.states();
        let sweep = a.chains.step;
        (a, b) = (a.update(), b.update());
        let (drawn, other) = (a.states(), b.states());
        if drawn != other {
            agreement.equal_updates = update;
            let key = NoiseKey::new(SEED, stream::CHAINS).with_step(sweep);
            agreement.flips = flips(&before, &hidden, [&drawn, &other], key);
            return Ok(agreement);
        }
        let (w, other) = (a.rbm.parameters()?, b.rbm.parameters()?);
        let largest = w.weight.iter().fold(0.0f64, |x, y| x.max(y.abs()));
        let gaps = w
            .weight
            .iter()
            .zip(other.weight)
            .map(|(x, y)| (x - y).abs());
        agreement.weights = gaps.fold(0.0, f64::max) / largest;
    }
    Ok(agreement)
}

/// Names what differs after a sweep from hidden states that were the same, `[chains, n_hidden]`;
/// what two devices drew from them are visible and hidden states. The layer of the key is not used.
pub fn flips(
    model: &Parameters,
    hidden: &[f64],
    [a, b]: [&[Vec<f64>; 2]; 2],
    key: NoiseKey,
) -> Vec<Flip> {
    let (n, m) = (model.n_visible, model.n_hidden);
    let key = |layer| key.with_layer(layer);
    let mut found = vec![];
    for chain in 0..hidden.len() / m {
        let mut name = |layer, unit, field| {
            let (layer, which) = match layer {
                Layer::Visible => ("visible", key(Layer::Visible)),
                Layer::Hidden => ("hidden", key(Layer::Hidden)),
            };
            found.push(Flip {
                layer,
                chain,
                unit,
                uniform: which.uniform(chain, unit).into(),
                probability: sigmoid(field),
            });
        };
        let [v, h] = [&a[0][chain * n..][..n], &a[1][chain * m..][..m]];
        let [other_v, other_h] = [&b[0][chain * n..][..n], &b[1][chain * m..][..m]];
        for i in (0..n).filter(|i| v[*i] != other_v[*i]) {
            name(
                Layer::Visible,
                i,
                model.visible_field(&hidden[chain * m..][..m])[i],
            );
        }
        if v != other_v {
            // Hidden states that differ here follow from the visible ones.
            continue;
        }
        for j in (0..m).filter(|j| h[*j] != other_h[*j]) {
            name(Layer::Hidden, j, model.hidden_field(v)[j]);
        }
    }
    found
}

/// Fair random bits, the same on every device.
fn bits([rows, columns]: [usize; 2], number: u64, device: &Device) -> Tensor<2> {
    let key = NoiseKey::new(SEED, stream::CHAIN_START).with_step(number);
    let bit = |k: usize| f32::from(u8::from(key.uniform(k / columns, k % columns) < 0.5));
    let values: Vec<f32> = (0..rows * columns).map(bit).collect();
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{compiled_devices, parse_device};

    /// Every device of this build that is there, and its agreement with the first.
    #[test]
    fn devices_agree_up_to_rounding() {
        let mut names = compiled_devices();
        // The adapter that every machine can have.
        names
            .iter_mut()
            .filter(|name| **name == "wgpu")
            .for_each(|name| *name = "wgpu:cpu");
        let first = parse_device(names[0]).unwrap();
        for name in &names {
            let Ok(device) = parse_device(name) else {
                eprintln!("{name}: not on this machine");
                continue;
            };
            let agreement = compare([&first, &device], [20, 12, 40], 100).unwrap();
            eprintln!("{name}: {agreement:?}");
            assert!(
                agreement.energy < 1e-5 && agreement.free_energy < 1e-5,
                "{name}"
            );
            assert!(agreement.weights < 1e-4, "{name}: {}", agreement.weights);
            assert!(
                agreement.widest_flip() < 1e-5,
                "{name}: {:?}",
                agreement.flips
            );
            // 128,000 draws, of which some 1e-7 each are within rounding of their probability.
            assert!(agreement.flips.len() <= 2, "{name}: {:?}", agreement.flips);
            assert!(*name != names[0] || agreement.equal_updates == 100);
        }
    }

    #[test]
    fn a_state_that_differs_is_named() {
        let model = Parameters::new(2, 1, vec![1.0, -1.0], vec![0.0, 0.5], vec![0.25]).unwrap();
        let a = [vec![1.0, 0.0, 1.0, 1.0], vec![0.0, 1.0]];
        // Another visible unit in chain 0, whose hidden unit follows; the hidden unit in chain 1.
        let b = [vec![0.0, 0.0, 1.0, 1.0], vec![1.0, 0.0]];
        let key = NoiseKey::new(SEED, stream::CHAINS).with_step(3);
        let found = flips(&model, &[1.0, 0.0], [&a, &b], key);
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].layer, found[0].chain, found[0].unit),
            ("visible", 0, 0)
        );
        assert!((found[0].probability - sigmoid(1.0)).abs() < 1e-12);
        assert_eq!(
            (found[1].layer, found[1].chain, found[1].unit),
            ("hidden", 1, 0)
        );
        assert!((found[1].probability - sigmoid(0.25)).abs() < 1e-12);
    }
}
