//! What the tests of all kernels ask of drawn states.

use super::Isa;
use crate::noise::{Layer, NoiseKey, Sequence};
use crate::parameters::sigmoid;

/// The noise of the tests.
pub(crate) const KEY: NoiseKey = NoiseKey::new(0x5EED_0123_4567, 3)
    .with_step(40)
    .with_layer(Layer::Hidden)
    .with_first_row(11);

/// Numbers of rows (chains) that leave vectors, words and blocks incomplete.
pub(crate) const RAGGED_ROWS: [usize; 7] = [1, 2, 15, 16, 63, 65, 130];
/// Numbers of units that do.
pub(crate) const RAGGED_UNITS: [usize; 4] = [1, 3, 17, 100];

/// The instruction sets of this machine.
pub(crate) fn instruction_sets() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|isa| isa.is_available())
}

/// Numbers between -size and size.
pub(crate) fn numbers(stream: u8, size: f32, count: usize) -> Vec<f32> {
    let mut sequence = Sequence::new(KEY.seed, stream, 0);
    (0..count)
        .map(|_| size * (2.0 * sequence.next_uniform() - 1.0))
        .collect()
}

/// Runs `f` on a pool of so many threads.
pub(crate) fn on_threads<T: Send>(threads: usize, f: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("a pool of threads")
        .install(f)
}

/// States that were drawn are those that the definition gives: 1 where u < sigmoid(x).
///
/// u and x may be so close to each other that rounding decides: within `margin`.
pub(crate) fn assert_defined(
    states: &[f32],
    fields: &[f64],
    units: usize,
    key: NoiseKey,
    margin: f64,
) {
    assert_eq!(states.len(), fields.len());
    for (index, (&state, &x)) in states.iter().zip(fields).enumerate() {
        let u = f64::from(key.uniform(index / units, index % units));
        let p = sigmoid(x);
        if (u - p).abs() > margin {
            assert_eq!(state, f32::from(u < p), "entry {index}: u = {u}, p = {p}");
        }
    }
}

/// Sums over draws, a unit at a time.
#[derive(Clone, Copy, Default)]
struct Unit {
    excess: f64,
    variance: f64,
}

/// Compares how often units were on with how often they should have been.
pub(crate) struct Frequencies(Vec<Unit>);

impl Frequencies {
    pub(crate) fn new(units: usize) -> Self {
        Self(vec![Unit::default(); units])
    }

    /// Takes in states `[rows, units]` that were drawn with these fields.
    pub(crate) fn add(&mut self, states: &[f32], fields: &[f64]) {
        assert_eq!(states.len(), fields.len());
        let units = self.0.len();
        for (index, (&state, &x)) in states.iter().zip(fields).enumerate() {
            assert!(state == 0.0 || state == 1.0);
            let p = sigmoid(x);
            let unit = &mut self.0[index % units];
            unit.excess += f64::from(state) - p;
            unit.variance += p * (1.0 - p);
        }
    }

    /// z-scores below 5 for each unit, and their mean square within 5 standard deviations of 1.
    ///
    /// A unit that hardly ever changes has no z-score: there the count itself must be right.
    pub(crate) fn check(&self) {
        let mut squares = Vec::new();
        for (index, unit) in self.0.iter().enumerate() {
            if unit.variance < 10.0 {
                let slack = 5.0 * unit.variance.sqrt() + 1.0;
                assert!(unit.excess.abs() < slack, "unit {index}: {}", unit.excess);
                continue;
            }
            let z = unit.excess / unit.variance.sqrt();
            assert!(z.abs() < 5.0, "unit {index}: z = {z}");
            squares.push(z * z);
        }
        if !squares.is_empty() {
            let n = squares.len() as f64;
            let mean = squares.iter().sum::<f64>() / n;
            assert!(
                (mean - 1.0).abs() < 5.0 * (2.0 / n).sqrt(),
                "mean z^2 = {mean} over {n} units"
            );
        }
    }
}
