//! Persistent chains that are bits between updates, and updates with them.

use super::RbmOps;
use super::host::{pack, unpack};
use super::update::{self, ModelPrimitives, OptimizerState, SamplePrimitives};
use crate::Rbm;
use crate::gradient::Offsets;
use crate::kernels::BitMatrix;
use crate::optim::Step;
use crate::sampling::PackedChains;
use burn::backend::{Backend, Dispatch, ExtensionType, tensor::FloatTensor};
use burn::tensor::Tensor;

/// Data rows with the offsets of the centered gradient; see [`pcd_update`].
#[derive(ExtensionType)]
pub struct BatchPrimitives<B: Backend> {
    /// Visible states, `[rows, n_visible]`.
    pub rows: BitMatrix,
    /// mu, `[n_visible]`.
    pub visible_offset: FloatTensor<B>,
    /// lambda, `[n_hidden]`.
    pub hidden_offset: FloatTensor<B>,
}

/// What an update with chains leaves behind; see [`pcd_update`].
#[derive(ExtensionType)]
pub struct PcdOutput<B: Backend> {
    /// The model after it.
    #[extension_type]
    pub model: ModelPrimitives<B>,
    /// Mean of the hidden values over the data, `[n_hidden]`.
    pub mean: FloatTensor<B>,
    /// The chains after it.
    pub chains: PackedChains,
}

/// Makes Gibbs sweeps with chains that are bits, as [`gibbs_sweeps`](super::gibbs_sweeps).
pub fn packed_sweeps(rbm: &Rbm, chains: &mut PackedChains, sweeps: usize) {
    *chains = Dispatch::packed_sweeps(
        rbm.weight.val().into_dispatch(),
        rbm.visible_bias.val().into_dispatch(),
        rbm.hidden_bias.val().into_dispatch(),
        chains.take(),
        sweeps as u64,
    );
}

/// One update of persistent contrastive divergence: sweeps of the chains, then
/// [`update`](fn@super::update) with p(h | v) as hidden values of data and chains.
///
/// The CPU backends hold p(h | v) of a part of the hidden units at a time, and draw the last h of the
/// chains from it on the way, so the update needs hardly more memory than the weights. States are
/// those of [`packed_sweeps`]; `batch` is `[rows, n_visible]`.
///
/// Returns the model and the mean of the hidden values over the data, `[n_hidden]`.
pub fn pcd_update(
    rbm: Rbm,
    state: &mut OptimizerState,
    batch: BitMatrix,
    (chains, sweeps): (&mut PackedChains, usize),
    offsets: Offsets,
    step: Step,
) -> (Rbm, Tensor<1>) {
    let batch = BatchPrimitives {
        rows: batch,
        visible_offset: offsets.visible.into_dispatch(),
        hidden_offset: offsets.hidden.into_dispatch(),
    };
    let (rbm, mean) = update::run(rbm, state, step, |model| {
        let before = chains.take();
        let output = Dispatch::pcd_update(model, batch, before, sweeps as u64, step);
        *chains = output.chains;
        (output.model, output.mean)
    });
    (rbm, Tensor::from_dispatch(mean))
}

/// [`packed_sweeps`] by way of tensors.
pub(super) fn sweeps_by_tensors<B: RbmOps>(
    weight: FloatTensor<B>,
    visible_bias: FloatTensor<B>,
    hidden_bias: FloatTensor<B>,
    chains: PackedChains,
    count: u64,
) -> PackedChains {
    let hidden = unpack::<B>(&chains.hidden, &weight);
    let sweeps = chains.sweeps(count);
    let (visible, hidden, _) = B::gibbs_sweeps(weight, visible_bias, hidden_bias, hidden, sweeps);
    PackedChains {
        visible: pack::<B>(visible),
        hidden: pack::<B>(hidden),
        step: chains.step + count,
        ..chains
    }
}

/// [`pcd_update`] by way of tensors.
pub(super) fn pcd_update_by_tensors<B: RbmOps>(
    model: ModelPrimitives<B>,
    batch: BatchPrimitives<B>,
    chains: PackedChains,
    count: u64,
    step: Step,
) -> PcdOutput<B> {
    let (weight, hidden_bias) = (&model.weight.value, &model.hidden_bias.value);
    let conditional =
        |visible| B::hidden_probabilities(weight.clone(), hidden_bias.clone(), visible);
    let data_visible = unpack::<B>(&batch.rows, weight);
    let data_hidden = conditional(data_visible.clone());
    let (model_visible, hidden, model_hidden) = if count == 0 {
        let visible = unpack::<B>(&chains.visible, weight);
        let hidden = unpack::<B>(&chains.hidden, weight);
        let probabilities = conditional(visible.clone());
        (visible, hidden, probabilities)
    } else {
        B::gibbs_sweeps(
            weight.clone(),
            model.visible_bias.value.clone(),
            hidden_bias.clone(),
            unpack::<B>(&chains.hidden, weight),
            chains.sweeps(count),
        )
    };
    let chains = PackedChains {
        visible: pack::<B>(model_visible.clone()),
        hidden: pack::<B>(hidden),
        step: chains.step + count,
        ..chains
    };
    let samples = SamplePrimitives {
        data_visible,
        data_hidden,
        model_visible,
        model_hidden,
        visible_offset: batch.visible_offset,
        hidden_offset: batch.hidden_offset,
    };
    let (model, mean) = B::update(model, samples, step);
    PcdOutput {
        model,
        mean,
        chains,
    }
}
