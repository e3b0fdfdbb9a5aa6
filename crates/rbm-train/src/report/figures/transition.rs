//! The first transition: when the leading mode passes 4, and how its fluctuations scale there.

use super::drawn::{Drawn, missing, updates};
use super::group::differ_only_by;
use super::group::{Group, means_or_own};
use super::series::{Mean, Series, Style, by_group, panel, table};
use super::singular_values::{critical, thinned};
use crate::report::data::Replica;
use maud::{Markup, html};
use rbm_analysis::gaussian::CRITICAL_SINGULAR_VALUE;
use rbm_figures::number::significant;
use rbm_figures::{Axis, Color, Content, Figure, Mark, Panel, Table};

/// Range of the scaled distance from the transition that is drawn.
const RANGE: f64 = 6.0;
/// Points of the scaling function.
const CURVE: usize = 121;
/// Points of its integrals.
const STEPS: usize = 2000;

/// lambda_1 at the snapshots of a run.
fn leading(run: &Replica) -> Vec<(f64, f64)> {
    let all = run.measurements.history.iter();
    all.filter_map(|s| Some((s.step as f64, *s.singular_values.first()?)))
        .collect()
}

/// The update at which lambda_1 first reaches 4, linear between snapshots.
pub(super) fn crossing(points: &[(f64, f64)]) -> Option<f64> {
    points.windows(2).find_map(|pair| {
        let [(t0, a), (t1, b)] = [pair[0], pair[1]];
        (a < CRITICAL_SINGULAR_VALUE && b >= CRITICAL_SINGULAR_VALUE)
            .then(|| t0 + (t1 - t0) * (CRITICAL_SINGULAR_VALUE - a) / (b - a))
    })
}

/// <x^2> in the density exp(-z x^2 - x^4), normalized.
pub(super) fn scaling_function(z: f64) -> f64 {
    // Beyond |x| = 5 the integrands are below e^-475 of their largest for |z| <= 6.
    let at = |k: usize| -5.0 + 10.0 * k as f64 / STEPS as f64;
    let least = if z < 0.0 { -z * z / 4.0 } else { 0.0 };
    let weight = |x: f64| (-(z * x * x + x.powi(4)) + least).exp();
    let (mut norm, mut square) = (0.0, 0.0);
    for k in 0..=STEPS {
        let x = at(k);
        norm += weight(x);
        square += x * x * weight(x);
    }
    square / norm
}

/// The numbers of the figure.
struct Transition {
    /// Time of crossing of each group.
    crossings: Vec<Mean>,
    /// lambda_1 over updates.
    raw: Vec<Series>,
    /// The same over the time of crossing, of groups that have one.
    scaled: Vec<Series>,
    /// Variances of x, scaled so that one function says them all.
    fluctuations: Vec<Series>,
    /// (M, time of crossing), if there are several M.
    sizes: Vec<(f64, Mean)>,
    /// How the time depends on M.
    law: Option<PowerLaw>,
    /// Points of the scaling function.
    function: Vec<(f64, f64)>,
}

impl Transition {
    fn new(groups: &[Group<'_>]) -> Self {
        let first = |group: &Group<'_>| {
            let runs = group.replicas.iter();
            Mean::of(runs.filter_map(|run| crossing(&leading(run))))
        };
        let crossings: Vec<Mean> = groups.iter().map(first).collect();
        let raw = by_group(groups, |run| {
            thinned(&run.measurements.history)
                .filter_map(|s| Some((s.step as f64, *s.singular_values.first()?)))
                .collect()
        });
        let crossed = |(_, mean): &(&Group<'_>, &Mean)| mean.count > 0;
        let crossed = groups.iter().zip(&crossings).filter(crossed);
        let mut sizes: Vec<(f64, Mean)> = crossed
            .map(|(group, mean)| (group.hidden() as f64, *mean))
            .collect();
        if sizes.iter().all(|(m, _)| *m == sizes[0].0) {
            sizes.clear();
        }
        // Times of groups that differ in more than their size follow no law of it.
        let law = match differ_only_by(groups, "model.hidden") {
            true => power_law(&sizes),
            false => None,
        };
        let function = (0..CURVE).map(|k| {
            let z = RANGE * (2.0 * k as f64 / (CURVE - 1) as f64 - 1.0);
            (z, scaling_function(z))
        });
        Self {
            scaled: scaled(&raw, &crossings),
            fluctuations: fluctuations(groups),
            function: function.collect(),
            crossings,
            raw,
            sizes,
            law,
        }
    }

    fn panels(&self) -> Vec<Panel> {
        let (raw, y) = (&self.raw, || Axis::log("λ₁"));
        let mut panels = vec![
            panel("Leading singular value", updates(), y(), raw).with(critical(Mark::horizontal)),
        ];
        if self.scaled.iter().any(Series::has_values) {
            let title = "The same over the time of crossing";
            let axis = Axis::log("t/t_c").over(0.02, 50.0);
            let scaled = panel(title, axis, y(), &self.scaled);
            panels.push(scaled.with(critical(Mark::horizontal)));
        }
        if !self.sizes.is_empty() {
            panels.push(self.times());
        }
        if self.fluctuations.iter().any(Series::has_values) {
            let x = Axis::linear("z = a/√g").over(-RANGE, RANGE);
            let y = Axis::log("⟨δx²⟩ √g");
            let function = Mark::line(self.function.iter().copied()).label("one mode, exact");
            panels.push(panel("Fluctuations, scaled", x, y, &self.fluctuations).with(function));
        }
        panels
    }

    /// Times of crossing against M.
    fn times(&self) -> Panel {
        let sizes = || self.sizes.iter();
        let points = sizes().map(|(m, mean)| (*m, mean.value, mean.error));
        let times = Panel::new("Time of crossing", Axis::log("M"), Axis::log("updates t_c"))
            .with(Mark::error_bars(points).label("first update with λ₁ ≥ 4"));
        let Some(([exponent, offset], _)) = self.law else {
            return times;
        };
        let line = sizes().map(|(m, _)| (*m, (offset + exponent * m.ln()).exp()));
        let line = Mark::line(line).color(Color::Muted).label("power law");
        times.with(line.dashed())
    }

    fn tables(&self, groups: &[Group<'_>]) -> Vec<Table> {
        let rows = [
            ("lambda_1 over updates", self.raw.as_slice()),
            ("lambda_1 over t/t_c", self.scaled.as_slice()),
            (
                "scaled variance over a/sqrt(g)",
                self.fluctuations.as_slice(),
            ),
        ];
        let (crossings, function) = (|| self.crossings.iter(), || self.function.iter());
        vec![
            table("transition", "x", &rows),
            Table::new("transition-times")
                .texts("group", groups.iter().map(|group| group.label.clone()))
                .numbers("hidden", groups.iter().map(|group| group.hidden() as f64))
                .numbers("mean", crossings().map(|mean| mean.value))
                .numbers("standard_error", crossings().map(|mean| mean.error))
                .numbers("replicas", crossings().map(|mean| mean.count as f64)),
            Table::new("transition-function")
                .numbers("z", function().map(|point| point.0))
                .numbers("variance", function().map(|point| point.1)),
        ]
    }
}

/// Each group over its own time of crossing, so that the curves fall on each other if there is but one scale.
fn scaled(raw: &[Series], crossings: &[Mean]) -> Vec<Series> {
    raw.iter()
        .zip(crossings)
        .filter(|(_, crossing)| crossing.count > 0)
        .map(|(series, crossing)| {
            let later = series.points.iter().filter(|(t, _)| *t > 0.0);
            let points = later.map(|(t, y)| (t / crossing.value, *y));
            Series {
                points: points.collect(),
                ..series.clone()
            }
        })
        .collect()
}

fn fluctuations(groups: &[Group<'_>]) -> Vec<Series> {
    let name = match groups.len() {
        1 => "leading modes, all checkpoints",
        _ => "",
    };
    let one = |(k, group)| {
        let series = Series::cells(group, scaled_variances).color(Color::Series(k));
        let mut series = series.style(Style::Dots).named(name);
        series.points.retain(|(z, _)| z.abs() <= RANGE);
        series
    };
    groups.iter().enumerate().map(one).collect()
}

/// Singular value over time in units of its crossing, crossing against M, and the collapse of the fluctuations.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "The first transition";
    let numbers = Transition::new(groups);
    if !numbers.raw.iter().any(Series::has_values) {
        return missing(TITLE, "there are no snapshots");
    }
    Ok(Figure {
        name: "transition",
        title: TITLE.to_owned(),
        caption: caption(groups, numbers.law),
        content: Content::Panels(numbers.panels()),
        tables: numbers.tables(groups),
    })
}

fn caption(groups: &[Group<'_>], law: Option<PowerLaw>) -> Markup {
    html! {
    "The leading mode passes λ = 4 at " i { "t" } sub { "c" } ", interpolated between snapshots; over " i { "t" } "/" i { "t" } sub { "c" }
    " curves of all sizes fall on one where learning has one time scale. "
    @if let Some(([exponent, _], error)) = law {
        span class="nowrap" { i { "t" } sub { "c" } " ∝ " i { "M" } sup { (significant(exponent, 2))
            @if let Some(error) = error { " ± " (significant(error, 1)) } } } ". "
    }
    "Fluctuations: a single mode with Landau's free energy " i { "a x" } "² + " i { "g x" } "⁴ has ⟨" i { "x" } "²⟩√" i { "g" } " = " i { "f" } "(" i { "a" } "/√" i { "g" } ") "
    "with one function " i { "f" } " for all sizes (line; theory, section 5; " i { "g" } " is of order 1/" i { "N" } "); dots: variance of " i { "x" } " over Gibbs chains for the \
     leading modes of all checkpoints within the frame. Biases and other modes take a trained model off the line: units far from 1/2 fluctuate less. "
    (means_or_own(groups))
    }
}

/// (a/sqrt(g), variance of x times sqrt(g), its error) of all modes and checkpoints.
fn scaled_variances(run: &Replica) -> Vec<(f64, f64, f64)> {
    let all = run.measurements.checkpoints.iter().flat_map(|c| &c.modes);
    all.map(|mode| {
        let root = mode.landau.g.sqrt();
        let [variance, error] = mode.variance.unwrap_or([f64::NAN; 2]);
        (mode.landau.a / root, variance * root, error * root)
    })
    .collect()
}

/// ([exponent, offset], error of the exponent) of t = e^offset M^exponent.
type PowerLaw = ([f64; 2], Option<f64>);

/// By least squares of the logarithms; three sizes or more for an error.
fn power_law(sizes: &[(f64, Mean)]) -> Option<PowerLaw> {
    let points: Vec<(f64, f64)> = sizes.iter().map(|(m, t)| (m.ln(), t.value.ln())).collect();
    let n = points.len() as f64;
    let mean = |k: fn(&(f64, f64)) -> f64| points.iter().map(k).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let spread: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    if points.len() < 2 || spread < 1e-12 {
        return None;
    }
    let slope = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / spread;
    let offset = y - slope * x;
    let rest: f64 = points
        .iter()
        .map(|p| (p.1 - offset - slope * p.0).powi(2))
        .sum();
    let error = (points.len() > 2).then(|| (rest / (n - 2.0) / spread).sqrt());
    Some(([slope, offset], error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossing_is_interpolated() {
        assert_eq!(
            crossing(&[(0.0, 1.0), (10.0, 3.0), (20.0, 5.0)]),
            Some(15.0)
        );
        assert_eq!(crossing(&[(0.0, 1.0), (10.0, 3.9)]), None);
        assert_eq!(
            crossing(&[(0.0, 5.0), (1.0, 6.0)]),
            None,
            "it was never below"
        );
    }

    #[test]
    fn scaling_function_has_its_limits() {
        // z = 0: Gamma(3/4)/Gamma(1/4)
        assert!((scaling_function(0.0) - 0.337_989_12).abs() < 1e-7);
        // Gaussian for large z: 1/(2z) - 3/(4 z^3)·... to leading order; two wells at x^2 = -z/2 for negative z.
        assert!((scaling_function(60.0) * 120.0 - 1.0).abs() < 2e-3);
        assert!((scaling_function(-6.0) / 3.0 - 1.0).abs() < 0.06);
    }

    #[test]
    fn power_laws_are_found() {
        let mean = |value: f64| Mean {
            value,
            error: 0.1,
            count: 3,
        };
        let sizes = [8.0, 16.0, 64.0].map(|m: f64| (m, mean(5.0 * m.powf(-0.75))));
        let ([exponent, offset], error) = power_law(&sizes).unwrap();
        assert!((exponent + 0.75).abs() < 1e-12 && (offset - 5.0_f64.ln()).abs() < 1e-12);
        assert!(error.unwrap() < 1e-12);
        assert!(power_law(&sizes[..1]).is_none());
    }
}
