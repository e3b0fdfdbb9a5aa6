//! The data that models are compared with.

use crate::checkpoint::RunDir;
use crate::data::BinaryDataset;
use crate::principal::{evenly, matrix, principal_components};
use crate::session;
use rbm_analysis::faer::Mat;
use rbm_analysis::overlap::Pca;

/// Rows that principal components are computed from.
const PCA_ROWS: usize = 10_000;
/// Rows that are projected, and that chains start at.
const ROWS: usize = 1000;

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
        let (part, labels) = dataset.held_out();
        let chosen = evenly(part.rows(), ROWS);
        let rows = matrix(part, &chosen);
        let labels = labels.map(|all| chosen.iter().map(|&row| all[row as usize]).collect());
        Ok(Self {
            pca: principal_components(&dataset.train, PCA_ROWS)?,
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
