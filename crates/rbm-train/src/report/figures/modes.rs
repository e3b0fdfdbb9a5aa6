//! Left singular vectors over training.

use super::drawn::{Drawn, missing};
use super::fields::{Field, Row, fit, heat_maps, images, unit_columns, wrong_shape};
use super::group::{Group, is_alone, representatives, shown};
use super::signs::signs;
use crate::measure::SnapshotMeasurement;
use maud::html;
use rbm_figures::number::{readable, significant};
use rbm_figures::{ColorMap, Content, Figure, Sheet, Table, saturation_limit};

/// Images side by side.
const COLUMNS: usize = 8;

/// A vector of a checkpoint.
struct Vector {
    group: String,
    step: u64,
    /// From 1.
    rank: usize,
    lambda: f64,
    row: Row,
}

/// As many checkpoints as stand side by side, with the first and the last.
fn columns_of(count: usize) -> impl Iterator<Item = usize> {
    let skipped = count.saturating_sub(COLUMNS);
    // The earliest after the first differ least from it.
    (0..count).filter(move |k| *k == 0 || *k > skipped)
}

/// The leading vectors of a run with one sign over time: of all checkpoints, or of the last.
fn vectors(group: &Group<'_>, all: bool) -> Vec<Vector> {
    let checkpoints = group.first().measurements.checkpoints.as_slice();
    let signs = signs(checkpoints);
    let count = checkpoints.len();
    let chosen = columns_of(count).filter(|k| all || k + 1 == count);
    let of = |k: usize| {
        let checkpoint: &SnapshotMeasurement = &checkpoints[k];
        let signed = checkpoint.images.iter().zip(&signs[k]).enumerate();
        signed.map(|(rank, (image, sign))| {
            let mode = checkpoint.modes.get(rank);
            let lambda = mode.map_or(f64::NAN, |mode| mode.landau.singular_value);
            Vector {
                group: group.label.clone(),
                step: checkpoint.step,
                rank: rank + 1,
                lambda,
                row: Row::new(
                    format!("λ {}", significant(lambda, 3)),
                    image.iter().map(|x| sign * f64::from(*x)),
                ),
            }
        })
    };
    chosen.flat_map(of).collect()
}

/// Leading left vectors: over training for one run, at the end for several groups.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Modes over updates";
    const NAME: &str = "modes-over-updates";
    let shape = groups[0].first().measurements.image_shape;
    let alone = is_alone(groups);
    let of_group = |group: &&Group<'_>| vectors(group, alone);
    let mut all: Vec<Vector> = shown(groups).iter().flat_map(of_group).collect();
    if all.is_empty() {
        return missing(TITLE, "there are no checkpoints");
    }
    if !fit(all.iter().map(|vector| &vector.row), shape) {
        return missing(TITLE, wrong_shape(shape.unwrap_or_default()));
    }
    let limit = saturation_limit(all.iter().flat_map(|vector| &vector.row.values));
    // One row per mode for one run, one per group for many.
    if alone {
        all.sort_by_key(|vector| (vector.rank, vector.step));
    }
    let table = Table::new(NAME)
        .texts("group", all.iter().map(|vector| vector.group.clone()))
        .numbers("step", all.iter().map(|vector| vector.step as f64))
        .numbers("mode", all.iter().map(|vector| vector.rank as f64))
        .numbers("lambda", all.iter().map(|vector| vector.lambda));
    let table = unit_columns(table, shape, all.iter().map(|vector| &vector.row));
    let names: Vec<String> = shown(groups)
        .iter()
        .map(|group| group.label.clone())
        .collect();
    Ok(Figure {
        name: NAME,
        title: if alone { TITLE } else { "Modes at the end" }.to_owned(),
        caption: html! {
            "Left singular vectors " i { "U" } sub { i { "k" } }
            @if shape.is_some() { " in the shape of a data row" } ". "
            @match (alone, shape.is_some()) {
                (true, true) => "One line per mode, by rank, one column per update; below each image its λ. ",
                (true, false) => "One panel per mode, by rank; in it one line per checkpoint, the last on top. ",
                (false, true) => { "Lines from the top: " (names.join("; ")) "; columns: the modes by rank. " }
                (false, false) => "One line per mode, by rank. ",
            }
            "One color scale, symmetric about 0 and saturated at ±" (significant(limit, 2)) ". "
            @if alone {
                "A vector and its negative are one mode: signs are such that each points where the vector of the checkpoint before that it \
                 overlaps most with does. "
            }
            (representatives(groups))
        },
        content: match shape {
            Some(shape) => Content::Images(sheet(all, shape, alone, limit)),
            None => heat_maps(&fields(all, alone), limit),
        },
        tables: vec![table],
    })
}

fn sheet(all: Vec<Vector>, shape: (usize, usize), alone: bool, limit: f64) -> Sheet {
    let map = ColorMap::Diverging { limit };
    let first = all.iter().filter(|vector| vector.rank == 1);
    let heads: Vec<String> = match alone {
        true => first.map(|vector| readable(vector.step as f64)).collect(),
        false => Vec::new(),
    };
    let columns = match alone {
        true => heads.len(),
        false => all.iter().map(|vector| vector.rank).max().unwrap_or(1),
    };
    let rows = all.into_iter().map(|vector| vector.row).collect();
    let field = Field {
        title: String::new(),
        of: "",
        rows,
    };
    Sheet {
        heads,
        ..images(vec![field], shape, columns, map)
    }
}

/// A heat map for each mode of one run, or for each of several groups.
fn fields(all: Vec<Vector>, alone: bool) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for vector in all {
        let (title, of) = match alone {
            true => (format!("mode {}", vector.rank), "checkpoint"),
            false => (vector.group, "mode"),
        };
        match fields.last_mut().filter(|field| field.title == title) {
            Some(field) => field.rows.push(vector.row),
            None => fields.push(Field {
                title,
                of,
                rows: vec![vector.row],
            }),
        }
    }
    fields
}
