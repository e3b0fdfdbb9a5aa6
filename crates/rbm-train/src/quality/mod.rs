//! How much samples resemble data, as numbers.
//!
//! Two sets of equally many binary rows are compared: nearest neighbors, moments, free energies, and projections
//! on the data's leading principal components. Every number comes with what two sets from one
//! distribution would give, since finite sets always differ.

mod moments;
mod neighbors;
mod projections;
#[cfg(test)]
mod tests;

pub use moments::MomentDifference;
pub use neighbors::AdversarialAccuracy;
pub use projections::{Comparison, Component};

use crate::data::BitMatrix;
use moments::Columns;
use rbm_analysis::AnalysisError;
use rbm_model::Rbm;
use rbm_model::noise::{shuffle, stream};
use serde::{Deserialize, Serialize};

/// Most rows of each set that are compared: the search for neighbors grows with their square.
pub const MOST_ROWS: usize = 5000;

/// Sets that cannot be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QualityError {
    /// Rows of different lengths.
    #[error("samples have {samples} columns and data {data}; they must have the same")]
    Columns {
        /// Columns of the samples.
        samples: usize,
        /// Columns of the data.
        data: usize,
    },
    /// Too few rows.
    #[error(
        "{samples} samples and {data} rows of data cannot be compared; at least 3 of each are needed"
    )]
    TooFew {
        /// Number of samples.
        samples: usize,
        /// Number of rows of the data.
        data: usize,
    },
    /// The data's principal components cannot be computed.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
}

/// How samples differ from data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Rows in each of the two sets.
    pub rows: usize,
    /// Seed that chose them from the larger set, and the triples of units.
    pub seed: u64,
    /// Nearest-neighbor adversarial accuracy.
    pub adversarial_accuracy: AdversarialAccuracy,
    /// Means of single units.
    pub first_moments: MomentDifference,
    /// Covariances of pairs of units.
    pub second_moments: MomentDifference,
    /// Third central moments of triples of different units.
    pub third_moments: MomentDifference,
    /// Free energies under the model, if it was given.
    pub free_energy: Option<Comparison>,
    /// Projections on the data's principal components, the largest first.
    pub components: Vec<Component>,
    /// What figures show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Points>,
}

/// Values behind the figures, one per row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Points {
    /// Data on the first two principal components.
    pub data: Vec<[f64; 2]>,
    /// Samples on the same.
    pub samples: Vec<[f64; 2]>,
    /// Free energies of the data, if the model was given.
    pub data_free_energy: Vec<f64>,
    /// Free energies of the samples.
    pub samples_free_energy: Vec<f64>,
}

/// Compares samples with data, of which equally many rows are taken, at most [`MOST_ROWS`], chosen
/// by the seed; with a model, free energies too. For a fair judgement the data is held out.
///
/// # Errors
/// [`QualityError`].
pub fn compare(
    samples: &BitMatrix,
    data: &BitMatrix,
    rbm: Option<&Rbm>,
    seed: u64,
) -> Result<Quality, QualityError> {
    if samples.columns() != data.columns() {
        return Err(QualityError::Columns {
            samples: samples.columns(),
            data: data.columns(),
        });
    }
    let rows = samples.rows().min(data.rows()).min(MOST_ROWS);
    if rows < 3 {
        return Err(QualityError::TooFew {
            samples: samples.rows(),
            data: data.rows(),
        });
    }
    let choose = |set: &BitMatrix, which: u64| {
        let mut order = shuffle(seed, stream::SAMPLE, u64::MAX - which, set.rows() as u32);
        order.truncate(rows);
        set.select(&order)
    };
    let (samples, data) = (choose(samples, 0), choose(data, 1));
    let (s, d) = (Columns::new(&samples), Columns::new(&data));
    let projected = projections::compare(&samples, &data)?;
    let energies = rbm.map(|rbm| [&data, &samples].map(|set| free_energies(rbm, set)));
    let free_energy = energies
        .as_ref()
        .map(|[data, samples]| Comparison::new(data, samples));
    let [data_free_energy, samples_free_energy] = energies.unwrap_or_default();
    Ok(Quality {
        rows,
        seed,
        adversarial_accuracy: neighbors::adversarial_accuracy(&samples, &data),
        first_moments: moments::first(&s, &d),
        second_moments: moments::second(&s, &d, seed),
        third_moments: moments::third(&s, &d, seed),
        free_energy,
        components: projected.components,
        points: Some(Points {
            data: projected.data,
            samples: projected.samples,
            data_free_energy,
            samples_free_energy,
        }),
    })
}

fn free_energies(rbm: &Rbm, set: &BitMatrix) -> Vec<f64> {
    let visible = set.to_tensor(&rbm.device());
    rbm.free_energy(visible).into_data().iter::<f64>().collect()
}
