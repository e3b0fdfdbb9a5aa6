//! Images of a single model: samples and singular vectors.

use super::drawn::{Drawn, Missing, missing};
use super::group::{Group, close_up};
use crate::report::data::CloseUp;
use maud::html;
use rbm_figures::number::significant;
use rbm_figures::{ColorMap, Content, Figure, Sheet, Table, Tile, saturation_limit};

/// A close-up, and the shape of its images where they have one.
type Shown<'a> = (&'a CloseUp, Option<(usize, usize)>);

/// Samples in a line, and rows of data beside them.
const BESIDE: usize = 5;
/// Lines of them.
const BESIDE_LINES: usize = 8;
const NO_SHAPE: &str = "the visible units have no image shape";

/// What there is of a single run, and the shape of its images, if it has one.
fn of_run<'a>(groups: &[Group<'a>]) -> Result<Shown<'a>, Missing> {
    let close_up = close_up(groups).ok_or(Missing::Unasked)?;
    Ok((close_up, groups[0].first().measurements.image_shape))
}

/// Whether all images have the shape; there is at least one pixel.
fn fit(images: &[Vec<f64>], (rows, columns): (usize, usize)) -> bool {
    let pixels = rows.checked_mul(columns).filter(|pixels| *pixels > 0);
    images.iter().all(|image| Some(image.len()) == pixels)
}

fn wrong_shape((rows, columns): (usize, usize)) -> String {
    format!("not all of its images have {rows} × {columns} pixels")
}

/// A column for each pixel, a row for each image.
pub fn pixels<'a>(
    mut table: Table,
    columns: usize,
    images: impl Iterator<Item = &'a Vec<f64>> + Clone,
) -> Table {
    for pixel in 0..images.clone().next().map_or(0, Vec::len) {
        let name = format!("pixel_{}_{}", pixel / columns, pixel % columns);
        table = table.numbers(name, images.clone().map(|image| image[pixel]));
    }
    table
}

/// Samples of the model.
pub fn samples(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Samples of the model";
    let (close_up, shape) = of_run(groups)?;
    let (Some(samples), Some(shape)) = (&close_up.samples, shape) else {
        return missing(TITLE, NO_SHAPE);
    };
    let states = &samples.states;
    if !fit(states, shape) || !fit(&samples.data, shape) {
        return missing(TITLE, wrong_shape(shape));
    }
    let table = Table::new("samples").numbers("image", (1..=states.len()).map(|k| k as f64));
    let tile = |values: &Vec<f64>| Tile {
        values: values.clone(),
        label: String::new(),
    };
    let beside = states.len() >= BESIDE && samples.data.len() >= BESIDE;
    let tiles: Vec<Tile> = match beside {
        true => {
            let lines = states
                .chunks_exact(BESIDE)
                .zip(samples.data.chunks_exact(BESIDE));
            let lines = lines.take(BESIDE_LINES);
            lines
                .flat_map(|(left, right)| left.iter().chain(right))
                .map(tile)
                .collect()
        }
        false => states.iter().map(tile).collect(),
    };
    let mut tables = vec![pixels(table, shape.1, states.iter())];
    if beside {
        let table =
            Table::new("rows-of-data").numbers("image", (1..=samples.data.len()).map(|k| k as f64));
        tables.push(pixels(table, shape.1, samples.data.iter()));
    }
    Ok(Figure {
        name: "samples",
        title: match beside {
            true => "Samples of the model, beside data".to_owned(),
            false => TITLE.to_owned(),
        },
        caption: html! {
            @if beside { b { "Left half: samples. Right half: rows of the data." } " " }
            (samples.caption)
        },
        content: Content::Images(Sheet {
            columns: match tiles.len() {
                _ if beside => 2 * BESIDE,
                0..40 => 8,
                _ => 10,
            },
            tiles,
            shape,
            map: ColorMap::Ink,
        }),
        tables,
    })
}

/// The leading left singular vectors.
pub fn vectors(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Left singular vectors";
    let (close_up, shape) = of_run(groups)?;
    let vectors = &close_up.vectors;
    let Some(shape) = shape else {
        return missing(TITLE, NO_SHAPE);
    };
    if !fit(vectors, shape) {
        return missing(TITLE, wrong_shape(shape));
    }
    let count = vectors.len();
    let limit = saturation_limit(vectors.iter().flatten());
    let lambdas = &close_up.summary.singular_values;
    let table = Table::new("singular-vectors")
        .numbers("mode", (1..=count).map(|k| k as f64))
        .numbers("lambda", lambdas.iter().copied().take(count));
    let tiles = vectors.iter().zip(lambdas).enumerate();
    Ok(Figure {
        name: "singular-vectors",
        title: format!("The first {count} left singular vectors"),
        caption: html! {
            "Columns of " i { "U" } " in " i { "W" } " = " i { "U" } " Λ " i { "V" } sup { "T" }
            ", shaped as images, with their rank and singular value. "
            "All share one color scale, symmetric about 0 and saturated at ±" (significant(limit, 2))
            ", where 99.5 % of the entries lie below. Signs are such that the "
            "largest entry of each vector is positive."
        },
        content: Content::Images(Sheet {
            tiles: tiles
                .map(|(k, (values, lambda))| Tile {
                    values: values.clone(),
                    label: format!("{}: λ = {}", k + 1, significant(*lambda, 3)),
                })
                .collect(),
            shape,
            columns: 8,
            map: ColorMap::Diverging { limit },
        }),
        tables: vec![pixels(table, shape.1, vectors.iter())],
    })
}
