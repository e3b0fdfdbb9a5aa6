//! Which way the CPU backends compute.

use std::sync::atomic::{AtomicU8, Ordering};

/// A way to compute Gibbs sweeps and conditionals on a CPU.
///
/// Runs take the packed kernels, whose fields are exact sums of integers
/// ([`WeightScale`](crate::kernels::packed::WeightScale)). The other ways are there to be compared with: they
/// draw from the same counters, so they give the same states but where a uniform number is within rounding
/// of its probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SweepKernel {
    /// What runs take, [`SweepKernel::Packed`].
    Auto,
    /// Bit-packed states, [`crate::kernels::packed`].
    Packed,
    /// A dense matrix product in f32, then bias, sigmoid and draw in one pass, [`crate::kernels::layer`].
    Dense,
    /// Plain tensor operations, as any other backend would do it.
    Tensors,
}

static PATH: AtomicU8 = AtomicU8::new(0);

impl SweepKernel {
    const ALL: [Self; 4] = [Self::Auto, Self::Packed, Self::Dense, Self::Tensors];

    /// What is in force in this process; at first [`SweepKernel::Auto`].
    #[must_use]
    pub fn current() -> Self {
        Self::ALL[usize::from(PATH.load(Ordering::Relaxed)) % Self::ALL.len()]
    }

    /// Puts a path in force for the whole process: for benchmarks and tests.
    pub fn set(self) {
        let index = Self::ALL.iter().position(|path| *path == self);
        PATH.store(index.unwrap_or(0) as u8, Ordering::Relaxed);
    }

    /// Whether the packed kernels are in force.
    pub(super) fn is_packed() -> bool {
        matches!(Self::current(), Self::Auto | Self::Packed)
    }
}
