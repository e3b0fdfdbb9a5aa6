//! The operations that training spends its time in, as one backend extension.
//!
//! [`RbmOps`] has a default body in tensor primitives for every method, so any backend can run
//! it; the CPU backends route the same calls to the bit-packed kernels of [`crate::kernels`].
//! The functions of this module are the tensor-level entry points.
//!
//! States are tensors of zeros and ones. All randomness is counter-based
//! ([`crate::noise`]): the same key gives the same integer bits on every backend.

mod chains;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod cpu;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod cpu_chains;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod cube;
#[cfg(feature = "flex")]
mod flex;
pub mod generic;
mod gradient;
mod host;
#[cfg(feature = "ndarray")]
mod ndarray;
#[cfg(feature = "remote")]
pub mod remote;
mod sweep_kernel;
mod table;
mod update;

pub use crate::kernels::packed::Sweeps;
use crate::noise::NoiseKey;
use crate::optim::Step;
use crate::sampling::PackedChains;
use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
pub use chains::{BatchPrimitives, PcdOutput};
pub use chains::{packed_sweeps, pcd_update};
pub use gradient::correlation_difference;
pub use host::with_slice;
pub use sweep_kernel::SweepKernel;
pub use update::{ModelPrimitives, ParameterPrimitives, SamplePrimitives};
pub use update::{OptimizerState, apply_gradient, update, update_by_tensors};

/// Declares [`RbmOps`].
macro_rules! declare {
    (
        ()
        $(
            $(#[$doc:meta])*
            fn $name:ident($($(#[$mark:ident])? $argument:ident: $type:ident $(<$of:ident>)?),*)
                -> [$($result:tt)*] $places:tt
        )*
    ) => {
        /// Training's inner operations on the primitives of a backend.
        #[backend_extension(
            Flex: cfg(feature = "flex"),
            NdArray: cfg(feature = "ndarray"),
            Cube: cfg(any(feature = "wgpu", feature = "cuda")),
            Remote: cfg(feature = "remote")
        )]
        pub trait RbmOps: Backend {
            $(
                $(#[$doc])*
                fn $name($($(#[$mark])? $argument: $type $(<$of>)?),*) -> $($result)* {
                    generic::$name::<Self>($($argument),*)
                }
            )*

            /// See [`with_slice`]; always true, since the macro wants a result.
            fn with_slice(tensor: FloatTensor<Self>, read: &mut dyn FnMut(&[f32])) -> bool {
                host::read_back::<Self>(tensor, read);
                true
            }
        }
    };
}
table::operations! { declare () }

/// Draws a layer from its fields in one pass: p = sigmoid(field + bias), state = \[u < p\].
///
/// # Shapes
/// - `field`: `[chains, units]`
/// - `bias`: `[units]`
/// - returns states and probabilities, both `[chains, units]`
pub fn sample_layer(field: Tensor<2>, bias: Tensor<1>, key: NoiseKey) -> (Tensor<2>, Tensor<2>) {
    let (states, probabilities) =
        Dispatch::sample_layer(field.into_dispatch(), bias.into_dispatch(), key);
    (
        Tensor::from_dispatch(states),
        Tensor::from_dispatch(probabilities),
    )
}

/// What a run of Gibbs sweeps leaves behind.
#[derive(Debug, Clone)]
pub struct SweepResult {
    /// Visible states of the last sweep, `[chains, n_visible]`.
    pub visible: Tensor<2>,
    /// Hidden states drawn from those, `[chains, n_hidden]`.
    pub hidden: Tensor<2>,
    /// p(h = 1 | v) for those visible states, `[chains, n_hidden]`.
    pub hidden_probabilities: Tensor<2>,
}

/// Block Gibbs sweeps v ~ p(v | h), then h ~ p(h | v), from given hidden states.
///
/// The hidden probabilities belong to the visible states that the last sweep itself produced, so
/// they are what the negative phase of a gradient needs without another pass. There is at least one
/// sweep: a count of 0 is taken for 1, since there are no visible states to give back before it.
///
/// # Shapes
/// - `weight`: `[n_visible, n_hidden]`, biases `[n_visible]` and `[n_hidden]`
/// - `hidden`: zeros and ones, `[chains, n_hidden]`
pub fn gibbs_sweeps(
    weight: Tensor<2>,
    visible_bias: Tensor<1>,
    hidden_bias: Tensor<1>,
    hidden: Tensor<2>,
    sweeps: Sweeps,
) -> SweepResult {
    let sweeps = Sweeps {
        count: sweeps.count.max(1),
        ..sweeps
    };
    let (visible, hidden, hidden_probabilities) = Dispatch::gibbs_sweeps(
        weight.into_dispatch(),
        visible_bias.into_dispatch(),
        hidden_bias.into_dispatch(),
        hidden.into_dispatch(),
        sweeps,
    );
    SweepResult {
        visible: Tensor::from_dispatch(visible),
        hidden: Tensor::from_dispatch(hidden),
        hidden_probabilities: Tensor::from_dispatch(hidden_probabilities),
    }
}

/// p(h = 1 | v) = sigmoid(c + v W) for **binary** visible states.
///
/// The CPU backends read only whether an entry is above 1/2. For visible values between 0 and 1
/// use [`crate::Rbm::hidden_probabilities`].
///
/// # Shapes
/// `weight` `[n_visible, n_hidden]`, `hidden_bias` `[n_hidden]`, `visible` `[rows, n_visible]`,
/// result `[rows, n_hidden]`
pub fn hidden_probabilities(
    weight: Tensor<2>,
    hidden_bias: Tensor<1>,
    visible: Tensor<2>,
) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::hidden_probabilities(
        weight.into_dispatch(),
        hidden_bias.into_dispatch(),
        visible.into_dispatch(),
    ))
}

/// Draws hidden states from p(h | v) for **binary** visible states; also returns p(h = 1 | v).
///
/// Shapes as [`hidden_probabilities`], for both results.
pub fn sample_hidden(
    weight: Tensor<2>,
    hidden_bias: Tensor<1>,
    visible: Tensor<2>,
    key: NoiseKey,
) -> (Tensor<2>, Tensor<2>) {
    let (states, probabilities) = Dispatch::sample_hidden(
        weight.into_dispatch(),
        hidden_bias.into_dispatch(),
        visible.into_dispatch(),
        key,
    );
    (
        Tensor::from_dispatch(states),
        Tensor::from_dispatch(probabilities),
    )
}

/// Probabilities sigmoid(field + bias) of a layer, in one pass.
///
/// # Shapes
/// `field` `[rows, units]`, `bias` `[units]`, result `[rows, units]`
pub fn activate(field: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::activate(
        field.into_dispatch(),
        bias.into_dispatch(),
    ))
}

/// sum_j softplus(field_j + bias_j), softplus(x) = ln(1 + e^x), for each row.
///
/// # Shapes
/// `field` `[rows, units]`, `bias` `[units]`, result `[rows]`
pub fn softplus_sum(field: Tensor<2>, bias: Tensor<1>) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::softplus_sum(
        field.into_dispatch(),
        bias.into_dispatch(),
    ))
}

/// sum_j softplus(field\[r, j\] + signs\[r\] weight\[units\[r\], j\]) for each row r: the hidden layer's
/// part of the free energy after one visible unit of each row has changed.
///
/// # Shapes
/// `field` `[rows, n_hidden]`, `weight` `[n_visible, n_hidden]`, `units` `[rows]`, each below
/// `n_visible`, `signs` `[rows]`, result `[rows]`
pub fn shifted_softplus_sum(
    field: Tensor<2>,
    weight: Tensor<2>,
    units: Vec<u32>,
    signs: Tensor<1>,
) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::shifted_softplus_sum(
        field.into_dispatch(),
        weight.into_dispatch(),
        units,
        signs.into_dispatch(),
    ))
}
