//! The CPU backends' way to the kernels for chains that are bits.

use super::cpu::{HostBackend, MutableParameter};
use super::{BatchPrimitives, ModelPrimitives, PcdOutput, RbmOps, SweepKernel, generic};
use crate::kernels::Isa;
use crate::kernels::packed::{FusedUpdate, Hidden, PackedChains, PackedModel};
use crate::optim::Step;
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
            B::as_contiguous(&weight)?,
            B::as_contiguous(&visible_bias)?,
            B::as_contiguous(&hidden_bias)?,
        );
        let model = PackedModel::new(w.as_ref(), b.as_ref(), c.as_ref()).ok()?;
        let made = chains.sweeps(sweeps);
        model
            .gibbs_sweeps(made, &mut chains.hidden, &mut chains.visible, None)
            .ok()
    };
    if SweepKernel::is_packed() && fast(&mut chains).is_some() {
        chains.step += sweeps;
        return chains;
    }
    generic::packed_sweeps::<B>(weight, visible_bias, hidden_bias, chains, sweeps)
}

/// See [`RbmOps::pcd_update`].
pub(super) fn pcd_update<B: HostBackend + RbmOps>(
    model: ModelPrimitives<B>,
    batch: BatchPrimitives<B>,
    mut chains: PackedChains,
    sweeps: u64,
    step: Step,
) -> PcdOutput<B> {
    let parameters = [&model.weight, &model.visible_bias, &model.hidden_bias];
    let numbers = parameters
        .iter()
        .flat_map(|p| [&p.value, &p.first, &p.second])
        .all(|tensor| B::is_f32(tensor));
    let held = || {
        Some((
            B::as_contiguous(&batch.visible_offset)?,
            B::as_contiguous(&batch.hidden_offset)?,
        ))
    };
    let (true, Some((mu, lambda))) = (SweepKernel::is_packed() && numbers && sweeps > 0, held())
    else {
        return generic::pcd_update::<B>(model, batch, chains, sweeps, step);
    };
    let mut weight = MutableParameter::<B>::new(model.weight);
    let mut visible_bias = MutableParameter::<B>::new(model.visible_bias);
    let mut hidden_bias = MutableParameter::<B>::new(model.hidden_bias);
    let mut learn = |chains: &mut PackedChains| {
        let (weight, visible_bias, hidden_bias) = (
            weight.parameter(),
            visible_bias.parameter(),
            hidden_bias.parameter(),
        );
        let made = chains.sweeps(sweeps);
        let model = PackedModel::new(weight.value, visible_bias.value, hidden_bias.value).ok()?;
        let scale = model.scale();
        let key = model
            .sweeps_to_visible(made, &mut chains.hidden, &mut chains.visible)
            .ok()?;
        FusedUpdate {
            data: &batch.rows,
            model: &chains.visible,
            hidden: Hidden::Drawn(key, scale, &mut chains.hidden),
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
        weight: weight.into_primitives(),
        visible_bias: visible_bias.into_primitives(),
        hidden_bias: hidden_bias.into_primitives(),
    };
    match mean {
        Some(mean) => {
            let units = mean.len();
            chains.step += sweeps;
            PcdOutput {
                model,
                mean: B::from_vec(mean, [units]),
                chains,
            }
        }
        // Shapes that do not fit: the parameters are as they were, and Burn says what is wrong.
        None => generic::pcd_update::<B>(model, batch, chains, sweeps, step),
    }
}
