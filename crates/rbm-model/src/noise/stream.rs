//! Streams of random numbers within one seed: the table of every use of noise in the workspace.
//!
//! Every use has a stream of its own, so that none depends on how many numbers another one took.
//! The numbers are part of every result with a seed: changing one changes bytes.
//!
//! Streams of 8 bits name matrices of counter-based noise, [`NoiseKey`](super::NoiseKey). Those of
//! 64 bits belong to generators with a state, as `rbm_analysis::random::generator` makes them; of
//! these the streams of a family are numbered from their constant, one per copy or chain.

/// A line of the table: name, first stream and how many there are.
pub type Entry = (&'static str, u64, u64);

/// Makes the constants and [`ALL`], the table itself.
macro_rules! streams {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $first:literal, $count:expr;)*) => {
        $($(#[$doc])* pub const $name: $type = $first;)*

        /// All streams.
        pub const ALL: &[Entry] = &[$((stringify!($name), $first, $count)),*];
    };
}

/// Streams of a single use, and of a family.
const ONE: u64 = 1;
const FAMILY: u64 = 1 << 32;

streams! {
    /// Initial weights.
    INIT: u8 = 0, ONE;
    /// The order of the data in each epoch; the step is the epoch.
    SHUFFLE: u8 = 1, ONE;
    /// Gibbs sweeps of the learner's chains; the step counts sweeps since the start of training.
    CHAINS: u8 = 2, ONE;
    /// First states of chains.
    CHAIN_START: u8 = 3, ONE;
    /// Hidden states drawn from data (positive phase of contrastive divergence).
    POSITIVE: u8 = 4, ONE;
    /// Monitoring: unit choices of the pseudo-likelihood and reconstructions.
    MONITOR: u8 = 5, ONE;
    /// Samples drawn from a finished model.
    SAMPLE: u8 = 6, ONE;
    /// Splitting data into training and test rows.
    SPLIT: u8 = 7, ONE;
    /// Annealing from independent units to a model; the step counts temperatures.
    ANNEALING: u8 = 16, ONE;
    /// Annealing from a model to independent units.
    ANNEALING_BACK: u8 = 17, ONE;
    /// The short annealing that spaces the temperatures of the others.
    ANNEALING_PILOT: u8 = 18, ONE;
    /// Sweeps that bring chains into equilibrium before they are annealed.
    EQUILIBRIUM: u8 = 19, ONE;
    /// Bootstrap samples of log weights.
    BOOTSTRAP: u8 = 20, ONE;
    /// Sweeps and swaps of a learner's tempered replicas.
    TEMPERING: u8 = 21, ONE;
    /// Sweeps and swaps of replicas that sample a finished model.
    TEMPERED_SAMPLE: u8 = 22, ONE;
    /// Cluster updates of generated spin configurations; the row is the chain, the step its sweep.
    ISING: u8 = 23, ONE;
    /// Drawing chains again by their weights, on the way of a population.
    POPULATION: u8 = 24, ONE;
    /// Drawing chains by their weights at the end of annealing.
    ANCESTORS: u8 = 25, ONE;
    /// The short annealing to single basins.
    BASIN_PILOT: u8 = 26, ONE;
    /// Annealing to single basins, and sweeps in them.
    BASIN: u8 = 27, ONE;
    /// Annealing back from single basins.
    BASIN_BACK: u8 = 28, ONE;

    /// Random starts of the constrained minimization.
    CONSTRAINED_STARTS: u64 = 0x434d, ONE;
    /// Hidden units drawn given rows of data.
    HIDDEN_GIVEN_DATA: u64 = 0x4844, ONE;
    /// Random starts of the mean-field iteration.
    MEAN_FIELD_STARTS: u64 = 0x4d46, ONE;
    /// Haar-distributed modes that saddle distances are compared with.
    SADDLE_COPIES: u64 = 0x5344, ONE;
    /// The two Haar matrices that turn a weight matrix, for the histogram of its entries.
    ROTATED_WEIGHTS: u64 = 0x5748, ONE;

    /// Block bootstrap, one per resample.
    BLOCK_BOOTSTRAP: u64 = 0x4253_0000_0000, FAMILY;
    /// Haar matrices for means over vectors, one per matrix.
    HAAR_MATRICES: u64 = 0x4841_0000_0000, FAMILY;
    /// Single Haar vectors for quantiles of their inverse participation ratio, one per vector.
    HAAR_VECTORS: u64 = 0x4950_0000_0000, FAMILY;
    /// Langevin motion, one per trajectory.
    LANGEVIN: u64 = 0x4c56_0000_0000, FAMILY;
    /// Spectra of random matrices, one per matrix.
    NULL_SPECTRA: u64 = 0x4d50_0000_0000, FAMILY;
    /// Starts and seeds of Gibbs chains of random models, one per model.
    PHASE_CHAINS: u64 = 0x5043_0000_0000, FAMILY;
    /// Couplings of random models, one per model.
    PHASE_MODELS: u64 = 0x5048_0000_0000, FAMILY;
    /// Rotated copies of a weight matrix, one per copy.
    ROTATIONS: u64 = 0x524f_0000_0000, FAMILY;
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn no_two_uses_share_a_stream() {
        let mut all = ALL.to_vec();
        all.sort_unstable_by_key(|(_, first, _)| *first);
        for pair in all.windows(2) {
            let ((name, first, count), (next, begin, _)) = (pair[0], pair[1]);
            assert!(first + count <= begin, "{name} runs into {next}");
        }
    }
}
