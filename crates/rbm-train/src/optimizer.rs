//! Rules that turn gradients into steps.

use crate::settings::{OptimizerKind, OptimizerSettings};
use burn::tensor::{Device, Tensor};
use rbm_model::Rbm;
use rbm_model::gradient::Gradient;

/// Added to the square root in Adam's denominator.
const EPSILON: f64 = 1e-8;

/// Gradient ascent with its state.
///
/// SGD with momentum mu: `d <- mu d + g`, `theta <- theta + rate d`. Adam: Kingma and Ba,
/// arXiv:1412.6980. The penalties `l1 sum|W| + (l2/2) sum W^2` are subtracted from the
/// objective, so their gradient passes through the rule; biases are never penalised.
#[derive(Debug, Clone)]
pub struct Optimizer {
    settings: OptimizerSettings,
    /// State for W.
    pub weight: Moments<2>,
    /// State for b.
    pub visible_bias: Moments<1>,
    /// State for c.
    pub hidden_bias: Moments<1>,
}

/// What a rule remembers of one parameter, each shaped like it: nothing (plain SGD), the
/// velocity (momentum), or the first and second moment of the gradient (Adam).
#[derive(Debug, Clone)]
pub struct Moments<const D: usize>(pub Vec<Tensor<D>>);

impl Optimizer {
    /// A rule at rest, for a model of the given size.
    pub fn new(settings: &OptimizerSettings, rbm: &Rbm) -> Self {
        let count = match settings.kind {
            OptimizerKind::Sgd => usize::from(settings.momentum > 0.0),
            OptimizerKind::Adam => 2,
        };
        let (n, m, device) = (rbm.n_visible(), rbm.n_hidden(), rbm.device());
        Self {
            settings: settings.clone(),
            weight: Moments::zeros(count, [n, m], &device),
            visible_bias: Moments::zeros(count, [n], &device),
            hidden_bias: Moments::zeros(count, [m], &device),
        }
    }

    /// Makes update number `step` (from 0) with a learning rate.
    pub fn step(&mut self, rbm: Rbm, gradient: Gradient, rate: f64, step: u64) -> Rbm {
        let OptimizerSettings { l1, l2, .. } = self.settings;
        let mut weight = gradient.weight;
        if l2 > 0.0 {
            weight = weight - rbm.weight.val() * l2;
        }
        if l1 > 0.0 {
            weight = weight - rbm.weight.val().sign() * l1;
        }
        let s = &self.settings;
        let weight = self.weight.direction(s, weight, step) * rate;
        let visible_bias = self.visible_bias.direction(s, gradient.visible_bias, step) * rate;
        let hidden_bias = self.hidden_bias.direction(s, gradient.hidden_bias, step) * rate;
        Rbm {
            weight: rbm.weight.map(|w| w + weight),
            visible_bias: rbm.visible_bias.map(|b| b + visible_bias),
            hidden_bias: rbm.hidden_bias.map(|c| c + hidden_bias),
        }
    }
}

impl<const D: usize> Moments<D> {
    fn zeros(count: usize, shape: [usize; D], device: &Device) -> Self {
        Self((0..count).map(|_| Tensor::zeros(shape, device)).collect())
    }

    /// Takes in a gradient and returns the direction of the step.
    fn direction(
        &mut self,
        settings: &OptimizerSettings,
        gradient: Tensor<D>,
        step: u64,
    ) -> Tensor<D> {
        match &mut self.0[..] {
            [] => gradient,
            [velocity] => {
                *velocity = velocity.clone() * settings.momentum + gradient;
                velocity.clone()
            }
            [first, second, ..] => {
                let (b1, b2) = (settings.beta1, settings.beta2);
                let t = step as f64 + 1.0;
                *first = first.clone() * b1 + gradient.clone() * (1.0 - b1);
                *second = second.clone() * b2 + gradient.clone() * gradient * (1.0 - b2);
                let root = (second.clone() / (1.0 - b2.powf(t))).sqrt();
                first.clone() / (1.0 - b1.powf(t)) / (root + EPSILON)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rbm_model::RbmConfig;

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
            let gradient = Gradient {
                weight: Tensor::ones([2, 2], &device) * *g,
                visible_bias: Tensor::ones([2], &device) * *g,
                hidden_bias: Tensor::zeros([2], &device),
            };
            rbm = optimizer.step(rbm, gradient, 0.1, step as u64);
            let p = rbm.parameters().unwrap();
            assert_eq!(p.hidden_bias, [0.0, 0.0]);
            out.push(p.weight[3] as f32);
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
