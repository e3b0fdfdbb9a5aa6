//! Free energies -ln p(x_k) and -ln p(x_k, x_l): sampled with errors, and exact for small models.
//!
//! p is a density, per unit of each coordinate, averaged over a bin: -ln(mass of the bin / its size). x_k of binary units
//! is discrete; bins must be wide against its finest steps for the curve to mean anything.

use crate::error::{AnalysisError, check_len};
use crate::reciprocal::space::{ReciprocalSpace, check_parameters};
use crate::reciprocal::trajectories::{Coordinate, Trajectories};
use rayon::prelude::*;
use rbm_model::Parameters;
use rbm_model::parameters::softplus;
use rbm_model::partition::{ENUMERATION_LIMIT, Enumeration};
use serde::{Deserialize, Serialize};

/// Equal bins over a range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bins {
    /// Lower end of the first bin.
    pub low: f64,
    /// Upper end of the last bin.
    pub high: f64,
    /// Number of bins.
    pub count: usize,
}

impl Bins {
    fn check(&self) -> Result<(), AnalysisError> {
        if self.low.is_finite() && self.high.is_finite() && self.low < self.high && self.count > 0 {
            return Ok(());
        }
        Err(AnalysisError::Argument {
            name: "bins",
            expected: "low < high, finite, and at least one bin".into(),
            found: format!("{self:?}"),
        })
    }

    /// Width of a bin.
    pub fn width(&self) -> f64 {
        (self.high - self.low) / self.count as f64
    }

    /// Middles of the bins.
    pub fn centers(&self) -> Vec<f64> {
        (0..self.count)
            .map(|i| self.low + (i as f64 + 0.5) * self.width())
            .collect()
    }

    fn find(&self, x: f64) -> Option<usize> {
        let at = ((x - self.low) / self.width()).floor();
        (at >= 0.0 && at < self.count as f64).then_some(at as usize)
    }
}

/// -ln p over one or two coordinates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SampledFreeEnergy {
    /// The coordinates, one or two.
    pub coordinates: Vec<Coordinate>,
    /// Bins of each.
    pub bins: Vec<Bins>,
    /// -ln p in nats, the last coordinate's bin fastest; `None` for a bin without mass.
    pub free_energy: Vec<Option<f64>>,
    /// Standard error of each, by batch means over chains (or parts of them); `None` for exact values, empty bins and a
    /// single block. Above about 0.5 it says little more than that the bin was hardly visited.
    pub error: Vec<Option<f64>>,
    /// Mass outside all bins.
    pub outside: f64,
}

/// -ln p of one recorded coordinate, or of two together, with errors by batch means over at least `blocks` blocks.
///
/// The chains count as independent blocks; with fewer of them than `blocks` each is cut into consecutive parts, which must
/// then be longer than the autocorrelation time. Valid for stationary chains that cross between the wells: chains that
/// never cross show relative heights that their starts decided, with errors that do not know it.
///
/// # Errors
/// [`AnalysisError::Argument`] for bins without range, a coordinate that was not recorded or another number of coordinates
/// than bins, 1 or 2; [`AnalysisError::Empty`] where nothing was recorded.
///
/// # Examples
/// ```
/// use rbm_analysis::{Coordinate, Trajectories};
/// use rbm_analysis::mean_field::{Bins, sampled_free_energy};
/// // Four independent samples, three of them with the unit off; bins of width 1.
/// let record = Trajectories::from_array(vec![Coordinate::X(0)], 4, &[0.0, 0.0, 0.0, 1.0])?;
/// let bins = Bins { low: -0.5, high: 1.5, count: 2 };
/// let found = sampled_free_energy(&record, &[Coordinate::X(0)], &[bins], 4)?;
/// assert!((found.free_energy[0].unwrap() + 0.75f64.ln()).abs() < 1e-12);
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn sampled_free_energy(
    trajectories: &Trajectories,
    coordinates: &[Coordinate],
    bins: &[Bins],
    blocks: usize,
) -> Result<SampledFreeEnergy, AnalysisError> {
    trajectories.check_recorded()?;
    let cells = check_bins(coordinates, bins)?;
    let indices = coordinates
        .iter()
        .map(|&c| trajectories.index(c))
        .collect::<Result<Vec<_>, _>>()?;
    // Place `cells` counts what falls outside. Sums over blocks of c_b, c_b^2, c_b n_b give the variance of sum c / sum n.
    let mut count = vec![0.0; cells + 1];
    let mut squares = vec![0.0; cells + 1];
    let mut cross = vec![0.0; cells + 1];
    let (mut total, mut total_square) = (0.0, 0.0);
    let all_blocks = trajectories.blocks(blocks);
    let mut in_block = vec![0.0; cells + 1];
    for block in &all_blocks {
        let mut touched = Vec::new();
        for &(time, chain) in block {
            let at = trajectories.at(time, chain);
            let cell = cell_of(bins, indices.iter().map(|&i| at[i])).unwrap_or(cells);
            if in_block[cell] == 0.0 {
                touched.push(cell);
            }
            in_block[cell] += 1.0;
        }
        let n = block.len() as f64;
        total += n;
        total_square += n * n;
        for cell in touched {
            let c = std::mem::take(&mut in_block[cell]);
            count[cell] += c;
            squares[cell] += c * c;
            cross[cell] += c * n;
        }
    }
    let b = all_blocks.len() as f64;
    let mass: Vec<f64> = count.iter().map(|c| c / total).collect();
    let error = (0..cells)
        .map(|i| {
            let p = mass[i];
            let scatter = squares[i] - 2.0 * p * cross[i] + p * p * total_square;
            let error = (scatter.max(0.0) * b / (b - 1.0)).sqrt() / total;
            (p > 0.0 && b > 1.0).then(|| error / p)
        })
        .collect();
    Ok(SampledFreeEnergy {
        free_energy: minus_ln_density(&mass[..cells], bins),
        error,
        outside: mass[cells],
        coordinates: coordinates.to_vec(),
        bins: bins.to_vec(),
    })
}

/// Exact -ln p of one coordinate, or of two of the same layer, by enumeration of that layer.
///
/// The same averages over bins that [`sampled_free_energy`] estimates. Cost 2^N M (2^M N for y).
///
/// # Errors
/// As [`sampled_free_energy`]; [`AnalysisError::Argument`] for coordinates of different layers or of a layer of more than
/// [`ENUMERATION_LIMIT`] units, [`AnalysisError::NoSuchMode`].
///
/// # Examples
/// ```
/// use rbm_analysis::{Coordinate, ReciprocalSpace};
/// use rbm_analysis::mean_field::{Bins, exact_free_energy};
/// use rbm_model::{Parameters, partition::Enumeration};
/// // One unit per layer and bins of width 1: -ln p(v).
/// let model = Parameters::new(1, 1, vec![2.0], vec![0.3], vec![-0.4])?;
/// let bins = Bins { low: -0.5, high: 1.5, count: 2 };
/// let found = exact_free_energy(&model, &ReciprocalSpace::new(&model)?, &[Coordinate::X(0)], &[bins])?;
/// let exact = Enumeration::new(&model)?.log_probability(&[1.0]);
/// assert!((found.free_energy[1].unwrap() + exact).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn exact_free_energy(
    parameters: &Parameters,
    space: &ReciprocalSpace,
    coordinates: &[Coordinate],
    bins: &[Bins],
) -> Result<SampledFreeEnergy, AnalysisError> {
    check_parameters(parameters)?;
    check_len("visible layer", space.n_visible(), parameters.n_visible)?;
    check_len("hidden layer", space.n_hidden(), parameters.n_hidden)?;
    let cells = check_bins(coordinates, bins)?;
    let layer = Layer::new(parameters, space, coordinates)?;
    let ln_z = Enumeration::new(parameters)?.ln_z();
    let (units, low_bits) = (layer.rows.len(), layer.rows.len().min(10));
    let blocks = 1usize << (units - low_bits);
    // A fixed number of parts keeps the sums independent of the number of threads.
    let parts = blocks.min(16);
    let partial: Vec<Vec<f64>> = (0..parts)
        .into_par_iter()
        .map(|part| {
            let mut mass = vec![0.0; cells + 1];
            for block in part * blocks / parts..(part + 1) * blocks / parts {
                layer.visit(block << low_bits, low_bits, |log_weight, at| {
                    let cell = cell_of(bins, at.iter().copied()).unwrap_or(cells);
                    mass[cell] += (log_weight - ln_z).exp();
                });
            }
            mass
        })
        .collect();
    let mass: Vec<f64> = (0..=cells)
        .map(|cell| partial.iter().map(|p| p[cell]).sum())
        .collect();
    Ok(SampledFreeEnergy {
        free_energy: minus_ln_density(&mass[..cells], bins),
        error: vec![None; cells],
        outside: mass[cells],
        coordinates: coordinates.to_vec(),
        bins: bins.to_vec(),
    })
}

/// Number of cells, after checking that there are one or two coordinates with a range each.
fn check_bins(coordinates: &[Coordinate], bins: &[Bins]) -> Result<usize, AnalysisError> {
    if !(1..=2).contains(&coordinates.len()) || coordinates.len() != bins.len() {
        return Err(AnalysisError::Argument {
            name: "coordinates",
            expected: "one or two, each with its bins".into(),
            found: format!("{} coordinates and {} bins", coordinates.len(), bins.len()),
        });
    }
    bins.iter().try_for_each(Bins::check)?;
    Ok(bins.iter().map(|b| b.count).product())
}

fn cell_of(bins: &[Bins], at: impl Iterator<Item = f64>) -> Option<usize> {
    bins.iter()
        .zip(at)
        .try_fold(0, |cell, (bins, x)| Some(cell * bins.count + bins.find(x)?))
}

fn minus_ln_density(mass: &[f64], bins: &[Bins]) -> Vec<Option<f64>> {
    let size: f64 = bins.iter().map(Bins::width).product();
    mass.iter()
        .map(|&m| (m > 0.0).then(|| -(m / size).ln()))
        .collect()
}

/// The model seen from the layer that the coordinates belong to.
struct Layer {
    /// Weights, one row per unit of this layer.
    rows: Vec<Vec<f64>>,
    /// Biases of this layer.
    own_bias: Vec<f64>,
    /// Biases of the other layer.
    other_bias: Vec<f64>,
    /// The coordinates' vectors.
    vectors: Vec<Vec<f64>>,
}

impl Layer {
    fn new(
        p: &Parameters,
        space: &ReciprocalSpace,
        coordinates: &[Coordinate],
    ) -> Result<Self, AnalysisError> {
        let visible = matches!(coordinates[0], Coordinate::X(_));
        let same = |c: &Coordinate| matches!(c, Coordinate::X(_)) == visible;
        let units = if visible { p.n_visible } else { p.n_hidden };
        if !coordinates.iter().all(same) || units > ENUMERATION_LIMIT {
            return Err(AnalysisError::Argument {
                name: "coordinates of an exact free energy",
                expected: format!("of one layer of at most {ENUMERATION_LIMIT} units"),
                found: format!("{coordinates:?}, {units} units"),
            });
        }
        let vectors = coordinates
            .iter()
            .map(|c| Ok(c.vector(space)?.to_vec()))
            .collect::<Result<Vec<_>, AnalysisError>>()?;
        let (own, other) = (&p.visible_bias, &p.hidden_bias);
        let (rows, own_bias, other_bias) = if visible {
            let rows = p.weight.chunks_exact(p.n_hidden).map(<[f64]>::to_vec);
            (rows.collect(), own.clone(), other.clone())
        } else {
            let column = |j| (0..p.n_visible).map(|i| p.weight_at(i, j)).collect();
            let rows = (0..p.n_hidden).map(column).collect();
            (rows, other.clone(), own.clone())
        };
        Ok(Self {
            rows,
            own_bias,
            other_bias,
            vectors,
        })
    }

    /// Calls `f` with ln(p Z) and the coordinates of the 2^low_bits states that share the high bits of `first`, in
    /// Gray-code order; everything is computed afresh at the start, which bounds the rounding error.
    fn visit(&self, first: usize, low_bits: usize, mut f: impl FnMut(f64, &[f64])) {
        let mut field = self.other_bias.clone();
        let mut linear = 0.0;
        let mut at = vec![0.0; self.vectors.len()];
        let mut flip = |unit: usize, sign: f64| {
            field
                .iter_mut()
                .zip(&self.rows[unit])
                .for_each(|(f, w)| *f += sign * w);
            linear += sign * self.own_bias[unit];
            at.iter_mut()
                .zip(&self.vectors)
                .for_each(|(x, u)| *x += sign * u[unit]);
            (
                linear + field.iter().map(|&f| softplus(f)).sum::<f64>(),
                at.clone(),
            )
        };
        let mut state = first;
        for unit in (0..self.rows.len()).filter(|u| first >> u & 1 == 1) {
            flip(unit, 1.0);
        }
        // A change of nothing: the start itself.
        let here = flip(0, 0.0);
        f(here.0, &here.1);
        for counter in 1..1usize << low_bits {
            let unit = counter.trailing_zeros() as usize;
            state ^= 1 << unit;
            let sign = if state >> unit & 1 == 1 { 1.0 } else { -1.0 };
            let here = flip(unit, sign);
            f(here.0, &here.1);
        }
    }
}

#[cfg(test)]
#[path = "density_tests.rs"]
mod tests;
