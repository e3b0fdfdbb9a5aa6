//! The Ising model on a square lattice.

use super::{BinaryDataset, BitMatrix, DataError};
use crate::memory;
use rayon::prelude::*;
use rbm_model::noise::{NoiseKey, stream};
use serde::{Deserialize, Serialize};

/// Sides of the lattice. Below 3, neighbors to the left and to the right would be the same.
pub const ISING_SIDES: std::ops::RangeInclusive<usize> = 3..=512;

/// 2 / ln(1 + sqrt 2), where the infinite lattice orders, in J / k_B (Kramers and Wannier 1941).
pub const CRITICAL_TEMPERATURE: f64 = 2.269_185_314_213_022;

/// Independent chains; row r is from chain r modulo this, so neighbors are independent.
const CHAINS: usize = 32;
/// Sweeps before the first row of a chain: many times the autocorrelation time.
const BURN_IN: u64 = 200;
/// Sweeps from a row to the next one of its chain. At the critical point the energy keeps an
/// autocorrelation time of some sweeps, about 4 for a side of 16 and 6 for 64.
const SWEEPS_A_ROW: u64 = 30;

/// Which states to draw.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ising {
    /// Side L of the lattice; a row has L^2 units.
    pub side: usize,
    /// Temperature T in J / k_B.
    pub temperature: f64,
    /// Number of rows.
    pub rows: usize,
}

impl Default for Ising {
    fn default() -> Self {
        Self {
            side: 16,
            temperature: CRITICAL_TEMPERATURE,
            rows: 10_000,
        }
    }
}

/// States of the Ising model, p(s) proportional to exp(sum s_i s_j / T) over the 2 L^2 pairs of
/// neighbors on an L x L lattice with periodic boundaries, drawn by Swendsen-Wang cluster updates.
/// Unit 1 is a spin up, +1, unit 0 a spin down, -1.
///
/// A sweep connects neighbors of equal spin with probability 1 - exp(-2 / T), and gives each
/// connected cluster a spin at random (Swendsen and Wang, Phys. Rev. Lett. 58, 86 (1987),
/// doi:10.1103/PhysRevLett.58.86). 32 chains start from random states, make 200 sweeps, and then give
/// a row every 30. The rows are a function of the settings and the seed alone.
///
/// # Errors
/// [`DataError::Setting`] for a side outside [`ISING_SIDES`], a temperature that is not a number above 0,
/// and no rows.
///
/// # Examples
/// ```
/// use rbm_train::data::{Ising, ising};
/// // In the cold all spins of a state agree, up or down with probability 1/2.
/// let data = ising(&Ising { side: 4, temperature: 0.1, rows: 100 }, 1)?;
/// let up = (0..100).map(|row| data.train.ones(row).count());
/// assert!(up.clone().all(|count| count == 0 || count == 16));
/// let states = up.filter(|count| *count == 16).count();
/// assert!(states.abs_diff(50) < 25, "within five standard deviations of 5");
/// # Ok::<(), rbm_train::data::DataError>(())
/// ```
pub fn ising(settings: &Ising, seed: u64) -> Result<BinaryDataset, DataError> {
    let Ising {
        side,
        temperature,
        rows,
    } = *settings;
    let refused = |setting, expected: String, found: String| DataError::Setting {
        data: "ising".into(),
        setting,
        expected,
        found,
    };
    if !ISING_SIDES.contains(&side) {
        let expected = format!("{} to {}", ISING_SIDES.start(), ISING_SIDES.end());
        return Err(refused("the side", expected, side.to_string()));
    }
    if !(temperature.is_finite() && temperature > 0.0) {
        let expected = "a number above 0, in J / k_B".into();
        return Err(refused(
            "the temperature",
            expected,
            temperature.to_string(),
        ));
    }
    // Rows are counted in 32 bits, and kept as bits.
    let most = memory::most(8.0 * (side * side).div_ceil(64) as f64).min(u64::from(u32::MAX));
    if !(1..=most).contains(&(rows as u64)) {
        let expected = format!("1 to {most}");
        return Err(refused("the number of rows", expected, rows.to_string()));
    }
    let mut lattices: Vec<Lattice> = (0..CHAINS.min(rows))
        .into_par_iter()
        .map(|chain| {
            let mut lattice = Lattice::new(side, temperature, seed, chain);
            (0..BURN_IN).for_each(|_| lattice.sweep());
            lattice
        })
        .collect();
    // A row of each chain in turn, as bits: large lattices are many bytes.
    let mut train = BitMatrix::zeros(0, side * side);
    while train.rows() < rows {
        let missing = rows - train.rows();
        let next = lattices.par_iter_mut().take(missing);
        next.for_each(|lattice| (0..SWEEPS_A_ROW).for_each(|_| lattice.sweep()));
        for lattice in lattices.iter().take(missing) {
            train.push_row(lattice.spins.iter().copied());
        }
    }
    Ok(BinaryDataset {
        name: format!("ising:{side}"),
        train,
        test: BitMatrix::zeros(0, side * side),
        train_labels: None,
        test_labels: None,
        image_shape: Some((side, side)),
        provenance: format!(
            "Ising model on a periodic {side}x{side} lattice at T = {temperature} J/k_B: {rows} rows of \
             {CHAINS} Swendsen-Wang chains, {SWEEPS_A_ROW} sweeps from row to row, seed {seed}"
        ),
    })
}

/// A chain.
struct Lattice {
    side: usize,
    /// Probability that equal neighbors are connected.
    bond: f32,
    /// Noise of the next sweep.
    key: NoiseKey,
    chain: usize,
    /// Whether each spin is up.
    spins: Vec<bool>,
    /// For each site another one of its cluster, itself for the root.
    parent: Vec<u32>,
    /// Three uniform numbers a site: for its two bonds, and for the spin of its cluster.
    noise: Vec<f32>,
}

impl Lattice {
    fn new(side: usize, temperature: f64, seed: u64, chain: usize) -> Self {
        let sites = side * side;
        let mut lattice = Self {
            side,
            bond: -(-2.0 / temperature).exp_m1() as f32,
            key: NoiseKey::new(seed, stream::ISING),
            chain,
            spins: vec![false; sites],
            parent: vec![0; sites],
            noise: vec![0.0; 3 * sites],
        };
        lattice.draw_noise();
        for (spin, u) in lattice.spins.iter_mut().zip(&lattice.noise) {
            *spin = *u < 0.5;
        }
        lattice
    }

    fn draw_noise(&mut self) {
        self.key
            .fill(self.chain, 3 * self.spins.len(), &mut self.noise);
        self.key.step += 1;
    }

    fn sweep(&mut self) {
        self.draw_noise();
        let (side, sites) = (self.side, self.spins.len());
        for (site, parent) in self.parent.iter_mut().enumerate() {
            *parent = site as u32;
        }
        for site in 0..sites {
            let (x, row) = (site % side, site - site % side);
            let right = row + if x + 1 == side { 0 } else { x + 1 };
            let below = if site + side < sites { site + side } else { x };
            for (neighbor, u) in [(right, self.noise[site]), (below, self.noise[sites + site])] {
                if self.spins[site] == self.spins[neighbor] && u < self.bond {
                    let (a, b) = (self.root(site), self.root(neighbor));
                    self.parent[a.max(b)] = a.min(b) as u32;
                }
            }
        }
        for site in 0..sites {
            let root = self.root(site);
            self.spins[site] = self.noise[2 * sites + root] < 0.5;
        }
    }

    /// The root of a site's cluster, halving the way there.
    fn root(&mut self, site: usize) -> usize {
        let mut site = site as u32;
        while self.parent[site as usize] != site {
            let above = self.parent[site as usize];
            self.parent[site as usize] = self.parent[above as usize];
            site = above;
        }
        site as usize
    }
}

#[cfg(test)]
#[path = "ising_tests.rs"]
mod tests;
