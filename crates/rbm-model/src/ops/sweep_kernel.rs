//! Which way the CPU backends compute, and what it costs.

use std::sync::atomic::{AtomicU8, Ordering};

/// A way to compute Gibbs sweeps and conditionals on a CPU.
///
/// All draw from the same counters, so they give the same states but where a uniform number is
/// within rounding of its probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SweepKernel {
    /// The cheapest by the cost model, [`SweepKernel::cheapest`].
    Auto,
    /// Bit-packed states and tables of partial sums, [`crate::kernels::packed`].
    Packed,
    /// A dense matrix product, then bias, sigmoid and draw in one pass, [`crate::kernels::layer`].
    Dense,
    /// Plain tensor operations, as any other backend would do it. Never chosen.
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

    /// The cheaper of [`SweepKernel::Packed`] and [`SweepKernel::Dense`].
    ///
    /// Of each weight the packed path makes four entries of tables, whatever the number of rows, and turns
    /// it round for the visible layer; then it needs a quarter of an addition per row. The dense path
    /// needs a multiply-add per row, and for a single row only to read the weights. Measured with
    /// `rbm-train bench --kernel packed,dense --batch-size 1,2,4,5,6,8,12 --gibbs-steps 1,2,10` for 784 x
    /// 100 to 3000, dense is the cheaper one
    ///
    /// | weights | sweeps at a time | up to |
    /// |---|---|---|
    /// | up to 2^17 | 1 or 2 | 8 rows |
    /// | any others | any, or one conditional | 1 row |
    ///
    /// and the other choice would have been at most 11% faster in any of those cases.
    ///
    /// The choice is by shapes alone, so that a run takes the same path on every machine.
    #[must_use]
    pub fn cheapest(rows: usize, weights: usize, sweeps: Option<u64>) -> Self {
        let most = match (weights > 1 << 17, sweeps) {
            (false, Some(1 | 2)) => 8,
            _ => 1,
        };
        if rows <= most {
            Self::Dense
        } else {
            Self::Packed
        }
    }

    /// What is in force, or else the cheapest.
    pub(super) fn resolve(rows: usize, weights: usize, sweeps: Option<u64>) -> Self {
        match Self::current() {
            Self::Auto => Self::cheapest(rows, weights, sweeps),
            path => path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SweepKernel;

    #[test]
    fn few_rows_are_dense_and_many_packed() {
        let mnist = 784 * 500;
        for (rows, weights, sweeps, expected) in [
            (1, mnist, None, SweepKernel::Dense),
            (2, mnist, None, SweepKernel::Packed),
            (2, mnist, Some(1), SweepKernel::Packed),
            (1, 784 * 3000, Some(10), SweepKernel::Dense),
            (2, 784 * 3000, Some(10), SweepKernel::Packed),
            (8, 784 * 100, Some(1), SweepKernel::Dense),
            (9, 784 * 100, Some(1), SweepKernel::Packed),
            (2, 784 * 100, Some(10), SweepKernel::Packed),
        ] {
            assert_eq!(SweepKernel::cheapest(rows, weights, sweeps), expected);
        }
    }
}
