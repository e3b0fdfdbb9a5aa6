//! Reciprocal coordinates: a model seen along its singular modes.
//!
//! With W = U Lambda V^T, x = U^T v, y = V^T h, bt = U^T b, ct = V^T c the energy is a sum over modes,
//!
//! ```text
//! E = - sum_{k<R} ( lambda_k x_k y_k + bt_k x_k + ct_k y_k ) - (bias terms of the |N-M| unpaired modes)
//! ```
//!
//! and each mode is a hyperbolic paraboloid about its saddle. Source: J. Q. Toledo-Marin, A. Maiti,
//! G. C. Fox, R. G. Melko, Mach. Learn.: Sci. Technol. 6, 035030 (2025), arXiv:2503.21536.

use crate::error::{AnalysisError, check_len};
use crate::reciprocal::svd::{Svd, Vectors, svd, weight_matrix};
use faer::{Mat, MatRef};
use rbm_model::Parameters;
use serde::{Deserialize, Serialize};

/// A mode whose singular value is below this fraction of the largest has no usable saddle.
pub const USABLE_SADDLE: f64 = 1e-6;

/// A model in reciprocal coordinates.
///
/// Modes are numbered from 0, largest singular value first; R = min(N, M) is their number.
/// [`ReciprocalSpace::new`] computes the R paired modes only; what the unpaired ones contribute to
/// energies and to the Gaussian limit follows from the norms and needs no vectors.
///
/// # Examples
/// The energies of the modes and of the unpaired rest add up to E(v, h):
/// ```
/// use rbm_analysis::{ReciprocalSpace, faer::mat};
/// use rbm_model::Parameters;
/// let model = Parameters::new(2, 1, vec![1.0, -3.0], vec![0.5, 0.2], vec![-0.7])?;
/// let space = ReciprocalSpace::new(&model)?;
/// let x = space.project_visible(mat![[0.0, 1.0]].as_ref())?;
/// let y = space.project_hidden(mat![[1.0]].as_ref())?;
/// let paired = space.mode_energies(x.as_ref(), y.as_ref())?[(0, 0)];
/// let energy = paired + space.unpaired_energy(&[0.0, 1.0], &[1.0])?;
/// assert!((energy - model.energy(&[0.0, 1.0], &[1.0])).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ReciprocalSpace {
    /// Decomposition of the weights.
    pub svd: Svd,
    /// Visible biases b, `[N]`.
    pub visible_bias: Vec<f64>,
    /// Hidden biases c, `[M]`.
    pub hidden_bias: Vec<f64>,
    /// bt = U^T b, `[R]` (`[N]` with full vectors).
    pub visible_bias_modes: Vec<f64>,
    /// ct = V^T c, `[R]` (`[M]` with full vectors).
    pub hidden_bias_modes: Vec<f64>,
    /// U^T 1/2, the mean of x under uniform units, `[R]` (`[N]` with full vectors).
    pub mean_x: Vec<f64>,
    /// V^T 1/2, the mean of y under uniform units, `[R]` (`[M]` with full vectors).
    pub mean_y: Vec<f64>,
}

/// Saddle of one mode's energy surface -(lambda x y + bt x + ct y), in units of k_B T.
///
/// # Examples
/// ```
/// use rbm_analysis::ReciprocalSpace;
/// use rbm_model::Parameters;
/// // One unit per layer: x = v, y = h.
/// let space = ReciprocalSpace::new(&Parameters::new(1, 1, vec![2.0], vec![-1.0], vec![0.5])?)?;
/// let saddle = space.saddles()[0].unwrap();
/// assert_eq!((saddle.x, saddle.y, saddle.energy), (-0.25, 0.5, -0.25));
/// // E(1, 1) = -(2 - 1 + 0.5)
/// assert!((saddle.energy_at(2.0, 1.0, 1.0) + 1.5).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Saddle {
    /// x* = - ct / lambda.
    pub x: f64,
    /// y* = - bt / lambda.
    pub y: f64,
    /// Energy at the saddle, eps = bt ct / lambda.
    pub energy: f64,
}

impl Saddle {
    /// Coordinates along the unstable direction u and the stable direction w,
    ///
    /// u = (x + y - x* - y*)/sqrt 2, w = (y - x + x* - y*)/sqrt 2,
    ///
    /// in which the mode's energy is eps - (lambda/2)(u^2 - w^2).
    pub fn to_uw(&self, x: f64, y: f64) -> (f64, f64) {
        let (dx, dy) = (x - self.x, y - self.y);
        let root = std::f64::consts::FRAC_1_SQRT_2;
        ((dx + dy) * root, (dy - dx) * root)
    }

    /// Distance R from the saddle and angle Theta = atan2(y - y*, x - x*) in (-pi, pi].
    pub fn to_polar(&self, x: f64, y: f64) -> (f64, f64) {
        let (dx, dy) = (x - self.x, y - self.y);
        (dx.hypot(dy), dy.atan2(dx))
    }

    /// Energy of the mode with singular value `singular_value` at (x, y), eps - (lambda/2)(u^2 - w^2).
    pub fn energy_at(&self, singular_value: f64, x: f64, y: f64) -> f64 {
        let (u, w) = self.to_uw(x, y);
        self.energy - 0.5 * singular_value * (u - w) * (u + w)
    }
}

impl ReciprocalSpace {
    /// The R paired modes of a model.
    ///
    /// # Errors
    /// As [`svd`].
    pub fn new(parameters: &Parameters) -> Result<Self, AnalysisError> {
        Self::with_vectors(parameters, Vectors::Thin)
    }

    /// All N left and M right modes, so that the transform can be undone. Costs O(max(N, M)^2) memory.
    ///
    /// # Errors
    /// As [`svd`].
    ///
    /// # Examples
    /// ```
    /// use rbm_analysis::{ReciprocalSpace, faer::mat};
    /// use rbm_model::Parameters;
    /// let model = Parameters::new(3, 1, vec![1.0, 2.0, -2.0], vec![0.0; 3], vec![0.0])?;
    /// let v = mat![[1.0, 0.0, 1.0]];
    /// // There and back with all modes; the paired one alone holds (v.W) W/9 = -W/9 of v.
    /// let full = ReciprocalSpace::new_full(&model)?;
    /// let back = full.unproject_visible(full.project_visible(v.as_ref())?.as_ref())?;
    /// assert!((&back - &v).norm_max() < 1e-12);
    /// let thin = ReciprocalSpace::new(&model)?;
    /// let part = thin.unproject_visible(thin.project_visible(v.as_ref())?.as_ref())?;
    /// assert!((part - mat![[-1.0, -2.0, 2.0]] * 9f64.recip()).norm_max() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new_full(parameters: &Parameters) -> Result<Self, AnalysisError> {
        Self::with_vectors(parameters, Vectors::Full)
    }

    fn with_vectors(parameters: &Parameters, vectors: Vectors) -> Result<Self, AnalysisError> {
        check_parameters(parameters)?;
        let svd = svd(weight_matrix(parameters).as_ref(), vectors)?;
        let (visible_bias, hidden_bias) = (
            parameters.visible_bias.clone(),
            parameters.hidden_bias.clone(),
        );
        let half = |n| vec![0.5; n];
        Ok(Self {
            visible_bias_modes: transposed_times(svd.left.as_ref(), &visible_bias),
            hidden_bias_modes: transposed_times(svd.right.as_ref(), &hidden_bias),
            mean_x: transposed_times(svd.left.as_ref(), &half(parameters.n_visible)),
            mean_y: transposed_times(svd.right.as_ref(), &half(parameters.n_hidden)),
            svd,
            visible_bias,
            hidden_bias,
        })
    }

    /// The same vectors at inverse temperature `beta`: p = exp(-beta E)/Z is the model with all
    /// parameters multiplied by beta.
    ///
    /// # Errors
    /// [`AnalysisError::Argument`] unless `beta` is positive and finite.
    ///
    /// # Examples
    /// ```
    /// use rbm_analysis::ReciprocalSpace;
    /// use rbm_model::Parameters;
    /// let space = ReciprocalSpace::new(&Parameters::new(1, 1, vec![2.0], vec![-1.0], vec![0.5])?)?;
    /// let cold = space.at_inverse_temperature(3.0)?;
    /// let (a, b) = (space.saddles()[0].unwrap(), cold.saddles()[0].unwrap());
    /// // The saddle stays where it is, and its energy is in units of a third of the temperature.
    /// assert_eq!((b.x, b.y), (a.x, a.y));
    /// assert!((b.energy - 3.0 * a.energy).abs() < 1e-12 && cold.singular_values() == [6.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn at_inverse_temperature(&self, beta: f64) -> Result<Self, AnalysisError> {
        if !(beta > 0.0 && beta.is_finite()) {
            return Err(AnalysisError::Argument {
                name: "beta",
                expected: "a positive finite number".into(),
                found: beta.to_string(),
            });
        }
        let mut scaled = self.clone();
        for values in [
            &mut scaled.svd.singular_values,
            &mut scaled.visible_bias,
            &mut scaled.hidden_bias,
            &mut scaled.visible_bias_modes,
            &mut scaled.hidden_bias_modes,
        ] {
            values.iter_mut().for_each(|x| *x *= beta);
        }
        Ok(scaled)
    }

    /// Number of visible units N.
    pub fn n_visible(&self) -> usize {
        self.visible_bias.len()
    }

    /// Number of hidden units M.
    pub fn n_hidden(&self) -> usize {
        self.hidden_bias.len()
    }

    /// Number of paired modes R = min(N, M).
    pub fn modes(&self) -> usize {
        self.svd.singular_values.len()
    }

    /// Singular values lambda, `[R]`, largest first.
    pub fn singular_values(&self) -> &[f64] {
        &self.svd.singular_values
    }

    /// Left vector of mode k, `[N]`.
    ///
    /// # Errors
    /// [`AnalysisError::NoSuchMode`].
    pub fn left_vector(&self, mode: usize) -> Result<&[f64], AnalysisError> {
        self.check_mode(mode)?;
        Ok(self.svd.left.col_as_slice(mode))
    }

    /// Right vector of mode k, `[M]`.
    ///
    /// # Errors
    /// [`AnalysisError::NoSuchMode`].
    pub fn right_vector(&self, mode: usize) -> Result<&[f64], AnalysisError> {
        self.check_mode(mode)?;
        Ok(self.svd.right.col_as_slice(mode))
    }

    /// Left vectors of the paired modes as columns, `[N, R]`.
    pub fn left_vectors(&self) -> MatRef<'_, f64> {
        self.svd.left.as_ref().subcols(0, self.modes())
    }

    /// Right vectors of the paired modes as columns, `[M, R]`.
    pub fn right_vectors(&self) -> MatRef<'_, f64> {
        self.svd.right.as_ref().subcols(0, self.modes())
    }

    /// Fails for a mode that does not exist.
    pub(crate) fn check_mode(&self, mode: usize) -> Result<(), AnalysisError> {
        if mode < self.modes() {
            Ok(())
        } else {
            Err(AnalysisError::NoSuchMode {
                mode,
                modes: self.modes(),
            })
        }
    }

    /// Numbers of unpaired visible and hidden modes, N - R and M - R. One of them is 0.
    pub fn unpaired(&self) -> (usize, usize) {
        let r = self.modes();
        (self.n_visible() - r, self.n_hidden() - r)
    }

    /// Coordinates of visible states, x = v U. `[batch, N]` to `[batch, R]` (`[batch, N]` with full vectors).
    ///
    /// # Errors
    /// [`AnalysisError::Shape`] where the number of columns is not N.
    pub fn project_visible(&self, visible: MatRef<'_, f64>) -> Result<Mat<f64>, AnalysisError> {
        check_len("visible states", self.n_visible(), visible.ncols())?;
        Ok(visible * &self.svd.left)
    }

    /// Coordinates of hidden states, y = h V. `[batch, M]` to `[batch, R]` (`[batch, M]` with full vectors).
    ///
    /// # Errors
    /// [`AnalysisError::Shape`] where the number of columns is not M.
    pub fn project_hidden(&self, hidden: MatRef<'_, f64>) -> Result<Mat<f64>, AnalysisError> {
        check_len("hidden states", self.n_hidden(), hidden.ncols())?;
        Ok(hidden * &self.svd.right)
    }

    /// Visible states of coordinates, v = x U^T. `[batch, R or N]` to `[batch, N]`.
    ///
    /// Undoes [`Self::project_visible`] where U is square (N <= M, or full vectors); else it gives the
    /// part of v in the paired modes.
    ///
    /// # Errors
    /// [`AnalysisError::Shape`] where the number of columns is not that of U.
    pub fn unproject_visible(&self, x: MatRef<'_, f64>) -> Result<Mat<f64>, AnalysisError> {
        check_len("x coordinates", self.svd.left.ncols(), x.ncols())?;
        Ok(x * self.svd.left.transpose())
    }

    /// Hidden states of coordinates, h = y V^T. `[batch, R or M]` to `[batch, M]`; see [`Self::unproject_visible`].
    ///
    /// # Errors
    /// [`AnalysisError::Shape`] where the number of columns is not that of V.
    pub fn unproject_hidden(&self, y: MatRef<'_, f64>) -> Result<Mat<f64>, AnalysisError> {
        check_len("y coordinates", self.svd.right.ncols(), y.ncols())?;
        Ok(y * self.svd.right.transpose())
    }

    /// Saddle of every mode, `[R]`; `None` where lambda_k is zero or below 1e-6 of the largest
    /// ([`USABLE_SADDLE`]): the saddle then lies at infinity for all practical purposes.
    pub fn saddles(&self) -> Vec<Option<Saddle>> {
        let lambda = self.singular_values();
        lambda
            .iter()
            .enumerate()
            .map(|(k, &l)| {
                let (b, c) = (self.visible_bias_modes[k], self.hidden_bias_modes[k]);
                let saddle = Saddle {
                    x: -c / l,
                    y: -b / l,
                    energy: b * (c / l),
                };
                let usable = l > 0.0 && l >= USABLE_SADDLE * lambda[0];
                (usable && saddle.x.is_finite() && saddle.y.is_finite()).then_some(saddle)
            })
            .collect()
    }

    /// Energy of every mode, -(lambda_k x_k y_k + bt_k x_k + ct_k y_k). `[batch, >= R]` twice to `[batch, R]`.
    ///
    /// Their sum and [`Self::unpaired_energy`] give E(v, h).
    ///
    /// # Errors
    /// [`AnalysisError::Shape`] where the batches differ or there are fewer columns than modes.
    pub fn mode_energies(
        &self,
        x: MatRef<'_, f64>,
        y: MatRef<'_, f64>,
    ) -> Result<Mat<f64>, AnalysisError> {
        check_len("y coordinates (batch)", x.nrows(), y.nrows())?;
        for (what, found) in [("x coordinates", x.ncols()), ("y coordinates", y.ncols())] {
            if found < self.modes() {
                check_len(what, self.modes(), found)?;
            }
        }
        let lambda = self.singular_values();
        Ok(Mat::from_fn(x.nrows(), self.modes(), |i, k| {
            let (x, y) = (x[(i, k)], y[(i, k)]);
            -(lambda[k] * x * y + self.visible_bias_modes[k] * x + self.hidden_bias_modes[k] * y)
        }))
    }

    /// Energy of the unpaired modes in a state, -(b.v - sum_{k<R} bt_k x_k) or the same for h; zero when N = M.
    ///
    /// `visible` is `[N]`, `hidden` is `[M]`.
    ///
    /// # Errors
    /// [`AnalysisError::Shape`].
    pub fn unpaired_energy(&self, visible: &[f64], hidden: &[f64]) -> Result<f64, AnalysisError> {
        check_len("visible state", self.n_visible(), visible.len())?;
        check_len("hidden state", self.n_hidden(), hidden.len())?;
        let rest = |state: &[f64], bias: &[f64], vectors: &Mat<f64>, modes: &[f64]| {
            let paired: f64 = transposed_times(vectors.as_ref(), state)
                .iter()
                .zip(modes)
                .take(self.modes())
                .map(|(x, b)| x * b)
                .sum();
            dot(bias, state) - paired
        };
        Ok(match self.unpaired() {
            (0, 0) => 0.0,
            (_, 0) => -rest(
                visible,
                &self.visible_bias,
                &self.svd.left,
                &self.visible_bias_modes,
            ),
            _ => -rest(
                hidden,
                &self.hidden_bias,
                &self.svd.right,
                &self.hidden_bias_modes,
            ),
        })
    }
}

/// Refuses parameters whose fields were set by hand to sizes that disagree or to NaN.
pub(crate) fn check_parameters(parameters: &Parameters) -> Result<(), AnalysisError> {
    let (n, m) = (parameters.n_visible, parameters.n_hidden);
    if n == 0 || m == 0 {
        return Err(AnalysisError::Empty { what: "weight" });
    }
    check_len("weight", n * m, parameters.weight.len())?;
    check_len("visible_bias", n, parameters.visible_bias.len())?;
    check_len("hidden_bias", m, parameters.hidden_bias.len())?;
    for (what, values, columns) in [
        ("weight", &parameters.weight, m),
        ("visible_bias", &parameters.visible_bias, n),
        ("hidden_bias", &parameters.hidden_bias, m),
    ] {
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            return Err(AnalysisError::NotFinite {
                what,
                row: at / columns,
                column: at % columns,
                value: values[at],
            });
        }
    }
    Ok(())
}

/// A^T v for the columns of A.
pub(crate) fn transposed_times(matrix: MatRef<'_, f64>, vector: &[f64]) -> Vec<f64> {
    (0..matrix.ncols())
        .map(|k| matrix.col(k).iter().zip(vector).map(|(a, b)| a * b).sum())
        .collect()
}

/// Inner product.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
#[path = "space_tests.rs"]
mod tests;
