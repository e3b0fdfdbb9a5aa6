//! Training curves.

use super::drawn::{Drawn, missing};
use super::group::{Group, means};
use super::parts::{Parts, settled};
use super::series::{Series, by_group, panel, table};
use crate::observers::MetricsRow;
use crate::observers::metrics::{curves_of, free_energy, pseudo_log_likelihood};
use crate::report::data::Replica;
use maud::html;
use rbm_figures::{Axis, Color, Content, Figure, Mark};

/// One in so many evaluations, the first, may lie outside of the frame.
const FIRST: usize = 8;

/// A number of each evaluation over updates.
fn curve(value: fn(&MetricsRow) -> f64) -> impl Fn(&Replica) -> Vec<(f64, f64)> {
    move |run| {
        let rows = run.metrics.iter();
        rows.map(|row| (row.step as f64, value(row))).collect()
    }
}

/// The same of a column.
fn column(name: &'static str) -> impl Fn(&Replica) -> Vec<(f64, f64)> {
    move |run| {
        let rows = run.metrics.iter();
        rows.filter_map(|row| Some((row.step as f64, row.value(name)?)))
            .collect()
    }
}

/// One column less another.
fn difference(from: &'static str, less: &'static str) -> impl Fn(&Replica) -> Vec<(f64, f64)> {
    move |run| {
        let rows = run.metrics.iter();
        rows.filter_map(|row| Some((row.step as f64, row.value(from)? - row.value(less)?)))
            .collect()
    }
}

fn parts(groups: &[Group<'_>], train: &'static str, test: &'static str) -> Parts {
    Parts::new(groups, &column(train), &column(test))
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

/// Metrics of rows: pseudo-log-likelihood and reconstruction error.
pub fn pseudo_likelihood(groups: &[Group<'_>]) -> Drawn {
    const NAME: &str = "likelihood";
    const TITLE: &str = "Pseudo-log-likelihood and reconstruction";
    const GAP: &str = "Pseudo-log-likelihood, training − test";
    evaluated(groups, TITLE)?;
    let (mut panels, mut rows, mut cut) = (Vec::new(), Vec::new(), false);
    for one in curves_of(NAME).flat_map(|curves| curves.panels) {
        let (drawn, all) = match one.columns {
            [train, test] => {
                let parts = parts(groups, train, test);
                (parts.drawn(), parts.all())
            }
            [single, ..] => {
                let series = by_group(groups, column(single));
                (series.clone(), series)
            }
            [] => continue,
        };
        let range = settled(&drawn, FIRST);
        cut |= range.is_some();
        let y = Axis {
            range,
            ..Axis::linear(one.unit)
        };
        panels.push(panel(one.title, updates(), y, &drawn));
        rows.push((one.title, all));
    }
    // Both curves are nearly one on the scale of what is learned.
    let mut gap = by_group(
        groups,
        difference(pseudo_log_likelihood::TRAIN, pseudo_log_likelihood::TEST),
    );
    let compared = gap.iter().any(Series::has_values);
    if compared {
        if let [gap] = gap.as_mut_slice() {
            gap.color = Color::Series(2);
        }
        let none = Mark::horizontal(0.0, "no gap").color(Color::Muted).dashed();
        panels.push(panel(GAP, updates(), Axis::linear("nats per row"), &gap).with(none));
        rows.push((GAP, gap));
    }
    let rows: Vec<_> = rows.iter().map(|(title, all)| (*title, &all[..])).collect();
    Ok(Figure {
        name: NAME,
        title: TITLE.to_owned(),
        caption: html! {
            @for curves in curves_of(NAME) { ((curves.caption)()) }
            @if compared { "A difference of training and test rows that grows is overfitting. " }
            "An update is one gradient step on one batch. "
            (of_parts(groups)) (means(groups))
            @if cut { "The steep start of the curves lies outside of the frame." }
        },
        content: Content::Panels(panels),
        tables: vec![table(NAME, "step", &rows)],
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
    let energies = parts(groups, free_energy::TRAIN, free_energy::TEST);
    let mut gap = by_group(groups, column(free_energy::GAP));
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

/// Metrics of the weights, and the learning rate where it changes.
pub fn weights(groups: &[Group<'_>]) -> Drawn {
    const NAME: &str = "weights";
    const TITLE: &str = "Size of the weights";
    evaluated(groups, TITLE)?;
    let (mut panels, mut rows) = (Vec::new(), Vec::new());
    for one in curves_of(NAME).flat_map(|curves| curves.panels) {
        let series = one
            .columns
            .iter()
            .flat_map(|name| by_group(groups, column(name)));
        let series: Vec<_> = series.collect();
        panels.push(panel(one.title, updates(), Axis::linear(one.unit), &series));
        rows.push((one.title, series));
    }
    let rates = by_group(groups, curve(|row| row.learning_rate));
    let changes = !constant(&rates);
    if changes {
        panels.push(panel("Learning rate", updates(), Axis::linear(""), &rates));
    }
    rows.push(("Learning rate", rates));
    rows.push(("Epoch", by_group(groups, curve(|row| row.epoch))));
    let rows: Vec<_> = rows.iter().map(|(title, all)| (*title, &all[..])).collect();
    Ok(Figure {
        name: NAME,
        title: TITLE.to_owned(),
        caption: html! {
            @for curves in curves_of(NAME) { ((curves.caption)()) }
            @if changes { ", and the learning rate of each update" } "; the table has the epochs. " (means(groups))
            "The experiment: section 7 of the theory."
        },
        content: Content::Panels(panels),
        tables: vec![table(NAME, "step", &rows)],
    })
}
