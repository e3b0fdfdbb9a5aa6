//! The tables of a sweep: means at the end by group, and all runs.

use super::Entry;
use crate::observers::metrics::pseudo_log_likelihood;
use crate::report::data::Replica;
use crate::report::figures::series::Mean;
use crate::report::figures::{Group, holds};
use maud::html;
use rbm_figures::number::{readable, significant};
use rbm_figures::{Grid, Row, Table};

/// Test log-likelihood of the last snapshot, in nats per row, where that was evaluated, and exactly or with a bracket.
fn final_log_likelihood(run: &Replica) -> Option<f64> {
    let (row, end) = (run.likelihood.last()?, run.measurements.history.last()?);
    let usable = row.step == end.step && holds(row);
    row.test_log_likelihood.filter(|_| usable)
}

/// One row per group, values at the end as mean ± standard error.
pub(super) fn summary(groups: &[Group<'_>]) -> Grid {
    type Value = fn(&Replica) -> Option<f64>;
    let columns: [(&str, Value); 5] = [
        ("test PLL", |run| {
            run.metrics.last()?.value(pseudo_log_likelihood::TEST)
        }),
        ("test LL", final_log_likelihood),
        ("λ₁", |run| {
            run.measurements
                .history
                .last()?
                .singular_values
                .first()
                .copied()
        }),
        ("modes with λ ≥ 4", |run| {
            Some(run.measurements.history.last()?.nonconvergent as f64)
        }),
        ("modes above the edge", |run| {
            run.measurements
                .history
                .last()?
                .above_edge
                .map(|n| n as f64)
        }),
    ];
    let mean = |group: &Group<'_>, value: fn(&Replica) -> Option<f64>| {
        Mean::of(group.replicas.iter().filter_map(|run| value(run)))
    };
    let cell = |group: &Group<'_>, mean: Mean| {
        let value = significant(mean.value, 4);
        let value = match (mean.count, mean.error.is_finite()) {
            (0, _) => return "—".to_owned(),
            (_, true) => format!("{value}\u{a0}±\u{a0}{}", significant(mean.error, 2)),
            _ => value,
        };
        // Not every run need have been evaluated.
        if mean.count < group.replicas.len() {
            format!("{value} ({} of {})", mean.count, group.replicas.len())
        } else {
            value
        }
    };
    let mut table = Table::new("overview")
        .texts("group", groups.iter().map(|group| group.label.clone()))
        .numbers("hidden", groups.iter().map(|group| group.hidden() as f64))
        .numbers(
            "replicas",
            groups.iter().map(|group| group.replicas.len() as f64),
        );
    for (name, value) in columns {
        let name = name
            .to_lowercase()
            .replace("λ₁", "lambda_1")
            .replace("λ ≥ 4", "lambda_above_4")
            .replace([' ', '-'], "_");
        let means: Vec<Mean> = groups.iter().map(|group| mean(group, value)).collect();
        table = table
            .numbers(name.clone(), means.iter().map(|mean| mean.value))
            .numbers(format!("{name}_error"), means.iter().map(|mean| mean.error))
            .numbers(
                format!("{name}_replicas"),
                means.iter().map(|mean| mean.count as f64),
            );
    }
    let known: Vec<_> = columns
        .into_iter()
        .filter(|(_, value)| groups.iter().any(|group| mean(group, *value).count > 0))
        .collect();
    let mut heads = vec![html! { "settings" }, html! { i { "n" } }];
    heads.extend(known.iter().map(|(name, _)| html! { (name) }));
    Grid {
        caption: html! {
            b { "Results at the end." } " Mean over the " i { "n" } " replicas of each group ± standard error, with the number of runs that have a value where not all have; LL and PLL: log-likelihood, where it is exact or bracketed, and pseudo-log-likelihood, in nats per row."
        },
        heads,
        rows: groups
            .iter()
            .map(|group| {
                let name = if group.label.is_empty() {
                    "all"
                } else {
                    &group.label
                };
                let mut cells = vec![name.to_owned(), group.replicas.len().to_string()];
                cells.extend(
                    known
                        .iter()
                        .map(|(_, value)| cell(group, mean(group, *value))),
                );
                Row {
                    cells,
                    strong: false,
                }
            })
            .collect(),
        table,
    }
}

/// All directories of the sweep.
pub(super) fn all_runs(entries: &[Entry], replicas: &[Replica]) -> Grid {
    let status = |entry: &Entry| match &entry.manifest {
        Some(manifest) => format!("{:?}", manifest.status).to_lowercase(),
        None => "unreadable".to_owned(),
    };
    let step = |entry: &Entry| entry.manifest.as_ref().map_or(f64::NAN, |m| m.step as f64);
    let value = |entry: &Entry| {
        let run = replicas.iter().find(|run| run.name == entry.name);
        run.and_then(|run| run.metrics.last()?.value(pseudo_log_likelihood::TEST))
            .unwrap_or(f64::NAN)
    };
    let number = |x: f64| {
        if x.is_finite() {
            readable(x)
        } else {
            "—".to_owned()
        }
    };
    Grid {
        caption: html! { b { "All runs." } " Marked: left out of the figures; why is said at the top." },
        heads: vec![
            html! { "run" },
            html! { "status" },
            html! { "updates" },
            html! { "test pseudo-log-likelihood, nats" },
        ],
        rows: entries
            .iter()
            .map(|entry| Row {
                cells: vec![
                    entry.name.clone(),
                    status(entry),
                    number(step(entry)),
                    number(value(entry)),
                ],
                strong: entry.left_out.is_some(),
            })
            .collect(),
        table: Table::new("runs")
            .texts("run", entries.iter().map(|entry| entry.name.clone()))
            .texts("status", entries.iter().map(status))
            .numbers("step", entries.iter().map(step))
            .numbers("test_pseudo_log_likelihood", entries.iter().map(value))
            .texts(
                "left_out",
                entries
                    .iter()
                    .map(|e| e.left_out.clone().unwrap_or_default()),
            ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::likelihood_row::LikelihoodRow;
    use crate::measure::{Measurements, SnapshotSpectrum};

    #[test]
    fn a_final_likelihood_is_that_of_the_end_and_holds() {
        let run = |step: u64, verdict: &str| Replica {
            likelihood: vec![LikelihoodRow {
                step,
                epoch: 1.0,
                ln_z_ais: 9.0,
                ln_z_reverse_ais: Some(11.0),
                ln_z: 10.0,
                ln_z_low: 9.0,
                ln_z_high: 11.0,
                standard_error: 0.1,
                effective_fraction: 0.5,
                temperatures: 100,
                train_log_likelihood: -7.0,
                test_log_likelihood: Some(-8.0),
                verdict: verdict.into(),
                reason: String::new(),
            }],
            measurements: Measurements {
                history: [0, 30]
                    .map(|step| SnapshotSpectrum {
                        step,
                        ..Default::default()
                    })
                    .into(),
                ..Default::default()
            },
            ..Default::default()
        };
        for verdict in ["bracketed", "exact"] {
            assert_eq!(final_log_likelihood(&run(30, verdict)), Some(-8.0));
        }
        for (step, verdict) in [
            (20, "bracketed"),
            (30, "unreliable"),
            (30, "upper bound only"),
        ] {
            assert_eq!(final_log_likelihood(&run(step, verdict)), None);
        }
    }
}
