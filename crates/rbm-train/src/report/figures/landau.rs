//! From one well to two: Landau's free energy of the leading modes.

use super::drawn::{Drawn, along, missing, updates};
use super::group::{Group, is_alone, means, representatives, shown};
use super::series::{Series, by_group, panel, table};
use crate::measure::{ModeState, chains};
use crate::report::data::Replica;
use maud::html;
use rbm_analysis::mean_field::LandauMode;
use rbm_figures::number::{readable, significant};
use rbm_figures::{Axis, Color, Content, Figure, Mark, Panel, Table};

/// Points of a curve.
const CURVE: usize = 121;
/// How far beyond its outermost minimum, and how high above its lowest, a curve is drawn.
const BEYOND: f64 = 1.6;

/// The expansion without its tilt.
fn untilted(mode: &LandauMode, x: f64) -> f64 {
    mode.a * x * x + mode.g * x.powi(4)
}

/// Curves of the leading mode at all checkpoints.
pub fn curves(groups: &[Group<'_>]) -> Drawn {
    let modes = if is_alone(groups) { 2 } else { 1 };
    let mut panels = Vec::new();
    let mut rows: Vec<(String, usize, u64, f64, f64)> = Vec::new();
    for group in shown(groups) {
        let checkpoints = &group.first().measurements.checkpoints;
        for k in 0..modes {
            let all: Vec<(u64, LandauMode)> = checkpoints
                .iter()
                .filter_map(|c| Some((c.step, c.modes.get(k)?.landau)))
                .collect();
            let far = all
                .iter()
                .map(|(_, mode)| mode.order_parameter)
                .fold(0.0, f64::max);
            // Without a second well: where the quadratic term alone costs a few nats.
            let width = if far > 0.0 { BEYOND * far } else { 2.0 };
            let deepest = all.iter().map(|(_, mode)| mode.barrier).fold(0.0, f64::max);
            let top = if deepest > 0.0 { 1.2 * deepest } else { 10.0 };
            let title = group.prefixed(&format!("mode {}", k + 1));
            let mut panel = Panel::new(
                title,
                Axis::linear("deviation x from the mean point"),
                Axis::linear("nats").over(-1.1 * deepest.max(0.2 * top), top),
            );
            for (index, (step, mode)) in all.iter().enumerate() {
                let points: Vec<(f64, f64)> = (0..CURVE)
                    .map(|i| {
                        let x = width * (2.0 * i as f64 / (CURVE - 1) as f64 - 1.0);
                        (x, untilted(mode, x))
                    })
                    .collect();
                rows.extend(
                    points
                        .iter()
                        .map(|(x, f)| (group.label.clone(), k + 1, *step, *x, *f)),
                );
                let inside = points
                    .into_iter()
                    .map(|(x, f)| (x, if f <= top { f } else { f64::NAN }));
                let label = format!(
                    "{} (λ {})",
                    readable(*step as f64),
                    significant(mode.singular_value, 2)
                );
                panel = panel.with(
                    Mark::line(inside)
                        .color(along(index, all.len()))
                        .label(label),
                );
            }
            if !all.is_empty() {
                panels.push(panel);
            }
        }
    }
    if panels.is_empty() {
        return missing("Landau free energy", "there are no checkpoints");
    }
    Ok(Figure {
        name: "landau",
        title: "Landau free energy over training: one well to two".to_owned(),
        caption: html! {
            i { "a" } "(λ) " i { "x" } "² + " i { "g x" } "⁴ with " i { "a" } " = (16 − λ²)/8 and " i { "g" } " = (4/3)(" i { "q" } sub { i { "U" } } " + " i { "q" } sub { i { "V" } } " (λ/4)⁴), "
            i { "q" } " = Σ " i { "U" } sub { i { "ik" } } "⁴, for a centered model, by updates: one well below λ = 4, two beyond (theory, section 5). "
            "The biases of a trained model tilt it, which is left out here and listed with the coefficients. Far beyond 4 the expansion \
             is no longer small. " (representatives(groups))
        },
        content: Content::Panels(panels),
        tables: vec![
            Table::new("landau")
                .texts("group", rows.iter().map(|row| row.0.clone()))
                .numbers("mode", rows.iter().map(|row| row.1 as f64))
                .numbers("step", rows.iter().map(|row| row.2 as f64))
                .numbers("x", rows.iter().map(|row| row.3))
                .numbers("free_energy", rows.iter().map(|row| row.4)),
        ],
    })
}

/// a, g, order parameter, barrier and tilt of the leading mode.
pub fn coefficients(groups: &[Group<'_>]) -> Drawn {
    let of = |value: fn(&LandauMode, usize) -> f64| {
        move |run: &Replica| -> Vec<(f64, f64)> {
            let n = run.measurements.n_visible;
            let all = run.measurements.checkpoints.iter();
            let mode = |modes: &[ModeState]| modes.first().map(|mode| value(&mode.landau, n));
            all.filter_map(|c| Some((c.step as f64, mode(&c.modes)?)))
                .collect()
        }
    };
    let values: [fn(&LandauMode, usize) -> f64; 4] = [
        |mode, _| mode.a,
        |mode, n| mode.g * n as f64,
        |mode, n| mode.order_parameter / (n as f64).sqrt(),
        |mode, n| mode.tilt.abs() / (n as f64).sqrt(),
    ];
    let series: Vec<Vec<Series>> = values
        .into_iter()
        .map(|value| by_group(groups, of(value)))
        .collect();
    let titles = [
        "Coefficient a",
        "Coefficient g N",
        "Order parameter |x|/√N",
        "Tilt |h|/√N",
    ];
    let panels = titles.iter().zip(&series).map(|(title, series)| {
        let y = match *title {
            "Coefficient g N" => Axis::log(""),
            _ => Axis::linear(""),
        };
        let panel = panel(title, updates(), y, series);
        match *title {
            "Coefficient a" => panel.with(
                Mark::horizontal(0.0, "λ = 4")
                    .color(Color::Series(1))
                    .dashed(),
            ),
            _ => panel,
        }
    });
    let rows: Vec<_> = titles
        .iter()
        .zip(&series)
        .map(|(t, s)| (*t, s.as_slice()))
        .collect();
    if !series.iter().flatten().any(Series::has_values) {
        return missing("Landau coefficients", "there are no checkpoints");
    }
    Ok(Figure {
        name: "landau-coefficients",
        title: "Landau coefficients of the leading mode".to_owned(),
        caption: html! {
            i { "a" } " changes sign at λ = 4; the minima of the curve without tilt lie at ±(−" i { "a" } "/2" i { "g" } ")" sup { "1/2" } ", the order parameter; the tilt " i { "h" }
            " is the linear term that the biases leave: where it is not small the symmetry is broken from outside (theory, section 5). "
            "A deviation of |" i { "x" } "|/√" i { "N" } " = 1/2 is that of units that are all certain. " (means(groups))
        },
        content: Content::Panels(panels.collect()),
        tables: vec![table("landau-coefficients", "step", &rows)],
    })
}

/// -ln p along the leading modes, sampled, and constrained mean field.
pub fn sampled(groups: &[Group<'_>]) -> Drawn {
    let count = if is_alone(groups) { 4 } else { 1 };
    let mut panels = Vec::new();
    let mut rows: Vec<(String, usize, &str, f64, f64, f64)> = Vec::new();
    let mut constrained = false;
    for group in shown(groups) {
        for curve in group
            .first()
            .measurements
            .landscape
            .curves
            .iter()
            .take(count)
        {
            let lowest =
                |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
            let base = lowest(&mut curve.sampled.iter().map(|point| point[1]));
            let points: Vec<_> = curve
                .sampled
                .iter()
                .map(|[x, f, error]| (*x, f - base, *error))
                .collect();
            rows.extend(
                points
                    .iter()
                    .map(|(x, f, e)| (group.label.clone(), curve.mode + 1, "sampled", *x, *f, *e)),
            );
            let title = group.prefixed(&format!("mode {}", curve.mode + 1));
            let mut panel = Panel::new(title, Axis::linear("x"), Axis::linear("nats")).with(
                Mark::error_bars(points)
                    .color(Color::Series(0))
                    .label("sampled"),
            );
            if let Some(line) = &curve.mean_field {
                constrained = true;
                let base = lowest(&mut line.iter().map(|point| point[1]));
                let line: Vec<_> = line.iter().map(|[x, f]| (*x, f - base)).collect();
                rows.extend(line.iter().map(|(x, f)| {
                    (
                        group.label.clone(),
                        curve.mode + 1,
                        "mean field",
                        *x,
                        *f,
                        f64::NAN,
                    )
                }));
                panel = panel.with(
                    Mark::line(line)
                        .color(Color::Series(1))
                        .label("constrained mean field"),
                );
            }
            panels.push(panel);
        }
    }
    if panels.is_empty() {
        return missing("Free energy along single modes", "there are no checkpoints");
    }
    Ok(Figure {
        name: "free-energy-modes",
        title: "Free energy along single modes".to_owned(),
        caption: html! {
            "−ln " i { "p" } "(" i { "x" } sub { i { "k" } } ") at the last snapshot from " (chains::RECORDINGS) " recordings of each of " (chains::CHAINS) " Gibbs chains, with standard errors by batch means"
            @if constrained { ", and the least mean-field free energy Γ at fixed " i { "x" } sub { i { "k" } } }
            "; lowest value taken off (theory, section 5). Chains that do not cross between wells show relative depths that their starts, data rows, decided. "
            @if !constrained { "Constrained mean field takes minutes: " code { "rbm-train report --full" } " adds it. " }
            (representatives(groups))
        },
        content: Content::Panels(panels),
        tables: vec![
            Table::new("free-energy-modes")
                .texts("group", rows.iter().map(|row| row.0.clone()))
                .numbers("mode", rows.iter().map(|row| row.1 as f64))
                .texts("method", rows.iter().map(|row| row.2.to_owned()))
                .numbers("x", rows.iter().map(|row| row.3))
                .numbers("free_energy", rows.iter().map(|row| row.4))
                .numbers("standard_error", rows.iter().map(|row| row.5)),
        ],
    })
}
