//! Likelihood over a run, with the band between both sides of its bracket.

use super::drawn::{Drawn, missing};
use super::group::{Group, is_alone, means};
use super::parts::{Parts, settled};
use super::series::{Series, panel, table};
use crate::evaluation::likelihood_row::LikelihoodRow;
use crate::report::data::Replica;
use maud::{Markup, html};
use rbm_figures::{Axis, Content, Figure, Mark};
use rbm_model::partition::Verdict;

/// Place on the axis, lower and upper end.
type Range = (f64, f64, f64);

/// One in so many points, the first, may lie outside of the frame.
const FIRST: usize = 3;

/// Whether an evaluation is more than a bound or a guess.
pub fn holds(row: &LikelihoodRow) -> bool {
    [Verdict::Exact, Verdict::Bracketed]
        .iter()
        .any(|good| row.verdict == good.to_string())
}

/// Best, lowest and highest values.
struct Brackets {
    best: Parts,
    lowest: Parts,
    highest: Parts,
}

impl Brackets {
    fn new(groups: &[Group<'_>], rows: fn(&Replica) -> &[LikelihoodRow]) -> Self {
        let side = |side: fn(&LikelihoodRow) -> f64| {
            let points = |value: fn(&LikelihoodRow) -> Option<f64>| {
                move |run: &Replica| -> Vec<(f64, f64)> {
                    let rows = rows(run).iter();
                    rows.filter_map(|row| Some((row.step as f64, value(row)? + side(row))))
                        .collect()
                }
            };
            Parts::new(
                groups,
                &points(|row| Some(row.train_log_likelihood)),
                &points(|row| row.test_log_likelihood),
            )
        };
        Self {
            best: side(|_| 0.0),
            lowest: side(|row| row.band()[0]),
            highest: side(|row| row.band()[1]),
        }
    }

    /// What is drawn, from the lowest to the highest value: a series with (x, low, high).
    fn ranges(&self) -> Vec<(Series, Vec<Range>)> {
        let range = |(low, high): (Series, Series)| {
            let both = low.points.iter().zip(&high.points);
            let points = both.map(|((x, low), (_, high))| {
                (*x, low.value.min(high.value), low.value.max(high.value))
            });
            let points = points.collect();
            (low, points)
        };
        let both = self.lowest.drawn().into_iter().zip(self.highest.drawn());
        both.map(range).collect()
    }
}

/// Brackets of the likelihood, where runs were evaluated.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    const TITLE: &str = "Log-likelihood over updates";
    let brackets = Brackets::new(groups, |run| &run.likelihood);
    let in_training = Brackets::new(groups, |run| &run.likelihood_in_training);
    let best = brackets.best.drawn();
    if !best.iter().any(Series::has_values) {
        let reason = "no snapshots were evaluated; `rbm-train evaluate RUN --along-run` brackets them, for a curve over updates";
        return missing(TITLE, reason);
    }
    let y = Axis {
        range: settled(&best, FIRST),
        ..Axis::linear("nats per row")
    };
    let mut drawn = panel("", Axis::linear("updates"), y, &best);
    for (series, points) in brackets.ranges() {
        let label = format!("{}, lowest to highest", series.label());
        let label = label.trim_start_matches(", ");
        let band = Mark::band(points).color(series.color).label(label);
        drawn = drawn.with(band.unlisted());
    }
    if groups.len() == 1 {
        for (series, points) in in_training.ranges() {
            let bars = points.into_iter();
            let bars = bars.map(|(x, low, high)| (x, 0.5 * (low + high), 0.5 * (high - low)));
            let label = format!("{}, during training", series.label());
            drawn = drawn.with(Mark::error_bars(bars).color(series.color).label(label));
        }
    }
    let all = [
        ("combined", brackets.best.all()),
        ("lowest", brackets.lowest.all()),
        ("highest", brackets.highest.all()),
        ("combined (during training)", in_training.best.all()),
        ("lowest (during training)", in_training.lowest.all()),
        ("highest (during training)", in_training.highest.all()),
    ];
    let rows: Vec<_> = all.iter().map(|(name, all)| (*name, &all[..])).collect();
    Ok(Figure {
        name: "log-likelihood",
        title: TITLE.to_owned(),
        caption: caption(groups),
        content: Content::Panels(vec![drawn]),
        tables: vec![table("log-likelihood", "step", &rows)],
    })
}

fn caption(groups: &[Group<'_>]) -> Markup {
    let runs = || groups.iter().flat_map(|group| &group.replicas);
    let rows = || runs().flat_map(|run| &run.likelihood);
    let doubtful = rows().filter(|row| !holds(row)).count();
    let in_training = runs().any(|run| !run.likelihood_in_training.is_empty());
    html! {
        "Mean of ln " i { "p" } "(" b { "v" } ") = −" i { "F" } "(" b { "v" } ") − ln " i { "Z" } " over all rows of a part, in nats per row, with ln " i { "Z" }
        " by Bennett's ratio. "
        @if groups.len() > 1 { "Drawn of test rows, or of training rows where there are none. " }
        "The wide band is what everything known allows: its upper edge is AIS (which gives ln " i { "Z" } " low on average), its lower edge the furthest of reverse AIS (if the samples that it \
         starts from are those of the model) and of what pilot runs from all states alike do not rule out. Each point is annealed from independent units. "
        @if groups.len() == 1 && in_training { "Bars were annealed during training, curves from snapshots. " }
        (means(groups))
        @if !is_alone(groups) { "Runs without an evaluation are not in it; the table counts replicas. " }
        @if doubtful > 0 {
            "Of " (rows().count()) " evaluations " (doubtful) " are neither exact nor bracketed (upper bound only, or unreliable), and drawn like the others."
        }
    }
}
