//! Landau's expansion of the mean-field free energy along one mode.
//!
//! About m = 1/2, with deviations x, y of mode k from its mean point (all other modes at rest),
//!
//! ```text
//! Gamma - Gamma_0 = 2x^2 + 2y^2 - lambda x y - j_x x - j_y y + (4/3)(q_U x^4 + q_V y^4) + O(6)
//! eliminating y:  f(x) = - h x + a x^2 + g x^4
//! a = (16 - lambda^2)/8,   g = (4/3)(q_U + q_V (lambda/4)^4),   h = j_x + lambda j_y/4
//! ```
//!
//! with q_U = sum_i U_ik^4, q_V = sum_j V_jk^4, j_x = bt + lambda my, j_y = ct + lambda mx (zero for the centered model). One well
//! for lambda < 4, two beyond: the mode breaks symmetry. The expansion is of the mean-field free energy: it leaves out
//! fluctuations, and it holds while every unit's deviation x U_ik stays well below 1/2.

use crate::gaussian::limit::sources;
use crate::reciprocal::space::ReciprocalSpace;
use crate::symmetry::ipr::inverse_participation_ratios;
use serde::{Deserialize, Serialize};

/// Landau's coefficients of one mode and what follows from them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LandauMode {
    /// The mode, numbered from 0.
    pub mode: usize,
    /// Singular value lambda.
    pub singular_value: f64,
    /// q_U = sum_i U_ik^4.
    pub ipr_left: f64,
    /// q_V = sum_j V_jk^4.
    pub ipr_right: f64,
    /// Coefficient a of x^2, negative beyond lambda = 4.
    pub a: f64,
    /// Coefficient g of x^4.
    pub g: f64,
    /// h, the linear term that the biases leave: the symmetry is broken from outside unless it is zero.
    pub tilt: f64,
    /// |x| at the minima without tilt: sqrt(-a/(2g)) beyond lambda = 4, else 0.
    pub order_parameter: f64,
    /// Height of the barrier between the wells without tilt, a^2/(4g) beyond lambda = 4, else 0; in units of k_B T.
    pub barrier: f64,
    /// Largest deviation of a unit from 1/2 at the minimum, order_parameter max_i |U_ik|. The expansion is trustworthy
    /// while this is well below 1/2; the next term is smaller by about 4 times its square.
    pub largest_deviation: f64,
}

impl LandauMode {
    /// f(x) = - h x + a x^2 + g x^4 at a deviation x from the mean point (U^T 1/2)_k.
    pub fn value(&self, x: f64) -> f64 {
        let square = x * x;
        -self.tilt * x + self.a * square + self.g * square * square
    }

    /// (x, f(x)) at `points` equidistant deviations from -half_width to half_width.
    pub fn curve(&self, half_width: f64, points: usize) -> Vec<[f64; 2]> {
        let step = 2.0 * half_width / points.saturating_sub(1).max(1) as f64;
        (0..points)
            .map(|i| {
                let x = -half_width + step * i as f64;
                [x, self.value(x)]
            })
            .collect()
    }
}

/// Landau coefficients, order parameter and barrier of every mode, `[R]`.
///
/// # Examples
/// ```
/// use rbm_analysis::{ReciprocalSpace, mean_field::landau_modes};
/// use rbm_model::Parameters;
/// // One unit per layer, centered, lambda = 5.
/// let model = Parameters::new(1, 1, vec![5.0], vec![-2.5], vec![-2.5])?;
/// let mode = landau_modes(&ReciprocalSpace::new(&model)?)[0];
/// assert_eq!((mode.a, mode.tilt), (-9.0 / 8.0, 0.0));
/// assert!(mode.barrier > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn landau_modes(space: &ReciprocalSpace) -> Vec<LandauMode> {
    let r = space.modes();
    let left = inverse_participation_ratios(space.svd.left.as_ref().subcols(0, r));
    let right = inverse_participation_ratios(space.svd.right.as_ref().subcols(0, r));
    (0..r)
        .map(|mode| {
            let lambda = space.singular_values()[mode];
            let a = (16.0 - lambda * lambda) / 8.0;
            let g = 4.0 / 3.0 * (left[mode] + right[mode] * (lambda / 4.0).powi(4));
            let (jx, jy) = sources(space, mode);
            let broken = a < 0.0;
            let order_parameter = if broken { (-a / (2.0 * g)).sqrt() } else { 0.0 };
            let largest = space
                .svd
                .left
                .col(mode)
                .iter()
                .fold(0.0_f64, |m, u| m.max(u.abs()));
            LandauMode {
                mode,
                singular_value: lambda,
                ipr_left: left[mode],
                ipr_right: right[mode],
                a,
                g,
                tilt: jx + lambda * jy / 4.0,
                order_parameter,
                barrier: if broken { a * a / (4.0 * g) } else { 0.0 },
                largest_deviation: order_parameter * largest,
            }
        })
        .collect()
}

#[cfg(test)]
#[path = "landau_tests.rs"]
mod tests;
