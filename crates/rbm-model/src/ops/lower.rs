//! Between tensors and the primitives that operations take.

use crate::kernels::packed::PackedChains;
use crate::noise::NoiseKey;
use burn::backend::{Dispatch, tensor::FloatTensor};
use burn::tensor::Tensor;

/// What a function on tensors takes or gives, with what the operation behind it does.
pub(super) trait Lower {
    /// The same for an operation.
    type Primitive;
    /// On the way to it.
    fn lower(self) -> Self::Primitive;
    /// On the way back.
    fn lift(primitive: Self::Primitive) -> Self;
}

impl<const D: usize> Lower for Tensor<D> {
    type Primitive = FloatTensor<Dispatch>;

    fn lower(self) -> Self::Primitive {
        self.into_dispatch()
    }

    fn lift(primitive: Self::Primitive) -> Self {
        Self::from_dispatch(primitive)
    }
}

impl<A: Lower, B: Lower> Lower for (A, B) {
    type Primitive = (A::Primitive, B::Primitive);

    fn lower(self) -> Self::Primitive {
        (self.0.lower(), self.1.lower())
    }

    fn lift((a, b): Self::Primitive) -> Self {
        (A::lift(a), B::lift(b))
    }
}

/// What operations take as it is.
macro_rules! as_it_is {
    ($($type:ty),*) => {
        $(impl Lower for $type {
            type Primitive = Self;

            fn lower(self) -> Self {
                self
            }

            fn lift(primitive: Self) -> Self {
                primitive
            }
        })*
    };
}
as_it_is! { NoiseKey, PackedChains, Vec<u32>, u64 }
