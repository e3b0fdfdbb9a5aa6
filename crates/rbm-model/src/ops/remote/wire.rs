//! What travels with an operation: its name, the sizes of its tensors, its numbers.

use crate::kernels::packed::Sweeps;
use crate::noise::{Layer, NoiseKey};
use crate::optim::{Rule, Step};
use burn::tensor::Shape;
use burn_ir::ScalarIr;

/// Name and sizes of an operation. A letter is a size, the same one wherever it stands: `nm` is a
/// matrix of n rows and m columns; `nm?` may also be empty.
pub(super) struct Signature<const IN: usize, const OUT: usize> {
    pub(super) name: &'static str,
    inputs: [&'static str; IN],
    outputs: [&'static str; OUT],
}

pub(super) const SAMPLE_LAYER: Signature<2, 2> = Signature {
    name: "rbm.sample_layer",
    inputs: ["rm", "m"],
    outputs: ["rm", "rm"],
};
pub(super) const GIBBS_SWEEPS: Signature<4, 3> = Signature {
    name: "rbm.gibbs_sweeps",
    inputs: ["nm", "n", "m", "rm"],
    outputs: ["rn", "rm", "rm"],
};
pub(super) const HIDDEN_PROBABILITIES: Signature<3, 1> = Signature {
    name: "rbm.hidden_probabilities",
    inputs: ["nm", "m", "rn"],
    outputs: ["rm"],
};
pub(super) const SAMPLE_HIDDEN: Signature<3, 2> = Signature {
    name: "rbm.sample_hidden",
    inputs: ["nm", "m", "rn"],
    outputs: ["rm", "rm"],
};
pub(super) const ACTIVATE: Signature<2, 1> = Signature {
    name: "rbm.activate",
    inputs: ["rm", "m"],
    outputs: ["rm"],
};
pub(super) const SOFTPLUS_SUM: Signature<2, 1> = Signature {
    name: "rbm.softplus_sum",
    inputs: ["rm", "m"],
    outputs: ["r"],
};
pub(super) const SHIFTED_SOFTPLUS_SUM: Signature<3, 1> = Signature {
    name: "rbm.shifted_softplus_sum",
    inputs: ["rm", "nm", "r"],
    outputs: ["r"],
};
pub(super) const CORRELATION_DIFFERENCE: Signature<4, 1> = Signature {
    name: "rbm.correlation_difference",
    inputs: ["rn", "rm", "sn", "sm"],
    outputs: ["nm"],
};
/// Parameters with their moments, then samples with the offsets; parameters again, and the mean.
pub(super) const UPDATE: Signature<15, 10> = Signature {
    name: "rbm.ascend",
    inputs: [
        "nm", "nm?", "nm?", "n", "n?", "n?", "m", "m?", "m?", "rn", "rm", "sn", "sm", "n", "m",
    ],
    outputs: ["nm", "nm?", "nm?", "n", "n?", "n?", "m", "m?", "m?", "m"],
};

impl<const IN: usize, const OUT: usize> Signature<IN, OUT> {
    /// Shapes of what an operation on these makes; a moment that is empty stays so.
    pub(super) fn made(&self, inputs: &[Shape; IN]) -> [Shape; OUT] {
        let sizes = self.sizes(inputs);
        let size = |letter| sizes.iter().find(|(l, _)| *l == letter).map_or(0, |s| s.1);
        std::array::from_fn(|index| {
            let pattern = self.outputs[index];
            match pattern.strip_suffix('?') {
                // In its place among the inputs.
                Some(_) => inputs[index].clone(),
                None => Shape::from(pattern.chars().map(size).collect::<Vec<usize>>()),
            }
        })
    }

    /// Says where shapes are not those of the operation.
    pub(super) fn check(&self, inputs: &[Shape; IN]) -> Result<(), String> {
        let sizes = self.sizes(inputs);
        for (index, (pattern, shape)) in self.inputs.iter().zip(inputs).enumerate() {
            let letters = pattern.trim_end_matches('?');
            let optional = letters.len() < pattern.len() && shape.num_elements() == 0;
            let expected: Vec<usize> = letters
                .chars()
                .filter_map(|letter| sizes.iter().find(|(l, _)| *l == letter).map(|s| s.1))
                .collect();
            if !optional && shape.as_slice() != expected {
                return Err(format!(
                    "tensor {index} is {:?}, expected [{letters}] = {expected:?}",
                    shape.as_slice()
                ));
            }
        }
        Ok(())
    }

    /// Says where what an operation makes of these would take more than `limit` bytes. Tensors
    /// without elements can ask for any size, so what came in is no measure of it.
    pub(super) fn check_size(
        &self,
        inputs: &[Shape; IN],
        element: usize,
        limit: u64,
    ) -> Result<(), String> {
        let mut left = limit;
        for shape in self.made(inputs) {
            let bytes = (shape.as_slice().iter()).try_fold(element as u64, |bytes, size| {
                bytes.checked_mul(*size as u64)
            });
            left = (bytes.and_then(|bytes| left.checked_sub(bytes))).ok_or_else(|| {
                format!(
                    "its results, {:?} among them, take more than {limit} bytes, the limit of this server",
                    shape.as_slice()
                )
            })?;
        }
        Ok(())
    }

    /// The sizes that letters stand for, each from where it first stands.
    fn sizes(&self, inputs: &[Shape; IN]) -> Vec<(char, usize)> {
        let mut sizes: Vec<(char, usize)> = vec![];
        for (pattern, shape) in self.inputs.iter().zip(inputs) {
            for (letter, size) in pattern.chars().zip(shape.as_slice()) {
                if letter != '?' && !sizes.iter().any(|(l, _)| *l == letter) {
                    sizes.push((letter, *size));
                }
            }
        }
        sizes
    }
}

/// The numbers of an operation, if there are so many.
fn numbers<const N: usize>(scalars: &[ScalarIr]) -> Result<[ScalarIr; N], String> {
    let numbers = <[ScalarIr; N]>::try_from(scalars);
    numbers.map_err(|_| format!("{} numbers, expected {N}", scalars.len()))
}

/// A whole number that fits its type.
pub(super) fn whole<T: TryFrom<u64>>(scalar: ScalarIr) -> Result<T, String> {
    let number = match scalar {
        ScalarIr::UInt(number) => T::try_from(number).ok(),
        _ => None,
    };
    let expected = std::any::type_name::<T>();
    number.ok_or_else(|| format!("{scalar:?} where {expected} is expected"))
}

fn real(scalar: ScalarIr) -> Result<f64, String> {
    match scalar {
        ScalarIr::Float(number) => Ok(number),
        _ => Err(format!("{scalar:?} where a real number is expected")),
    }
}

pub(super) fn of_key(key: NoiseKey) -> Vec<ScalarIr> {
    let layer = u64::from(key.layer == Layer::Hidden);
    [
        key.seed,
        key.stream.into(),
        key.step,
        layer,
        key.first_row.into(),
    ]
    .map(ScalarIr::UInt)
    .to_vec()
}

pub(super) fn key(scalars: &[ScalarIr]) -> Result<NoiseKey, String> {
    let [seed, stream, step, layer, first_row] = numbers(scalars)?;
    Ok(NoiseKey::new(whole(seed)?, whole(stream)?)
        .with_step(whole(step)?)
        .with_layer(match whole::<u64>(layer)? {
            0 => Layer::Visible,
            _ => Layer::Hidden,
        })
        .with_first_row(whole(first_row)?))
}

/// How many sweeps of chains `hidden`, [rows, hidden units], one operation makes at most: about a
/// second of one core, so that a server is soon done with a client that has left.
pub(super) fn most_sweeps(weight: &Shape, hidden: &Shape) -> u64 {
    const PRODUCTS: u64 = 1 << 36;
    const SWEEPS: u64 = 1 << 16;
    let sizes = weight.as_slice().iter().chain(hidden.as_slice().first());
    let products = sizes.fold(2, |all: u64, size| all.saturating_mul(*size as u64));
    (PRODUCTS / products.max(1)).clamp(1, SWEEPS)
}

pub(super) fn of_sweeps(sweeps: Sweeps) -> Vec<ScalarIr> {
    [
        sweeps.seed,
        sweeps.stream.into(),
        sweeps.first_step,
        sweeps.count,
        sweeps.first_row.into(),
    ]
    .map(ScalarIr::UInt)
    .to_vec()
}

pub(super) fn sweeps(scalars: &[ScalarIr]) -> Result<Sweeps, String> {
    let [seed, stream, first_step, count, first_row] = numbers(scalars)?;
    Ok(Sweeps {
        seed: whole(seed)?,
        stream: whole(stream)?,
        first_step: whole(first_step)?,
        count: whole(count)?,
        first_row: whole(first_row)?,
    })
}

/// Rate, penalties, the two decays of the rule, which rule, its update.
pub(super) fn of_step(step: Step) -> Vec<ScalarIr> {
    let (rule, first, second, update) = match step.rule {
        Rule::Plain => (0, 0.0, 0.0, 0),
        Rule::Momentum { decay } => (1, decay, 0.0, 0),
        Rule::Adam {
            beta1,
            beta2,
            update,
        } => (2, beta1, beta2, update),
    };
    let numbers = [step.rate, step.l1, step.l2, first, second].map(ScalarIr::Float);
    let counts = [rule, update].map(ScalarIr::UInt);
    [&numbers[..], &counts[..]].concat()
}

pub(super) fn step(scalars: &[ScalarIr]) -> Result<Step, String> {
    let [rate, l1, l2, first, second, rule, update] = numbers(scalars)?;
    Ok(Step {
        rate: real(rate)?,
        l1: real(l1)?,
        l2: real(l2)?,
        rule: match whole(rule)? {
            0_u64 => Rule::Plain,
            1 => Rule::Momentum {
                decay: real(first)?,
            },
            2 => Rule::Adam {
                beta1: real(first)?,
                beta2: real(second)?,
                update: whole(update)?,
            },
            other => return Err(format!("no rule has number {other}")),
        },
    })
}
