//! Energy landscapes of single modes with data on them, and the free energy of two modes.

use super::drawn::{Drawn, missing};
use super::group::{Group, is_alone, representatives, shown};
use crate::measure::landscape::Plane;
use crate::measure::{Landscape, chains};
use maud::html;
use rbm_figures::number::significant;
use rbm_figures::number::subscript;
use rbm_figures::{Axis, Color, Content, Figure, Heat, Mark, Panel, Table};
use std::f64::consts::PI;

/// Cells of a landscape along each side.
const CELLS: usize = 48;
/// Contour lines on each side of the saddle's energy.
const LEVELS: usize = 3;
/// Points of a contour line.
const CURVE: usize = 160;

/// The leading planes of the shown groups with their titles and labels of data.
fn planes<'a>(groups: &[Group<'a>]) -> Vec<(String, &'a Plane, Option<&'a [u8]>)> {
    let count = if is_alone(groups) { 4 } else { 1 };
    let mut all = Vec::new();
    for group in shown(groups) {
        let landscape: &'a Landscape = &group.first().measurements.landscape;
        for plane in landscape.planes.iter().take(count) {
            let title = format!(
                "mode {}, λ = {}",
                plane.mode + 1,
                significant(plane.lambda, 3)
            );
            all.push((group.prefixed(&title), plane, landscape.labels.as_deref()));
        }
    }
    all
}

/// Dots of data by label, then of samples.
fn dots(
    plane: &Plane,
    labels: Option<&[u8]>,
    place: impl Fn([f64; 2]) -> (f64, f64) + Copy,
) -> Vec<Mark> {
    let mut marks = by_label(&plane.data, labels, place);
    let samples = Mark::points(plane.model.iter().map(|point| place(*point)));
    marks.push(samples.color(Color::Muted).label("samples"));
    marks
}

fn by_label(
    points: &[[f64; 2]],
    labels: Option<&[u8]>,
    place: impl Fn([f64; 2]) -> (f64, f64),
) -> Vec<Mark> {
    let Some(labels) = labels else {
        let all = Mark::points(points.iter().map(|point| place(*point)));
        return vec![all.color(Color::Series(0)).label("data")];
    };
    let mut known: Vec<u8> = labels.to_vec();
    known.sort_unstable();
    known.dedup();
    known
        .into_iter()
        .map(|label| {
            let chosen = points.iter().zip(labels).filter(|(_, l)| **l == label);
            Mark::points(chosen.map(|(point, _)| place(*point)))
                .color(Color::Series(usize::from(label)))
                .label(label.to_string())
        })
        .collect()
}

fn extent(points: impl Iterator<Item = f64>, room: f64) -> (f64, f64) {
    let (low, high) = points
        .filter(|x| x.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
            (low.min(x), high.max(x))
        });
    let room = (room * (high - low)).max(1e-9 * high.abs().max(1.0));
    (low - room, high + room)
}

/// A field over a rectangle, with levels for contour lines: evenly spaced from 0 to each end.
fn field(x: (f64, f64), y: (f64, f64), value: impl Fn(f64, f64) -> f64) -> (Heat, Vec<f64>) {
    let at =
        |(low, high): (f64, f64), k: usize| low + (high - low) * (k as f64 + 0.5) / CELLS as f64;
    let values: Vec<f64> = (0..CELLS * CELLS)
        .map(|k| value(at(x, k % CELLS), at(y, k / CELLS)))
        .collect();
    let (low, high) = extent(values.iter().copied(), 0.0);
    let levels = |end: f64| (1..=LEVELS).map(move |k| end * k as f64 / (LEVELS + 1) as f64);
    let mut all: Vec<f64> = Vec::new();
    all.extend(levels(low.min(0.0)).filter(|level| *level < 0.0));
    all.reverse();
    all.extend(levels(high.max(0.0)).filter(|level| *level > 0.0));
    let limit = low.abs().max(high.abs()).max(1e-12);
    let heat = Heat {
        x,
        y,
        columns: CELLS,
        values,
        limit,
        smooth: true,
    };
    (heat, all)
}

/// A contour line as a mark.
fn contour(points: Vec<(f64, f64)>, level: f64) -> Mark {
    let label = format!("E − ε = {}", significant(level, 2));
    Mark::line(points)
        .color(Color::Muted)
        .label(label)
        .unlisted()
        .thin()
}

fn points_table(
    name: &str,
    groups: &[Group<'_>],
    place: impl Fn(&Plane, [f64; 2]) -> [f64; 2],
    heads: [&str; 2],
) -> Table {
    let mut rows: Vec<(String, usize, String, [f64; 2])> = Vec::new();
    for group in shown(groups) {
        let landscape = &group.first().measurements.landscape;
        for plane in &landscape.planes {
            for (k, point) in plane.data.iter().enumerate() {
                let label = landscape.labels.as_ref().and_then(|all| all.get(k));
                let of = label.map_or("data".into(), |label| format!("data, {label}"));
                rows.push((
                    group.label.clone(),
                    plane.mode + 1,
                    of,
                    place(plane, *point),
                ));
            }
            for point in &plane.model {
                rows.push((
                    group.label.clone(),
                    plane.mode + 1,
                    "samples".into(),
                    place(plane, *point),
                ));
            }
        }
    }
    Table::new(name)
        .texts("group", rows.iter().map(|row| row.0.clone()))
        .numbers("mode", rows.iter().map(|row| row.1 as f64))
        .texts("of", rows.iter().map(|row| row.2.clone()))
        .numbers(heads[0], rows.iter().map(|row| row.3[0]))
        .numbers(heads[1], rows.iter().map(|row| row.3[1]))
}

/// Energies over (x, y).
pub fn contours(groups: &[Group<'_>]) -> Drawn {
    let panels = planes(groups).into_iter().map(|(title, plane, labels)| {
        let all = || plane.data.iter().chain(&plane.model);
        let x = extent(all().map(|point| point[0]), 0.08);
        let y = extent(all().map(|point| point[1]), 0.08);
        let (saddle, lambda) = (plane.saddle, plane.lambda);
        let energy = |a: f64, b: f64| -lambda * (a - saddle.x) * (b - saddle.y);
        let (heat, levels) = field(x, y, energy);
        let lines = levels.into_iter().map(move |level| {
            let line = (0..=CURVE).map(|i| {
                let a = x.0 + (x.1 - x.0) * i as f64 / CURVE as f64;
                let b = saddle.y - level / (lambda * (a - saddle.x));
                let inside = b >= y.0 && b <= y.1;
                (a, if inside { b } else { f64::NAN })
            });
            contour(line.collect(), level)
        });
        let axis = |name: &str, range: (f64, f64)| {
            Axis::linear(format!("{name}{}", subscript(plane.mode + 1))).over(range.0, range.1)
        };
        let mut panel = Panel::new(title, axis("x", x), axis("y", y))
            .with(Mark::heat(heat).unlisted())
            .with_all(lines)
            .with_all(dots(plane, labels, |[a, b]| (a, b)));
        if saddle.x > x.0 && saddle.x < x.1 && saddle.y > y.0 && saddle.y < y.1 {
            let point = Mark::points([(saddle.x, saddle.y)]);
            panel = panel.with(point.color(Color::Ink).label("saddle").strong());
        }
        panel
    });
    let panels: Vec<Panel> = panels.collect();
    if panels.is_empty() {
        return missing(
            "Energy landscapes",
            "there is no snapshot with a usable saddle",
        );
    }
    Ok(Figure {
        name: "landscape",
        title: "Energy landscapes of the leading modes".to_owned(),
        caption: html! {
            "Energy of one mode at the last snapshot, " i { "E" } " − ε = −λ (" i { "x" } " − " i { "x" } "*)(" i { "y" } " − " i { "y" } "*), a hyperbolic paraboloid about the saddle "
            "(" i { "x" } "*, " i { "y" } "*) = (−" i { "c̃" } "/λ, −" i { "b̃" } "/λ): blue below the saddle's energy, orange above, with lines of equal energy, labeled on "
            "touch (theory, section 1). Dots: test rows by label with hidden units drawn given them, and samples of " (chains::CHAINS) " Gibbs chains. "
            "The large dot is the saddle, which is often outside of the frame. " (representatives(groups))
        },
        content: Content::Panels(panels),
        tables: vec![points_table(
            "landscape",
            groups,
            |_, point| point,
            ["x", "y"],
        )],
    })
}

/// Energies over angle and distance from the saddle.
pub fn polar(groups: &[Group<'_>]) -> Drawn {
    let panels = planes(groups).into_iter().map(|(title, plane, labels)| {
        let place = |[x, y]: [f64; 2]| {
            let (radius, angle) = plane.saddle.to_polar(x, y);
            (angle / PI, radius)
        };
        let all = || {
            plane
                .data
                .iter()
                .chain(&plane.model)
                .map(|point| place(*point))
        };
        let angle = extent(all().map(|point| point.0), 0.15);
        let angle = (angle.0.max(-1.0), angle.1.min(1.0));
        let radius = extent(all().map(|point| point.1), 0.08);
        let radius = (radius.0.max(0.0), radius.1);
        let lambda = plane.lambda;
        let energy = |a: f64, r: f64| -0.5 * lambda * r * r * (2.0 * PI * a).sin();
        let (heat, levels) = field(angle, radius, energy);
        let lines = levels.into_iter().map(move |level| {
            let line = (0..=CURVE).map(|i| {
                let a = angle.0 + (angle.1 - angle.0) * i as f64 / CURVE as f64;
                let r = (-2.0 * level / (lambda * (2.0 * PI * a).sin())).sqrt();
                let inside = r >= radius.0 && r <= radius.1;
                (a, if inside { r } else { f64::NAN })
            });
            contour(line.collect(), level)
        });
        Panel::new(
            title,
            Axis::linear("Θ/π").over(angle.0, angle.1),
            Axis::linear("R").over(radius.0, radius.1),
        )
        .with(Mark::heat(heat).unlisted())
        .with_all(lines)
        .with_all(dots(plane, labels, place))
    });
    let panels: Vec<Panel> = panels.collect();
    if panels.is_empty() {
        return missing(
            "Energy landscapes, polar",
            "there is no snapshot with a usable saddle",
        );
    }
    let place = |plane: &Plane, [x, y]: [f64; 2]| {
        let (radius, angle) = plane.saddle.to_polar(x, y);
        [angle, radius]
    };
    Ok(Figure {
        name: "landscape-polar",
        title: "The same in polar coordinates".to_owned(),
        caption: html! {
            "Distance " i { "R" } " and angle Θ of (" i { "x" } " − " i { "x" } "*, " i { "y" } " − " i { "y" } "*) from the saddle, in which "
            i { "E" } " − ε = −(λ/2) " i { "R" } "² sin 2Θ: valleys along Θ = π/4 and −3π/4, ridges along 3π/4 and −π/4 (theory, section 1). "
            "The frame holds the angles at which data and samples lie. Dots as above. " (representatives(groups))
        },
        content: Content::Panels(panels),
        tables: vec![points_table(
            "landscape-polar",
            groups,
            place,
            ["angle", "radius"],
        )],
    })
}

/// -ln p over the first two modes.
pub fn pair(groups: &[Group<'_>]) -> Drawn {
    let mut panels = Vec::new();
    let mut rows: Vec<(String, f64, f64, f64)> = Vec::new();
    for group in shown(groups) {
        let landscape = &group.first().measurements.landscape;
        let Some(pair) = &landscape.pair else {
            continue;
        };
        let known = || pair.free_energy.iter().flatten().copied();
        let (low, high) = (
            known().fold(f64::INFINITY, f64::min),
            known().fold(f64::NEG_INFINITY, f64::max),
        );
        if low > high {
            continue;
        }
        let [x, y] = &pair.bins;
        let columns = x.count;
        // Bins have the second coordinate fastest; rows of a heat map have the first.
        let at = |column: usize, row: usize| pair.free_energy[column * y.count + row];
        let values = (0..columns * y.count)
            .map(|k| at(k % columns, k / columns).map_or(f64::NAN, |f| f - high - 1.0));
        for (column, a) in x.centers().into_iter().enumerate() {
            for (row, b) in y.centers().into_iter().enumerate() {
                rows.push((
                    group.label.clone(),
                    a,
                    b,
                    at(column, row).unwrap_or(f64::NAN),
                ));
            }
        }
        let heat = Heat {
            x: (x.low, x.high),
            y: (y.low, y.high),
            columns,
            values: values.collect(),
            limit: high - low + 1.0,
            smooth: false,
        };
        let mut marks = vec![
            Mark::heat(heat)
                .color(Color::Series(0))
                .label("−ln p of samples"),
        ];
        if let [first, second, ..] = landscape.planes.as_slice() {
            let points: Vec<[f64; 2]> = first
                .data
                .iter()
                .zip(&second.data)
                .map(|(a, b)| [a[0], b[0]])
                .collect();
            marks.extend(by_label(&points, landscape.labels.as_deref(), |[a, b]| {
                (a, b)
            }));
        }
        let title = format!(
            "{} nats from faintest to strongest color",
            significant(high - low, 2)
        );
        panels.push(
            Panel::new(
                group.prefixed(&title),
                Axis::linear("x₁"),
                Axis::linear("x₂"),
            )
            .with_all(marks),
        );
    }
    if panels.is_empty() {
        return missing(
            "Free energy over two modes",
            "the model has fewer than two modes or no snapshot",
        );
    }
    Ok(Figure {
        name: "free-energy-pair",
        title: "Free energy over two modes".to_owned(),
        caption: html! {
            "−ln " i { "p" } "(" i { "x" } sub { "1" } ", " i { "x" } sub { "2" } ") at the last snapshot from " (chains::RECORDINGS) " recordings of each of " (chains::CHAINS) " Gibbs chains that started at data rows, "
            "in the color that stands out most from the page where it is lowest; blank: no chain has been there. Dots: test rows by label. Chains that do not cross between wells show relative "
            "depths that their starts decided (theory, section 5). " (representatives(groups))
        },
        content: Content::Panels(panels),
        tables: vec![
            Table::new("free-energy-pair")
                .texts("group", rows.iter().map(|row| row.0.clone()))
                .numbers("x_1", rows.iter().map(|row| row.1))
                .numbers("x_2", rows.iter().map(|row| row.2))
                .numbers("free_energy", rows.iter().map(|row| row.3)),
        ],
    })
}
