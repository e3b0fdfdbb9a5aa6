//! Bars and stripes.

use super::{BinaryDataset, BitMatrix, DataError};

/// Sides that are generated; 12 gives 8,190 patterns.
pub const SIDES: std::ops::RangeInclusive<usize> = 2..=12;

/// Every pattern of bars and stripes on a square, each once: 2^(side + 1) - 2 rows of side^2
/// units.
///
/// A bar pattern has every column of pixels either on or off, a stripe pattern every row; the
/// empty and the full square are both (MacKay, Information Theory, Inference, and Learning
/// Algorithms, 2003, section 43.3). All patterns being equally likely, no model has a mean log-likelihood
/// above -ln(2^(side + 1) - 2).
///
/// Since training wants every pattern, the test part is the same patterns again.
///
/// # Errors
/// [`DataError::Setting`] for a side outside [`SIDES`].
///
/// # Examples
/// ```
/// use rbm_train::data::bars_and_stripes;
/// let data = bars_and_stripes(3)?;
/// assert_eq!((data.train.rows(), data.train.columns()), (14, 9));
/// // With each pattern there is its negative.
/// assert_eq!(data.train.column_means(), [0.5; 9]);
/// # Ok::<(), rbm_train::data::DataError>(())
/// ```
pub fn bars_and_stripes(side: usize) -> Result<BinaryDataset, DataError> {
    if !SIDES.contains(&side) {
        return Err(side_error(&side.to_string()));
    }
    let full = (1usize << side) - 1;
    // Rows 0..=full are the bars; the stripes that are no bars follow.
    let train = BitMatrix::from_fn(2 * full, side * side, |r, c| {
        if r <= full {
            r >> (c % side) & 1 == 1
        } else {
            (r - full) >> (c / side) & 1 == 1
        }
    });
    Ok(BinaryDataset {
        name: format!("bars-and-stripes:{side}"),
        test: train.clone(),
        train,
        train_labels: None,
        test_labels: None,
        image_shape: Some((side, side)),
        provenance: format!(
            "every pattern of bars and stripes on {side}x{side} pixels once, also as the test part"
        ),
    })
}

pub(super) fn side_error(found: &str) -> DataError {
    DataError::Setting {
        data: "bars-and-stripes".into(),
        setting: "the side",
        expected: format!("{} to {}", SIDES.start(), SIDES.end()),
        found: found.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_pattern_once() {
        for side in SIDES {
            let data = bars_and_stripes(side).unwrap();
            let rows = data.train.rows();
            assert_eq!((rows, data.train.columns()), ((2 << side) - 2, side * side));
            let patterns: BTreeSet<_> = (0..rows).map(|r| data.train.row_words(r)).collect();
            assert_eq!(patterns.len(), rows);
            for r in 0..rows {
                let on = |y: usize, x: usize| data.train.get(r, y * side + x);
                let bars = (0..side).all(|y| (0..side).all(|x| on(y, x) == on(0, x)));
                let stripes = (0..side).all(|y| (0..side).all(|x| on(y, x) == on(y, 0)));
                assert!(bars || stripes, "side {side}, row {r}");
            }
            assert_eq!(data.test, data.train);
        }
    }

    #[test]
    fn other_sides_are_refused() {
        for side in [0, 1, 13, usize::MAX] {
            let error = bars_and_stripes(side).unwrap_err().to_string();
            assert!(
                error.contains("2 to 12") && error.contains(&side.to_string()),
                "{error}"
            );
        }
    }
}
