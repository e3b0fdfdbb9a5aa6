//! Which way the CPU backends compute, and what it costs.

use std::sync::atomic::{AtomicU8, Ordering};

/// A way to compute Gibbs sweeps and conditionals on a CPU.
///
/// All draw from the same counters, so they give the same states but where a uniform number is
/// within rounding of its probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Path {
    /// The cheapest by the cost model, [`Path::cheapest`].
    Auto,
    /// Bit-packed states and tables of partial sums, [`crate::kernels::packed`].
    Packed,
    /// A dense matrix product, then bias, sigmoid and draw in one pass, [`crate::kernels::layer`].
    Dense,
    /// Plain tensor operations, as any other backend would do it. Never chosen.
    Tensors,
}

static PATH: AtomicU8 = AtomicU8::new(0);

impl Path {
    const ALL: [Self; 4] = [Self::Auto, Self::Packed, Self::Dense, Self::Tensors];

    /// What is in force in this process; at first [`Path::Auto`].
    #[must_use]
    pub fn current() -> Self {
        Self::ALL[usize::from(PATH.load(Ordering::Relaxed)) % Self::ALL.len()]
    }

    /// Puts a path in force for the whole process: for benchmarks and tests.
    pub fn set(self) {
        let index = Self::ALL.iter().position(|path| *path == self);
        PATH.store(index.unwrap_or(0) as u8, Ordering::Relaxed);
    }

    /// The cheaper of [`Path::Packed`] and [`Path::Dense`] for `rows` states.
    ///
    /// Of each weight the packed path builds 16/4 entries of tables, whatever the number of rows, and
    /// then needs 1/4 addition a row; the dense one needs one multiply-add a row, and reads the weights
    /// once, whatever that number. In units of an addition of one vector
    ///
    /// ```text
    /// packed: 4 TABLE + rows / 4        dense: max(READ, rows FMA)
    /// ```
    ///
    /// so that the choice depends on the number of rows alone, and a run takes the same path, and
    /// gives the same bytes, on every machine. The constants are measured by `rbm-train bench`.
    #[must_use]
    pub fn cheapest(rows: usize) -> Self {
        if rows < Self::DENSE_BELOW {
            Self::Dense
        } else {
            Self::Packed
        }
    }

    /// Number of rows from which the packed path is the cheaper one.
    pub const DENSE_BELOW: usize = 4;

    pub(super) fn resolve(rows: usize) -> Self {
        match Self::current() {
            Self::Auto => Self::cheapest(rows),
            path => path,
        }
    }
}
