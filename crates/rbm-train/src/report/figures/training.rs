//! Training curves.

use super::drawn::{Drawn, missing};
use super::group::{Group, means};
use super::parts::{Parts, settled};
use super::series::{Series, by_group, panel, table};
use crate::observers::MetricsRow;
use crate::observers::metrics::{
    free_energy as energy, pseudo_log_likelihood, reconstruction_error, weights as size,
};
use crate::report::data::Replica;
use maud::html;
use rbm_figures::{Axis, Color, Content, Figure, Mark};

/// One in so many evaluations, the first, may lie outside of the frame.
const FIRST: usize = 8;

/// A number of one evaluation, if it has that.
type Value = fn(&MetricsRow) -> Option<f64>;

/// The number over updates.
fn curve(value: Value) -> impl Fn(&Replica) -> Vec<(f64, f64)> {
    move |run| {
        let rows = run.metrics.iter();
        rows.filter_map(|row| Some((row.step as f64, value(row)?)))
            .collect()
    }
}

fn parts(groups: &[Group<'_>], train: Value, test: Value) -> Parts {
    Parts::new(groups, &curve(train), &curve(test))
}

/// A linear axis of time: where curves end matters more than how they start.
fn updates() -> Axis {
    Axis::linear("updates")
}

/// A curve needs two evaluations.
fn evaluated(groups: &[Group<'_>], title: &'static str) -> Result<(), super::drawn::Missing> {
    let runs = groups.iter().flat_map(|group| &group.replicas);
    match runs.map(|run| run.metrics.len()).max().unwrap_or(0) {
        0 => missing(title, "there are no evaluations"),
        1 => missing(title, "a curve needs two evaluations and there is one"),
        _ => Ok(()),
    }
}

/// Pseudo-log-likelihood and reconstruction error.
pub fn pseudo_likelihood(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Pseudo-log-likelihood and reconstruction";
    evaluated(groups, TITLE)?;
    let titles = ["Pseudo-log-likelihood", "Reconstruction error"];
    let units = ["nats per row", "squared error per unit"];
    let quantities = [
        parts(
            groups,
            |row| row.value(pseudo_log_likelihood::TRAIN),
            |row| row.value(pseudo_log_likelihood::TEST),
        ),
        parts(
            groups,
            |row| row.value(reconstruction_error::TRAIN),
            |row| row.value(reconstruction_error::TEST),
        ),
    ];
    let (mut panels, mut cut) = (Vec::new(), false);
    for ((title, unit), parts) in titles.into_iter().zip(units).zip(&quantities) {
        let drawn = parts.drawn();
        let range = settled(&drawn, FIRST);
        cut |= range.is_some();
        let y = Axis {
            range,
            ..Axis::linear(unit)
        };
        panels.push(panel(title, updates(), y, &drawn));
    }
    let all = quantities.map(|parts| parts.all());
    Ok(Figure {
        name: "likelihood",
        title: TITLE.to_owned(),
        caption: html! {
            "Pseudo-log-likelihood " span class="nowrap" {
                i { "PL" } " = Σ" sub { i { "i" } } " ln " i { "p" } "(" i { "v" } sub { i { "i" } }
                    " | " i { "v" } sub { "∖" i { "i" } } ")"
            }
            ", each visible unit given all others, mean over rows, in nats per row; higher is better. "
            "Reconstruction error, the difference between a row " i { "v" } " and "
            span class="nowrap" { i { "p" } "(" i { "v" } " | " i { "p" } "(" i { "h" } " | " i { "v" } "))" }
            ", as squared error per unit; lower is better. An update is one gradient step on one batch. "
            (of_parts(groups)) (means(groups))
            @if cut { "The steep start of the curves lies outside of the frame." }
        },
        content: Content::Panels(panels),
        tables: vec![table(
            "likelihood",
            "step",
            &[
                (titles[0], all[0].as_slice()),
                (titles[1], all[1].as_slice()),
            ],
        )],
    })
}

/// Which rows are drawn of several groups.
fn of_parts(groups: &[Group<'_>]) -> &'static str {
    match groups.len() {
        1 => "",
        _ => "Drawn of test rows, or of training rows where there are none. ",
    }
}

/// Mean free energies, and how much higher those of test rows are.
pub fn free_energy(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Free energy of training and test rows";
    evaluated(groups, TITLE)?;
    let energies = parts(
        groups,
        |row| row.value(energy::TRAIN),
        |row| row.value(energy::TEST),
    );
    let mut gap = by_group(groups, curve(|row| row.value(energy::GAP)));
    if let [gap] = gap.as_mut_slice() {
        gap.color = Color::Series(2);
    }
    let titles = ["Mean free energy", "Free-energy gap, test − training"];
    let y = || Axis::linear("nats per row");
    let none = Mark::horizontal(0.0, "no gap").color(Color::Muted).dashed();
    let panels = vec![
        panel(titles[0], updates(), y(), &energies.drawn()),
        panel(titles[1], updates(), y(), &gap).with(none),
    ];
    let rows = [(titles[0], &energies.all()[..]), (titles[1], &gap[..])];
    Ok(Figure {
        name: "free-energy",
        title: TITLE.to_owned(),
        caption: html! {
            i { "F" } "(" i { "v" } ") = − " b { "b" } "·" b { "v" } " − Σ" sub { i { "j" } }
                " ln(1 + exp(" i { "c" } sub { i { "j" } }
            " + (" b { "v" } i { "W" } ")" sub { i { "j" } } ")), mean over rows, in nats per row. "
            "Its zero has no meaning, but ln " i { "Z" }
            " cancels in the gap: a gap that grows while the training value falls is overfitting. "
            (of_parts(groups)) (means(groups))
        },
        content: Content::Panels(panels),
        tables: vec![table("free-energy", "step", &rows)],
    })
}

/// Whether every curve is a level line.
fn constant(series: &[Series]) -> bool {
    series.iter().all(|one| {
        let mut values = one.points.iter().map(|(_, y)| y.value);
        let first = values.next();
        values.all(|value| Some(value) == first)
    })
}

/// Norm and largest entry of the weights, and the learning rate where it changes.
pub fn weights(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Size of the weights";
    evaluated(groups, TITLE)?;
    let quantities: [(&str, &str, Value); 4] = [
        ("Norm of the weights", "‖W‖ (Frobenius)", |row| {
            row.value(size::NORM)
        }),
        ("Largest weight", "max |Wᵢⱼ|", |row| {
            row.value(size::MAX)
        }),
        ("Learning rate", "", |row| Some(row.learning_rate)),
        ("Epoch", "", |row| Some(row.epoch)),
    ];
    let series = quantities.map(|(_, _, value)| by_group(groups, curve(value)));
    let drawn = if constant(&series[2]) { 2 } else { 3 };
    let both = || quantities.iter().zip(&series);
    let panels = both()
        .take(drawn)
        .map(|((title, unit, _), series)| panel(title, updates(), Axis::linear(*unit), series));
    let rows: Vec<_> = both()
        .map(|(quantity, series)| (quantity.0, &series[..]))
        .collect();
    Ok(Figure {
        name: "weights",
        title: TITLE.to_owned(),
        caption: html! {
            "Frobenius norm ‖" i { "W" } "‖ = (Σ" sub { i { "k" } } " λ" sub { i { "k" } } "²)" sup { "1/2" }
            " and largest absolute entry of the weight matrix, dimensionless"
            @if drawn > 2 { ", and the learning rate of each update" } "; the table has the epochs. " (means(groups))
            "The experiment: section 7 of the theory."
        },
        content: Content::Panels(panels.collect()),
        tables: vec![table("weights", "step", &rows)],
    })
}
