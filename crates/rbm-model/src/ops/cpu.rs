//! The CPU backends' way to the kernels: tensors in, host slices through, tensors out.
//!
//! Tensors of another type than f32, and shapes that do not fit, go to the generic path; the
//! latter then fail there with Burn's own message.

pub(super) use super::cpu_chains::{packed_sweeps, pcd_update};
use super::{ModelPrimitives, ParameterPrimitives, SamplePrimitives, SweepKernel, Sweeps, generic};
use crate::kernels::layer;
use crate::kernels::packed::{FusedUpdate, Hidden, PackedModel, outer_mean};
use crate::kernels::softplus;
use crate::kernels::{BitMatrix, Isa, Parameter};
use crate::noise::NoiseKey;
use crate::optim::Step;
use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;

/// A backend whose tensors are slices on the host.
pub(super) trait HostBackend: Backend {
    /// A tensor held in row-major order.
    type Contiguous: AsRef<[f32]>;
    /// A tensor that may be written.
    type Mutable;
    /// Whether the numbers are f32.
    fn is_f32(tensor: &FloatTensor<Self>) -> bool;
    /// Holds a tensor of f32; `None` for any other type.
    fn as_contiguous(tensor: &FloatTensor<Self>) -> Option<Self::Contiguous>;
    /// Makes a tensor.
    fn from_vec<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FloatTensor<Self>;
    /// Takes a tensor of f32 to be written, in place where nobody else holds it.
    fn into_mut(tensor: FloatTensor<Self>) -> Self::Mutable;
    /// The numbers of a tensor that is to be written, in row-major order.
    fn as_mut_slice(tensor: &mut Self::Mutable) -> &mut [f32];
    /// Gives it back.
    fn from_mut(tensor: Self::Mutable) -> FloatTensor<Self>;
}

/// See [`super::sample_layer`].
pub(super) fn sample_layer<B: HostBackend>(
    field: FloatTensor<B>,
    bias: FloatTensor<B>,
    key: NoiseKey,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let fast = || {
        let shape = generic::dims(&field);
        let mut states = vec![0.0; shape[0] * shape[1]];
        let mut probabilities = states.clone();
        layer::sample_layer(
            B::as_contiguous(&field)?.as_ref(),
            B::as_contiguous(&bias)?.as_ref(),
            key,
            &mut states,
            Some(&mut probabilities),
        )
        .ok()?;
        Some((
            B::from_vec(states, shape),
            B::from_vec(probabilities, shape),
        ))
    };
    if SweepKernel::current() == SweepKernel::Tensors {
        return generic::sample_layer::<B>(field, bias, key);
    }
    fast().unwrap_or_else(|| generic::sample_layer::<B>(field, bias, key))
}

/// See [`super::gibbs_sweeps`].
pub(super) fn gibbs_sweeps<B: HostBackend>(
    weight: FloatTensor<B>,
    visible_bias: FloatTensor<B>,
    hidden_bias: FloatTensor<B>,
    hidden: FloatTensor<B>,
    sweeps: Sweeps,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let rows = generic::dims(&hidden)[0];
    if !SweepKernel::is_packed() {
        let biases = [visible_bias, hidden_bias];
        return generic::gibbs_sweeps_with::<B>(weight, biases, hidden, sweeps, sample_layer::<B>);
    }
    let Some(mut states) = pack::<B>(&hidden) else {
        return generic::gibbs_sweeps::<B>(weight, visible_bias, hidden_bias, hidden, sweeps);
    };
    // The numbers are not needed any more, and may be most of the memory.
    drop(hidden);
    let fast = |states: &mut BitMatrix| {
        let [n, m] = generic::dims(&weight);
        let (w, b, c) = (
            B::as_contiguous(&weight)?,
            B::as_contiguous(&visible_bias)?,
            B::as_contiguous(&hidden_bias)?,
        );
        let model = PackedModel::new(w.as_ref(), b.as_ref(), c.as_ref()).ok()?;
        let mut visible = BitMatrix::zeros(rows, n);
        let mut probabilities = vec![0.0; rows * m];
        model
            .gibbs_sweeps(sweeps, states, &mut visible, Some(&mut probabilities))
            .ok()?;
        Some((visible, B::from_vec(probabilities, [rows, m])))
    };
    match fast(&mut states) {
        Some((visible, probabilities)) => {
            (unpack::<B>(&visible), unpack::<B>(&states), probabilities)
        }
        // Shapes that do not fit: nothing was done.
        None => {
            let hidden = unpack::<B>(&states);
            generic::gibbs_sweeps::<B>(weight, visible_bias, hidden_bias, hidden, sweeps)
        }
    }
}

/// See [`super::sample_hidden`].
pub(super) fn sample_hidden<B: HostBackend>(
    weight: FloatTensor<B>,
    hidden_bias: FloatTensor<B>,
    visible: FloatTensor<B>,
    key: NoiseKey,
) -> (FloatTensor<B>, FloatTensor<B>) {
    if !SweepKernel::is_packed() {
        return sample_layer::<B>(B::float_matmul(visible, weight), hidden_bias, key);
    }
    let fast = || {
        let ([n, m], rows) = (generic::dims(&weight), generic::dims(&visible)[0]);
        let (w, c) = (B::as_contiguous(&weight)?, B::as_contiguous(&hidden_bias)?);
        let unused = vec![0.0; n];
        let model = PackedModel::new(w.as_ref(), &unused, c.as_ref()).ok()?;
        let packed = pack::<B>(&visible)?;
        let mut states = BitMatrix::zeros(rows, m);
        let mut probabilities = vec![0.0; rows * m];
        model
            .sample_hidden(&packed, key, &mut states, Some(&mut probabilities))
            .ok()?;
        Some((unpack::<B>(&states), B::from_vec(probabilities, [rows, m])))
    };
    fast().unwrap_or_else(|| generic::sample_hidden::<B>(weight, hidden_bias, visible, key))
}

/// See [`super::hidden_probabilities`].
pub(super) fn hidden_probabilities<B: HostBackend>(
    weight: FloatTensor<B>,
    hidden_bias: FloatTensor<B>,
    visible: FloatTensor<B>,
) -> FloatTensor<B> {
    if !SweepKernel::is_packed() {
        return activate::<B>(B::float_matmul(visible, weight), hidden_bias);
    }
    let fast = || {
        let ([n, m], rows) = (generic::dims(&weight), generic::dims(&visible)[0]);
        let (w, c) = (B::as_contiguous(&weight)?, B::as_contiguous(&hidden_bias)?);
        let unused = vec![0.0; n];
        let model = PackedModel::new(w.as_ref(), &unused, c.as_ref()).ok()?;
        let packed = pack::<B>(&visible)?;
        let mut probabilities = vec![0.0; rows * m];
        model
            .hidden_probabilities(&packed, &mut probabilities)
            .ok()?;
        Some(B::from_vec(probabilities, [rows, m]))
    };
    fast().unwrap_or_else(|| generic::hidden_probabilities::<B>(weight, hidden_bias, visible))
}

/// See [`super::activate`].
pub(super) fn activate<B: HostBackend>(
    field: FloatTensor<B>,
    bias: FloatTensor<B>,
) -> FloatTensor<B> {
    let fast = || {
        let shape = generic::dims(&field);
        let mut probabilities = vec![0.0; shape[0] * shape[1]];
        let (field, bias) = (B::as_contiguous(&field)?, B::as_contiguous(&bias)?);
        layer::probabilities_layer(field.as_ref(), bias.as_ref(), &mut probabilities).ok()?;
        Some(B::from_vec(probabilities, shape))
    };
    if SweepKernel::current() == SweepKernel::Tensors {
        return generic::activate::<B>(field, bias);
    }
    fast().unwrap_or_else(|| generic::activate::<B>(field, bias))
}

/// See [`super::softplus_sum`].
pub(super) fn softplus_sum<B: HostBackend>(
    field: FloatTensor<B>,
    bias: FloatTensor<B>,
) -> FloatTensor<B> {
    let fast = || {
        let rows = generic::dims(&field)[0];
        let mut out = vec![0.0; rows];
        let (field, bias) = (B::as_contiguous(&field)?, B::as_contiguous(&bias)?);
        softplus::softplus_sum(field.as_ref(), bias.as_ref(), &mut out).ok()?;
        Some(B::from_vec(out, [rows]))
    };
    fast().unwrap_or_else(|| generic::softplus_sum::<B>(field, bias))
}

/// See [`super::shifted_softplus_sum`].
pub(super) fn shifted_softplus_sum<B: HostBackend>(
    field: FloatTensor<B>,
    weight: FloatTensor<B>,
    units: Vec<u32>,
    signs: FloatTensor<B>,
) -> FloatTensor<B> {
    let fast = || {
        let [rows, columns] = generic::dims(&field);
        let mut out = vec![0.0; rows];
        let (f, w, s) = (
            B::as_contiguous(&field)?,
            B::as_contiguous(&weight)?,
            B::as_contiguous(&signs)?,
        );
        let (f, w, s) = (f.as_ref(), w.as_ref(), s.as_ref());
        softplus::shifted_softplus_sum(f, columns, w, &units, s, &mut out).ok()?;
        Some(B::from_vec(out, [rows]))
    };
    fast().unwrap_or_else(|| generic::shifted_softplus_sum::<B>(field, weight, units, signs))
}

/// See [`super::correlation_difference`].
pub(super) fn correlation_difference<B: HostBackend>(
    data_visible: FloatTensor<B>,
    data_hidden: FloatTensor<B>,
    model_visible: FloatTensor<B>,
    model_hidden: FloatTensor<B>,
) -> FloatTensor<B> {
    let (data, model) = ([data_visible, data_hidden], [model_visible, model_hidden]);
    let fast = || {
        let (n, m) = (generic::dims(&data[0])[1], generic::dims(&data[1])[1]);
        let mut out = vec![0.0; n * m];
        for ([visible, hidden], sign, keep) in [(&data, 1.0, 0.0), (&model, -1.0, 1.0)] {
            let rows = generic::dims(visible)[0];
            let packed = pack::<B>(visible)?;
            let scale = sign / rows as f32;
            outer_mean(
                &packed,
                B::as_contiguous(hidden)?.as_ref(),
                scale,
                keep,
                &mut out,
            )
            .ok()?;
        }
        Some(B::from_vec(out, [n, m]))
    };
    fast().unwrap_or_else(|| {
        let ([v, h], [w, k]) = (data, model);
        generic::correlation_difference::<B>(v, h, w, k)
    })
}

/// See [`super::update`].
pub(super) fn update<B: HostBackend>(
    model: ModelPrimitives<B>,
    samples: SamplePrimitives<B>,
    step: Step,
) -> (ModelPrimitives<B>, FloatTensor<B>) {
    if SweepKernel::current() == SweepKernel::Tensors {
        return generic::update::<B>(model, samples, step);
    }
    let fits = || {
        let parameters = [&model.weight, &model.visible_bias, &model.hidden_bias];
        let tensors = parameters.map(|p| [&p.value, &p.first, &p.second]);
        let numbers = tensors.iter().flatten().all(|t| B::is_f32(t));
        numbers.then_some((
            pack::<B>(&samples.data_visible)?,
            B::as_contiguous(&samples.data_hidden)?,
            pack::<B>(&samples.model_visible)?,
            B::as_contiguous(&samples.model_hidden)?,
            B::as_contiguous(&samples.visible_offset)?,
            B::as_contiguous(&samples.hidden_offset)?,
        ))
    };
    let Some((data, data_hidden, other, other_hidden, mu, lambda)) = fits() else {
        return generic::update::<B>(model, samples, step);
    };
    let update = FusedUpdate {
        data: &data,
        model: &other,
        hidden: Hidden::Values([data_hidden.as_ref(), other_hidden.as_ref()]),
        visible_offset: mu.as_ref(),
        hidden_offset: lambda.as_ref(),
        step,
        isa: Isa::detect(),
    };
    let mut weight = MutableParameter::<B>::new(model.weight);
    let mut visible_bias = MutableParameter::<B>::new(model.visible_bias);
    let mut hidden_bias = MutableParameter::<B>::new(model.hidden_bias);
    let result = update.run(
        weight.parameter(),
        visible_bias.parameter(),
        hidden_bias.parameter(),
    );
    let model = ModelPrimitives {
        weight: weight.into_primitives(),
        visible_bias: visible_bias.into_primitives(),
        hidden_bias: hidden_bias.into_primitives(),
    };
    match result {
        Ok(mean) => {
            let units = mean.len();
            (model, B::from_vec(mean, [units]))
        }
        // Nothing was changed.
        Err(_) => generic::update::<B>(model, samples, step),
    }
}

/// A parameter that is being written.
pub(super) struct MutableParameter<B: HostBackend>([B::Mutable; 3]);

impl<B: HostBackend> MutableParameter<B> {
    pub(super) fn new(parameter: ParameterPrimitives<B>) -> Self {
        Self([parameter.value, parameter.first, parameter.second].map(B::into_mut))
    }

    pub(super) fn parameter(&mut self) -> Parameter<'_> {
        let [value, first, second] = self.0.each_mut().map(B::as_mut_slice);
        Parameter {
            value,
            first,
            second,
        }
    }

    pub(super) fn into_primitives(self) -> ParameterPrimitives<B> {
        let [value, first, second] = self.0.map(B::from_mut);
        ParameterPrimitives {
            value,
            first,
            second,
        }
    }
}

/// States `[rows, units]` as bits; `None` for numbers of another type than f32.
fn pack<B: HostBackend>(states: &FloatTensor<B>) -> Option<BitMatrix> {
    let [rows, units] = generic::dims(states);
    BitMatrix::from_numbers(B::as_contiguous(states)?.as_ref(), rows, units).ok()
}

/// States as numbers.
fn unpack<B: HostBackend>(states: &BitMatrix) -> FloatTensor<B> {
    B::from_vec(states.to_numbers(), [states.rows(), states.columns()])
}

/// Implements [`super::RbmOps`] for a [`HostBackend`]: every line of the table that says `host`.
macro_rules! use_kernels {
    (
        ($backend:ty)
        $($(#[$doc:meta])* fn $name:ident $arguments:tt -> $result:tt $(as $tensors:tt)? {$($places:tt)*})*
    ) => {
        impl $crate::ops::RbmOps for $backend {
            $($crate::ops::cpu::use_kernel! { fn $name $arguments -> $result { $($places)* } })*

            fn with_slice(tensor: FloatTensor<Self>, read: &mut dyn FnMut(&[f32])) -> bool {
                match <Self as $crate::ops::cpu::HostBackend>::as_contiguous(&tensor) {
                    Some(held) => read(held.as_ref()),
                    None => $crate::ops::host::read_back::<Self>(tensor, read),
                }
                true
            }
        }
    };
}
pub(super) use use_kernels;

/// One of its methods.
macro_rules! use_kernel {
    (
        fn $name:ident($($(#[$mark:ident])? $argument:ident: $type:ident $(<$of:ident>)?),*)
            -> [$($result:tt)*] { host $($rest:tt)* }
    ) => {
        fn $name($($argument: $type $(<$of>)?),*) -> $($result)* {
            $crate::ops::cpu::$name::<Self>($($argument),*)
        }
    };
    (fn $name:ident $arguments:tt -> $result:tt { $(wire $($rest:tt)*)? }) => {};
}
pub(super) use use_kernel;
