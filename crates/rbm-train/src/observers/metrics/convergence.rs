//! Whether training has come to an end by itself.

use super::{MetricsLog, MetricsRow, pseudo_log_likelihood};

/// Share of the whole rise in the last quarter of the updates, above which a run is called unfinished.
const LARGEST_SHARE: f64 = 0.02;

impl MetricsLog {
    /// Says so, with what to do, where the run is not at its end: the pseudo-log-likelihood of the training rows
    /// has not risen, or more than 2% of its rise came in the last quarter of the updates.
    ///
    /// That it has risen and rises no more is no proof of convergence: a learning rate that falls to 0 ends
    /// every rise.
    pub fn not_converged(&self) -> Option<String> {
        let level = |row: &MetricsRow| row.value(pseudo_log_likelihood::TRAIN);
        let (first, last) = (self.rows.first()?, self.rows.last()?);
        let before = self
            .rows
            .iter()
            .rev()
            .find(|row| 4 * row.step <= 3 * last.step)?;
        let (start, quarter, end) = (level(first)?, level(before)?, level(last)?);
        if last.step == 0 || !end.is_finite() {
            return None;
        }
        let error = last
            .value(pseudo_log_likelihood::TRAIN_ERROR)
            .unwrap_or(0.0);
        let advice = "train longer (--epochs), or with a larger --learning-rate";
        if end - start <= 2.0 * error {
            return Some(format!(
                "the pseudo-log-likelihood of the training rows has not risen: {start:.2} nats before the first of \
                 {} updates, {end:.2} ± {error:.2} after the last; {advice}",
                last.step
            ));
        }
        let share = (end - quarter) / (end - start);
        (share > LARGEST_SHARE).then(|| {
            format!(
                "not converged: {:.0}% of the rise in pseudo-log-likelihood of the training rows came in the last \
                 quarter of the {} updates; {advice}",
                100.0 * share,
                last.step
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(levels: &[(u64, f64)]) -> MetricsLog {
        let row = |&(step, level): &(u64, f64)| {
            let mut row = MetricsRow::new(step, 0.0, 0.1);
            row.set(pseudo_log_likelihood::TRAIN, Some(level));
            row.set(pseudo_log_likelihood::TRAIN_ERROR, Some(0.1));
            row
        };
        MetricsLog {
            rows: levels.iter().map(row).collect(),
        }
    }

    #[test]
    fn a_run_is_at_its_end_where_it_rises_no_more() {
        let risen = log(&[(0, -10.0), (50, -3.1), (75, -3.05), (100, -3.0)]);
        assert_eq!(risen.not_converged(), None);
        let rising = log(&[(0, -10.0), (50, -6.0), (75, -4.0), (100, -3.0)]).not_converged();
        assert!(
            rising
                .unwrap()
                .starts_with("not converged: 14% of the rise")
        );
        let flat = log(&[(0, -10.0), (75, -10.0), (100, -9.9)]).not_converged();
        assert!(flat.unwrap().contains("has not risen: -10.00 nats"));
        // Worse than before is for others to say: it has risen, and does so no more.
        assert_eq!(
            log(&[(0, -10.0), (75, -3.0), (100, -4.0)]).not_converged(),
            None
        );
        assert_eq!(log(&[(0, -10.0)]).not_converged(), None);
        assert_eq!(log(&[]).not_converged(), None);
    }
}
