//! Which tensors of a file are the model's, whoever wrote it.

use super::NAMES;
use crate::error::ModelError;
use half::{bf16, f16};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::path::Path;

/// How the weight matrix of a file lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// `[n_visible, n_hidden]`, unless the name of the tensor says otherwise (`components_` of scikit-learn).
    #[default]
    VisibleHidden,
    /// `[n_hidden, n_visible]`.
    HiddenVisible,
}

/// Names of the weight, with the layout where a program that writes this name always has that one.
const WEIGHTS: [(&str, Option<Layout>); 6] = [
    (NAMES[0], None),
    ("weights", None),
    ("weight_matrix", None),
    ("W", None),
    ("w", None),
    ("components_", Some(Layout::HiddenVisible)),
];

/// Names of visible and hidden bias that go together.
const BIASES: [[&str; 2]; 8] = [
    [NAMES[1], NAMES[2]],
    ["visible_biases", "hidden_biases"],
    ["bias_visible", "bias_hidden"],
    ["vbias", "hbias"],
    ["v_bias", "h_bias"],
    ["intercept_visible_", "intercept_hidden_"],
    ["a", "b"],
    ["b", "c"],
];

/// The tensors of the model in a file.
pub(super) struct Found {
    /// Weight, visible bias, hidden bias.
    pub names: [&'static str; 3],
    /// How the weight lies.
    pub layout: Layout,
}

/// Finds the tensors by their names; the first spelling is the one that this crate writes.
///
/// # Errors
/// [`ModelError::MissingTensor`] where one is missing, or where several spellings are there and none is this crate's.
pub(super) fn find(
    file: &SafeTensors<'_>,
    layout: Layout,
    path: &Path,
) -> Result<Found, ModelError> {
    let has = |name: &str| file.tensor(name).is_ok();
    let missing = |tensor| {
        let found = file.tensors().into_iter();
        let mut found: Vec<String> = found
            .map(|(name, view)| format!("{name} {:?}", view.shape()))
            .collect();
        found.sort();
        ModelError::MissingTensor {
            path: path.into(),
            tensor,
            found,
        }
    };
    let weights = WEIGHTS.iter().filter(|(name, _)| has(name));
    let (weight, fixed) =
        *one_or_first(weights, |(name, _)| *name == NAMES[0]).ok_or_else(|| missing(NAMES[0]))?;
    let pairs = BIASES
        .iter()
        .filter(|pair| pair.iter().all(|name| has(name)));
    let [visible, hidden] = *one_or_first(pairs, |pair| pair[0] == NAMES[1]).ok_or_else(|| {
        missing(match has(NAMES[1]) {
            true => NAMES[2],
            false => NAMES[1],
        })
    })?;
    Ok(Found {
        names: [weight, visible, hidden],
        layout: fixed.unwrap_or(layout),
    })
}

/// The only one, or the first where it is known that it goes before others.
fn one_or_first<'a, T>(
    mut of: impl Iterator<Item = &'a T>,
    goes_first: impl Fn(&T) -> bool,
) -> Option<&'a T> {
    let first = of.next()?;
    (goes_first(first) || of.next().is_none()).then_some(first)
}

/// Row-major numbers of a tensor; `None` of types other than floats.
pub(super) fn floats(view: &TensorView<'_>) -> Option<Vec<f64>> {
    fn each<const N: usize>(data: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        data.as_chunks::<N>().0.iter().map(|b| number(*b)).collect()
    }
    let data = view.data();
    match view.dtype() {
        Dtype::F64 => Some(each(data, f64::from_le_bytes)),
        Dtype::F32 => Some(each(data, |b| f32::from_le_bytes(b).into())),
        Dtype::F16 => Some(each(data, |b| f16::from_le_bytes(b).into())),
        Dtype::BF16 => Some(each(data, |b| bf16::from_le_bytes(b).into())),
        _ => None,
    }
}

/// The weight `[n_visible, n_hidden]` from one that may lie otherwise.
///
/// # Errors
/// [`ModelError::Shape`], which names the tensor that does not fit the two others, or [`ModelError::Transposed`].
pub(super) fn arrange(
    Found { names, layout }: &Found,
    weight: Vec<f64>,
    shapes: [&[usize]; 3],
) -> Result<Vec<f64>, ModelError> {
    let wrong = |which: usize, expected: Vec<usize>| ModelError::Shape {
        tensor: names[which].into(),
        expected,
        found: shapes[which].to_vec(),
    };
    let [n, m] = [1, 2].map(|bias| shapes[bias].iter().product::<usize>());
    let [rows, columns] = shapes[0][..] else {
        return Err(wrong(0, vec![n, m]));
    };
    let of_weight = match layout {
        Layout::VisibleHidden => [rows, columns],
        Layout::HiddenVisible => [columns, rows],
    };
    let fits = |[visible, hidden]: [usize; 2]| shapes[1] == [visible] && shapes[2] == [hidden];
    if fits(of_weight) {
        return Ok(match layout {
            Layout::VisibleHidden => weight,
            Layout::HiddenVisible => (0..n * m).map(|at| weight[at % m * n + at / m]).collect(),
        });
    }
    let [visible, hidden] = of_weight;
    if fits([hidden, visible]) {
        return Err(ModelError::Transposed {
            tensor: names[0].into(),
            n_visible: n,
            n_hidden: m,
            found: shapes[0].to_vec(),
        });
    }
    Err(match [n == visible, m == hidden] {
        [_, true] => wrong(1, vec![visible]),
        [true, _] => wrong(2, vec![hidden]),
        _ => wrong(0, vec![n, m]),
    })
}
