//! Singular values over training.

use super::drawn::{Drawn, missing, updates};
use super::group::{Group, is_alone, left_out, means, shown};
use super::series::{Series, by_group, panel, table};
use crate::measure::SnapshotSpectrum;
use crate::report::data::Replica;
use maud::html;
use rbm_analysis::gaussian::CRITICAL_SINGULAR_VALUE;
use rbm_figures::number::subscript;
use rbm_figures::{Axis, Color, Content, Figure, Mark, Panel, RANKS, Table};
use std::borrow::Cow;

/// Modes drawn over time, of one group and of each of several.
const LEADING: [usize; 2] = [50, 10];
/// Points of a curve over snapshots, at most.
const POINTS: usize = 60;

/// The line at lambda = 4.
pub fn critical(at: fn(f64, String) -> Mark) -> Mark {
    at(CRITICAL_SINGULAR_VALUE, "λ = 4".to_owned())
        .color(Color::Series(1))
        .dashed()
}

/// Every some snapshots in order of time, with the first and the last.
pub fn thinned(history: &[SnapshotSpectrum]) -> impl Iterator<Item = &SnapshotSpectrum> {
    let every = history.len().div_ceil(POINTS).max(1);
    let of_end = (history.len().max(1) - 1) % every;
    let numbered = history.iter().enumerate();
    let chosen = numbered.filter(move |(k, _)| *k == 0 || k % every == of_end);
    chosen.map(|(_, snapshot)| snapshot)
}

/// Updates and spectra of a run: of all its snapshots, or of some; of its evaluations where it has no snapshots.
fn history(run: &Replica, all: bool) -> Vec<(f64, Cow<'_, [f64]>)> {
    let snapshots = &run.measurements.history;
    fn spectrum(snapshot: &SnapshotSpectrum) -> (f64, Cow<'_, [f64]>) {
        (snapshot.step as f64, (&snapshot.singular_values).into())
    }
    match snapshots.len() {
        0 | 1 => {
            let rows = run.metrics.iter();
            rows.map(|row| (row.step as f64, row.singular_values().into()))
                .collect()
        }
        _ if all => snapshots.iter().map(spectrum).collect(),
        _ => thinned(snapshots).map(spectrum).collect(),
    }
}

/// The group of a rank (from 0) among 1, 2, 3-4, 5-8, ... and its name.
fn ranks(rank: usize, modes: usize) -> (usize, String) {
    let octave = rank.checked_ilog2().map_or(0, |octave| octave as usize + 1);
    let index = octave.min(RANKS - 1);
    let first = match index {
        0 => 1,
        _ => (1 << (index - 1)) + 1,
    };
    let last = match index + 1 {
        RANKS => modes,
        _ => (1 << index).min(modes),
    };
    let name = match (first, last) {
        (1, _) => "mode 1".to_owned(),
        _ if first == last => first.to_string(),
        _ => format!("{first}–{last}"),
    };
    (index, name)
}

/// Singular values of a group by rank.
struct Spectra<'a> {
    label: &'a str,
    /// Number of all singular values.
    modes: usize,
    /// Each over updates; of a single run all of them, else those that are drawn.
    series: Vec<Series>,
}

impl<'a> Spectra<'a> {
    fn new(group: &'a Group<'_>, drawn: usize, alone: bool) -> Self {
        let all = |run: &Replica| history(run, alone).iter().map(|s| s.1.len()).max();
        let modes = group.replicas.iter().filter_map(|run| all(run)).max();
        let modes = modes.unwrap_or(0);
        let of = |rank: usize| {
            Series::over(group, move |run| {
                let known = history(run, alone).into_iter();
                known
                    .map(|(step, values)| (step, values.get(rank).copied().unwrap_or(f64::NAN)))
                    .collect()
            })
        };
        let kept = if alone { modes } else { drawn.min(modes) };
        Self {
            label: &group.label,
            modes,
            series: (0..kept).map(of).collect(),
        }
    }

    fn panel(&self, drawn: usize) -> Panel {
        let drawn = drawn.min(self.series.len());
        let axes = (updates(), Axis::log("singular value λ"));
        let mut panel = Panel::new(self.label, axes.0, axes.1);
        let mut seen = RANKS;
        for (rank, series) in self.series[..drawn].iter().enumerate() {
            let (index, name) = ranks(rank, drawn);
            let series = Series {
                group: String::new(),
                ..series.clone()
            };
            let marks = series
                .named(format!("λ{}", subscript(rank + 1)))
                .color(Color::Rank(index))
                .marks();
            // One entry in the legend per group of ranks.
            let mut marks: Vec<Mark> = marks.into_iter().map(Mark::unlisted).collect();
            if let (true, Some(line)) = (seen != index, marks.first_mut()) {
                line.label = name;
                line.in_legend = true;
            }
            panel = panel.with_all(marks);
            seen = index;
        }
        panel.with(critical(Mark::horizontal))
    }
}

/// The leading singular values of each group over updates.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Singular values over updates";
    let drawn = LEADING[usize::from(groups.len() > 1)];
    let alone = is_alone(groups);
    let shown = shown(groups);
    let all: Vec<Spectra<'_>> = shown
        .iter()
        .map(|group| Spectra::new(group, drawn, alone))
        .collect();
    let times = |series: &Series| {
        let known = series.points.iter().filter(|(_, y)| y.value.is_finite());
        known.count()
    };
    let most = all.iter().flat_map(|spectra| spectra.series.first());
    if most.map(times).max().unwrap_or(0) < 2 {
        return missing(TITLE, "there are fewer than two snapshots of them");
    }
    let modes = all.iter().map(|spectra| spectra.modes).max().unwrap_or(0);
    Ok(Figure {
        name: "singular-values",
        title: TITLE.to_owned(),
        caption: html! {
            "Singular values λ" sub { "1" } " ≥ λ" sub { "2" } " ≥ … of " i { "W" } ", colored by rank"
            @if drawn < modes { "; the leading " (drawn) @if groups.len() == 1 { " of " (modes) } " modes" } ". "
            "Both axes are logarithmic; 0 is the model before its first update. Dashed: λ = 4, from which on a mode of an RBM with units in {0, 1} has no Gaussian limit. Its relaxation time "
            span class="nowrap" { "1/(4 − λ)" } " diverges there, and beyond it the Landau free energy of a centered mode has two wells (theory, section 3). "
            (means(groups)) (left_out(groups))
        },
        content: Content::Panels(all.iter().map(|spectra| spectra.panel(drawn)).collect()),
        tables: vec![wide(&all)],
    })
}

/// A row per update, a column per mode.
fn wide(all: &[Spectra<'_>]) -> Table {
    let places = || {
        all.iter().flat_map(|spectra| {
            let first = spectra.series.iter().take(1).flat_map(|one| &one.points);
            first.enumerate().map(move |(k, point)| (spectra, k, point))
        })
    };
    let mut table = Table::new("singular-values")
        .texts(
            "group",
            places().map(|(spectra, _, _)| spectra.label.to_owned()),
        )
        .numbers("step", places().map(|(_, _, point)| point.0))
        .numbers(
            "replicas",
            places().map(|(_, _, point)| point.1.count as f64),
        );
    let several = places().any(|(_, _, point)| point.1.count > 1);
    let modes = all
        .iter()
        .map(|spectra| spectra.series.len())
        .max()
        .unwrap_or(0);
    for rank in 0..modes {
        let mean = |value: fn(&super::series::Mean) -> f64| {
            places().map(move |(spectra, k, _)| {
                let point = spectra.series.get(rank).and_then(|one| one.points.get(k));
                point.map_or(f64::NAN, |point| value(&point.1))
            })
        };
        table = table.numbers(format!("lambda_{}", rank + 1), mean(|mean| mean.value));
        if several {
            let name = format!("lambda_{}_error", rank + 1);
            table = table.numbers(name, mean(|mean| mean.error));
        }
    }
    table
}

/// How many modes do not converge to their Boltzmann distribution.
pub fn nonconvergent(groups: &[Group<'_>]) -> Drawn {
    let count = |value: fn(&SnapshotSpectrum) -> Option<f64>| {
        move |run: &Replica| -> Vec<(f64, f64)> {
            thinned(&run.measurements.history)
                .filter_map(|s| Some((s.step as f64, value(s)?)))
                .collect()
        }
    };
    let series = [
        by_group(groups, count(|s| Some(s.nonconvergent as f64))),
        by_group(groups, count(|s| s.above_edge.map(|count| count as f64))),
    ];
    if !series[0].iter().any(Series::has_values) {
        return missing("Non-convergent modes", "there are no snapshots");
    }
    let titles = ["Modes with λ ≥ 4", "Modes above the Marchenko-Pastur edge"];
    let rows: Vec<_> = titles
        .iter()
        .zip(&series)
        .map(|(title, series)| (*title, series.as_slice()))
        .collect();
    let panels = rows
        .iter()
        .map(|(title, series)| panel(title, updates(), Axis::linear("modes"), series));
    Ok(Figure {
        name: "nonconvergent",
        title: "Non-convergent modes and outliers".to_owned(),
        caption: html! {
            "Left: modes with λ ≥ 4, whose Gaussian integral does not exist: in the limit of many units they do not converge to their \
             Boltzmann distribution (theory, section 3). Right: modes above the upper edge λ" sub { "+" }
            " of the density fitted to the bulk (section 2). " (means(groups))
        },
        content: Content::Panels(panels.collect()),
        tables: vec![table("nonconvergent", "step", &rows)],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinned_snapshots_are_in_order_with_both_ends() {
        for count in [0, 1, 2, 60, 61, 120, 151] {
            let history: Vec<SnapshotSpectrum> = (0..count)
                .map(|step| SnapshotSpectrum {
                    step,
                    ..Default::default()
                })
                .collect();
            let steps: Vec<u64> = thinned(&history).map(|snapshot| snapshot.step).collect();
            assert!(steps.len() <= POINTS + 1, "{steps:?}");
            assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
            let ends = (count > 0).then(|| (0, count - 1));
            assert_eq!(steps.first().copied().zip(steps.last().copied()), ends);
        }
    }
}
