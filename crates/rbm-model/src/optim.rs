//! How parameters follow the gradient of the likelihood.

/// One step of a rule: `theta <- theta + rate * direction(g)`.
///
/// The weights' gradient is that of ln p - `l1` sum |W| - (`l2`/2) sum W^2; penalties never touch
/// the biases. What the rule remembers of a parameter are two arrays shaped like it, `first` and
/// `second`, zero at the start; see [`Rule`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Learning rate.
    pub rate: f64,
    /// Strength of the L1 penalty on the weights.
    pub l1: f64,
    /// Strength of the L2 penalty on the weights.
    pub l2: f64,
    /// Rule.
    pub rule: Rule,
}

/// From a gradient g to a direction.
///
/// # Examples
/// Adam's first direction is the sign of the gradient:
/// ```
/// use rbm_model::optim::{ADAM_EPSILON, Rule};
/// let adam = Rule::Adam { beta1: 0.9, beta2: 0.999, update: 1 };
/// let (first, second) = adam.corrections();
/// let g: f64 = -0.5;
/// let (mean, square) = (0.1 * g * first, 0.001 * g * g * second);
/// assert!((mean / (square.sqrt() + ADAM_EPSILON) + 1.0).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// The gradient itself; remembers nothing.
    Plain,
    /// `first <- decay first + g`, and that is the direction (heavy ball; B. T. Polyak, USSR
    /// Comput. Math. Math. Phys. 4, 1 (1964)).
    Momentum {
        /// Decay of the velocity, in [0, 1).
        decay: f64,
    },
    /// Adam (D. P. Kingma, J. Ba, arXiv:1412.6980): `first <- b1 first + (1 - b1) g`,
    /// `second <- b2 second + (1 - b2) g^2`, and the direction is
    /// `first / (1 - b1^t) / (sqrt(second / (1 - b2^t)) + 1e-8)`.
    Adam {
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
        /// Number t of this update, from 1.
        update: u64,
    },
}

/// Added to the square root in Adam's denominator.
pub const ADAM_EPSILON: f64 = 1e-8;

impl Rule {
    /// How many arrays the rule remembers a parameter by: 0, 1 or 2.
    pub fn moments(self) -> usize {
        match self {
            Self::Plain => 0,
            Self::Momentum { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }

    /// Adam's factors on the first and second moment, 1/(1 - b1^t) and 1/(1 - b2^t); else 1.
    pub fn corrections(self) -> (f64, f64) {
        match self {
            Self::Adam {
                beta1,
                beta2,
                update,
            } => {
                let t = update as f64;
                (1.0 / (1.0 - beta1.powf(t)), 1.0 / (1.0 - beta2.powf(t)))
            }
            _ => (1.0, 1.0),
        }
    }
}
