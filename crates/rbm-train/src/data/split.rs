//! Splitting rows into training and test parts.

use super::{BinaryDataset, DataError};
use rbm_model::noise::{self, stream};

/// Holds out round(`test_fraction` * rows) training rows as the test part, at least one and not
/// all of them; none if the fraction is 0 or there is only one row.
///
/// Which ones is drawn from the seed alone. Rows keep their order within each part, and
/// duplicates stay. A data set that has test rows already is returned as it is.
///
/// # Errors
/// [`DataError::Setting`] for a fraction outside 0 <= fraction < 1, or more than 2^32 - 1 rows.
///
/// # Examples
/// ```
/// use rbm_train::data::{BinaryDataset, split};
/// let rows: Vec<Vec<bool>> = (0..10).map(|row| (0..10).map(|column| row == column).collect()).collect();
/// let data = split(BinaryDataset::from_rows("mine", &rows)?, 0.3, 1)?;
/// assert_eq!((data.train.rows(), data.test.rows()), (7, 3));
/// // Each row is in one part.
/// let (train, test) = (data.train.counts(), data.test.counts());
/// assert!(train.iter().zip(&test).all(|(a, b)| a + b == 1));
/// # Ok::<(), rbm_train::data::DataError>(())
/// ```
pub fn split(
    dataset: BinaryDataset,
    test_fraction: f64,
    seed: u64,
) -> Result<BinaryDataset, DataError> {
    check_fraction(&dataset.name, test_fraction)?;
    let rows = dataset.train.rows();
    if !dataset.test.is_empty() || test_fraction == 0.0 || rows < 2 {
        return Ok(dataset);
    }
    let count = u32::try_from(rows).map_err(|_| DataError::Setting {
        data: dataset.name.clone(),
        setting: "the number of rows",
        expected: "at most 2^32 - 1".into(),
        found: rows.to_string(),
    })?;
    let held_out = ((test_fraction * rows as f64).round() as usize).clamp(1, rows - 1);
    let mut order = noise::shuffle(seed, stream::SPLIT, 0, count);
    let (test, train) = order.split_at_mut(held_out);
    test.sort_unstable();
    train.sort_unstable();
    let provenance = format!(
        "{}; {held_out} of {rows} rows held out as test rows with seed {seed}",
        dataset.provenance
    );
    // The test part is drawn from the training rows.
    let whole = BinaryDataset {
        test: dataset.train.clone(),
        test_labels: dataset.train_labels.clone(),
        provenance,
        ..dataset
    };
    Ok(whole.select(train, test))
}

pub(super) fn check_fraction(data: &str, test_fraction: f64) -> Result<(), DataError> {
    if (0.0..1.0).contains(&test_fraction) {
        return Ok(());
    }
    Err(DataError::Setting {
        data: data.into(),
        setting: "the test fraction",
        expected: "0 <= fraction < 1".into(),
        found: test_fraction.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{BitMatrix, bars_and_stripes};

    /// Row r is r in binary, its label r.
    fn numbered(rows: usize) -> BinaryDataset {
        BinaryDataset {
            name: "numbers".into(),
            train: BitMatrix::from_fn(rows, 8, |r, c| r >> c & 1 == 1),
            test: BitMatrix::zeros(0, 8),
            train_labels: Some((0..rows).map(|r| r as u8).collect()),
            test_labels: None,
            image_shape: None,
            provenance: "numbers".into(),
        }
    }

    #[test]
    fn parts_are_disjoint_complete_and_ordered() {
        for (rows, fraction, held_out) in [(200, 0.1, 20), (7, 0.5, 4), (2, 0.999, 1), (9, 1e-9, 1)]
        {
            let data = split(numbered(rows), fraction, 3).unwrap();
            let (train, test) = (data.train_labels.unwrap(), data.test_labels.unwrap());
            assert_eq!(
                (data.test.rows(), data.train.rows()),
                (held_out, rows - held_out)
            );
            assert!(train.is_sorted() && test.is_sorted());
            let mut all = [train.clone(), test.clone()].concat();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..rows as u8));
            for (part, labels) in [(&data.train, train), (&data.test, test)] {
                for (r, label) in labels.into_iter().enumerate() {
                    assert_eq!(part.row_words(r), [u64::from(label)]);
                }
            }
        }
    }

    #[test]
    fn the_seed_decides() {
        let labels = |seed| split(numbered(200), 0.2, seed).unwrap().test_labels;
        assert_eq!(labels(1), labels(1));
        assert_ne!(labels(1), labels(2));
        // Kept for good: a resumed or repeated run needs the same rows.
        let first = labels(42).unwrap();
        assert_eq!(first[..8], FIRST_OF_SEED_42);
    }

    const FIRST_OF_SEED_42: [u8; 8] = [5, 10, 27, 30, 33, 41, 43, 46];

    #[test]
    fn nothing_to_split() {
        let given = bars_and_stripes(3).unwrap();
        assert_eq!(split(given.clone(), 0.5, 1).unwrap(), given);
        for (rows, fraction) in [(5, 0.0), (1, 0.5)] {
            let data = split(numbered(rows), fraction, 1).unwrap();
            assert_eq!(data, numbered(rows));
        }
    }

    #[test]
    fn other_fractions_are_refused() {
        for fraction in [1.0, -0.1, f64::NAN, f64::INFINITY] {
            let error = split(numbered(4), fraction, 1).unwrap_err().to_string();
            assert!(
                error.contains(&fraction.to_string()) && error.contains("fraction"),
                "{error}"
            );
        }
    }
}
