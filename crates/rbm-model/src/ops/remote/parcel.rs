//! Arguments and results of an operation as they travel: tensors in a row, and numbers.

use super::super::{ModelPrimitives, ParameterPrimitives, SamplePrimitives};
use burn::backend::{Backend, tensor::FloatTensor};
use burn_ir::ScalarIr;

/// Tensors, the first in front, and numbers, which are one argument at most.
pub(super) struct Parcel<B: Backend> {
    pub(super) tensors: Vec<FloatTensor<B>>,
    pub(super) scalars: Vec<ScalarIr>,
}

impl<B: Backend> Parcel<B> {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self {
            tensors: vec![],
            scalars: vec![],
        }
    }

    pub(super) fn put_model(&mut self, model: ModelPrimitives<B>) {
        for parameter in [model.weight, model.visible_bias, model.hidden_bias] {
            let ParameterPrimitives {
                value,
                first,
                second,
            } = parameter;
            self.tensors.extend([value, first, second]);
        }
    }

    pub(super) fn put_samples(&mut self, samples: SamplePrimitives<B>) {
        self.tensors.extend([
            samples.data_visible,
            samples.data_hidden,
            samples.model_visible,
            samples.model_hidden,
            samples.visible_offset,
            samples.hidden_offset,
        ]);
    }
}

/// Tensors that are taken in the order they were put; as many as the signature says have been counted.
pub(super) struct Tensors<B: Backend>(std::vec::IntoIter<FloatTensor<B>>);

impl<B: Backend> Tensors<B> {
    pub(super) fn new(tensors: Vec<FloatTensor<B>>) -> Self {
        Self(tensors.into_iter())
    }

    pub(super) fn tensor(&mut self) -> FloatTensor<B> {
        match self.0.next() {
            Some(tensor) => tensor,
            None => unreachable!("the signature has as many tensors as the arguments"),
        }
    }

    pub(super) fn model(&mut self) -> ModelPrimitives<B> {
        let mut parameter = || ParameterPrimitives {
            value: self.tensor(),
            first: self.tensor(),
            second: self.tensor(),
        };
        ModelPrimitives {
            weight: parameter(),
            visible_bias: parameter(),
            hidden_bias: parameter(),
        }
    }

    pub(super) fn samples(&mut self) -> SamplePrimitives<B> {
        SamplePrimitives {
            data_visible: self.tensor(),
            data_hidden: self.tensor(),
            model_visible: self.tensor(),
            model_hidden: self.tensor(),
            visible_offset: self.tensor(),
            hidden_offset: self.tensor(),
        }
    }
}

/// Puts an argument or result of a type into a parcel.
macro_rules! put {
    ($parcel:ident, FloatTensor, $value:expr) => {
        $parcel.tensors.push($value)
    };
    ($parcel:ident, ModelPrimitives, $value:expr) => {
        $parcel.put_model($value)
    };
    ($parcel:ident, SamplePrimitives, $value:expr) => {
        $parcel.put_samples($value)
    };
    ($parcel:ident, $numbers:ident, $value:expr) => {
        $parcel.scalars = $crate::ops::remote::wire::Numbers::into_scalars($value)
    };
}
pub(super) use put;

/// Takes an argument or result of a type from tensors and numbers.
macro_rules! take {
    ($tensors:ident, $scalars:expr, FloatTensor) => {
        $tensors.tensor()
    };
    ($tensors:ident, $scalars:expr, ModelPrimitives) => {
        $tensors.model()
    };
    ($tensors:ident, $scalars:expr, SamplePrimitives) => {
        $tensors.samples()
    };
    ($tensors:ident, $scalars:expr, $numbers:ident) => {
        $crate::ops::remote::wire::Numbers::from_scalars($scalars)?
    };
}
pub(super) use take;

/// Puts all results.
macro_rules! put_results {
    ($parcel:ident, $result:expr, $a:ident<$s:ident>) => {
        put!($parcel, $a, $result)
    };
    ($parcel:ident, $result:expr, ($a:ident<$s:ident>, $b:ident<$t:ident>)) => {
        let (a, b) = $result;
        put!($parcel, $a, a);
        put!($parcel, $b, b);
    };
    ($parcel:ident, $result:expr, ($a:ident<$s:ident>, $b:ident<$t:ident>, $c:ident<$u:ident>)) => {
        let (a, b, c) = $result;
        put!($parcel, $a, a);
        put!($parcel, $b, b);
        put!($parcel, $c, c);
    };
}
pub(super) use put_results;

/// Takes all results.
macro_rules! take_results {
    ($tensors:ident, $a:ident<$s:ident>) => {
        take!($tensors, &[], $a)
    };
    ($tensors:ident, ($($a:ident<$s:ident>),+)) => {
        ($(take!($tensors, &[], $a)),+)
    };
}
pub(super) use take_results;
