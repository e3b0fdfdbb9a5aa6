//! Principal components of binary rows.

use crate::data::BitMatrix;
use faer::Mat;
use rbm_analysis::AnalysisError;
use rbm_analysis::overlap::{Pca, SecondMoments};

/// Columns from which on components come from fewer rows than columns.
const MANY_COLUMNS: usize = 2048;
/// Rows that they come from then: the work is the cube of the smaller number.
const FEW_ROWS: usize = 1024;
/// Rows unpacked at a time.
const BATCH: usize = 1024;

/// Components of at most `most` of the rows, evenly over all of them; of data with more than 2048 columns, of at most
/// 1024 rows.
///
/// # Errors
/// As [`Pca::new`].
pub fn principal_components(set: &BitMatrix, most: usize) -> Result<Pca, AnalysisError> {
    let columns = set.columns();
    let most = if columns > MANY_COLUMNS {
        most.min(FEW_ROWS)
    } else {
        most
    };
    let chosen = evenly(set.rows(), most);
    if chosen.len() < columns {
        return Pca::new(matrix(set, &chosen).as_ref());
    }
    // Batch by batch, so that not all rows need be there as numbers.
    let mut moments = SecondMoments::new(columns);
    for batch in chosen.chunks(BATCH) {
        moments.add(matrix(set, batch).as_ref())?;
    }
    moments.pca()
}

/// At most `count` of the rows, evenly over all of them, which may be sorted.
pub fn evenly(rows: usize, count: usize) -> Vec<u32> {
    let count = rows.min(count);
    (0..count).map(|k| (k * rows / count) as u32).collect()
}

/// Some rows as numbers, `[rows, N]`.
pub fn matrix(set: &BitMatrix, rows: &[u32]) -> Mat<f64> {
    let columns = set.columns();
    let values = set.select(rows).to_numbers();
    Mat::from_fn(rows.len(), columns, |row, unit| {
        f64::from(values[row * columns + unit])
    })
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

    #[test]
    fn wide_data_have_components_of_few_rows() {
        let wide =
            BitMatrix::from_words(1100, 2112, (0..1100 * 33).map(|k| 1 << (k % 61)).collect());
        let pca = principal_components(&wide.unwrap(), 10_000).unwrap();
        assert_eq!((pca.rows, pca.components.nrows()), (FEW_ROWS, 2112));
        assert!(pca.components.ncols() < FEW_ROWS);
    }
}
