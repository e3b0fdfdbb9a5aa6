//! The training curves.

use maud::html;
use rbm_figures::{Axis, Color, Content, Figure, Mark, Panel, Section, Table};

use super::data::{MetricsRow, ReportData};

const TRAIN: Color = Color::Series(0);
const TEST: Color = Color::Series(1);

/// Likelihood, reconstruction, free energy and weights over updates.
pub fn section(data: &ReportData) -> Section {
    let mut section = Section::new("training", "Training");
    let rows = data.metrics.as_slice();
    if rows.len() < 2 {
        let reason = match rows.len() {
            0 => "the run has no evaluations",
            _ => "a curve needs two evaluations and the run has one",
        };
        section.missing("Training curves", reason);
        return section;
    }
    super::likelihood::add(&mut section, data);
    section.figure(likelihood(rows, &data.reconstruction_unit));
    if has_values(rows, |row| known(row.free_energy_train))
        || has_values(rows, |row| known(row.free_energy_gap))
    {
        section.figure(free_energy(rows));
    } else {
        section.missing(
            "Free energy of training and test images",
            "the run did not record it",
        );
    }
    section.figure(weights(rows));
    section
}

fn known(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}

fn has_values(rows: &[MetricsRow], value: impl Fn(&MetricsRow) -> f64) -> bool {
    rows.iter().any(|row| value(row).is_finite())
}

fn updates() -> Axis {
    Axis::linear("updates")
}

fn curve(rows: &[MetricsRow], value: impl Fn(&MetricsRow) -> f64) -> Mark {
    Mark::line(rows.iter().map(|row| (row.step as f64, value(row))))
}

/// A curve over the rows that have a value: an evaluation that was not made is no gap, NaN is.
fn sparse_curve(rows: &[MetricsRow], value: impl Fn(&MetricsRow) -> Option<f64>) -> Mark {
    Mark::line(
        rows.iter()
            .filter_map(|row| Some((row.step as f64, value(row)?))),
    )
}

/// A range for an axis that leaves out a steep start: twice the room that the values after the
/// first eighth of the evaluations need, if all values would need more than four times as much.
fn settled(rows: &[MetricsRow], values: impl Fn(&MetricsRow) -> [f64; 2]) -> Option<(f64, f64)> {
    let extent = |rows: &[MetricsRow]| {
        let finite = rows
            .iter()
            .flat_map(&values)
            .filter(|value| value.is_finite());
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (all, rest) = (extent(rows), extent(&rows[rows.len().div_ceil(8)..]));
    let room = rest.1 - rest.0;
    let range = (
        (rest.0 - room).max(all.0 - 0.06 * room),
        (rest.1 + room).min(all.1 + 0.06 * room),
    );
    (room > 0.0 && all.1 - all.0 > 4.0 * room).then_some(range)
}

/// Curves of training and, if there are any, test images.
fn train_and_test(
    panel: Panel,
    rows: &[MetricsRow],
    train: impl Fn(&MetricsRow) -> f64,
    test: impl Fn(&MetricsRow) -> Option<f64>,
) -> Panel {
    let panel = panel.with(curve(rows, train).color(TRAIN).label("training images"));
    if !has_values(rows, |row| known(test(row))) {
        return panel;
    }
    panel.with(
        sparse_curve(rows, test)
            .color(TEST)
            .label("test images")
            .dashed(),
    )
}

/// The columns that place a row in time.
fn table(name: &str, rows: &[MetricsRow]) -> Table {
    Table::new(name)
        .numbers("step", rows.iter().map(|row| row.step as f64))
        .numbers("epoch", rows.iter().map(|row| row.epoch))
}

fn likelihood(rows: &[MetricsRow], reconstruction_unit: &str) -> Figure {
    let train = |row: &MetricsRow| row.train_pseudo_log_likelihood;
    let test = |row: &MetricsRow| row.test_pseudo_log_likelihood;
    let train_error = |row: &MetricsRow| row.train_reconstruction_error;
    let test_error = |row: &MetricsRow| row.test_reconstruction_error;
    let has_error = has_values(rows, train_error);
    let ranges = [
        settled(rows, |row| [train(row), known(test(row))]),
        settled(rows, |row| [train_error(row), known(test_error(row))]),
    ];
    let axis = |label: &str, range| Axis {
        range,
        ..Axis::linear(label)
    };
    let likelihood = Panel::new(
        "Pseudo-log-likelihood",
        updates(),
        axis("nats per image", ranges[0]),
    );
    let error = Panel::new(
        "Reconstruction error",
        updates(),
        axis(reconstruction_unit, ranges[1]),
    );
    Figure {
        name: "likelihood",
        title: if has_error {
            "Pseudo-log-likelihood and reconstruction"
        } else {
            "Pseudo-log-likelihood"
        }
        .to_owned(),
        caption: html! {
            "Pseudo-log-likelihood " span class="nowrap" {
                i { "PL" } " = Σ" sub { i { "i" } } " ln " i { "p" } "(" i { "v" } sub { i { "i" } }
                    " | " i { "v" } sub { "∖" i { "i" } } ")"
            }
            ", each visible unit given all others, mean over images, in nats per image; higher is better. "
            @if has_error {
                "Reconstruction error, the difference between an image " i { "v" } " and "
                span class="nowrap" { i { "p" } "(" i { "v" } " | " i { "p" } "(" i { "h" } " | " i {
                    "v" } "))" }
                @if !reconstruction_unit.is_empty() { ", as " (reconstruction_unit) } "; lower is better. "
            }
            "An update is one gradient step on one batch."
            @if ranges.iter().any(Option::is_some) {
                " The steep start of the curves lies outside of the frame." }
        },
        content: Content::Panels(vec![
            train_and_test(likelihood, rows, train, test),
            train_and_test(error, rows, train_error, test_error),
        ]),
        tables: vec![
            table("likelihood", rows)
                .numbers("train_pseudo_log_likelihood", rows.iter().map(train))
                .numbers(
                    "test_pseudo_log_likelihood",
                    rows.iter().map(|row| known(test(row))),
                )
                .numbers("train_reconstruction_error", rows.iter().map(train_error))
                .numbers(
                    "test_reconstruction_error",
                    rows.iter().map(|row| known(test_error(row))),
                ),
        ],
    }
}

fn free_energy(rows: &[MetricsRow]) -> Figure {
    let train = |row: &MetricsRow| known(row.free_energy_train);
    let test = |row: &MetricsRow| row.free_energy_test;
    let gap = |row: &MetricsRow| row.free_energy_gap;
    let energy = Panel::new(
        "Mean free energy",
        updates(),
        Axis::linear("nats per image"),
    );
    let difference = Panel::new(
        "Free-energy gap, test − training",
        updates(),
        Axis::linear("nats per image"),
    )
    .with(
        sparse_curve(rows, gap)
            .color(Color::Series(2))
            .label("gap")
            .unlisted(),
    )
    .with(Mark::horizontal(0.0, "no gap").color(Color::Muted).dashed());
    Figure {
        name: "free-energy",
        title: "Free energy of training and test images".to_owned(),
        caption: html! {
            i { "F" } "(" i { "v" } ") = − " b { "b" } "·" b { "v" } " − Σ" sub { i { "j" } }
                " ln(1 + exp(" i { "c" } sub { i { "j" } }
            " + (" b { "v" } i { "W" } ")" sub { i { "j" } } ")), mean over images, in nats per image. "
            "Its zero has no meaning, but ln " i { "Z" }
            " cancels in the gap: a gap that grows while the training value falls "
            "is overfitting."
        },
        content: Content::Panels(vec![train_and_test(energy, rows, train, test), difference]),
        tables: vec![
            table("free-energy", rows)
                .numbers("free_energy_train", rows.iter().map(train))
                .numbers("free_energy_test", rows.iter().map(|row| known(test(row))))
                .numbers("free_energy_gap", rows.iter().map(|row| known(gap(row)))),
        ],
    }
}

fn weights(rows: &[MetricsRow]) -> Figure {
    let panel = |title: &str, label: &str, value: fn(&MetricsRow) -> f64| {
        Panel::new(title, updates(), Axis::linear(label)).with(curve(rows, value).color(TRAIN))
    };
    let mut panels = vec![
        panel("Norm of the weights", "‖W‖ (Frobenius)", |row| {
            row.weight_norm
        }),
        panel("Largest weight", "max |Wᵢⱼ|", |row| row.weight_max),
    ];
    let rates = || {
        rows.iter()
            .map(|row| row.learning_rate)
            .filter(|rate| rate.is_finite())
    };
    let constant = rates().all(|rate| Some(rate) == rates().next());
    if !constant {
        panels.push(panel("Learning rate", "", |row| row.learning_rate));
    }
    Figure {
        name: "weights",
        title: "Size of the weights".to_owned(),
        caption: html! {
            "Frobenius norm ‖" i { "W" } "‖ = (Σ" sub { i { "k" } } " λ" sub { i { "k" } } "²)" sup {
            "1/2" }
            " and largest absolute entry of the weight matrix, dimensionless"
            @if !constant { ", and the learning rate of each update" } "."
        },
        content: Content::Panels(panels),
        tables: vec![
            table("weights", rows)
                .numbers("weight_norm", rows.iter().map(|row| row.weight_norm))
                .numbers("weight_max", rows.iter().map(|row| row.weight_max))
                .numbers("learning_rate", rows.iter().map(|row| row.learning_rate)),
        ],
    }
}
