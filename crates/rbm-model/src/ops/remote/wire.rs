//! What travels with an operation: its name, the sizes of its tensors, its numbers.

use crate::kernels::packed::Sweeps;
use crate::noise::{Layer, NoiseKey};
use crate::optim::{Rule, Step};
use burn::tensor::Shape;
use burn_ir::ScalarIr;

/// Name and sizes of an operation. A letter is a size, the same one wherever it stands: `nm` is a
/// matrix of n rows and m columns; `nm?` may also be empty.
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) inputs: &'static [&'static str],
    pub(super) outputs: &'static [&'static str],
    /// What else must hold of the shapes of the tensors and of the numbers.
    pub(super) fits: Option<Check>,
}

/// The signature that a line of the table gives.
macro_rules! signature {
    ($name:literal $inputs:tt -> $outputs:tt $(if $check:ident)?) => {
        $crate::ops::remote::wire::Signature {
            name: $name,
            inputs: &$inputs,
            outputs: &$outputs,
            fits: $crate::ops::remote::wire::optional!($($crate::ops::remote::wire::$check)?),
        }
    };
}
pub(super) use signature;

/// Something, if there is something.
macro_rules! optional {
    () => {
        None
    };
    ($thing:expr) => {
        Some($thing)
    };
}
pub(super) use optional;

/// Says what does not fit among the shapes of tensors and the numbers beside them.
pub(super) type Check = fn(&[Shape], &[ScalarIr]) -> Result<(), String>;

impl Signature {
    /// Shapes of what an operation on these makes; a moment that is empty stays so.
    pub(super) fn made(&self, inputs: &[Shape]) -> Vec<Shape> {
        let sizes = self.sizes(inputs);
        let size = |letter| sizes.iter().find(|(l, _)| *l == letter).map_or(0, |s| s.1);
        let outputs = self.outputs.iter().enumerate();
        outputs
            .map(|(index, pattern)| match pattern.strip_suffix('?') {
                // In its place among the inputs.
                Some(_) => inputs[index].clone(),
                None => Shape::from(pattern.chars().map(size).collect::<Vec<usize>>()),
            })
            .collect()
    }

    /// Says where shapes are not those of the operation.
    pub(super) fn check(&self, inputs: &[Shape]) -> Result<(), String> {
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
        inputs: &[Shape],
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
    fn sizes(&self, inputs: &[Shape]) -> Vec<(char, usize)> {
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
fn whole<T: TryFrom<u64>>(scalar: ScalarIr) -> Result<T, String> {
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

/// An argument that travels as numbers.
pub(super) trait Numbers: Sized {
    /// The numbers.
    fn into_scalars(self) -> Vec<ScalarIr>;

    /// From its numbers, if it is all of them.
    fn from_scalars(scalars: &[ScalarIr]) -> Result<Self, String>;
}

impl Numbers for NoiseKey {
    fn into_scalars(self) -> Vec<ScalarIr> {
        let layer = u64::from(self.layer == Layer::Hidden);
        [
            self.seed,
            self.stream.into(),
            self.step,
            layer,
            self.first_row.into(),
        ]
        .map(ScalarIr::UInt)
        .to_vec()
    }

    fn from_scalars(scalars: &[ScalarIr]) -> Result<Self, String> {
        let [seed, stream, step, layer, first_row] = numbers(scalars)?;
        Ok(Self::new(whole(seed)?, whole(stream)?)
            .with_step(whole(step)?)
            .with_layer(match whole::<u64>(layer)? {
                0 => Layer::Visible,
                _ => Layer::Hidden,
            })
            .with_first_row(whole(first_row)?))
    }
}

impl Numbers for Sweeps {
    fn into_scalars(self) -> Vec<ScalarIr> {
        [
            self.seed,
            self.stream.into(),
            self.first_step,
            self.count,
            self.first_row.into(),
        ]
        .map(ScalarIr::UInt)
        .to_vec()
    }

    fn from_scalars(scalars: &[ScalarIr]) -> Result<Self, String> {
        let [seed, stream, first_step, count, first_row] = numbers(scalars)?;
        Ok(Self {
            seed: whole(seed)?,
            stream: whole(stream)?,
            first_step: whole(first_step)?,
            count: whole(count)?,
            first_row: whole(first_row)?,
        })
    }
}

/// Rate, penalties, the two decays of the rule, which rule, its update.
impl Numbers for Step {
    fn into_scalars(self) -> Vec<ScalarIr> {
        let (rule, first, second, update) = match self.rule {
            Rule::Plain => (0, 0.0, 0.0, 0),
            Rule::Momentum { decay } => (1, decay, 0.0, 0),
            Rule::Adam {
                beta1,
                beta2,
                update,
            } => (2, beta1, beta2, update),
        };
        let numbers = [self.rate, self.l1, self.l2, first, second].map(ScalarIr::Float);
        let counts = [rule, update].map(ScalarIr::UInt);
        [&numbers[..], &counts[..]].concat()
    }

    fn from_scalars(scalars: &[ScalarIr]) -> Result<Self, String> {
        let [rate, l1, l2, first, second, rule, update] = numbers(scalars)?;
        Ok(Self {
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
}

impl Numbers for Vec<u32> {
    fn into_scalars(self) -> Vec<ScalarIr> {
        let numbers = self.into_iter().map(|number| ScalarIr::UInt(number.into()));
        numbers.collect()
    }

    fn from_scalars(scalars: &[ScalarIr]) -> Result<Self, String> {
        scalars.iter().map(|number| whole(*number)).collect()
    }
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

/// The check of `gibbs_sweeps`: no more sweeps than one operation makes.
pub(super) fn sweeps_fit(shapes: &[Shape], scalars: &[ScalarIr]) -> Result<(), String> {
    let count = Sweeps::from_scalars(scalars)?.count;
    let most = most_sweeps(&shapes[0], &shapes[3]);
    if count > most {
        return Err(format!("{count} sweeps at once, at most {most}"));
    }
    Ok(())
}

/// The check of `shifted_softplus_sum`: a unit that there is for every row.
pub(super) fn units_fit(shapes: &[Shape], scalars: &[ScalarIr]) -> Result<(), String> {
    let units = Vec::<u32>::from_scalars(scalars)?;
    let (n, rows) = (shapes[1][0], shapes[2][0]);
    if units.len() != rows || units.iter().any(|unit| *unit as usize >= n) {
        return Err(format!("its numbers are not {rows} units below {n}"));
    }
    Ok(())
}

/// The check of `update`: the moments of the rule are there.
pub(super) fn moments_fit(shapes: &[Shape], scalars: &[ScalarIr]) -> Result<(), String> {
    let moments = Step::from_scalars(scalars)?.rule.moments();
    for places in [[1, 4, 7], [2, 5, 8]].iter().take(moments) {
        if places.iter().any(|at| shapes[*at].num_elements() == 0) {
            return Err(format!("a rule with {moments} moments, and one is empty"));
        }
    }
    Ok(())
}
