//! Singular values: over training, against Marchenko-Pastur, beyond 4.

use super::series::{Mean, Series, by_group, panel, table};
use super::{Drawn, Group, Replica, along, means, shown};
use crate::measure::SnapshotSpectrum;
use maud::html;
use rbm_analysis::MarchenkoPastur;
use rbm_analysis::gaussian::CRITICAL_SINGULAR_VALUE;
use rbm_figures::number::significant;
use rbm_figures::{Axis, Color, Content, Figure, Histogram, Mark, Panel, Table};

/// Modes drawn over time.
const LEADING: usize = 10;
/// Bars of a histogram, and points of a density.
const BARS: usize = 32;
const CURVE: usize = 160;
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

/// The snapshot of a run that a histogram is of.
type End = fn(&Replica) -> Option<&SnapshotSpectrum>;

/// One bar of a histogram over replicas: panel, left, right, height.
type Bar = (String, f64, f64, Mean);

/// Histograms of the first and the last snapshot.
pub fn against_marchenko_pastur(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Spectra and Marchenko-Pastur density";
    let ends: [(&str, End); 2] = [
        ("start", |run| run.measurements.history.first()),
        ("end", |run| run.measurements.history.last()),
    ];
    let (mut panels, mut bars, mut remarks) = (Vec::new(), Vec::new(), Vec::new());
    for group in shown(groups) {
        for (when, of) in ends {
            let snapshots: Vec<_> = group.replicas.iter().filter_map(|run| of(run)).collect();
            if !snapshots.is_empty() {
                let name = group.prefixed(when);
                remarks.push(remark(&name, &snapshots));
                panels.push(histogram(group, &name, &snapshots, &mut bars));
            }
        }
    }
    if panels.is_empty() {
        return Err((TITLE, "there are no snapshots".to_owned()));
    }
    let left_out = groups.len() - shown(groups).len();
    Ok(Figure {
        name: "sweep-spectrum",
        title: TITLE.to_owned(),
        caption: html! {
            "Densities of all singular values, normalised over the modes, at the first and the last snapshot, and "
            i { "ρ" } "(λ) = [(λ" sub { "+" } "² − λ²)(λ² − λ" sub { "−" } "²)]" sup { "1/2" } " / (π σ² " i { "R" } " λ), λ"
            sub { "±" } " = σ |√" i { "N" } " ± √" i { "M" } "|, of independent weights with the standard deviation σ of the \
             bulk (theory, section 2). " (means(groups))
            @for remark in &remarks { (remark) " " }
            @if left_out > 0 { "Left out here: " (left_out) " of " (groups.len()) " groups." }
        },
        content: Content::Panels(panels),
        tables: vec![
            Table::new("sweep-spectrum")
                .texts("panel", bars.iter().map(|bar| bar.0.clone()))
                .numbers("bar_low", bars.iter().map(|bar| bar.1))
                .numbers("bar_high", bars.iter().map(|bar| bar.2))
                .numbers("mean", bars.iter().map(|bar| bar.3.value))
                .numbers("standard_error", bars.iter().map(|bar| bar.3.error))
                .numbers("replicas", bars.iter().map(|bar| bar.3.count as f64)),
        ],
    })
}

fn sigma(snapshots: &[&SnapshotSpectrum]) -> Mean {
    Mean::of(snapshots.iter().filter_map(|snapshot| snapshot.sigma))
}

/// What the fits say.
fn remark(name: &str, snapshots: &[&SnapshotSpectrum]) -> String {
    let above = snapshots.iter().filter_map(|snapshot| snapshot.above_edge);
    let above = Mean::of(above.map(|count| count as f64));
    let with_error = |mean: Mean, digits: usize| {
        let value = significant(mean.value, digits);
        if mean.error > 0.0 {
            format!("{value} ± {}", significant(mean.error, 2))
        } else {
            value
        }
    };
    format!(
        "{name}: σ = {}, {} modes above the edge.",
        with_error(sigma(snapshots), 4),
        with_error(above, 3)
    )
}

fn histogram(
    group: &Group<'_>,
    name: &str,
    snapshots: &[&SnapshotSpectrum],
    rows: &mut Vec<Bar>,
) -> Panel {
    let m = &group.first().measurements;
    let law = MarchenkoPastur::new(m.n_visible, m.n_hidden, sigma(snapshots).value).ok();
    let upper = law.as_ref().map_or(0.0, |law| law.edges().1);
    let end = right_end(snapshots, upper);
    let each: Vec<Histogram> = snapshots
        .iter()
        .map(|snapshot| Histogram::new(&snapshot.singular_values, (0.0, end), BARS))
        .collect();
    let height = |k: usize| Mean::of(each.iter().filter_map(move |h| Some(h.bars.get(k)?.2)));
    let bars = each.iter().flat_map(|h| &h.bars).take(BARS).enumerate();
    let bars: Vec<(f64, f64, Mean)> = bars.map(|(k, bar)| (bar.0, bar.1, height(k))).collect();
    let modes = snapshots[0].singular_values.len();
    let beyond = each.iter().map(|h| h.beyond).sum::<usize>() as f64 / each.len() as f64;
    let label = if beyond > 0.0 {
        format!("{modes} modes, {} further right", significant(beyond, 2))
    } else {
        format!("{modes} modes")
    };
    let heights = bars
        .iter()
        .map(|(low, high, mean)| (*low, *high, mean.value));
    let mut panel = Panel::new(
        name,
        Axis::linear("singular value λ").over(0.0, end),
        Axis::linear("density ρ"),
    )
    .with(Mark::bars(heights).color(Color::Series(0)).label(label));
    if snapshots.len() > 1 {
        let filled = bars.iter().filter(|bar| bar.2.value > 0.0);
        let middles = filled.map(|(low, high, mean)| (0.5 * (low + high), mean.value, mean.error));
        let middles = Mark::error_bars(middles).color(Color::Series(0));
        panel = panel.with(middles.label("mean over replicas").unlisted());
    }
    if let Some(law) = law {
        let (low, high) = law.edges();
        let at = |k: usize| low + (high - low) * k as f64 / CURVE as f64;
        let curve = (0..=CURVE).map(|k| (at(k), law.density(at(k))));
        panel = panel.with(Mark::line(curve).label("Marchenko-Pastur"));
    }
    rows.extend(
        bars.into_iter()
            .map(|(a, b, mean)| (name.to_owned(), a, b, mean)),
    );
    panel.with(critical(Mark::vertical))
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

/// The leading singular values of each group over updates.
pub fn singular_values(groups: &[Group<'_>]) -> Drawn {
    let shown = shown(groups);
    let mut panels = Vec::new();
    let mut all: Vec<(String, Vec<Series>)> = Vec::new();
    for group in &shown {
        let value = |rank: usize| {
            move |run: &Replica| -> Vec<(f64, f64)> {
                let known = thinned(&run.measurements.history);
                known
                    .filter_map(|s| Some((s.step as f64, *s.singular_values.get(rank)?)))
                    .collect()
            }
        };
        let series: Vec<Series> = (0..LEADING.min(group.hidden()))
            .map(|rank| {
                Series {
                    group: String::new(),
                    ..Series::over(group, value(rank))
                }
                .named(format!("λ{}", rbm_figures::number::subscript(rank + 1)))
                .color(along(LEADING - 1 - rank, LEADING))
            })
            .collect();
        let mut panel = Panel::new(
            if group.label.is_empty() {
                "Leading modes"
            } else {
                &group.label
            },
            super::updates(),
            Axis::log("singular value λ"),
        );
        for one in &series {
            let marks = super::series::panel(
                "",
                super::updates(),
                Axis::log(""),
                std::slice::from_ref(one),
            );
            panel = panel.with_all(marks.marks.into_iter().map(Mark::unlisted));
        }
        panels.push(panel.with(critical(Mark::horizontal)));
        all.push((group.label.clone(), series));
    }
    let rows: Vec<(&str, &[Series])> = all
        .iter()
        .map(|(label, series)| (label.as_str(), series.as_slice()))
        .collect();
    let left_out = groups.len() - shown.len();
    Ok(Figure {
        name: "sweep-singular-values",
        title: "Singular values over updates".to_owned(),
        caption: html! {
            "The " (LEADING) " largest singular values of " i { "W" } ", the darkest is the first; both axes are logarithmic, 0 is the model before its first \
             update. Dashed: λ = 4, from which on a mode has no Gaussian limit (theory, section 3). " (means(groups))
            @if left_out > 0 { "Left out here: " (left_out) " of " (groups.len()) " groups." }
        },
        content: Content::Panels(panels),
        tables: vec![table("sweep-singular-values", "step", &rows)],
    })
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
        return Err(("Non-convergent modes", "there are no snapshots".to_owned()));
    }
    let titles = ["Modes with λ ≥ 4", "Modes above the Marchenko-Pastur edge"];
    let rows: Vec<_> = titles
        .iter()
        .zip(&series)
        .map(|(title, series)| (*title, series.as_slice()))
        .collect();
    let panels = rows
        .iter()
        .map(|(title, series)| panel(title, super::updates(), Axis::linear("modes"), series));
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
