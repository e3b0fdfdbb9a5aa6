//! The rules of [`crate::optim`], a vector at a time.

use super::simd::{Kernel, Simd, load, store};
use crate::optim::{ADAM_EPSILON, Rule, Step};
use std::ops::Range;

/// A parameter with what the rule remembers of it, all of one shape; moments that the rule
/// does not use may be empty.
#[derive(Debug)]
pub struct Parameter<'a> {
    /// The parameter itself.
    pub value: &'a mut [f32],
    /// First moment, or velocity.
    pub first: &'a mut [f32],
    /// Second moment.
    pub second: &'a mut [f32],
}

impl Parameter<'_> {
    /// Some entries of it.
    pub(super) fn piece(&mut self, range: Range<usize>) -> Parameter<'_> {
        Parameter {
            value: self.value.get_mut(range.clone()).unwrap_or_default(),
            first: self.first.get_mut(range.clone()).unwrap_or_default(),
            second: self.second.get_mut(range).unwrap_or_default(),
        }
    }
}

/// A step's numbers as the kernels take them.
#[derive(Clone, Copy)]
pub(super) struct StepCoefficients {
    rate: f32,
    l1: f32,
    l2: f32,
    decay: [f32; 2],
    rest: [f32; 2],
    correction: [f32; 2],
}

impl StepCoefficients {
    pub(super) fn new(step: &Step) -> Self {
        let decay = match step.rule {
            Rule::Plain => [0.0; 2],
            Rule::Momentum { decay } => [decay, 0.0],
            Rule::Adam { beta1, beta2, .. } => [beta1, beta2],
        };
        let correction = step.rule.corrections();
        Self {
            rate: step.rate as f32,
            l1: step.l1 as f32,
            l2: step.l2 as f32,
            decay: decay.map(|x| x as f32),
            rest: decay.map(|x| (1.0 - x) as f32),
            correction: [correction.0 as f32, correction.1 as f32],
        }
    }

    /// The same step for parameters that are not penalized.
    pub(super) fn without_penalty(self) -> Self {
        Self {
            l1: 0.0,
            l2: 0.0,
            ..self
        }
    }

    /// Whether there is a penalty.
    pub(super) fn penalized(&self) -> bool {
        self.l1 != 0.0 || self.l2 != 0.0
    }

    /// The parameter and its moments after the step, from those before and the gradient.
    ///
    /// `MOMENTS` is the number of moments of the rule, which tells it from the others.
    #[inline(always)]
    pub(super) fn step<S: Simd, const MOMENTS: usize, const PENALTY: bool>(
        &self,
        simd: S,
        gradient: S::F,
        (value, first, second): (S::F, S::F, S::F),
    ) -> (S::F, S::F, S::F) {
        let scaled = |factor: f32, x: S::F| simd.mul(simd.splat(factor), x);
        let mut g = gradient;
        if PENALTY && self.l2 != 0.0 {
            g = simd.sub(g, scaled(self.l2, value));
        }
        if PENALTY && self.l1 != 0.0 {
            let zero = simd.splat(0.0);
            let sign = simd.sub(
                simd.one_where_less(zero, value),
                simd.one_where_less(value, zero),
            );
            g = simd.sub(g, scaled(self.l1, sign));
        }
        let (direction, first, second) = match MOMENTS {
            0 => (g, first, second),
            1 => {
                let velocity = simd.add(scaled(self.decay[0], first), g);
                (velocity, velocity, second)
            }
            _ => {
                let first = simd.add(scaled(self.decay[0], first), scaled(self.rest[0], g));
                let square = simd.mul(g, g);
                let second = simd.add(scaled(self.decay[1], second), scaled(self.rest[1], square));
                let root = simd.sqrt(scaled(self.correction[1], second));
                let root = simd.add(root, simd.splat(ADAM_EPSILON as f32));
                let direction = simd.div(scaled(self.correction[0], first), root);
                (direction, first, second)
            }
        };
        (simd.add(value, scaled(self.rate, direction)), first, second)
    }
}

/// Moves a whole parameter along a gradient shaped like it.
pub(super) struct GradientStep<'a, 'b> {
    pub(super) coefficients: StepCoefficients,
    /// Number of moments of the rule.
    pub(super) moments: usize,
    pub(super) gradient: &'a [f32],
    pub(super) parameter: Parameter<'b>,
}

impl Kernel for GradientStep<'_, '_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.moments {
            0 => self.all::<S, 0>(simd),
            1 => self.all::<S, 1>(simd),
            _ => self.all::<S, 2>(simd),
        }
    }
}

impl GradientStep<'_, '_> {
    #[inline(always)]
    fn all<S: Simd, const MOMENTS: usize>(self, simd: S) {
        let Parameter {
            value,
            first,
            second,
        } = self.parameter;
        for start in (0..value.len()).step_by(S::LANES) {
            let place = start..value.len().min(start + S::LANES);
            let take = |values: &[f32]| load(simd, values.get(place.clone()).unwrap_or(&[]));
            let before = (take(value), take(first), take(second));
            let gradient = load(simd, &self.gradient[place.clone()]);
            let coefficients = self.coefficients;
            let (w, a, b) = coefficients.step::<S, MOMENTS, true>(simd, gradient, before);
            store(simd, &mut value[place.clone()], w);
            if let Some(first) = first.get_mut(place.clone()) {
                store(simd, first, a);
            }
            if let Some(second) = second.get_mut(place) {
                store(simd, second, b);
            }
        }
    }
}
