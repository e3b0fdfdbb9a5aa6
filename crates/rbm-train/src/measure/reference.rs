//! The data that models are compared with.

use crate::checkpoint::RunDir;
use crate::data::{BinaryDataset, BitMatrix};
use crate::session;
use rbm_analysis::faer::Mat;
use rbm_analysis::overlap::{Pca, SecondMoments};

/// Rows that principal components are computed from.
const PCA_ROWS: usize = 10_000;
/// Rows that are projected, and that chains start at.
const ROWS: usize = 1000;
/// Rows unpacked at a time.
const BATCH: usize = 1024;

/// A data set with its principal components and some of its rows.
pub(crate) struct Reference {
    dataset: BinaryDataset,
    /// Components of the training rows.
    pub pca: Pca,
    /// Test rows, or training rows where there are none, `[rows, N]`.
    pub rows: Mat<f64>,
    /// Their labels.
    pub labels: Option<Vec<u8>>,
}

impl Reference {
    /// The data of a run, or why there are none.
    pub fn of_run(run: &RunDir) -> Result<Self, String> {
        let load = || -> anyhow::Result<Self> {
            let (settings, manifest) = (run.settings()?, run.manifest()?);
            let dataset = session::load_data(&settings)?;
            anyhow::ensure!(
                dataset.digest() == manifest.dataset_digest,
                "data set `{}` is not the one that the run was trained on",
                dataset.name
            );
            Self::new(dataset)
        };
        load().map_err(|error| format!("{error:#}"))
    }

    fn new(dataset: BinaryDataset) -> anyhow::Result<Self> {
        let train = &dataset.train;
        let mut moments = SecondMoments::new(train.columns());
        for batch in evenly(train.rows(), PCA_ROWS).chunks(BATCH) {
            moments.add_row_major(&unpack(train, batch))?;
        }
        let (part, labels) = dataset.held_out();
        let chosen = evenly(part.rows(), ROWS);
        let values = unpack(part, &chosen);
        let columns = part.columns();
        let rows = Mat::from_fn(chosen.len(), columns, |row, unit| {
            values[row * columns + unit]
        });
        let labels = labels.map(|all| chosen.iter().map(|&row| all[row as usize]).collect());
        Ok(Self {
            pca: moments.pca()?,
            rows,
            labels,
            dataset,
        })
    }

    pub fn columns(&self) -> usize {
        self.dataset.train.columns()
    }

    pub fn dataset(&self) -> &BinaryDataset {
        &self.dataset
    }
}

/// At most `count` of the rows, evenly over all of them, which may be sorted.
pub(super) fn evenly(rows: usize, count: usize) -> Vec<u32> {
    let count = rows.min(count);
    (0..count).map(|k| (k * rows / count) as u32).collect()
}

fn unpack(part: &BitMatrix, rows: &[u32]) -> Vec<f64> {
    let units = part.select(rows).to_numbers();
    units.into_iter().map(f64::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_rows_are_evenly_over_all() {
        for (rows, count) in [(599, 300), (1000, 300), (8, 300), (0, 300)] {
            let chosen = evenly(rows, count);
            assert_eq!(chosen.len(), rows.min(count));
            let least = (rows / count.max(1)).max(1) as u32;
            let steps = chosen.windows(2).map(|two| two[1] - two[0]);
            assert!(steps.clone().all(|step| step >= least && step <= least + 1));
            assert!(
                chosen
                    .last()
                    .is_none_or(|last| *last + least + 1 >= rows as u32)
            );
        }
    }
}
