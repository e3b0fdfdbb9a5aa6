//! The operations that training spends its time in, as one backend extension.
//!
//! [`RbmOps`] has a default body in tensor primitives for every method, so any backend can run
//! it; the CPU backends route the same calls to the bit-packed kernels of [`crate::kernels`].
//! The functions of this module are the tensor-level entry points.
//!
//! States are tensors of zeros and ones. All randomness is counter-based
//! ([`crate::noise`]): the same key gives the same integer bits on every backend.

#[cfg(any(feature = "flex", feature = "ndarray"))]
mod cpu;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod cpu_chains;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod cube;
#[cfg(feature = "flex")]
mod flex;
pub mod generic;
mod host;
mod lower;
#[cfg(feature = "ndarray")]
mod ndarray;
mod primitives;
#[cfg(feature = "remote")]
pub mod remote;
mod sweep_kernel;
mod table;

use crate::kernels::packed::PackedChains;
pub use crate::kernels::packed::Sweeps;
use crate::noise::NoiseKey;
use crate::optim::Step;
use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
pub use host::with_slice;
use lower::Lower;
pub use primitives::{
    BatchPrimitives, ModelPrimitives, ParameterPrimitives, PcdOutput, SamplePrimitives,
};
pub use sweep_kernel::SweepKernel;

/// Declares [`RbmOps`].
macro_rules! declare {
    (
        ()
        $(
            $(#[$doc:meta])*
            fn $name:ident($($(#[$mark:ident])? $argument:ident: $type:ident $(<$of:ident>)?),*)
                -> [$($result:tt)*] $(as $tensors:tt)? {$($places:tt)*}
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

/// Defines the functions on tensors: one for every line of the table that says `as`.
macro_rules! define {
    (
        ()
        $($(#[$doc:meta])* fn $name:ident $arguments:tt -> $result:tt $(as $tensors:tt)? {$($places:tt)*})*
    ) => {
        $(define_one! { $(#[$doc])* fn $name $arguments $(as $tensors)? })*
    };
}

/// One of them.
macro_rules! define_one {
    (
        $(#[$doc:meta])*
        fn $name:ident($($argument:ident: $type:ident $(<$of:ty>)?),*)
            as [($($taken:ty),*) -> $made:ty]
    ) => {
        $(#[$doc])*
        pub fn $name($($argument: $taken),*) -> $made {
            Lower::lift(Dispatch::$name($(Lower::lower($argument)),*))
        }
    };
    ($(#[$doc:meta])* fn $name:ident $arguments:tt) => {};
}
table::operations! { define () }

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
