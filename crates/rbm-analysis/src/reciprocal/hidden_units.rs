//! Hidden units of rows of data: drawn given them, or their means.

use crate::error::{AnalysisError, check_len};
use crate::random::generator;
use crate::reciprocal::svd::weight_matrix;
use faer::{Mat, MatRef};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rbm_model::Parameters;
use rbm_model::noise::stream;
use rbm_model::parameters::sigmoid;
use serde::{Deserialize, Serialize};

/// What stands for the hidden units of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HiddenUnits {
    /// Their means given v: exact for whatever is linear in h.
    Mean,
    /// Drawn from p(h | v).
    Drawn {
        /// Seed of the draw.
        seed: u64,
    },
}

impl HiddenUnits {
    pub(super) fn generator(self) -> Option<ChaCha8Rng> {
        match self {
            Self::Mean => None,
            Self::Drawn { seed } => Some(generator(seed, stream::HIDDEN_GIVEN_DATA)),
        }
    }

    /// Hidden units of rows of data, `[rows, N]` to `[rows, M]`: those that [`Trajectories::from_data`](super::Trajectories::from_data) takes of up to 1024 rows.
    ///
    /// # Errors
    /// [`AnalysisError::Shape`].
    ///
    /// # Examples
    /// ```
    /// use faer::mat;
    /// use rbm_analysis::reciprocal::HiddenUnits;
    /// use rbm_model::Parameters;
    /// let model = Parameters::new(1, 1, vec![3f64.ln()], vec![0.0], vec![0.0])?;
    /// let visible = mat![[0.0], [1.0]];
    /// let means = HiddenUnits::Mean.of(&model, visible.as_ref())?;
    /// assert!((means[(0, 0)] - 0.5).abs() < 1e-12 && (means[(1, 0)] - 0.75).abs() < 1e-12);
    /// let drawn = HiddenUnits::Drawn { seed: 1 }.of(&model, visible.as_ref())?;
    /// assert!([0.0, 1.0].contains(&drawn[(0, 0)]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(
        self,
        parameters: &Parameters,
        visible: MatRef<'_, f64>,
    ) -> Result<Mat<f64>, AnalysisError> {
        check_len("visible states", parameters.n_visible, visible.ncols())?;
        let (weight, bias) = (weight_matrix(parameters), &parameters.hidden_bias);
        Ok(hidden_given(visible, &weight, bias, &mut self.generator()))
    }
}

/// Draws of p(h | v), or its means without a generator.
pub(super) fn hidden_given(
    visible: MatRef<'_, f64>,
    weight: &Mat<f64>,
    bias: &[f64],
    random: &mut Option<ChaCha8Rng>,
) -> Mat<f64> {
    let mut h = visible * weight;
    for (j, c) in bias.iter().enumerate() {
        for h in h.col_as_slice_mut(j) {
            let p = sigmoid(*h + c);
            *h = match random {
                Some(random) => f64::from(random.random::<f64>() < p),
                None => p,
            };
        }
    }
    h
}
