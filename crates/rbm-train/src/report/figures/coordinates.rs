//! Coordinates u and w of data by label, of samples, and of the mean point, over training.

use super::drawn::{Drawn, missing, updates};
use super::group::{Group, is_alone, means, representatives, shown};
use super::series::{Series, by_group, panel, table};
use super::signs::signs;
use crate::measure::chains;
use crate::measure::snapshot::Split;
use crate::report::data::Replica;
use maud::html;
use rbm_figures::{Axis, Color, Content, Figure, Mark, Panel, Table};

/// The part of a run at whose start the coordinates are left out of the frame.
const SETTLED: f64 = 0.02;

/// A row of the table: group, coordinate, what, step, mean, deviation.
type Row = (String, String, String, u64, f64, f64);

/// u and w of the leading modes.
pub fn split(groups: &[Group<'_>]) -> Drawn {
    let modes = if is_alone(groups) { 2 } else { 1 };
    let mut panels = Vec::new();
    let mut rows = Vec::new();
    for group in shown(groups) {
        for mode in 0..modes {
            for (k, name) in ["u", "w"].into_iter().enumerate() {
                let title = format!("{name}{}", rbm_figures::number::subscript(mode + 1));
                panels.extend(one(group, mode, k, &title, &mut rows));
            }
        }
    }
    if panels.is_empty() {
        let reason = "there are no checkpoints with a usable saddle";
        return missing("Coordinates of data and samples", reason);
    }
    Ok(Figure {
        name: "coordinates",
        title: "Coordinates of data by label, samples, and mean point".to_owned(),
        caption: html! {
            i { "u" } " = (" i { "x" } " + " i { "y" } " − " i { "x" } "* − " i { "y" } "*)/√2 along the unstable and "
            i { "w" } " = (" i { "y" } " − " i { "x" } " + " i { "x" } "* − " i { "y" } "*)/√2 along the stable direction of a mode's saddle "
            "(theory, section 1): means over test rows of each label with hidden units drawn given them, by name those of the labels that lie lowest and highest at the end, as a band \
             the range of all (the table has each); mean ± deviation over Gibbs samples (gray band; "
            (chains::CHAINS) " chains, " (chains::WARM_UP + chains::RECORDINGS) " sweeps from data rows), and the mean point (" i { "U" } sup { "T" } "½, " i { "V" } sup { "T" } "½). "
            "Before a mode has a singular value to speak of its saddle is far away, so the first "
            (100.0 * SETTLED) "% of the updates are not drawn; the table has them. Modes may swap ranks between checkpoints; their signs follow the vector of the checkpoint before that they overlap most with. "
            (representatives(groups))
        },
        content: Content::Panels(panels),
        tables: vec![
            Table::new("coordinates")
                .texts("group", rows.iter().map(|row| row.0.clone()))
                .texts("coordinate", rows.iter().map(|row| row.1.clone()))
                .texts("of", rows.iter().map(|row| row.2.clone()))
                .numbers("step", rows.iter().map(|row| row.3 as f64))
                .numbers("mean", rows.iter().map(|row| row.4))
                .numbers("deviation", rows.iter().map(|row| row.5)),
        ],
    })
}

/// Values over updates.
type Curve = Vec<(f64, f64)>;

/// One coordinate of one mode: of the labels that lie lowest and highest at the end, with the range of all, of samples, and
/// of the mean point. The rows of the table have all labels.
fn one(
    group: &Group<'_>,
    mode: usize,
    k: usize,
    title: &str,
    rows: &mut Vec<Row>,
) -> Option<Panel> {
    let all = &group.first().measurements.checkpoints;
    let last = all.last()?.step;
    let signs = signs(all);
    let splits: Vec<(u64, f64, &Split)> = all
        .iter()
        .zip(&signs)
        .filter_map(|(c, signs)| {
            let split = c.split.iter().find(|s| s.mode == mode)?;
            Some((c.step, signs.get(mode).copied().unwrap_or(1.0), split))
        })
        .collect();
    if splits.is_empty() {
        return None;
    }
    let drawn = |step: u64| step as f64 >= SETTLED * last as f64;
    let mut row = |of: &str, step: u64, mean: f64, deviation: f64| {
        rows.push((
            group.label.clone(),
            title.to_owned(),
            of.to_owned(),
            step,
            mean,
            deviation,
        ));
    };
    let mut labels: Vec<Option<u8>> = splits
        .iter()
        .flat_map(|(_, _, s)| s.data.iter().map(|cloud| cloud.label))
        .collect();
    labels.sort_unstable();
    labels.dedup();
    let mut curves: Vec<(String, Curve)> = Vec::new();
    for label in labels {
        let name = label.map_or("data".to_owned(), |label| format!("label {label}"));
        let mut points = Vec::new();
        for (step, sign, split) in &splits {
            let Some(cloud) = split.data.iter().find(|cloud| cloud.label == label) else {
                continue;
            };
            let (mean, deviation) = (sign * cloud.mean[k], cloud.deviation[k]);
            row(&format!("data, {name}"), *step, mean, deviation);
            if drawn(*step) {
                points.push((*step as f64, mean));
            }
        }
        curves.push((name, points));
    }
    let (mut samples, mut mean_point) = (Vec::new(), Vec::new());
    for (step, sign, split) in &splits {
        let x = *step as f64;
        if let Some(cloud) = split.model {
            let (mean, deviation) = (sign * cloud.mean[k], cloud.deviation[k]);
            row("samples", *step, mean, deviation);
            if drawn(*step) {
                samples.push((x, mean, deviation));
            }
        }
        let mean = sign * split.mean_point[k];
        row("mean point", *step, mean, f64::NAN);
        if drawn(*step) {
            mean_point.push((x, mean));
        }
    }
    let middle = samples.iter().map(|(x, mean, _)| (*x, *mean));
    let band = samples
        .iter()
        .map(|(x, mean, deviation)| (*x, mean - deviation, mean + deviation));
    let of_samples = |mark: Mark| mark.color(Color::Ink).label("samples");
    let panel = Panel::new(group.prefixed(title), updates(), Axis::linear("coordinate"));
    Some(
        panel.with_all(of_labels(curves)).with_all([
            of_samples(Mark::line(middle)),
            of_samples(Mark::band(band)).color(Color::Muted).unlisted(),
            Mark::line(mean_point)
                .color(Color::Muted)
                .label("mean point")
                .dashed(),
        ]),
    )
}

/// The curves that are lowest and highest at the end, and the range of all.
fn of_labels(mut curves: Vec<(String, Curve)>) -> Vec<Mark> {
    let end = |curve: &Curve| curve.last().map_or(f64::NAN, |point| point.1);
    curves.sort_by(|a, b| end(&a.1).total_cmp(&end(&b.1)));
    let mut range: Vec<(f64, f64, f64)> = Vec::new();
    for &(x, y) in curves.iter().flat_map(|(_, points)| points) {
        match range.iter_mut().find(|(at, _, _)| *at == x) {
            Some((_, low, high)) => (*low, *high) = (low.min(y), high.max(y)),
            None => range.push((x, y, y)),
        }
    }
    range.sort_by(|a, b| a.0.total_cmp(&b.0));
    let several = curves.len() > 1;
    let last = curves.len().saturating_sub(1);
    let ends = curves.into_iter().enumerate();
    let ends = ends.filter(|(k, _)| *k == 0 || *k == last);
    let line = |(k, (name, points)): (usize, (String, Curve))| {
        let line = Mark::line(points).color(Color::Series(usize::from(k > 0)));
        line.label(name)
    };
    let mut marks: Vec<Mark> = ends.map(line).collect();
    if several {
        let band = Mark::band(range).color(Color::Series(2));
        marks.push(band.label("all labels"));
    }
    marks
}

/// How much of the variance along u and w labels explain.
pub fn between_labels(groups: &[Group<'_>]) -> Drawn {
    let of = |mode: usize, k: usize| {
        move |run: &Replica| -> Vec<(f64, f64)> {
            let all = run.measurements.checkpoints.iter();
            all.filter_map(|c| {
                let split = c.split.iter().find(|s| s.mode == mode)?;
                Some((c.step as f64, split.between_labels?[k]))
            })
            .collect()
        }
    };
    let titles = ["u₁", "w₁", "u₂", "w₂"];
    let series: Vec<Vec<Series>> = (0..4).map(|k| by_group(groups, of(k / 2, k % 2))).collect();
    if !series.iter().flatten().any(Series::has_values) {
        return missing(
            "Label in u and w",
            "the data have no labels, or were not there",
        );
    }
    let y = || Axis::linear("share of the variance").over(0.0, 1.0);
    let panels = titles.iter().zip(&series);
    let panels = panels.map(|(title, series)| panel(title, updates(), y(), series));
    let rows: Vec<_> = titles
        .iter()
        .zip(&series)
        .map(|(t, s)| (*t, s.as_slice()))
        .collect();
    Ok(Figure {
        name: "labels",
        title: "What u and w know of the label".to_owned(),
        caption: html! {
            "Share of the variance of " i { "u" } " and " i { "w" } " over test rows that lies between the means of the labels: 0 where labels do not differ, 1 \
             where they decide the coordinate. It does not depend on signs, so that replicas can be averaged, rank by rank. " (means(groups))
        },
        content: Content::Panels(panels.collect()),
        tables: vec![table("labels", "step", &rows)],
    })
}
