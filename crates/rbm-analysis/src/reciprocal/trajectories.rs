//! Recorded coordinates of chains: what the sampled quantities of this crate are computed from.
//!
//! A [`Trajectories`] holds the coordinates x_k, y_k of chosen modes for every chain at every recorded time. Data and
//! independent samples are chains of length 1.

use crate::error::{AnalysisError, check_len};
use crate::reciprocal::hidden_units::{HiddenUnits, hidden_given};
use crate::reciprocal::space::ReciprocalSpace;
use crate::reciprocal::svd::weight_matrix;
use burn::tensor::{Tensor, TensorData};
use faer::MatRef;
use rbm_model::sampling::Chains;
use rbm_model::{Parameters, Rbm};
use serde::{Deserialize, Serialize};

/// One reciprocal coordinate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Coordinate {
    /// x_k = U_k . v of mode k, numbered from 0.
    X(usize),
    /// y_k = V_k . h of mode k.
    Y(usize),
}

impl Coordinate {
    /// The mode that it belongs to.
    pub fn mode(self) -> usize {
        match self {
            Self::X(mode) | Self::Y(mode) => mode,
        }
    }

    /// The unit vector of the mode on this coordinate's layer, `[N]` or `[M]`.
    pub(crate) fn vector(self, space: &ReciprocalSpace) -> Result<&[f64], AnalysisError> {
        match self {
            Self::X(mode) => space.left_vector(mode),
            Self::Y(mode) => space.right_vector(mode),
        }
    }
}

/// x and y of the given modes, in the order x_1, y_1, x_2, y_2, ...
pub fn pairs(modes: &[usize]) -> Vec<Coordinate> {
    modes
        .iter()
        .flat_map(|&k| [Coordinate::X(k), Coordinate::Y(k)])
        .collect()
}

/// Coordinates of chains over time, `[time, chains, coordinates]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Trajectories {
    coordinates: Vec<Coordinate>,
    chains: usize,
    values: Vec<f64>,
}

impl Trajectories {
    /// Empty, for [`Self::push`] to fill.
    ///
    /// # Errors
    /// [`AnalysisError::Empty`] without coordinates or chains.
    pub fn new(coordinates: Vec<Coordinate>, chains: usize) -> Result<Self, AnalysisError> {
        if coordinates.is_empty() {
            return Err(AnalysisError::Empty {
                what: "list of coordinates",
            });
        }
        if chains == 0 {
            return Err(AnalysisError::Empty {
                what: "set of chains",
            });
        }
        Ok(Self {
            coordinates,
            chains,
            values: Vec::new(),
        })
    }

    /// From an array `[chains, time, coordinates]` in row-major order: for chains that were recorded elsewhere.
    ///
    /// # Errors
    /// [`AnalysisError::Shape`] where the length is no multiple of chains x coordinates, [`AnalysisError::NotFinite`].
    ///
    /// # Examples
    /// ```
    /// use rbm_analysis::reciprocal::{Coordinate, Trajectories};
    /// // Two chains, three times, x of the first mode.
    /// let record = Trajectories::from_array(vec![Coordinate::X(0)], 2, &[0.0, 0.1, 0.2, 1.0, 1.1, 1.2])?;
    /// assert_eq!((record.chains(), record.times()), (2, 3));
    /// assert_eq!(record.at(2, 1), [1.2]);
    /// # Ok::<(), rbm_analysis::AnalysisError>(())
    /// ```
    pub fn from_array(
        coordinates: Vec<Coordinate>,
        chains: usize,
        array: &[f64],
    ) -> Result<Self, AnalysisError> {
        let mut all = Self::new(coordinates, chains)?;
        let width = all.coordinates.len();
        let times = array.len() / (chains * width);
        check_len("trajectory array", chains * times * width, array.len())?;
        for time in 0..times {
            let row: Vec<f64> = (0..chains)
                .flat_map(|c| &array[(c * times + time) * width..][..width])
                .copied()
                .collect();
            all.push(&row)?;
        }
        Ok(all)
    }

    /// Independent joint states: each row is a chain of length 1. `visible` is `[rows, N]`, `hidden` `[rows, M]`, of any
    /// values (means are allowed).
    ///
    /// # Errors
    /// [`AnalysisError::Shape`], [`AnalysisError::NoSuchMode`], [`AnalysisError::NotFinite`].
    pub fn from_states(
        space: &ReciprocalSpace,
        coordinates: Vec<Coordinate>,
        visible: MatRef<'_, f64>,
        hidden: MatRef<'_, f64>,
    ) -> Result<Self, AnalysisError> {
        check_len("visible states", space.n_visible(), visible.ncols())?;
        check_len("hidden states", space.n_hidden(), hidden.ncols())?;
        check_len("hidden states (rows)", visible.nrows(), hidden.nrows())?;
        let mut all = Self::new(coordinates, visible.nrows())?;
        let mut row = vec![0.0; all.chains * all.coordinates.len()];
        for (at, &coordinate) in all.coordinates.iter().enumerate() {
            let vector = faer::ColRef::from_slice(coordinate.vector(space)?);
            let projected = match coordinate {
                Coordinate::X(_) => visible * vector,
                Coordinate::Y(_) => hidden * vector,
            };
            for (chain, &value) in projected.iter().enumerate() {
                row[chain * all.coordinates.len() + at] = value;
            }
        }
        all.push(&row)?;
        Ok(all)
    }

    /// Rows of data with hidden units given them: each row is a chain of length 1. `visible` is `[rows, N]`.
    ///
    /// # Errors
    /// [`AnalysisError::Shape`], [`AnalysisError::NoSuchMode`], [`AnalysisError::NotFinite`].
    ///
    /// # Examples
    /// ```
    /// use rbm_analysis::{ReciprocalSpace, Trajectories, faer::mat};
    /// use rbm_analysis::reciprocal::{HiddenUnits, pairs};
    /// use rbm_model::{Parameters, parameters::sigmoid};
    /// let model = Parameters::new(2, 1, vec![3.0, 4.0], vec![0.0; 2], vec![-6.0])?;
    /// let space = ReciprocalSpace::new(&model)?;
    /// let row = mat![[1.0, 1.0]];
    /// let record = Trajectories::from_data(&space, &model, pairs(&[0]), row.as_ref(), HiddenUnits::Mean)?;
    /// // x = (3 + 4)/5, and y is the mean of h.
    /// let [x, y] = record.at(0, 0) else { unreachable!() };
    /// assert!((x - 1.4).abs() < 1e-12 && (y - sigmoid(1.0)).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_data(
        space: &ReciprocalSpace,
        parameters: &Parameters,
        coordinates: Vec<Coordinate>,
        visible: MatRef<'_, f64>,
        hidden: HiddenUnits,
    ) -> Result<Self, AnalysisError> {
        // Blocks of rows bound the memory for h.
        const ROWS: usize = 1024;
        check_len("visible states", parameters.n_visible, visible.ncols())?;
        check_len("hidden layer", space.n_hidden(), parameters.n_hidden)?;
        let mut all = Self::new(coordinates.clone(), visible.nrows())?;
        let weight = weight_matrix(parameters);
        let mut random = hidden.generator();
        let mut row = Vec::with_capacity(all.chains * coordinates.len());
        for first in (0..visible.nrows()).step_by(ROWS) {
            let part = visible.subrows(first, ROWS.min(visible.nrows() - first));
            let h = hidden_given(part, &weight, &parameters.hidden_bias, &mut random);
            let part = Self::from_states(space, coordinates.clone(), part, h.as_ref())?;
            row.extend_from_slice(&part.values);
        }
        all.push(&row)?;
        Ok(all)
    }

    /// Runs chains and records them: `times` times, `sweeps` Gibbs sweeps and then one recording.
    ///
    /// The projection is made on the device of the model in its float type: about 1e-6 relative in f32.
    /// The chains move on; give them sweeps enough beforehand to have forgotten where they started.
    ///
    /// # Errors
    /// [`AnalysisError::Shape`] where the model has another size than `space`, [`AnalysisError::NoSuchMode`], [`AnalysisError::Tensor`].
    ///
    /// # Examples
    /// ```
    /// use burn::tensor::Device;
    /// use rbm_analysis::{ReciprocalSpace, Trajectories, faer::mat, reciprocal::pairs};
    /// use rbm_model::{RbmConfig, noise::stream, sampling::Chains};
    /// let rbm = RbmConfig::new(2, 1).with_weight_std(1.0).init(&Device::flex())?;
    /// let space = ReciprocalSpace::new(&rbm.parameters()?)?;
    /// let mut chains = Chains::from_biases(&rbm, 1, 1, stream::SAMPLE);
    /// let record = Trajectories::record(&space, pairs(&[0]), &rbm, &mut chains, 3, 2)?;
    /// assert_eq!((record.times(), chains.step), (3, 6));
    /// // The last recording is of the states that the chains are in.
    /// let v: Vec<f64> = chains.visible.to_data().iter::<f64>().collect();
    /// let x = space.project_visible(mat![[v[0], v[1]]].as_ref())?[(0, 0)];
    /// assert!((record.at(2, 0)[0] - x).abs() < 1e-6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn record(
        space: &ReciprocalSpace,
        coordinates: Vec<Coordinate>,
        rbm: &Rbm,
        chains: &mut Chains,
        times: usize,
        sweeps: usize,
    ) -> Result<Self, AnalysisError> {
        check_len("visible layer", space.n_visible(), rbm.n_visible())?;
        check_len("hidden layer", space.n_hidden(), rbm.n_hidden())?;
        let mut all = Self::new(coordinates, chains.count())?;
        let of_layer = |visible: bool| -> Vec<usize> {
            (0..all.coordinates.len())
                .filter(|&at| matches!(all.coordinates[at], Coordinate::X(_)) == visible)
                .collect()
        };
        let layers = [of_layer(true), of_layer(false)];
        let mut bases = Vec::new();
        for layer in &layers {
            bases.push(basis(space, &all.coordinates, layer, rbm)?);
        }
        let width = all.coordinates.len();
        let mut row = vec![0.0; all.chains * width];
        for _ in 0..times {
            chains.sweep(rbm, sweeps);
            let states = [&chains.visible, &chains.hidden];
            for ((layer, basis), states) in layers.iter().zip(&bases).zip(states) {
                let Some(basis) = basis else { continue };
                let projected = states.clone().matmul(basis.clone()).into_data();
                let projected = projected
                    .try_into_vec::<f32>()
                    .map_err(|error| AnalysisError::Tensor(format!("{error:?}")))?;
                for (chain, values) in projected.chunks_exact(layer.len()).enumerate() {
                    for (&at, &value) in layer.iter().zip(values) {
                        row[chain * width + at] = f64::from(value);
                    }
                }
            }
            all.push(&row)?;
        }
        Ok(all)
    }

    /// Appends one time: `[chains, coordinates]` in row-major order.
    ///
    /// # Errors
    /// [`AnalysisError::Shape`], [`AnalysisError::NotFinite`].
    pub fn push(&mut self, row: &[f64]) -> Result<(), AnalysisError> {
        let width = self.coordinates.len();
        check_len("recorded coordinates", self.chains * width, row.len())?;
        if let Some(at) = row.iter().position(|x| !x.is_finite()) {
            return Err(AnalysisError::NotFinite {
                what: "recorded coordinates",
                row: at / width,
                column: at % width,
                value: row[at],
            });
        }
        self.values.extend_from_slice(row);
        Ok(())
    }

    /// The coordinates recorded.
    pub fn coordinates(&self) -> &[Coordinate] {
        &self.coordinates
    }

    /// Number of chains.
    pub fn chains(&self) -> usize {
        self.chains
    }

    /// Number of recorded times.
    pub fn times(&self) -> usize {
        self.values.len() / (self.chains * self.coordinates.len())
    }

    /// Place of a coordinate among [`Self::coordinates`].
    ///
    /// # Errors
    /// [`AnalysisError::Argument`] if it was not recorded.
    pub fn index(&self, coordinate: Coordinate) -> Result<usize, AnalysisError> {
        self.coordinates
            .iter()
            .position(|&c| c == coordinate)
            .ok_or_else(|| AnalysisError::Argument {
                name: "coordinate",
                expected: format!("one of those recorded, {:?}", self.coordinates),
                found: format!("{coordinate:?}"),
            })
    }

    /// The recorded coordinates of one chain at one time.
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn at(&self, time: usize, chain: usize) -> &[f64] {
        let width = self.coordinates.len();
        &self.values[(time * self.chains + chain) * width..][..width]
    }

    /// Values of the coordinate at `index` along one chain.
    pub(crate) fn series(&self, index: usize, chain: usize) -> Vec<f64> {
        (0..self.times())
            .map(|time| self.at(time, chain)[index])
            .collect()
    }

    /// Mean of the coordinate at `index` over all chains and times.
    pub(crate) fn mean(&self, index: usize) -> f64 {
        let values = self.values.iter().skip(index);
        let sum: f64 = values.step_by(self.coordinates.len()).sum();
        sum / (self.times() * self.chains) as f64
    }

    /// Blocks of (time, chain) pairs to be taken as independent of one another: the chains, or, with fewer than
    /// `wanted` chains, equal consecutive parts of each.
    pub(crate) fn blocks(&self, wanted: usize) -> Vec<Vec<(usize, usize)>> {
        let times = self.times();
        let parts = wanted.div_ceil(self.chains).clamp(1, times.max(1));
        (0..self.chains)
            .flat_map(|chain| {
                (0..parts).map(move |part| {
                    (part * times / parts..(part + 1) * times / parts)
                        .map(|time| (time, chain))
                        .collect()
                })
            })
            .collect()
    }

    /// Fails where nothing was recorded.
    pub(crate) fn check_recorded(&self) -> Result<(), AnalysisError> {
        if self.values.is_empty() {
            return Err(AnalysisError::Empty {
                what: "record of the chains",
            });
        }
        Ok(())
    }
}

/// The vectors of some coordinates as columns on the model's device; `None` for no coordinates.
fn basis(
    space: &ReciprocalSpace,
    coordinates: &[Coordinate],
    which: &[usize],
    rbm: &Rbm,
) -> Result<Option<Tensor<2>>, AnalysisError> {
    let vectors = which
        .iter()
        .map(|&at| coordinates[at].vector(space))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(vectors.first().map(|first| {
        let (rows, columns) = (first.len(), vectors.len());
        let values: Vec<f32> = (0..rows)
            .flat_map(|i| vectors.iter().map(move |v| v[i] as f32))
            .collect();
        Tensor::from_data(TensorData::new(values, [rows, columns]), &rbm.device())
    }))
}

#[cfg(test)]
#[path = "trajectories_tests.rs"]
mod tests;
