//! Left singular vectors against the data's principal components, and as images.

use super::drawn::{Drawn, along, missing, updates};
use super::group::{Group, is_alone, means, representatives, shown};
use super::pictures::pixels;
use super::series::{Series, Style, by_group, panel, table};
use crate::measure::{ModeState, SnapshotMeasurement};
use crate::report::data::Replica;
use maud::html;
use rbm_figures::number::{readable, significant};
use rbm_figures::{Axis, ColorMap, Content, Figure, Sheet, Table, Tile, saturation_limit};

/// Modes drawn one by one for a single run.
const EACH: usize = 6;
/// Images side by side.
const COLUMNS: usize = 8;

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

/// As many checkpoints as stand side by side, with the first and the last.
fn columns_of(checkpoints: &[SnapshotMeasurement]) -> impl Iterator<Item = &SnapshotMeasurement> {
    let skipped = checkpoints.len().saturating_sub(COLUMNS);
    // The earliest after the first differ least from it.
    let keep = move |k: usize| k == 0 || k > skipped;
    checkpoints
        .iter()
        .enumerate()
        .filter(move |(k, _)| keep(*k))
        .map(|(_, c)| c)
}

/// Leading left vectors as images: over training for one run, at the end for several groups.
pub fn images(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Modes as images";
    let Some(shape) = groups[0].first().measurements.image_shape else {
        return missing(TITLE, "rows of the data have no image shape");
    };
    // Name, step, and the rank of each vector with its singular value.
    let mut tiles: Vec<(String, u64, usize, f64, Vec<f64>)> = Vec::new();
    let alone = is_alone(groups);
    for group in shown(groups) {
        let all = group.first().measurements.checkpoints.as_slice();
        let drawn = if alone {
            all
        } else {
            &all[all.len().saturating_sub(1)..]
        };
        for checkpoint in columns_of(drawn) {
            for (k, image) in checkpoint.images.iter().enumerate() {
                let lambda = checkpoint
                    .modes
                    .get(k)
                    .map_or(f64::NAN, |m| m.landau.singular_value);
                let values = image.iter().map(|x| f64::from(*x)).collect();
                tiles.push((group.label.clone(), checkpoint.step, k + 1, lambda, values));
            }
        }
    }
    tiles.retain(|tile| tile.4.len() == shape.0 * shape.1);
    if tiles.is_empty() {
        return missing(TITLE, "there are no checkpoints");
    }
    let limit = saturation_limit(tiles.iter().flat_map(|tile| &tile.4));
    // A row a mode for one run, a row a group for many.
    let columns = if alone {
        tiles.sort_by_key(|tile| (tile.2, tile.1));
        tiles.iter().filter(|tile| tile.2 == 1).count()
    } else {
        tiles.iter().map(|tile| tile.2).max().unwrap_or(1)
    };
    let table = Table::new("mode-images")
        .texts("group", tiles.iter().map(|tile| tile.0.clone()))
        .numbers("step", tiles.iter().map(|tile| tile.1 as f64))
        .numbers("mode", tiles.iter().map(|tile| tile.2 as f64))
        .numbers("lambda", tiles.iter().map(|tile| tile.3));
    let table = pixels(table, shape.1, tiles.iter().map(|tile| &tile.4));
    let rows: Vec<String> = if alone {
        vec!["A row a mode, by rank, over updates; below each image the update and its λ.".into()]
    } else {
        let names = shown(groups).into_iter().map(|g| g.label.clone());
        vec![format!(
            "At the end; rows: {}; columns: the modes by rank.",
            names.collect::<Vec<_>>().join("; ")
        )]
    };
    let tiles = tiles.into_iter().map(|(_, step, _, lambda, values)| Tile {
        label: match alone {
            true => format!("{}: {}", readable(step as f64), significant(lambda, 3)),
            false => format!("λ = {}", significant(lambda, 3)),
        },
        values,
    });
    Ok(Figure {
        name: "mode-images",
        title: TITLE.to_owned(),
        caption: html! {
            "Left singular vectors " i { "U" } sub { i { "k" } } " in the shape of a data row. " (rows.join(" ")) " One color scale, symmetric about 0; the \
             entry of largest magnitude in each vector is positive (theory, section 1). " (representatives(groups))
        },
        content: Content::Images(Sheet {
            tiles: tiles.collect(),
            shape,
            columns,
            map: ColorMap::Diverging { limit },
        }),
        tables: vec![table],
    })
}
