//! Relaxation times of the modes against their singular values.

use super::drawn::{Drawn, missing};
use super::group::{Group, means_or_own};
use super::series::{Series, Style, panel, table};
use super::singular_values::critical;
use crate::measure::chains::{self, Relaxation};
use crate::report::data::Replica;
use maud::{Markup, html};
use rbm_figures::number::significant;
use rbm_figures::{Axis, Color, Content, Figure, Mark, Panel};

/// Points of the predicted curve.
const CURVE: usize = 200;

const TITLES: [&str; 4] = [
    "Integrated time of x, sweeps",
    "Measured / Gaussian limit",
    "Measured / spherical closure",
    "Measured / one loop",
];

/// Measured times over what `unit` says of the mode.
fn over(groups: &[Group<'_>], unit: fn(&Relaxation) -> Option<f64>) -> Vec<Series> {
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
    let name = if groups.len() > 1 { "" } else { "measured" };
    let one = |(k, group)| {
        let series = Series::cells(group, of).color(Color::Series(k));
        series.style(Style::Dots).named(name)
    };
    groups.iter().enumerate().map(one).collect()
}

/// All modes of all checkpoints and runs.
fn modes<'a>(groups: &'a [Group<'_>]) -> impl Iterator<Item = &'a Relaxation> {
    let runs = groups.iter().flat_map(|group| group.replicas.iter());
    let checkpoints = runs.flat_map(|run| &run.measurements.checkpoints);
    checkpoints.flat_map(|c| &c.relaxation)
}

/// (1 + rho)/(1 - rho) with rho = (lambda/4)^2, from a singular value up to 4.
fn gaussian_limit(from: f64) -> impl Iterator<Item = (f64, f64)> {
    (0..CURVE).map(move |k| {
        let lambda = from * (4.0 / from).powf(k as f64 / CURVE as f64);
        let rho = (lambda / 4.0_f64).powi(2);
        (lambda, (1.0 + rho) / (1.0 - rho))
    })
}

fn panels(all: &[Vec<Series>; 4], from: f64) -> Vec<Panel> {
    let x = || Axis::log("singular value λ");
    let panels = TITLES.iter().zip(all).enumerate();
    panels
        .map(|(k, (title, series))| match k {
            0 => panel(title, x(), Axis::log(""), series)
                .with(Mark::line(gaussian_limit(from)).label("Gaussian limit"))
                .with(critical(Mark::vertical)),
            _ => panel(title, x(), Axis::log("ratio"), series).with(
                Mark::horizontal(1.0, "as predicted")
                    .color(Color::Muted)
                    .dashed(),
            ),
        })
        .collect()
}

/// Measured integrated times, alone and over what was predicted.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    let units: [fn(&Relaxation) -> Option<f64>; 4] = [
        |_| Some(1.0),
        |mode| mode.plain,
        |mode| mode.spherical,
        |mode| mode.dressed,
    ];
    let all = units.map(|unit| over(groups, unit));
    if !all[0].iter().any(Series::has_values) {
        return missing(
            "Relaxation times",
            "no chain was long enough for any of them",
        );
    }
    let lambdas = modes(groups).map(|mode| mode.lambda);
    let from = lambdas.filter(|l| *l > 0.0).fold(4.0, f64::min);
    let rows: Vec<_> = TITLES
        .into_iter()
        .zip(all.iter().map(Vec::as_slice))
        .collect();
    Ok(Figure {
        name: "relaxation",
        title: "Relaxation times against singular values".to_owned(),
        caption: caption(groups),
        content: Content::Panels(panels(&all, from)),
        tables: vec![table("relaxation", "lambda", &rows)],
    })
}

fn caption(groups: &[Group<'_>]) -> Markup {
    let lost = || modes(groups).filter(|mode| mode.time.is_none());
    let least = lost().map(|mode| mode.lambda).fold(f64::INFINITY, f64::min);
    let (count, lost) = (modes(groups).count(), lost().count());
    html! {
    "Integrated autocorrelation time 1 + 2 Σ" sub { i { "t" } } " ρ(" i { "t" } ") of " i { "x" } sub { i { "k" } } " under block Gibbs sweeps, for the leading modes and some of all ranks at "
    "every checkpoint: " (chains::CHAINS) " chains from data rows, " (chains::WARM_UP) " sweeps before and " (chains::RECORDINGS) " recorded. Curve: (1 + ρ)/(1 − ρ) with ρ = (λ/4)², the Gaussian limit of independent "
    "units at probability 1/2, which diverges at λ = 4. Ratios to it, to the spherical closure, and to one loop about the mean-field point, which knows the biases (theory, "
    "sections 3 and 5). "
    (lost) " of " (count) " times could not be resolved by chains of this length and are left out"
    @if lost > 0 { ", the lowest at λ = " (significant(least, 3)) }
    ". " (means_or_own(groups))
    }
}
