//! Samples and singular vectors as images, and the tables of the modes.

use maud::html;
use rbm_figures::number::significant;
use rbm_figures::{
    Block, ColorMap, Content, Figure, Grid, Row, Section, Sheet, Table, Tile, saturation_limit,
};

use super::data::{ReportData, SaddleRow};

/// Singular vectors that are drawn.
const MODES: usize = 16;
/// Rows of the table of saddles on the page; the file has them all.
const SADDLES: usize = 16;

/// Samples of the model.
pub fn samples_section(data: &ReportData) -> Section {
    let mut section = Section::new("samples", "Samples");
    let Some(samples) = &data.samples else {
        section.missing("Samples", "the visible units have no image shape");
        return section;
    };
    let images: Vec<Vec<f64>> = samples
        .images
        .iter()
        .map(|image| image.iter().map(|pixel| f64::from(*pixel)).collect())
        .collect();
    let Some(images) = of_shape(images, samples.shape) else {
        section.missing("Samples", &wrong_shape(samples.shape));
        return section;
    };
    let table = pixels(
        Table::new("samples").numbers("image", (1..=images.len()).map(|k| k as f64)),
        samples.shape,
        &images,
    );
    let columns = if images.len() < 40 { 8 } else { 10 };
    section.figure(Figure {
        name: "samples",
        title: "Samples of the model".to_owned(),
        caption: html! { (samples.caption) },
        content: Content::Images(Sheet {
            tiles: images
                .into_iter()
                .map(|values| Tile {
                    values,
                    label: String::new(),
                })
                .collect(),
            shape: samples.shape,
            columns,
            map: ColorMap::Ink,
        }),
        tables: vec![table],
    });
    section
}

/// Leading singular vectors, results of the analysis, and saddles.
pub fn modes_section(data: &ReportData) -> Section {
    let mut section = Section::new("modes", "Modes");
    match &data.modes {
        None => section.missing(
            "Left singular vectors",
            "the visible units have no image shape",
        ),
        Some(modes) => match of_shape(
            modes.vectors.iter().take(MODES).cloned().collect(),
            modes.shape,
        ) {
            None => section.missing("Left singular vectors", &wrong_shape(modes.shape)),
            Some(vectors) => section.figure(vectors_figure(vectors, &modes.lambda, modes.shape)),
        },
    }
    if !data.analysis.is_empty() {
        section.blocks.push(Block::Pairs {
            rows: data.analysis.clone(),
            folded: None,
        });
    }
    if !data.saddles.is_empty() {
        section.blocks.push(Block::Grid(saddles(&data.saddles)));
    }
    section
}

/// The images, if all of them have `shape` and there is at least one pixel.
fn of_shape(images: Vec<Vec<f64>>, (rows, columns): (usize, usize)) -> Option<Vec<Vec<f64>>> {
    let pixels = rows
        .checked_mul(columns)
        .filter(|pixels| *pixels > 0 && rows.max(columns) < 1 << 16)?;
    images
        .iter()
        .all(|image| image.len() == pixels)
        .then_some(images)
}

fn wrong_shape((rows, columns): (usize, usize)) -> String {
    format!("not all of its images have {rows} × {columns} pixels")
}

/// A column for each pixel, a row for each image.
fn pixels(mut table: Table, (_, columns): (usize, usize), images: &[Vec<f64>]) -> Table {
    for pixel in 0..images.first().map_or(0, Vec::len) {
        let name = format!("pixel_{}_{}", pixel / columns, pixel % columns);
        table = table.numbers(name, images.iter().map(|image| image[pixel]));
    }
    table
}

fn vectors_figure(vectors: Vec<Vec<f64>>, lambda: &[f64], shape: (usize, usize)) -> Figure {
    let count = vectors.len();
    let limit = saturation_limit(vectors.iter().flatten());
    let lambda: Vec<f64> = (0..count)
        .map(|k| lambda.get(k).copied().unwrap_or(f64::NAN))
        .collect();
    let table = Table::new("singular-vectors")
        .numbers("mode", (1..=count).map(|k| k as f64))
        .numbers("lambda", lambda.iter().copied());
    let table = pixels(table, shape, &vectors);
    let label = |k: usize, value: f64| {
        if value.is_finite() {
            format!("{}: λ = {}", k + 1, significant(value, 3))
        } else {
            format!("{}", k + 1)
        }
    };
    let tiles = vectors.into_iter().zip(lambda).enumerate();
    Figure {
        name: "singular-vectors",
        title: format!("The first {count} left singular vectors"),
        caption: html! {
            "Columns of " i { "U" } " in " i { "W" } " = " i { "U" } " Λ " i { "V" } sup { "T" }
            ", shaped as images, with their rank and singular value. "
            "All share one colour scale, symmetric about 0 and saturated at ±" (significant(limit, 2))
            ", where 99.5 % of the entries lie below. Signs are such that the "
            "largest entry of each vector is positive."
        },
        content: Content::Images(Sheet {
            tiles: tiles
                .map(|(k, (values, value))| Tile {
                    values,
                    label: label(k, value),
                })
                .collect(),
            shape,
            columns: 8,
            map: ColorMap::Diverging { limit },
        }),
        tables: vec![table],
    }
}

fn saddles(saddles: &[SaddleRow]) -> Grid {
    let row = |saddle: &SaddleRow| {
        let number = |value: f64| {
            if saddle.usable {
                significant(value, 4)
            } else {
                "—".to_owned()
            }
        };
        Row {
            cells: vec![
                saddle.mode.to_string(),
                significant(saddle.lambda, 4),
                number(saddle.x),
                number(saddle.y),
                number(saddle.energy),
            ],
            strong: saddle.lambda >= 4.0,
        }
    };
    let shown = saddles.len().min(SADDLES);
    Grid {
        caption: html! {
            b { "Saddle points." } " Each mode's energy is a hyperbolic paraboloid with its saddle at "
            i { "x" } "* = −" i { "c̃" } "/λ, " i { "y" } "* = −" i { "b̃" }
                "/λ, where the energy is " i { "b̃ c̃" } "/λ"
            @if shown < saddles.len() { "; the first " (shown) " of " (saddles.len()) " modes" }
            ". Marked: λ ≥ 4. A dash: λ is too small for a saddle."
        },
        heads: vec![
            html! { "mode" },
            html! { "λ" },
            html! { i { "x" } "*" },
            html! { i { "y" } "*" },
            html! { "energy (nats)" },
        ],
        rows: saddles.iter().take(SADDLES).map(row).collect(),
        table: Table::new("saddles")
            .numbers("mode", saddles.iter().map(|saddle| saddle.mode as f64))
            .numbers("lambda", saddles.iter().map(|saddle| saddle.lambda))
            .numbers("x", saddles.iter().map(|saddle| saddle.x))
            .numbers("y", saddles.iter().map(|saddle| saddle.y))
            .numbers("energy", saddles.iter().map(|saddle| saddle.energy))
            .texts(
                "usable",
                saddles.iter().map(|saddle| saddle.usable.to_string()),
            ),
    }
}
