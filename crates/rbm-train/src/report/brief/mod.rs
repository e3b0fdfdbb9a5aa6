//! The beginning of the page of a run: what happened, warnings first.

mod about;
mod bracket;

pub use bracket::evaluation;

use super::data::Replica;
use crate::checkpoint::{Checkpoint, Manifest, RunDir, Status};
use crate::evaluation::kept::{Kept, KeptPart};
use crate::observers::MetricsRow;
use crate::observers::metrics::{not_converged, pseudo_log_likelihood};
use crate::progress::with_progress;
use crate::sampling::{self, LARGEST_R_HAT, Mixing, Recorder, Start};
use rbm_figures::number::{fixed, readable, significant};
use rbm_model::{Parameters, Rbm};

/// Sweeps of the chains that are judged.
const SWEEPS: usize = 1000;
/// A test part of fewer rows says little.
const FEW_ROWS: usize = 100;

/// What the page begins with.
#[derive(Debug, Default)]
pub struct Brief {
    pub warnings: Vec<String>,
    pub facts: Vec<(String, String)>,
    pub rows: Vec<(String, String)>,
    /// What the verdict on the log-likelihood rests on.
    pub evidence: Option<String>,
}

impl Brief {
    fn fact(&mut self, name: &str, value: impl Into<String>) {
        self.facts.push((name.to_owned(), value.into()));
    }

    fn row(&mut self, name: &str, value: impl Into<String>) {
        self.rows.push((name.to_owned(), value.into()));
    }
}

/// Whether chains of the model mix, from where the run's own are or from its biases.
pub fn mixing(
    run: &RunDir,
    manifest: &Manifest,
    model: &Parameters,
) -> anyhow::Result<Option<Mixing>> {
    let device = crate::measure::device()?;
    let rbm = Rbm::from_parameters(model, &device);
    let start = match Checkpoint::open(&run.state_path())?.chains(&device)? {
        Some(chains) => Start::Chains(Box::new(chains)),
        None => Start::Biases(100),
    };
    let mut recorder = Recorder::new(&rbm)?;
    let (_, every) = with_progress(|progress| {
        sampling::draw_recorded(
            &rbm,
            start,
            SWEEPS,
            manifest.seed,
            Some(100),
            &mut recorder,
            progress,
        )
    });
    Ok(recorder.mixing(every).ok().flatten())
}

/// Puts it together.
pub fn brief(
    run: &RunDir,
    manifest: &Manifest,
    replica: &Replica,
    kept: Option<&Kept>,
    mixing: Option<&Mixing>,
) -> Brief {
    let mut brief = Brief::default();
    if let Some(warning) = unfinished(manifest.status) {
        brief.warnings.push(warning.to_owned());
    }
    likelihood(&mut brief, run, replica, kept);
    overfitting(&mut brief, replica, kept);
    modes(&mut brief, replica);
    chains(&mut brief, mixing);
    if (1..FEW_ROWS).contains(&manifest.test_rows) {
        brief.warnings.push(format!(
            "The test set has {} rows only: numbers of held-out rows are uncertain.",
            manifest.test_rows
        ));
    }
    worse(&mut brief, replica);
    if manifest.status == Status::Finished
        && let Some(line) = not_converged(&replica.metrics)
    {
        brief.warnings.push(line);
    }
    brief.fact("updates", readable(manifest.step as f64));
    about::about(&mut brief, run, manifest);
    brief
}

fn unfinished(status: Status) -> Option<&'static str> {
    match status {
        Status::Finished => None,
        Status::Stopped => Some(
            "This run was stopped before its end; the page shows it as it was then. `rbm-train resume` goes on with it.",
        ),
        Status::Running => Some(
            "This run has not finished: it is still training, or was killed. The page shows its last checkpoint.",
        ),
        Status::Diverged => Some(
            "This run diverged: its parameters were no longer finite or too large. The page shows its last good checkpoint.",
        ),
    }
}

fn likelihood(brief: &mut Brief, run: &RunDir, replica: &Replica, kept: Option<&Kept>) {
    const NAME: &str = "Log-likelihood";
    let root = run.root().display();
    if let Some(kept) = kept
        && let Some(value) = kept.log_likelihood
    {
        let (part, of_part) = match &kept.test {
            Some(test) => ("test", test),
            None => ("training", &kept.train),
        };
        brief.fact(
            &format!("log-likelihood of {part} rows ({})", kept.verdict),
            format!("{} nats", fixed(value, 2)),
        );
        let range = match kept.range {
            Some([low, high]) => format!(", between {} and {}", fixed(low, 2), fixed(high, 2)),
            None => String::new(),
        };
        brief.row(
            NAME,
            format!(
                "{} nats per {part} row{range}; {}.{}",
                fixed(value, 2),
                meaning(&kept.verdict),
                over_rows(of_part)
            ),
        );
        brief.evidence = Some(format!("{}: {}.", kept.verdict, kept.reason));
        if !quotable(&kept.verdict) {
            brief.warnings.push(format!(
                "The log-likelihood is not to be quoted: {}. More time may bracket it: `rbm-train evaluate {root} --budget 5m`",
                meaning(&kept.verdict)
            ));
        }
    } else {
        brief.row(
            NAME,
            format!(
                "Not estimated: that would have taken more than a fifth of the training. It is \
                 estimated, and kept for this page, by `rbm-train evaluate {root}`."
            ),
        );
    }
    let of_kept = kept.map(|kept| {
        let part = kept.test.as_ref().unwrap_or(&kept.train);
        format!(
            "{} ± {}",
            fixed(part.pseudo_log_likelihood, 2),
            fixed(part.standard_error, 2)
        )
    });
    let of_row = || {
        let text = replica.metrics.last()?.pseudo_log_likelihood().text(2);
        Some(text.replace('-', "−"))
    };
    if let Some(value) = of_kept.or_else(of_row) {
        brief.fact("pseudo-log-likelihood", format!("{value} nats"));
    }
}

/// How far the mean over other rows may lie, which no estimate of ln Z says.
fn over_rows(part: &KeptPart) -> String {
    match part.log_likelihood_error {
        Some(error) => format!(
            " As a mean over {} rows it has a standard error of {} nats, beside that of ln Z.",
            readable(part.rows as f64),
            fixed(error, 2)
        ),
        None => String::new(),
    }
}

fn quotable(verdict: &str) -> bool {
    ["exact", "bracketed"].contains(&verdict)
}

/// A verdict in full words.
fn meaning(verdict: &str) -> String {
    let words = match verdict {
        "exact" => "exact, a sum over all states",
        "bracketed" => "bracketed from both sides by annealing",
        "upper bound only" => {
            "an upper bound only, since nothing bounds it closely enough from below"
        }
        "unreliable" => "unreliable, since too few chains of annealing count",
        other => other,
    };
    words.to_owned()
}

fn overfitting(brief: &mut Brief, replica: &Replica, kept: Option<&Kept>) {
    let of_kept = kept.and_then(|kept| {
        let test = kept.test.as_ref()?;
        let error = kept.train.standard_error.hypot(test.standard_error);
        let gap = kept.train.pseudo_log_likelihood - test.pseudo_log_likelihood;
        Some((gap, Some(error)))
    });
    let of_row = || {
        let row = replica.metrics.last()?;
        let gap =
            row.value(pseudo_log_likelihood::TRAIN)? - row.value(pseudo_log_likelihood::TEST)?;
        let errors = row
            .value(pseudo_log_likelihood::TRAIN_ERROR)
            .zip(row.value(pseudo_log_likelihood::TEST_ERROR));
        Some((gap, errors.map(|(a, b)| a.hypot(b))))
    };
    let Some((gap, error)) = of_kept.or_else(of_row) else {
        return brief.row("Overfitting", "Not known: there are no test rows.");
    };
    let shown = error.map_or(String::new(), |error| format!(" ± {error:.2}"));
    let gap_text = fixed(gap, 2);
    brief.fact(
        "pseudo-log-likelihood of training rows less that of test rows",
        format!("{gap_text}{shown} nats"),
    );
    let seen = error.is_none_or(|error| gap > 2.0 * error);
    let now = match seen && gap > 0.0 {
        true => format!(
            "Training rows fit better than test rows, by {gap_text}{shown} nats of pseudo-log-likelihood."
        ),
        false => format!(
            "None seen: training rows are ahead of test rows by {gap_text}{shown} nats of pseudo-log-likelihood."
        ),
    };
    brief.row("Overfitting", now + &test_rows_over_updates(replica));
}

/// Whether training went on to the cost of test rows, in a sentence; empty where that is not known.
fn test_rows_over_updates(replica: &Replica) -> String {
    let of = |row: &MetricsRow| row.value(pseudo_log_likelihood::TEST);
    let known = || {
        replica
            .metrics
            .iter()
            .filter_map(|row| Some((row, of(row)?)))
    };
    let (Some((last, end)), Some((best, highest))) = (
        known().next_back(),
        known().max_by(|(_, a), (_, b)| a.total_cmp(b)),
    ) else {
        return String::new();
    };
    // The same rows at every evaluation: what they have in common cancels, so their error is a wide bound.
    let error = last.value(pseudo_log_likelihood::TEST_ERROR).unwrap_or(0.0);
    let lost = highest - end;
    match lost > error {
        true => format!(
            " Test rows were fitted best after {} updates, {} nats better than at the end: training longer cost them that.",
            readable(best.step as f64),
            fixed(lost, 2)
        ),
        false => " Over the updates test rows were never fitted clearly better than at the end."
            .to_owned(),
    }
}

fn modes(brief: &mut Brief, replica: &Replica) {
    let Some(last) = replica.measurements.history.last() else {
        return;
    };
    let all = last.singular_values.len();
    let beyond = last.nonconvergent;
    let left = match last.above_edge {
        Some(above) => {
            brief.fact(
                "modes above the bulk of random weights",
                format!("{above} of {all}"),
            );
            format!("{above} of {all} singular values lie above the bulk of random weights")
        }
        None => "No bulk of random weights can be fitted to the singular values".to_owned(),
    };
    brief.fact("modes with a singular value λ ≥ 4", beyond.to_string());
    brief.row(
        "Modes",
        format!(
            "{left}. Modes with λ ≥ 4, the threshold of the plain Gaussian limit with units at \
             probability 1/2: {beyond}. Biases move it, and it does not say that a mode condensed: its occupation does, see `rbm-train analyze --field`."
        ),
    );
}

fn chains(brief: &mut Brief, mixing: Option<&Mixing>) {
    let Some(mixing) = mixing else {
        return brief.row("Do chains mix?", "Not known: they could not be judged.");
    };
    let r_hat = mixing.largest_r_hat;
    let said = format!(
        "the largest R-hat (the spread of all chains over that within each) of the free energy and the leading modes is {} over {} sweeps",
        significant(r_hat, 3),
        SWEEPS / 2
    );
    match mixing.is_enough() {
        true => {
            brief.fact("chains of Gibbs sweeps", "mix");
            brief.row("Do chains mix?", format!("Yes: {said}."));
        }
        false => {
            brief.fact("chains of Gibbs sweeps", "do not mix");
            brief.row(
                "Do chains mix?",
                format!("No: {said}; mixed chains stay below {LARGEST_R_HAT}."),
            );
            brief.warnings.push(format!(
                "Chains do not mix by Gibbs sweeps: {said}. Averages over samples depend on where the chains started."
            ));
        }
    }
}

/// The last evaluation beside the best: of the same rows, so that their errors are nearly the same.
fn worse(brief: &mut Brief, replica: &Replica) {
    let value = |row: &MetricsRow| row.pseudo_log_likelihood().value;
    let Some(last) = replica.metrics.last() else {
        return;
    };
    let rows = replica.metrics.iter();
    let Some(best) = rows.max_by(|a, b| value(a).total_cmp(&value(b))) else {
        return;
    };
    let error = last.pseudo_log_likelihood().error;
    let lost = value(best) - value(last);
    if lost > error.unwrap_or(1.0).max(0.01 * value(best).abs()) {
        brief.warnings.push(format!(
            "Training ended worse than it was: the pseudo-log-likelihood was {} nats after {} updates and is {} at the end.",
            fixed(value(best), 2), readable(best.step as f64), fixed(value(last), 2)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_rows_that_were_fitted_better_before_are_told_of() {
        let said = |values: [f64; 3]| {
            let row = |(k, value): (usize, f64)| {
                let mut row = MetricsRow::new(100 * k as u64, k as f64, 0.01);
                row.set(pseudo_log_likelihood::TEST, Some(value));
                row.set(pseudo_log_likelihood::TEST_ERROR, Some(0.5));
                row
            };
            test_rows_over_updates(&Replica {
                metrics: values.into_iter().enumerate().map(row).collect(),
                ..Default::default()
            })
        };
        assert!(said([-90.0, -80.0, -82.0]).contains("best after 100 updates, 2.00 nats better"));
        for values in [[-90.0, -80.0, -80.4], [-90.0, -80.0, -79.0]] {
            assert!(
                said(values).contains("never fitted clearly better"),
                "{values:?}"
            );
        }
        assert_eq!(test_rows_over_updates(&Replica::default()), "");
    }
}
