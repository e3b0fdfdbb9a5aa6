//! Relaxation times of the modes against their singular values.

use super::drawn::{Drawn, missing};
use super::group::{Group, means_or_own};
use super::series::{Series, Style, panel, table};
use super::singular_values::critical;
use crate::measure::chains::{self, Relaxation};
use crate::report::data::Replica;
use maud::html;
use rbm_figures::{Axis, Color, Content, Figure, Mark};

/// Points of the predicted curve.
const CURVE: usize = 200;

/// Measured integrated times, alone and over what was predicted.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    // Measured times over what `unit` says of the mode.
    let cells = |unit: fn(&Relaxation) -> Option<f64>| -> Vec<Series> {
        let of = |run: &Replica| -> Vec<(f64, f64, f64)> {
            let all = run.measurements.checkpoints.iter();
            all.flat_map(|c| &c.relaxation)
                .map(|mode| {
                    let known = mode.time.zip(unit(mode));
                    let [value, error] =
                        known.map_or([f64::NAN; 2], |(time, unit)| time.map(|t| t / unit));
                    (mode.lambda, value, error)
                })
                .collect()
        };
        groups
            .iter()
            .enumerate()
            .map(|(k, group)| {
                let series = Series::cells(group, of);
                let color = Color::Series(k);
                series
                    .color(color)
                    .style(Style::Dots)
                    .named(if groups.len() > 1 { "" } else { "measured" })
            })
            .collect()
    };
    let measured = cells(|_| Some(1.0));
    if !measured.iter().any(Series::has_values) {
        return missing(
            "Relaxation times",
            "no chain was long enough for any of them",
        );
    }
    let over_plain = cells(|mode| mode.plain);
    let over_spherical = cells(|mode| mode.spherical);
    let over_dressed = cells(|mode| mode.dressed);
    let all = || {
        groups.iter().flat_map(|group| {
            let runs = group.replicas.iter();
            runs.flat_map(|run| {
                run.measurements
                    .checkpoints
                    .iter()
                    .flat_map(|c| &c.relaxation)
            })
        })
    };
    let (count, lost) = (
        all().count(),
        all().filter(|mode| mode.time.is_none()).count(),
    );
    let least = all()
        .filter(|mode| mode.time.is_none())
        .map(|mode| mode.lambda)
        .fold(f64::INFINITY, f64::min);
    // (1 + rho)/(1 - rho) with rho = (lambda/4)^2
    let from = all()
        .map(|mode| mode.lambda)
        .filter(|l| *l > 0.0)
        .fold(4.0, f64::min);
    let curve = (0..CURVE).map(|k| {
        let lambda = from * (4.0 / from).powf(k as f64 / CURVE as f64);
        let rho = (lambda / 4.0_f64).powi(2);
        (lambda, (1.0 + rho) / (1.0 - rho))
    });
    let x = || Axis::log("singular value λ");
    let titles = [
        "Integrated time of x, sweeps",
        "Measured / Gaussian limit",
        "Measured / spherical closure",
        "Measured / one loop",
    ];
    let one = || {
        Mark::horizontal(1.0, "as predicted")
            .color(Color::Muted)
            .dashed()
    };
    let ratio =
        |title: &str, series: &[Series]| panel(title, x(), Axis::log("ratio"), series).with(one());
    let panels = vec![
        panel(titles[0], x(), Axis::log(""), &measured)
            .with(Mark::line(curve).label("Gaussian limit"))
            .with(critical(Mark::vertical)),
        ratio(titles[1], &over_plain),
        ratio(titles[2], &over_spherical),
        ratio(titles[3], &over_dressed),
    ];
    let rows = [
        (titles[0], measured.as_slice()),
        (titles[1], over_plain.as_slice()),
        (titles[2], over_spherical.as_slice()),
        (titles[3], over_dressed.as_slice()),
    ];
    Ok(Figure {
        name: "relaxation",
        title: "Relaxation times against singular values".to_owned(),
        caption: html! {
            "Integrated autocorrelation time 1 + 2 Σ" sub { i { "t" } } " ρ(" i { "t" } ") of " i { "x" } sub { i { "k" } } " under block Gibbs sweeps, for the leading modes and some of all ranks at "
            "every checkpoint: " (chains::CHAINS) " chains from data rows, " (chains::WARM_UP) " sweeps before and " (chains::RECORDINGS) " recorded. Curve: (1 + ρ)/(1 − ρ) with ρ = (λ/4)², the Gaussian limit of independent "
            "units at probability 1/2, which diverges at λ = 4. Ratios to it, to the spherical closure, and to one loop about the mean-field point, which knows the biases (theory, "
            "sections 3 and 5). "
            (lost) " of " (count) " times could not be resolved by chains of this length and are left out"
            @if lost > 0 { ", the lowest at λ = " (rbm_figures::number::significant(least, 3)) }
            ". " (means_or_own(groups))
        },
        content: Content::Panels(panels),
        tables: vec![table("relaxation", "lambda", &rows)],
    })
}
