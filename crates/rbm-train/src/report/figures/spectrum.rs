//! Singular values against the Marchenko-Pastur density.

use super::drawn::{Drawn, missing};
use super::group::{Group, close_up, left_out, means, shown};
use super::series::Mean;
use super::singular_values::critical;
use crate::measure::SnapshotSpectrum;
use crate::report::data::Replica;
use maud::{Markup, html};
use rbm_analysis::MarchenkoPastur;
use rbm_analysis::gaussian::CRITICAL_SINGULAR_VALUE;
use rbm_analysis::spectrum::KolmogorovSmirnov;
use rbm_figures::number::{readable, significant, simulated_p_value};
use rbm_figures::{Axis, Color, Content, Figure, Histogram, Mark, Panel, Table};

/// Bars of a histogram, and points of a density.
const BARS: usize = 32;
const CURVE: usize = 200;

/// The first or the last snapshots of a group's runs.
struct Spectrum<'a> {
    name: String,
    /// Whether it is the last.
    trained: bool,
    snapshots: Vec<&'a SnapshotSpectrum>,
    /// Singular values by rank, as means over the runs.
    values: Vec<Mean>,
    sigma: Mean,
    /// The density of independent weights with that deviation.
    law: Option<MarchenkoPastur>,
    /// Distance of a single run's spectrum from it.
    test: Option<&'a KolmogorovSmirnov>,
    histogram: Bars,
}

/// A histogram over replicas.
struct Bars {
    /// Where the axis ends.
    end: f64,
    /// (left, right, height).
    bars: Vec<(f64, f64, Mean)>,
    /// Values further right, per run.
    beyond: f64,
}

impl Bars {
    fn new(snapshots: &[&SnapshotSpectrum], upper: f64) -> Self {
        let end = right_end(snapshots, upper);
        let each: Vec<Histogram> = snapshots
            .iter()
            .map(|snapshot| Histogram::new(&snapshot.singular_values, (0.0, end), BARS))
            .collect();
        let height = |k: usize| Mean::of(each.iter().filter_map(move |h| Some(h.bars.get(k)?.2)));
        let bars = each.iter().flat_map(|h| &h.bars).take(BARS).enumerate();
        Self {
            end,
            bars: bars.map(|(k, bar)| (bar.0, bar.1, height(k))).collect(),
            beyond: each.iter().map(|h| h.beyond).sum::<usize>() as f64 / each.len() as f64,
        }
    }
}

/// Where the axis ends: past the bulk, and with the tail that most modes are in as far as that leaves the bulk its shape.
fn right_end(snapshots: &[&SnapshotSpectrum], upper: f64) -> f64 {
    let all = snapshots
        .iter()
        .flat_map(|s| s.singular_values.iter().copied());
    let mut values: Vec<f64> = all.filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let (Some(largest), Some(tail)) = (values.last(), values.get(values.len() * 9 / 10)) else {
        return 1.0;
    };
    let end = if upper > 0.0 {
        (1.25 * tail).clamp(1.3 * upper, 4.0 * upper)
    } else {
        f64::INFINITY
    };
    end.min(1.04 * largest.max(1.05 * upper)).max(1e-9)
}

impl<'a> Spectrum<'a> {
    /// `None` without snapshots.
    fn new(group: &Group<'a>, trained: bool, test: Option<&'a KolmogorovSmirnov>) -> Option<Self> {
        let of = |run: &&'a Replica| -> Option<&'a SnapshotSpectrum> {
            let history = &run.measurements.history;
            if trained {
                history.last()
            } else {
                history.first()
            }
        };
        let snapshots: Vec<_> = group.replicas.iter().filter_map(of).collect();
        let step = snapshots.first()?.step;
        let when = if trained { "end" } else { "start" };
        let same = snapshots.iter().all(|snapshot| snapshot.step == step);
        let name = match same {
            true => group.prefixed(&format!("{when} (update {step})")),
            false => group.prefixed(when),
        };
        let value = |k: usize| {
            let known = snapshots.iter();
            Mean::of(known.filter_map(move |s| s.singular_values.get(k).copied()))
        };
        let sigma = Mean::of(snapshots.iter().filter_map(|snapshot| snapshot.sigma));
        let m = &group.first().measurements;
        let law = MarchenkoPastur::new(m.n_visible, m.n_hidden, sigma.value).ok();
        let upper = law.as_ref().map_or(0.0, |law| law.edges().1);
        Some(Self {
            name,
            trained,
            values: (0..snapshots[0].singular_values.len()).map(value).collect(),
            histogram: Bars::new(&snapshots, upper),
            sigma,
            law,
            test,
            snapshots,
        })
    }

    /// What the fits say.
    fn remark(&self) -> String {
        let above = self.snapshots.iter().filter_map(|s| s.above_edge);
        let above = Mean::of(above.map(|count| count as f64));
        let with_error = |mean: Mean, digits: usize| match mean.error > 0.0 {
            true => format!(
                "{} ± {}",
                significant(mean.value, digits),
                significant(mean.error, 2)
            ),
            false if mean.value.fract() == 0.0 => readable(mean.value),
            false => significant(mean.value, digits),
        };
        if self.law.is_none() {
            return format!("{}: no density was fitted.", self.name);
        }
        let mut out = format!("{}: σ = {}", self.name, with_error(self.sigma, 4));
        if let Some(test) = self.test {
            out += &format!(
                ", Kolmogorov-Smirnov distance {}",
                significant(test.distance, 2)
            );
            if let Some(p) = test.p_value {
                out += &format!(" ({})", simulated_p_value(p, test.simulations));
            }
        }
        let modes = if above.value == 1.0 { "mode" } else { "modes" };
        out + &format!(", {} {modes} above the edge λ₊.", with_error(above, 3))
    }

    /// Points of the density.
    fn density(&self) -> Vec<(f64, f64)> {
        let Some(law) = &self.law else {
            return Vec::new();
        };
        let (low, high) = law.edges();
        let at = |k: usize| low + (high - low) * k as f64 / CURVE as f64;
        (0..=CURVE).map(|k| (at(k), law.density(at(k)))).collect()
    }

    /// Where the vertical axis ends, with room for the names of the edges.
    fn top(&self) -> f64 {
        let bars = self.histogram.bars.iter();
        let bars = bars.map(|bar| bar.2.value + if bar.2.error > 0.0 { bar.2.error } else { 0.0 });
        let heights = bars.chain(self.density().into_iter().map(|point| point.1));
        1.15 * heights
            .filter(|height| height.is_finite())
            .fold(0.0, f64::max)
    }

    fn panel(&self) -> Panel {
        let Bars { end, bars, beyond } = &self.histogram;
        let color = Color::Series(0);
        let mut label = format!("{} modes", self.values.len());
        if *beyond > 0.0 {
            let count = if beyond.fract() == 0.0 {
                readable(*beyond)
            } else {
                significant(*beyond, 2)
            };
            label += &format!(", {count} further right");
        }
        let heights = bars.iter().map(|(a, b, mean)| (*a, *b, mean.value));
        let mut panel = Panel::new(
            &self.name,
            Axis::linear("singular value λ").over(0.0, *end),
            Axis::linear("density ρ").over(0.0, self.top()),
        )
        .with(Mark::bars(heights).color(color).label(label));
        let several = self.snapshots.len() > 1;
        if several {
            let filled = bars.iter().filter(|bar| bar.2.value > 0.0);
            let middles = filled.map(|(a, b, mean)| (0.5 * (a + b), mean.value, mean.error));
            let middles = Mark::error_bars(middles).color(color);
            panel = panel.with(middles.label("mean over replicas").unlisted());
        }
        panel = panel.with(Mark::line(self.density()).label("Marchenko-Pastur"));
        if !several {
            let values = self.values.iter().map(|mean| mean.value);
            let inside = values.filter(|value| value <= end);
            panel = panel.with(Mark::rug(inside).color(color).label("modes").unlisted());
        }
        if let Some(law) = &self.law {
            let (low, high) = law.edges();
            for (at, name) in [(low, "λ₋"), (high, "λ₊")] {
                let label = format!("{name} = {}", significant(at, 2));
                panel = panel.with(Mark::vertical(at, label).color(Color::Muted).dashed());
            }
        }
        match CRITICAL_SINGULAR_VALUE < *end {
            true => panel.with(critical(Mark::vertical)),
            false => panel,
        }
    }
}

/// The same singular values by rank, on logarithmic axes: of one group at both ends, of several at the end.
fn by_rank(spectra: &[Spectrum<'_>], groups: usize) -> Panel {
    let drawn = spectra.iter().filter(|s| s.trained || groups == 1);
    let marks = drawn.enumerate().map(|(k, spectrum)| {
        let ranked = spectrum.values.iter().zip(1..);
        let points = ranked.map(|(mean, rank)| (f64::from(rank), mean.value));
        let color = match groups {
            1 if spectrum.trained => Color::Series(0),
            1 => Color::Muted,
            _ => Color::Series(k),
        };
        Mark::points(points).color(color).label(&spectrum.name)
    });
    let marks: Vec<Mark> = marks.collect();
    Panel::new(
        "By rank",
        Axis::log("rank of the mode"),
        Axis::log("singular value λ"),
    )
    .with_all(marks.into_iter().rev())
    .with(critical(Mark::horizontal))
}

/// Histograms of the first and the last snapshot.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Spectrum and Marchenko-Pastur density";
    let tests = close_up(groups).map(|close_up| &close_up.bulk_tests);
    let spectra: Vec<Spectrum<'_>> = shown(groups)
        .into_iter()
        .flat_map(|group| {
            [false, true].into_iter().filter_map(move |trained| {
                let test = tests.and_then(|tests| tests[usize::from(trained)].as_ref());
                Spectrum::new(group, trained, test)
            })
        })
        .collect();
    if spectra.is_empty() {
        return missing(TITLE, "there are no snapshots");
    }
    let mut panels: Vec<Panel> = spectra.iter().map(Spectrum::panel).collect();
    panels.push(by_rank(&spectra, groups.len()));
    Ok(Figure {
        name: "spectrum",
        title: TITLE.to_owned(),
        caption: caption(groups, &spectra),
        content: Content::Panels(panels),
        tables: tables(&spectra),
    })
}

fn caption(groups: &[Group<'_>], spectra: &[Spectrum<'_>]) -> Markup {
    html! {
        "Densities of all singular values, normalized over the modes, at the first and the last snapshot, and the Marchenko-Pastur density "
        i { "ρ" } "(λ) = [(λ" sub { "+" } "² − λ²)(λ² − λ" sub { "−" } "²)]" sup { "1/2" } " / (π σ² " i { "R" } " λ), λ"
        sub { "±" } " = " span class="nowrap" { "σ |√" i { "N" } " ± √" i { "M" } "|" } ", of independent weights with the standard deviation σ of the \
         bulk (theory, section 2). "
        @if spectra.iter().any(|s| s.snapshots.len() == 1) { "Strokes on the axis are single modes. " }
        "Last panel: the singular values by rank" @if groups.len() > 1 { ", at the end" } ", on logarithmic axes. "
        (means(groups))
        @for spectrum in spectra { (spectrum.remark()) " " }
        (left_out(groups))
    }
}

fn tables(spectra: &[Spectrum<'_>]) -> Vec<Table> {
    let values = || {
        spectra.iter().flat_map(|spectrum| {
            let ranked = spectrum.values.iter().zip(1..);
            ranked.map(|(mean, rank)| (&spectrum.name, rank, *mean))
        })
    };
    let points = || {
        spectra.iter().flat_map(|spectrum| {
            let points = spectrum.density().into_iter();
            points.map(|point| (&spectrum.name, point))
        })
    };
    let bars = || {
        spectra.iter().flat_map(|spectrum| {
            let bars = spectrum.histogram.bars.iter();
            bars.map(|bar| (&spectrum.name, *bar))
        })
    };
    vec![
        Table::new("spectrum")
            .texts("panel", values().map(|row| row.0.clone()))
            .numbers("mode", values().map(|row| f64::from(row.1)))
            .numbers("singular_value", values().map(|row| row.2.value))
            .numbers("standard_error", values().map(|row| row.2.error))
            .numbers("replicas", values().map(|row| row.2.count as f64)),
        Table::new("spectrum-density")
            .texts("panel", points().map(|row| row.0.clone()))
            .numbers("singular_value", points().map(|row| row.1.0))
            .numbers("density", points().map(|row| row.1.1)),
        Table::new("spectrum-bars")
            .texts("panel", bars().map(|row| row.0.clone()))
            .numbers("bar_low", bars().map(|row| row.1.0))
            .numbers("bar_high", bars().map(|row| row.1.1))
            .numbers("mean", bars().map(|row| row.1.2.value))
            .numbers("standard_error", bars().map(|row| row.1.2.error))
            .numbers("replicas", bars().map(|row| row.1.2.count as f64)),
    ]
}
