//! Rules that turn gradients into steps, as the settings name them.

use crate::settings::{OptimizerKind, OptimizerSettings};
use rbm_model::Rbm;
use rbm_model::optim::{Rule, Step};
use rbm_model::update::OptimizerState;

/// Gradient ascent with what its rule remembers.
///
/// SGD is the plain rule, or that with momentum; the rules and penalties are those of
/// [`rbm_model::optim`].
#[derive(Debug, Clone)]
pub struct Optimizer {
    settings: OptimizerSettings,
    /// What the rule remembers.
    pub moments: OptimizerState,
}

impl Optimizer {
    /// A rule at rest, for a model of the given size.
    pub fn new(settings: &OptimizerSettings, rbm: &Rbm) -> Self {
        let mut optimizer = Self {
            settings: settings.clone(),
            moments: OptimizerState::default(),
        };
        optimizer.moments = OptimizerState::zeros(rbm, optimizer.rule(0).moments());
        optimizer
    }

    fn rule(&self, step: u64) -> Rule {
        let s = &self.settings;
        match s.kind {
            OptimizerKind::Sgd if s.momentum > 0.0 => Rule::Momentum { decay: s.momentum },
            OptimizerKind::Sgd => Rule::Plain,
            OptimizerKind::Adam => Rule::Adam {
                beta1: s.beta1,
                beta2: s.beta2,
                update: step + 1,
            },
        }
    }

    /// What update number `number` (from 0) does with its gradient at a learning rate.
    pub fn step(&self, rate: f64, number: u64) -> Step {
        Step {
            rate,
            l1: self.settings.l1,
            l2: self.settings.l2,
            rule: self.rule(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Tensor};
    use rbm_model::gradient::{Offsets, PhaseSamples};
    use rbm_model::{RbmConfig, update};

    /// Runs a rule on a model with constant gradient entries and returns one weight's path.
    fn path(settings: &OptimizerSettings, gradients: &[f32]) -> Vec<f32> {
        let device = Device::default();
        let mut rbm = RbmConfig::new(2, 2)
            .with_weight_std(0.0)
            .init(&device)
            .unwrap();
        let mut optimizer = Optimizer::new(settings, &rbm);
        let mut out = Vec::new();
        for (step, g) in gradients.iter().enumerate() {
            // One sample a phase: the gradient of W and c is g, that of b is 1.
            let phase = |visible: f32, hidden: f32| PhaseSamples {
                visible: Tensor::ones([1, 2], &device) * visible,
                hidden: Tensor::ones([1, 2], &device) * hidden,
            };
            let offsets = Offsets {
                visible: Tensor::zeros([2], &device),
                hidden: Tensor::zeros([2], &device),
            };
            let (data, model) = (phase(1.0, *g), phase(0.0, 0.0));
            let step = optimizer.step(0.1, step as u64);
            let mean;
            (rbm, mean) =
                update::from_samples(rbm, &mut optimizer.moments, data, model, offsets, step);
            assert_eq!(mean.into_data().try_into_vec::<f32>().unwrap(), [*g, *g]);
            out.push(rbm.parameters().unwrap().weight[3] as f32);
        }
        out
    }

    fn assert_path(found: &[f32], expected: &[f32]) {
        for (f, e) in found.iter().zip(expected) {
            assert!((f - e).abs() < 1e-6, "{found:?} against {expected:?}");
        }
    }

    #[test]
    fn rules_follow_their_recursions() {
        let sgd = OptimizerSettings::default();
        assert_path(&path(&sgd, &[1.0, 1.0, -1.0]), &[0.1, 0.2, 0.1]);

        let momentum = OptimizerSettings {
            momentum: 0.5,
            ..sgd.clone()
        };
        assert_path(&path(&momentum, &[1.0, 1.0, 0.0]), &[0.1, 0.25, 0.325]);

        // Adam by hand: with a constant gradient every step is the learning rate.
        let adam = OptimizerSettings {
            kind: OptimizerKind::Adam,
            ..sgd.clone()
        };
        assert_path(&path(&adam, &[3.0, 3.0, 3.0]), &[0.1, 0.2, 0.3]);
        let (m, v) = (0.1 * (0.9 * 1.0 - 2.0), 0.001 * (0.999 * 1.0 + 4.0));
        let second = 0.1 + 0.1 * (m / (1.0 - 0.81)) / (v / (1.0 - 0.998_001f32)).sqrt();
        assert_path(&path(&adam, &[1.0, -2.0]), &[0.1, second]);

        let l2 = OptimizerSettings {
            l2: 1.0,
            ..sgd.clone()
        };
        assert_path(&path(&l2, &[1.0, 0.0]), &[0.1, 0.09]);
        let l1 = OptimizerSettings { l1: 0.5, ..sgd };
        assert_path(&path(&l1, &[1.0, 0.0]), &[0.1, 0.05]);
    }
}
