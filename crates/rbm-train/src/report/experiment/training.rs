//! Training curves and likelihoods of a sweep.

use super::series::{by_group, panel, table};
use super::{Drawn, Group, Replica, means};
use crate::evaluation::history::LikelihoodRow;
use crate::report::data::MetricsRow;
use maud::html;
use rbm_model::partition::Verdict;
use rbm_figures::{Axis, Color, Content, Figure, Mark};

/// Evaluations that a curve is drawn from, at most.
const POINTS: usize = 200;

/// Pseudo-likelihood, reconstruction error and free-energy gap over updates.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    let rows = |value: fn(&MetricsRow) -> Option<f64>| {
        move |run: &Replica| -> Vec<(f64, f64)> {
            // The steep start has nothing to say about where curves end.
            let rows = || run.metrics.iter().filter(|row| row.step > 0);
            let every = rows().count().div_ceil(POINTS).max(1);
            let known = rows().rev().step_by(every);
            known
                .filter_map(|row| Some((row.step as f64, value(row)?)))
                .collect()
        }
    };
    let held_out = |row: &MetricsRow| {
        row.test_pseudo_log_likelihood
            .or(Some(row.train_pseudo_log_likelihood))
    };
    let error = |row: &MetricsRow| {
        row.test_reconstruction_error
            .or(Some(row.train_reconstruction_error))
    };
    let series = [
        by_group(groups, rows(held_out)),
        by_group(groups, rows(error)),
        by_group(groups, rows(|row| row.free_energy_gap)),
        by_group(groups, rows(|row| Some(row.weight_norm))),
    ];
    let titles = [
        ("Pseudo-log-likelihood", "nats per row"),
        ("Reconstruction error", "squared error a unit"),
        ("Free-energy gap, test − training", "nats per row"),
        ("Norm of the weights", "‖W‖ (Frobenius)"),
    ];
    let panels = titles
        .iter()
        .zip(&series)
        .map(|((title, unit), series)| panel(title, super::updates(), Axis::linear(*unit), series));
    let rows: Vec<_> = titles
        .iter()
        .zip(&series)
        .map(|((title, _), series)| (*title, series.as_slice()))
        .collect();
    Ok(Figure {
        name: "sweep-training",
        title: "Training curves".to_owned(),
        caption: html! {
            "Of test rows, or of training rows where there are none: mean of Σ" sub { i { "i" } } " ln " i { "p" } "(" i { "v" }
            sub { i { "i" } } " | " i { "v" } sub { "∖" i { "i" } } "), squared difference of a row and its reconstruction "
            "a unit, and mean free energy less that of training rows, which grows with overfitting. From the first update \
             on. " (means(groups)) "The experiment: section 7 of the theory."
        },
        content: Content::Panels(panels.collect()),
        tables: vec![table("sweep-training", "step", &rows)],
    })
}

/// Whether an evaluation is more than a bound or a guess.
pub fn holds(row: &LikelihoodRow) -> bool {
    [Verdict::Exact, Verdict::Bracketed]
        .iter()
        .any(|good| row.verdict == good.to_string())
}

/// Brackets of the likelihood, where runs were evaluated.
pub fn likelihood(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Log-likelihood";
    let value = |row: &LikelihoodRow| row.test_log_likelihood.unwrap_or(row.train_log_likelihood);
    let rows = |side: fn(&LikelihoodRow) -> f64| {
        move |run: &Replica| {
            let point = |row: &LikelihoodRow| (row.step as f64, value(row) + side(row));
            run.likelihood.iter().map(point).collect()
        }
    };
    let centre = by_group(groups, rows(|_| 0.0));
    if !centre.iter().any(|series| series.has_values()) {
        let reason =
            "no run was evaluated; `rbm-train evaluate RUN --path` brackets it for every snapshot";
        return Err((TITLE, reason.to_owned()));
    }
    let sides = [
        by_group(groups, rows(|row| row.band()[0])),
        by_group(groups, rows(|row| row.band()[1])),
    ];
    let rows = || {
        let runs = groups.iter().flat_map(|group| &group.replicas);
        runs.flat_map(|run| &run.likelihood)
    };
    let doubtful = rows().filter(|row| !holds(row)).count();
    let mut drawn = panel("", super::updates(), Axis::linear("nats per row"), &centre);
    for (k, (low, high)) in sides[0].iter().zip(&sides[1]).enumerate() {
        let points = low
            .points
            .iter()
            .zip(&high.points)
            .map(|((x, low), (_, high))| {
                (*x, low.value.min(high.value), low.value.max(high.value))
            });
        let label = format!("{}, lowest to highest", groups[k].label);
        let band = Mark::band(points).color(Color::Series(k)).label(label);
        drawn = drawn.with(band.unlisted());
    }
    let tables = [
        ("combined", centre.as_slice()),
        ("lowest", sides[0].as_slice()),
        ("highest", sides[1].as_slice()),
    ];
    Ok(Figure {
        name: "sweep-likelihood",
        title: TITLE.to_owned(),
        caption: html! {
            "Mean of ln " i { "p" } "(" b { "v" } ") = −" i { "F" } "(" b { "v" } ") − ln " i { "Z" } " over test rows (training "
            "rows where there are none), ln " i { "Z" } " by Bennett's ratio; the wider band is what everything known allows: from reverse AIS and pilot runs, below, \
             to AIS, above. " (means(groups)) "Runs without an evaluation are not in it; the table counts replicas."
            @if doubtful > 0 {
                " Of " (rows().count()) " evaluations " (doubtful) " are neither exact nor bracketed (upper bound only, or \
                 unreliable), and in the means like the others."
            }
        },
        content: Content::Panels(vec![drawn]),
        tables: vec![table("sweep-likelihood", "step", &tables)],
    })
}
