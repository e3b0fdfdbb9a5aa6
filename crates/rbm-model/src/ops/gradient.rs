//! The gradient from samples of both phases.

use super::RbmOps;
use crate::gradient::{Gradient, PhaseSamples};
use burn::backend::Dispatch;
use burn::tensor::Tensor;

/// Mean of v h^T over data minus its mean over model samples, `[n_visible, n_hidden]`.
///
/// The two phases may have different numbers of rows.
pub fn correlation_difference(data: PhaseSamples, model: PhaseSamples) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::correlation_difference(
        data.visible.into_dispatch(),
        data.hidden.into_dispatch(),
        model.visible.into_dispatch(),
        model.hidden.into_dispatch(),
    ))
}

impl Gradient {
    /// The plain gradient from samples of both phases, with **binary** visible states.
    pub fn from_samples(data: PhaseSamples, model: PhaseSamples) -> Self {
        Self::part(data, model, [1.0; 2])
    }

    /// What some of the rows contribute to the plain gradient: `shares` are the parts that they are
    /// of all rows of data and of model samples. Over parts that make up all rows the sum is
    /// [`from_samples`](Self::from_samples) of them all. Visible states must be **binary**.
    pub fn part(data: PhaseSamples, model: PhaseSamples, shares: [f64; 2]) -> Self {
        let [data, model] =
            [(data, shares[0]), (model, shares[1])].map(|(phase, share)| PhaseSamples {
                hidden: phase.hidden * share,
                visible: phase.visible,
            });
        let visible = |phase: &PhaseSamples, share: f64| {
            let mean = phase.visible.clone().mean_dim(0).squeeze_dim::<1>(0);
            mean * share
        };
        let hidden = |phase: &PhaseSamples| phase.hidden.clone().mean_dim(0).squeeze_dim::<1>(0);
        Self {
            visible_bias: visible(&data, shares[0]) - visible(&model, shares[1]),
            hidden_bias: hidden(&data) - hidden(&model),
            weight: correlation_difference(data, model),
        }
    }
}
