//! Coordinates u and w of data by label, of samples, and of the mean point, over training.

use super::drawn::{Drawn, missing, updates};
use super::group::{Group, is_alone, means, representatives, shown};
use super::series::{Series, by_group, panel, table};
use crate::measure::chains;
use crate::measure::snapshot::{Cloud, Split};
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
            "(theory, section 1): means over test rows of each label with hidden units drawn given them, mean ± deviation over Gibbs samples (band; "
            (chains::CHAINS) " chains, " (chains::WARM_UP + chains::RECORDINGS) " sweeps from data rows), and the mean point (" i { "U" } sup { "T" } "½, " i { "V" } sup { "T" } "½). "
            "Before a mode has a singular value to speak of its saddle is far away, so the first "
            (100.0 * SETTLED) "% of the updates are not drawn; the table has them. Modes may swap ranks and signs between checkpoints. "
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

fn one(
    group: &Group<'_>,
    mode: usize,
    k: usize,
    title: &str,
    rows: &mut Vec<Row>,
) -> Option<Panel> {
    let all = &group.first().measurements.checkpoints;
    let last = all.last()?.step;
    let splits: Vec<(u64, &Split)> = all
        .iter()
        .filter_map(|c| Some((c.step, c.split.iter().find(|s| s.mode == mode)?)))
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
        .flat_map(|(_, s)| s.data.iter().map(|cloud| cloud.label))
        .collect();
    labels.sort_unstable();
    labels.dedup();
    let title = group.prefixed(title);
    let mut panel = Panel::new(&title, updates(), Axis::linear("coordinate"));
    for label in labels {
        let name = label.map_or("data".to_owned(), |label| label.to_string());
        let mut points = Vec::new();
        for (step, split) in &splits {
            let cloud = split.data.iter().find(|cloud| cloud.label == label);
            let Some(Cloud {
                mean, deviation, ..
            }) = cloud
            else {
                continue;
            };
            row(&format!("data, {name}"), *step, mean[k], deviation[k]);
            if drawn(*step) {
                points.push((*step as f64, mean[k]));
            }
        }
        let color = Color::Series(usize::from(label.unwrap_or(0)));
        panel = panel.with(Mark::line(points).color(color).label(name));
    }
    let (mut band, mut middle, mut mean_point) = (Vec::new(), Vec::new(), Vec::new());
    for (step, split) in &splits {
        let x = *step as f64;
        if let Some(cloud) = split.model {
            let (mean, deviation) = (cloud.mean[k], cloud.deviation[k]);
            row("samples", *step, mean, deviation);
            if drawn(*step) {
                band.push((x, mean - deviation, mean + deviation));
                middle.push((x, mean));
            }
        }
        row("mean point", *step, split.mean_point[k], f64::NAN);
        if drawn(*step) {
            mean_point.push((x, split.mean_point[k]));
        }
    }
    let samples = |mark: Mark| mark.color(Color::Ink).label("samples");
    Some(
        panel.with_all([
            samples(Mark::line(middle)),
            samples(Mark::band(band)).color(Color::Muted).unlisted(),
            Mark::line(mean_point)
                .color(Color::Muted)
                .label("mean point")
                .dashed(),
        ]),
    )
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
