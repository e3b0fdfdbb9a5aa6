//! Samples, singular vectors and hidden units of a single model.

use super::drawn::{Drawn, Missing, missing};
use super::fields::{Field, Row, bars, fit, heat_maps, images, unit_columns, wrong_shape};
use super::group::{Group, close_up};
use crate::report::data::CloseUp;
use maud::html;
use rbm_figures::number::significant;
use rbm_figures::{Axis, Color, ColorMap, Content, Figure, Mark, Panel, Table, saturation_limit};

/// A close-up, and the shape of its images where rows are such.
type Shown<'a> = (&'a CloseUp, Option<(usize, usize)>);

/// Samples in a line, and rows of data beside them.
const BESIDE: usize = 5;
/// Lines of them.
const BESIDE_LINES: usize = 8;
/// Rows of a heat map.
const HEAT_ROWS: usize = 40;
/// Singular vectors that are drawn as bars.
const BARRED: usize = 6;

/// What there is of a single run, and the shape of its images, if it has one.
fn of_run<'a>(groups: &[Group<'a>]) -> Result<Shown<'a>, Missing> {
    let close_up = close_up(groups).ok_or(Missing::Unasked)?;
    Ok((close_up, groups[0].first().measurements.image_shape))
}

fn rows(values: &[Vec<f64>]) -> Vec<Row> {
    let row = |values: &Vec<f64>| Row::new("", values.iter().copied());
    values.iter().map(row).collect()
}

/// Samples of the model.
pub fn samples(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Samples of the model";
    let (close_up, shape) = of_run(groups)?;
    let samples = &close_up.samples;
    let (states, data) = (rows(&samples.states), rows(&samples.data));
    if states.is_empty() {
        return missing(TITLE, "there are none");
    }
    if !fit(states.iter().chain(&data), shape) {
        return missing(
            TITLE,
            wrong_shape(shape.unwrap_or((1, states[0].values.len()))),
        );
    }
    let beside = states.len() >= BESIDE && data.len() >= BESIDE;
    let numbered = |name: &str, rows: &[Row]| {
        let table = Table::new(name).numbers("row", (1..=rows.len()).map(|k| k as f64));
        unit_columns(table, shape, rows.iter())
    };
    let mut tables = vec![numbered("samples", &states)];
    if beside {
        tables.push(numbered("rows-of-data", &data));
    }
    let content = match shape {
        Some(shape) => sheet(states, data, shape, beside),
        None => maps(states, data),
    };
    Ok(Figure {
        name: "samples",
        title: match beside {
            true => "Samples of the model, beside data".to_owned(),
            false => TITLE.to_owned(),
        },
        caption: html! {
            @match shape {
                Some(_) if beside => { b { "Left half: samples. Right half: rows of the data." } " " }
                Some(_) => {}
                None => {
                    "One line per row, filled where a unit is 1, and the share of rows in which each unit is. Samples of a good model have the \
                     shares and the patterns of the data. "
                }
            }
            (samples.caption)
        },
        content,
        tables,
    })
}

/// Samples on the left, data on the right; or samples alone.
fn sheet(states: Vec<Row>, data: Vec<Row>, shape: (usize, usize), beside: bool) -> Content {
    let field = |rows: Vec<Row>| Field {
        title: String::new(),
        of: "",
        rows,
    };
    let columns = match states.len() {
        _ if beside => 2 * BESIDE,
        0..40 => 8,
        _ => 10,
    };
    let fields = match beside {
        true => {
            let lines = states.len().min(data.len()) / BESIDE;
            let (mut states, mut data) = (states.into_iter(), data.into_iter());
            let mut line = || {
                let left = states.by_ref().take(BESIDE);
                left.chain(data.by_ref().take(BESIDE)).collect()
            };
            let lines = (0..lines.min(BESIDE_LINES)).map(|_| field(line()));
            lines.collect()
        }
        false => vec![field(states)],
    };
    Content::Images(images(fields, shape, columns, ColorMap::Ink))
}

/// Heat maps of samples and of data, and how often each unit is on in both.
fn maps(mut states: Vec<Row>, mut data: Vec<Row>) -> Content {
    let share = |rows: &[Row]| {
        let units = rows.first().map_or(0, |row| row.values.len());
        let mean = |unit: usize| {
            let values = rows.iter().map(|row| row.values[unit]);
            values.sum::<f64>() / rows.len() as f64
        };
        let points: Vec<_> = (0..units)
            .map(|unit| ((unit + 1) as f64, mean(unit)))
            .collect();
        Mark::points(points)
    };
    let shares = Panel::new(
        "How often units are 1",
        Axis::linear("visible unit"),
        Axis::linear("share of rows").over(0.0, 1.02),
    )
    .with(share(&states).color(Color::Series(1)).label("samples"))
    .with(share(&data).color(Color::Series(0)).label("data"));
    let field = |title: &str, rows: &mut Vec<Row>| Field {
        title: title.to_owned(),
        of: "row",
        rows: {
            rows.truncate(HEAT_ROWS);
            std::mem::take(rows)
        },
    };
    let fields = [
        field("Samples", &mut states),
        field("Rows of data", &mut data),
    ];
    let Content::Panels(mut panels) = heat_maps(&fields, 1.0) else {
        return Content::Panels(vec![shares]);
    };
    panels.push(shares);
    Content::Panels(panels)
}

/// The leading left singular vectors.
pub fn vectors(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Left singular vectors";
    let (close_up, shape) = of_run(groups)?;
    let lambdas = &close_up.summary.singular_values;
    let name = |(k, lambda): (usize, &f64)| format!("{}: λ = {}", k + 1, significant(*lambda, 3));
    let names = lambdas.iter().enumerate().map(name);
    let vectors = close_up.vectors.iter().zip(names);
    let mut vectors: Vec<Row> = vectors
        .map(|(values, name)| Row::new(name, values.iter().copied()))
        .collect();
    if !fit(vectors.iter(), shape) {
        return missing(TITLE, wrong_shape(shape.unwrap_or_default()));
    }
    let table = Table::new("singular-vectors")
        .numbers("mode", (1..=vectors.len()).map(|k| k as f64))
        .numbers("lambda", lambdas.iter().copied().take(vectors.len()));
    let tables = vec![unit_columns(table, shape, vectors.iter())];
    if shape.is_none() {
        vectors.truncate(BARRED);
    }
    let count = vectors.len();
    let limit = saturation_limit(vectors.iter().flat_map(|row| &row.values));
    Ok(Figure {
        name: "singular-vectors",
        title: format!("The first {count} left singular vectors"),
        caption: html! {
            "Columns of " i { "U" } " in " i { "W" } " = " i { "U" } " Λ " i { "V" } sup { "T" }
            @if shape.is_some() { ", shaped as images" }
            ", with their rank and singular value. "
            @if shape.is_some() {
                "All share one color scale, symmetric about 0 and saturated at ±" (significant(limit, 2))
                ", where 99.5 % of the entries lie below. "
            }
            "Signs are such that the largest entry of each vector is positive."
        },
        content: match shape {
            Some(shape) => Content::Images(images(
                vec![Field {
                    title: String::new(),
                    of: "",
                    rows: vectors,
                }],
                shape,
                8,
                ColorMap::Diverging { limit },
            )),
            None => bars(&vectors, "entry"),
        },
        tables,
    })
}

/// The weights of the hidden units that have most.
pub fn hidden_units(groups: &[Group<'_>]) -> Drawn {
    const NAME: &str = "hidden-units";
    let (close_up, shape) = of_run(groups)?;
    let units: Vec<Row> = close_up
        .hidden
        .iter()
        .map(|unit| Row::new((unit.number + 1).to_string(), unit.weights.iter().copied()))
        .collect();
    const TITLE: &str = "Weights of hidden units";
    if units.is_empty() {
        return Err(Missing::Unasked);
    }
    if !fit(units.iter(), shape) {
        return missing(TITLE, wrong_shape(shape.unwrap_or_default()));
    }
    let limit = saturation_limit(units.iter().flat_map(|row| &row.values));
    let table = Table::new(NAME)
        .numbers(
            "unit",
            close_up.hidden.iter().map(|unit| (unit.number + 1) as f64),
        )
        .numbers("bias", close_up.hidden.iter().map(|unit| unit.bias));
    let tables = vec![unit_columns(table, shape, units.iter())];
    let (count, all) = (units.len(), close_up.summary.n_hidden);
    Ok(Figure {
        name: NAME,
        title: TITLE.to_owned(),
        caption: html! {
            "Weights " i { "W" } sub { i { "ij" } } " of hidden units " i { "j" } " to all visible units"
            @if count < all { ", of the " (count) " of " (all) " hidden units with the largest norm" }
            ", largest first"
            @if shape.is_some() { ", with the number of the unit" }
            ": orange where a visible unit turns the hidden one on, blue where it turns it off, in one color scale saturated at ±"
            (significant(limit, 2)) "."
        },
        content: {
            let field = Field {
                title: String::new(),
                of: "hidden unit, by norm",
                rows: units,
            };
            match shape {
                Some(shape) => Content::Images(images(
                    vec![field],
                    shape,
                    10,
                    ColorMap::Diverging { limit },
                )),
                None => heat_maps(&[field], limit),
            }
        },
        tables,
    })
}
