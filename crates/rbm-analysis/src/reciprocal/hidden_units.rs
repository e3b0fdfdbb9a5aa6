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
