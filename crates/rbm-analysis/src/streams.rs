//! Streams of random numbers within one seed: one for every use of noise in this crate.
//!
//! Given to [`crate::random::generator`]. The streams of a family are numbered from their constant, one per copy or
//! chain, so that no number depends on how many another one took or on the order of threads. The values are part of
//! every result with a seed: changing one changes bytes.

// Single streams.

/// Random starts of the mean-field iteration.
pub(crate) const MEAN_FIELD_STARTS: u64 = 0x4d46;
/// Random starts of the constrained minimization.
pub(crate) const CONSTRAINED_STARTS: u64 = 0x434d;
/// Hidden units drawn given rows of data.
pub(crate) const HIDDEN_GIVEN_DATA: u64 = 0x4844;
/// Haar-distributed modes that saddle distances are compared with.
pub(crate) const SADDLE_COPIES: u64 = 0x5344;

// Families of up to 2^32 streams.

/// Block bootstrap, one per resample.
pub(crate) const BOOTSTRAP: u64 = 0x4253_0000_0000;
/// Haar matrices for means over vectors, one per matrix.
pub(crate) const HAAR_MATRICES: u64 = 0x4841_0000_0000;
/// Single Haar vectors for quantiles of their inverse participation ratio, one per vector.
pub(crate) const HAAR_VECTORS: u64 = 0x4950_0000_0000;
/// Langevin motion, one per trajectory.
pub(crate) const LANGEVIN: u64 = 0x4c56_0000_0000;
/// Spectra of random matrices, one per matrix.
pub(crate) const NULL_SPECTRA: u64 = 0x4d50_0000_0000;
/// Starts and seeds of Gibbs chains of random models, one per model.
pub(crate) const PHASE_CHAINS: u64 = 0x5043_0000_0000;
/// Couplings of random models, one per model.
pub(crate) const PHASE_MODELS: u64 = 0x5048_0000_0000;
/// Rotated copies of a weight matrix, one per copy.
pub(crate) const ROTATIONS: u64 = 0x524f_0000_0000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_uses_share_a_stream() {
        let single = [
            MEAN_FIELD_STARTS,
            CONSTRAINED_STARTS,
            HIDDEN_GIVEN_DATA,
            SADDLE_COPIES,
        ];
        let families = [
            BOOTSTRAP,
            HAAR_MATRICES,
            HAAR_VECTORS,
            LANGEVIN,
            NULL_SPECTRA,
            PHASE_CHAINS,
            PHASE_MODELS,
            ROTATIONS,
        ];
        assert!(single.iter().all(|s| *s < 1 << 32));
        let mut all: Vec<u64> = families.iter().map(|s| s >> 32).collect();
        all.extend(single);
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        // Families begin where their numbers are all zero.
        assert!(families.iter().all(|s| s << 32 == 0));
    }
}
