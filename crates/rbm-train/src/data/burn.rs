//! Burn's data sets: ours as one of them, and any of them as ours.

use super::{BinaryDataset, BitMatrix, DataError};
use burn_dataset::{Dataset, DatasetError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Part of a [`BinaryDataset`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The training rows.
    Train,
    /// The test rows.
    Test,
}

/// One row of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BinaryItem {
    /// 0 or 1 per column.
    pub units: Vec<u8>,
    /// The row's label, where the data has them.
    pub label: Option<u8>,
}

/// One part of a data set as a Burn [`Dataset`], for Burn's data loaders and transforms.
///
/// # Examples
/// ```
/// use burn_dataset::Dataset;
/// use rbm_train::data::{BinaryDataset, DatasetView, Part};
/// use std::sync::Arc;
/// let data = BinaryDataset::from_rows("mine", &[[true, false], [false, true], [true, true]])?;
/// let view = DatasetView::new(Arc::new(data.clone()), Part::Train);
/// assert_eq!((view.len(), view.get(1)?.units), (3, vec![0, 1]));
/// // There and back.
/// assert_eq!(BinaryDataset::from_burn("mine", &view)?.train, data.train);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct DatasetView {
    data: Arc<BinaryDataset>,
    part: Part,
}

impl DatasetView {
    /// A view of one part; the rows are shared, not copied.
    #[must_use]
    pub const fn new(data: Arc<BinaryDataset>, part: Part) -> Self {
        Self { data, part }
    }

    fn rows(&self) -> (&BitMatrix, Option<&Vec<u8>>) {
        match self.part {
            Part::Train => (&self.data.train, self.data.train_labels.as_ref()),
            Part::Test => (&self.data.test, self.data.test_labels.as_ref()),
        }
    }
}

impl Dataset<BinaryItem> for DatasetView {
    fn get(&self, index: usize) -> Result<BinaryItem, DatasetError> {
        let (rows, labels) = self.rows();
        let units = 0..rows.columns();
        Ok(BinaryItem {
            units: units.map(|c| u8::from(rows.get(index, c))).collect(),
            label: labels.map(|labels| labels[index]),
        })
    }

    fn len(&self) -> usize {
        self.rows().0.rows()
    }
}

impl From<Vec<u8>> for BinaryItem {
    fn from(units: Vec<u8>) -> Self {
        Self { units, label: None }
    }
}

impl BinaryDataset {
    /// Takes the rows of any Burn [`Dataset`] whose items are rows, to train on; none are held out.
    ///
    /// ```
    /// use burn_dataset::InMemDataset;
    /// use rbm_train::data::BinaryDataset;
    ///
    /// let rows = InMemDataset::new(vec![vec![0u8, 1, 1], vec![1, 1, 0]]);
    /// let data = BinaryDataset::from_burn("mine", &rows)?;
    /// assert_eq!((data.train.rows(), data.train.columns()), (2, 3));
    /// # Ok::<(), rbm_train::data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_rows`](Self::from_rows), and [`DataError::Item`] for an item that cannot be read, or holds something
    /// else than 0 and 1.
    pub fn from_burn<I: Into<BinaryItem>>(
        name: &str,
        dataset: &dyn Dataset<I>,
    ) -> Result<Self, DataError> {
        let mut rows: Vec<Vec<bool>> = Vec::with_capacity(dataset.len());
        let mut labels = Vec::with_capacity(dataset.len());
        let wrong = |row: usize, reason: String| DataError::Item {
            data: name.into(),
            row: row + 1,
            reason,
        };
        for index in 0..dataset.len() {
            let item = dataset.get(index);
            let item: BinaryItem = item.map_err(|e| wrong(index, e.to_string()))?.into();
            if let Some(other) = item.units.iter().find(|unit| **unit > 1) {
                return Err(wrong(index, format!("it holds {other}; expected 0 and 1")));
            }
            rows.push(item.units.iter().map(|unit| *unit == 1).collect());
            labels.push(item.label);
        }
        Ok(Self {
            train_labels: labels.into_iter().collect(),
            provenance: format!("Burn data set {name}"),
            ..Self::from_rows(name, &rows)?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::tests::example;
    use burn_dataset::InMemDataset;

    #[test]
    fn views_are_burn_data_sets() {
        let data = Arc::new(example());
        let train = DatasetView::new(data.clone(), Part::Train);
        assert_eq!(train.len(), 3);
        let items: Vec<_> = train.iter().map(Result::unwrap).collect();
        for (r, item) in items.iter().enumerate() {
            assert_eq!(item.label, Some(7 + r as u8));
            assert!(
                item.units
                    .iter()
                    .enumerate()
                    .all(|(c, &x)| x == u8::from(c % 3 == r))
            );
        }
        let test = DatasetView::new(data, Part::Test);
        assert_eq!((test.len(), test.get(1).unwrap().label), (2, None));
    }

    #[test]
    fn rows_of_any_burn_data_set_are_taken() {
        let data = example();
        let view = DatasetView::new(Arc::new(data.clone()), Part::Train);
        let again = BinaryDataset::from_burn("again", &view).unwrap();
        assert_eq!(
            (&again.train, &again.train_labels),
            (&data.train, &data.train_labels)
        );
        let mine = |rows: Vec<Vec<u8>>| BinaryDataset::from_burn("mine", &InMemDataset::new(rows));
        assert_eq!(
            mine(vec![vec![1, 0], vec![0, 1]]).unwrap().train,
            BitMatrix::from_fn(2, 2, |r, c| r == c)
        );
        for (rows, message) in [
            (vec![], "rows"),
            (vec![vec![]], "columns"),
            (vec![vec![0, 2]], "row 1"),
            (vec![vec![0], vec![0, 1]], "row 2"),
        ] {
            let error = mine(rows).unwrap_err().to_string();
            assert!(error.contains("mine") && error.contains(message), "{error}");
        }
    }
}
