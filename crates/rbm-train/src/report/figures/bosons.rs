//! Occupations of the bosons.

use super::drawn::{Drawn, along, missing, updates};
use super::group::{Group, is_alone, means_or_own};
use super::series::{Series, Style, panel, table};
use crate::measure::WithError;
use crate::measure::{ModeState, chains};
use crate::report::data::Replica;
use maud::html;
use rbm_analysis::bosons::Occupation;
use rbm_figures::{Axis, Color, Content, Figure};

/// Modes drawn one by one for a single run.
const EACH: usize = 4;

/// An occupation with its error.
type Kind = fn(&ModeState) -> Option<WithError>;

fn with_error(n: &Occupation) -> WithError {
    [n.occupation, n.error.unwrap_or(f64::NAN)]
}

/// n_k/N over updates and, at the end, over the modes.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    let kinds: [Kind; 3] = [
        |mode| mode.data.as_ref().map(with_error),
        |mode| mode.model.as_ref().map(with_error),
        |mode| mode.mean_field.map(|n| [n, f64::NAN]),
    ];
    let over_time = |kind: Kind, k: usize| {
        move |run: &Replica| -> Vec<(f64, f64, f64)> {
            let n = run.measurements.n_visible as f64;
            let all = run.measurements.checkpoints.iter();
            all.filter_map(|c| {
                let [value, error] = kind(c.modes.get(k)?)?;
                Some((c.step as f64, value / n, error / n))
            })
            .collect()
        }
    };
    let series: Vec<Vec<Series>> = kinds
        .into_iter()
        .map(|kind| {
            if is_alone(groups) {
                let one = |k: usize| {
                    Series::over_measured(&groups[0], over_time(kind, k))
                        .named(format!("mode {}", k + 1))
                        .color(along(EACH - 1 - k, EACH))
                };
                (0..EACH).map(one).filter(Series::has_values).collect()
            } else {
                let one = |(index, group)| {
                    Series::over_measured(group, over_time(kind, 0)).color(Color::Series(index))
                };
                groups.iter().enumerate().map(one).collect()
            }
        })
        .collect();
    let at_end = |kind: Kind| {
        move |run: &Replica| -> Vec<(f64, f64, f64)> {
            let n = run.measurements.n_visible as f64;
            let modes = run.measurements.checkpoints.last().map(|c| &c.modes);
            let known = modes.into_iter().flatten().enumerate();
            known
                .filter_map(|(k, mode)| {
                    let [value, error] = kind(mode)?;
                    Some(((k + 1) as f64, value / n, error / n))
                })
                .collect()
        }
    };
    let mut end = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let names = ["data", "samples", "mean field"];
        for (k, (kind, name)) in kinds.into_iter().zip(names).enumerate() {
            if !is_alone(groups) && k == 2 {
                continue;
            }
            let color = Color::Series(if is_alone(groups) { k } else { index });
            let style = [Style::Line, Style::Dashed, Style::Dashed][k];
            let one = Series::over_measured(group, at_end(kind)).named(name);
            end.push(one.color(color).style(style));
        }
    }
    if !end.iter().any(Series::has_values) {
        return missing("Boson occupations", "there are no checkpoints");
    }
    let which = if is_alone(groups) { "" } else { ", mode 1" };
    let titles = [
        format!("Under data{which}"),
        format!("Under samples{which}"),
        format!("At the mean-field point{which}"),
        "At the end, by mode".to_owned(),
    ];
    // One scale, so that panels can be compared.
    let values = series
        .iter()
        .flatten()
        .chain(&end)
        .flat_map(|one| &one.points);
    let ends = values.filter(|(_, y)| y.value.is_finite()).map(|(_, y)| {
        let error = if y.error.is_finite() { y.error } else { 0.0 };
        (y.value - error, y.value + error)
    });
    let (low, high) = ends.fold((0.0_f64, 0.0_f64), |(low, high), (a, b)| {
        (low.min(a), high.max(b))
    });
    let room = 0.04 * (high - low);
    let y = || match room > 0.0 {
        true => Axis::linear("n/N").over(low - room, high + room),
        false => Axis::linear("n/N"),
    };
    let mut panels: Vec<_> = titles
        .iter()
        .zip(&series)
        .map(|(title, series)| panel(title, updates(), y(), series))
        .collect();
    panels.push(panel(&titles[3], Axis::linear("mode"), y(), &end));
    let rows: Vec<_> = titles
        .iter()
        .zip(series.iter().chain([&end]))
        .map(|(title, series)| (title.as_str(), series.as_slice()))
        .collect();
    Ok(Figure {
        name: "occupations",
        title: "Boson occupations".to_owned(),
        caption: html! {
            i { "n" } sub { i { "k" } } "/" i { "N" } " = λ" sub { i { "k" } } " ⟨" i { "x" } sub { i { "k" } } i { "y" } sub { i { "k" } } "⟩/" i { "N" }
            " of the boson of each mode, under test rows with drawn hidden units, under samples of " (chains::CHAINS) " Gibbs chains, and at the mean-field point reached from "
            i { "m" } " = 1/2. An occupation of order " i { "N" } " is a condensate: a broken symmetry (theory, section 4). Where data and samples differ, the "
            "chains have left the data, or the model does not fit. All panels have one scale. " (means_or_own(groups))
        },
        content: Content::Panels(panels),
        tables: vec![table("occupations", "step_or_mode", &rows)],
    })
}
