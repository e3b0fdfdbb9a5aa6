//! The CPU backends' way to the kernels for chains that are bits.

use super::chains::{BatchPrimitives, Learned, ascend_by_tensors, sweeps_by_tensors};
use super::cpu::{HostBackend, Owned, count};
use super::{ModelPrimitives, Path, RbmOps, generic};
use crate::ascent::Step;
use crate::kernels::Isa;
use crate::kernels::packed::{Ascent, Hidden, PackedModel, PackedStates, Samples};
use crate::sampling::PackedChains;
use burn::backend::tensor::FloatTensor;

/// See [`super::packed_sweeps`].
pub(super) fn packed_sweeps<B: HostBackend + RbmOps>(
    weight: FloatTensor<B>,
    visible_bias: FloatTensor<B>,
    hidden_bias: FloatTensor<B>,
    mut chains: PackedChains,
    sweeps: u64,
) -> PackedChains {
    let fast = |chains: &mut PackedChains| {
        let (w, b, c) = (
            B::hold(&weight)?,
            B::hold(&visible_bias)?,
            B::hold(&hidden_bias)?,
        );
        let model = PackedModel::new(w.as_ref(), b.as_ref(), c.as_ref()).ok()?;
        let made = chains.sweeps(sweeps);
        model
            .gibbs_sweeps(made, &mut chains.hidden, &mut chains.visible, None)
            .ok()
    };
    let packed = Path::resolve(chains.count(), count(&weight), Some(sweeps)) == Path::Packed;
    if packed && fast(&mut chains).is_some() {
        chains.step += sweeps;
        return chains;
    }
    sweeps_by_tensors::<B>(weight, visible_bias, hidden_bias, chains, sweeps)
}

/// See [`super::ascend_with_chains`].
pub(super) fn ascend_with_chains<B: HostBackend + RbmOps>(
    model: ModelPrimitives<B>,
    batch: BatchPrimitives<B>,
    mut chains: PackedChains,
    sweeps: u64,
    step: Step,
) -> Learned<B> {
    let weights = count(&model.weight.value);
    let rows = generic::dims(&batch.visible)[0];
    let packed = [(rows, None), (chains.count(), Some(sweeps))]
        .into_iter()
        .all(|(rows, sweeps)| Path::resolve(rows, weights, sweeps) == Path::Packed);
    let parameters = [&model.weight, &model.visible_bias, &model.hidden_bias];
    let numbers = parameters
        .iter()
        .flat_map(|p| [&p.value, &p.first, &p.second])
        .all(|tensor| B::is_f32(tensor));
    let held = || {
        let [rows, n] = generic::dims(&batch.visible);
        Some((
            PackedStates::from_rows(B::hold(&batch.visible)?.as_ref(), rows, n).ok()?,
            B::hold(&batch.visible_offset)?,
            B::hold(&batch.hidden_offset)?,
        ))
    };
    let (true, Some((data, mu, lambda))) = (packed && numbers && sweeps > 0, held()) else {
        return ascend_by_tensors::<B>(model, batch, chains, sweeps, step);
    };
    let mut weight = Owned::<B>::new(model.weight);
    let mut visible_bias = Owned::<B>::new(model.visible_bias);
    let mut hidden_bias = Owned::<B>::new(model.hidden_bias);
    let mut learn = |chains: &mut PackedChains| {
        let (weight, visible_bias, hidden_bias) = (
            weight.parameter(),
            visible_bias.parameter(),
            hidden_bias.parameter(),
        );
        let made = chains.sweeps(sweeps);
        let model = PackedModel::new(weight.value, visible_bias.value, hidden_bias.value).ok()?;
        let key = model
            .sweeps_to_visible(made, &mut chains.hidden, &mut chains.visible)
            .ok()?;
        Ascent {
            data: Samples {
                visible: &data,
                hidden: Hidden::Conditional,
            },
            model: Samples {
                visible: &chains.visible,
                hidden: Hidden::Drawn(key, &mut chains.hidden),
            },
            visible_offset: mu.as_ref(),
            hidden_offset: lambda.as_ref(),
            step,
            isa: Isa::detect(),
        }
        .run(weight, visible_bias, hidden_bias)
        .ok()
    };
    let mean = learn(&mut chains);
    let model = ModelPrimitives {
        weight: weight.give(),
        visible_bias: visible_bias.give(),
        hidden_bias: hidden_bias.give(),
    };
    match mean {
        Some(mean) => {
            let units = mean.len();
            chains.step += sweeps;
            Learned {
                model,
                mean: B::make(mean, [units]),
                chains,
            }
        }
        // Shapes that do not fit: the parameters are as they were, and Burn says what is wrong.
        None => ascend_by_tensors::<B>(model, batch, chains, sweeps, step),
    }
}
