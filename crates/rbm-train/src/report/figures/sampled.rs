//! Samples of the model over training.

use super::drawn::{Drawn, missing};
use super::fields::{Field, Row, fit, heat_maps, images, unit_columns, wrong_shape};
use super::group::{Group, is_alone, left_out, shown};
use crate::measure::{Probe, Snapshot, chains, kept};
use maud::html;
use rbm_figures::number::readable;
use rbm_figures::{ColorMap, Content, Figure, Sheet, Table};

/// Chains that are shown of each snapshot.
const SHOWN: usize = 8;
/// Snapshots that are shown as heat maps.
const MAPS: usize = 4;

/// What is kept of a snapshot: visible units of some chains, a text of 0 and 1 each.
pub const PROBE: Probe = Probe {
    name: "samples-over-updates",
    measure: |snapshot| kept(states(snapshot)),
};

fn states(snapshot: &Snapshot<'_>) -> Vec<String> {
    let n = snapshot.space.n_visible();
    // Evenly over the chains, since these are in the order of the data rows that they started at.
    let every = n * (chains::CHAINS / SHOWN);
    let text = |units: &[f32]| {
        units[..n]
            .iter()
            .map(|x| if *x > 0.5 { '1' } else { '0' })
            .collect()
    };
    snapshot
        .chains
        .visible
        .chunks_exact(every)
        .take(SHOWN)
        .map(text)
        .collect()
}

/// The same chains at all checkpoints of one run, or at the end of several groups.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Samples over updates";
    let alone = is_alone(groups);
    let shape = groups[0].first().measurements.image_shape;
    // Group, update, and the states.
    let mut columns: Vec<(String, u64, Vec<Row>)> = Vec::new();
    for group in shown(groups) {
        let all = group.first().measurements.checkpoints.as_slice();
        let drawn = if alone {
            all
        } else {
            &all[all.len().saturating_sub(1)..]
        };
        for checkpoint in drawn {
            let states: Vec<String> = checkpoint.of(&PROBE).unwrap_or_default();
            let row =
                |text: &String| Row::new("", text.bytes().map(|unit| f64::from(unit == b'1')));
            columns.push((
                group.label.clone(),
                checkpoint.step,
                states.iter().map(row).collect(),
            ));
        }
    }
    columns.retain(|(_, _, rows)| !rows.is_empty());
    if columns.is_empty() {
        return missing(TITLE, "there are no checkpoints");
    }
    let rows = || columns.iter().flat_map(|(_, _, rows)| rows);
    if !fit(rows(), shape) {
        return missing(TITLE, wrong_shape(shape.unwrap_or_default()));
    }
    let numbered = || {
        let each = columns.iter();
        each.flat_map(|(group, step, rows)| {
            (1..=rows.len()).map(move |chain| (group, *step, chain))
        })
    };
    let table = Table::new(PROBE.name)
        .texts("group", numbered().map(|row| row.0.clone()))
        .numbers("step", numbered().map(|row| row.1 as f64))
        .numbers("chain", numbered().map(|row| row.2 as f64));
    let table = unit_columns(table, shape, rows());
    let names: Vec<String> = columns.iter().map(|(group, _, _)| group.clone()).collect();
    Ok(Figure {
        name: PROBE.name,
        title: if alone { TITLE } else { "Samples at the end" }.to_owned(),
        caption: html! {
            "Visible units of " (SHOWN) " of " (chains::CHAINS) " chains that start at data rows, the same for all, after "
            (chains::WARM_UP + chains::RECORDINGS) " Gibbs sweeps of "
            @if alone {
                "each checkpoint"
                @if shape.is_some() { ": one line per chain, one column per update" }
                ". Chains that hardly leave their start, which show the data whatever the model is, look alike in all later columns. "
            } @else {
                "the last snapshot; lines from the top: " (names.join("; ")) ". " (left_out(groups))
            }
        },
        content: match shape {
            Some(shape) => Content::Images(sheet(columns, shape, alone)),
            None => maps(columns),
        },
        tables: vec![table],
    })
}

/// Columns of updates for one run, one line per group for many.
fn sheet(columns: Vec<(String, u64, Vec<Row>)>, shape: (usize, usize), alone: bool) -> Sheet {
    if !alone {
        let field = |(title, _, rows)| Field {
            title,
            of: "",
            rows,
        };
        let fields = columns.into_iter().map(field).collect();
        return images(fields, shape, SHOWN, ColorMap::Ink);
    }
    let heads: Vec<String> = columns
        .iter()
        .map(|(_, step, _)| readable(*step as f64))
        .collect();
    let count = columns
        .iter()
        .map(|(_, _, rows)| rows.len())
        .min()
        .unwrap_or(0);
    let mut each: Vec<_> = columns
        .into_iter()
        .map(|(_, _, rows)| rows.into_iter())
        .collect();
    let lines = (0..count).map(|_| Field {
        title: String::new(),
        of: "",
        rows: each.iter_mut().filter_map(Iterator::next).collect(),
    });
    let lines: Vec<Field> = lines.collect();
    Sheet {
        heads: heads.clone(),
        ..images(lines, shape, heads.len(), ColorMap::Ink)
    }
}

/// A heat map for some of the columns, the first and the last among them.
fn maps(columns: Vec<(String, u64, Vec<Row>)>) -> Content {
    let (all, count) = (columns.len(), columns.len().min(MAPS));
    let chosen: Vec<usize> = (0..count)
        .map(|k| k * (all - 1) / (count - 1).max(1))
        .collect();
    let named = columns.into_iter().enumerate();
    let fields = named
        .filter(|(k, _)| chosen.contains(k))
        .map(|(_, (group, step, rows))| Field {
            title: format!("{group} update {}", readable(step as f64))
                .trim()
                .to_owned(),
            of: "chain",
            rows,
        });
    heat_maps(&fields.collect::<Vec<_>>(), 1.0)
}
