//! Left singular vectors against the data's principal components.

use super::drawn::{Drawn, along, missing, updates};
use super::group::{Group, is_alone, means};
use super::series::{Series, Style, by_group, panel, table};
use crate::measure::ModeState;
use crate::report::data::Replica;
use maud::html;
use rbm_figures::{Axis, Content, Figure};

/// Modes drawn one by one for a single run.
const EACH: usize = 6;

/// The overlap of a mode's group with the components of the data.
fn with_data(mode: &ModeState) -> Option<f64> {
    mode.components.as_ref().map(|o| o.group_overlap)
}

/// Overlaps over updates.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    let mean = |value: fn(&ModeState) -> Option<f64>| {
        move |run: &Replica| -> Vec<(f64, f64)> {
            let checkpoints = run.measurements.checkpoints.iter();
            checkpoints
                .filter_map(|c| {
                    let values: Vec<f64> = c.modes.iter().filter_map(value).collect();
                    let mean = values.iter().sum::<f64>() / values.len() as f64;
                    mean.is_finite().then_some((c.step as f64, mean))
                })
                .collect()
        }
    };
    // What random spaces of the same dimensions have, which nearly degenerate modes of a bulk make large.
    let pairs = |value: fn(&ModeState) -> Option<f64>, null: fn(&ModeState) -> Option<f64>| {
        let mut all = by_group(groups, mean(value));
        if is_alone(groups) {
            all = all
                .into_iter()
                .map(|series| series.named("modes"))
                .collect();
        }
        all.extend(
            by_group(groups, mean(null))
                .into_iter()
                .map(|series| series.named("random").style(Style::Dashed)),
        );
        all
    };
    let data = pairs(with_data, |mode| mode.components.as_ref().map(|o| o.null));
    let last = pairs(
        |mode| mode.last.as_ref().map(|o| o.group_overlap),
        |mode| mode.last.as_ref().map(|o| o.null),
    );
    if !last.iter().any(Series::has_values) {
        return missing("Overlaps of modes", "there are no checkpoints");
    }
    let y = || Axis::linear("overlap").over(0.0, 1.02);
    let titles = [
        "With the data's components",
        "With the last snapshot",
        "Mode by mode, with the data",
    ];
    let mut panels = vec![
        panel(titles[0], updates(), y(), &data),
        panel(titles[1], updates(), y(), &last),
    ];
    let mut each = Vec::new();
    if is_alone(groups) {
        each = (0..EACH)
            .map(|k| {
                let of = move |run: &Replica| -> Vec<(f64, f64)> {
                    let all = run.measurements.checkpoints.iter();
                    all.filter_map(|c| Some((c.step as f64, with_data(c.modes.get(k)?)?)))
                        .collect()
                };
                Series::over(&groups[0], of)
                    .named(format!("mode {}", k + 1))
                    .color(along(EACH - 1 - k, EACH))
            })
            .collect();
        panels.push(panel(titles[2], updates(), y(), &each));
    }
    let rows = [
        (titles[0], data.as_slice()),
        (titles[1], last.as_slice()),
        (titles[2], each.as_slice()),
    ];
    Ok(Figure {
        name: "overlaps",
        title: "Overlaps of modes".to_owned(),
        caption: html! {
            "Overlaps of the left vectors " i { "U" } sub { i { "k" } } " of the leading modes with the principal components of the training rows, \
             |" i { "U" } "(t)" sup { "T" } " PCA|, and with those of the last snapshot, |" i { "U" } "(t)" sup { "T" } i { "U" } "(t′)|: the root of the mean cos² of the "
            "principal angles between groups of nearly degenerate modes and the groups they resemble most (theory, section 2); 1 is the same space. "
            "The first two panels are means over " (crate::measure::MODES) " leading modes. Dashed: about the value of random spaces of the same dimensions, 1 before training, when all modes are one nearly degenerate bulk. " (means(groups))
        },
        content: Content::Panels(panels),
        tables: vec![table("overlaps", "step", &rows)],
    })
}
