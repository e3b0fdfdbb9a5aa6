//! Is the matrix still rotationally symmetric, and are the coordinates still Gaussian?

use super::series::{Series, panel, table};
use super::series::Style::Dots;
use super::{Drawn, Group, Replica, means};
use crate::measure::{Checkpoint, checkpoint::haar_kurtosis};
use crate::report::colour::Colour;
use crate::report::figure::{Axis, Content, Figure, Mark};
use maud::html;

/// Points of the predicted line.
const CURVE: usize = 60;
const UNTRAINED: Colour = Colour::Series(2);
const TRAINED: Colour = Colour::Series(0);

/// A value of the first or of the last checkpoint of each group.
fn at_end(
    groups: &[Group<'_>],
    trained: bool,
    point: impl Fn(&Checkpoint, &Replica) -> Option<(f64, f64)>,
) -> Vec<Series> {
    let of = |run: &Replica| {
        let all = &run.measurements.checkpoints;
        let checkpoint = if trained { all.last() } else { all.first() };
        checkpoint.and_then(|c| point(c, run)).into_iter().collect()
    };
    let colour = if trained { TRAINED } else { UNTRAINED };
    groups
        .iter()
        .map(|group| Series::over(group, of).colour(colour).style(Dots))
        .collect()
}

/// All groups as one series, since they differ by x.
fn joined(series: Vec<Series>, name: &str) -> Series {
    let mut all = series.into_iter().reduce(|mut all, one| {
        all.points.extend(one.points);
        all
    });
    if let Some(all) = &mut all {
        all.group = String::new();
        all.name = name.to_owned();
        all.points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    all.expect("at least one group")
}

/// Jensen-Shannon divergence of the entries and participation ratios, against 1/M.
pub fn rotation(groups: &[Group<'_>]) -> Drawn {
    let inverse = |run: &Replica| 1.0 / run.measurements.n_hidden as f64;
    let divergence = |trained: bool, value: fn(&Checkpoint) -> Option<f64>, name: &str| {
        let all = at_end(groups, trained, |c, run| Some((inverse(run), value(c)?)));
        joined(all, name)
    };
    let measured = |c: &Checkpoint| c.rotation.as_ref().map(|r| r.jensen_shannon.mean);
    let null = |c: &Checkpoint| c.rotation.as_ref().map(|r| r.jensen_shannon.null_mean);
    let first = [
        divergence(false, measured, "untrained"),
        divergence(true, measured, "trained"),
        divergence(true, null, "two rotated copies").colour(Colour::Muted),
    ];
    if !first[0].has_values() {
        return Err(("Rotation test", "it was not measured".to_owned()));
    }
    let ratio = |trained: bool, k: usize, name: &str| {
        let all = at_end(groups, trained, |c, run| {
            Some((inverse(run), c.participation?[k]))
        });
        joined(all, name)
    };
    let second = [
        ratio(false, 0, "left, untrained"),
        ratio(true, 0, "left, trained"),
        ratio(false, 1, "right, untrained").colour(Colour::Series(4)),
        ratio(true, 1, "right, trained").colour(Colour::Series(1)),
    ];
    let p_values: Vec<String> = groups
        .iter()
        .filter_map(|group| {
            let all = &group.first().measurements.checkpoints;
            let p = |c: Option<&Checkpoint>| Some(c?.rotation.as_ref()?.jensen_shannon.p_value);
            let (before, after) = (p(all.first())?, p(all.last())?);
            Some(group.prefixed(&format!("{before:.2} before and {after:.2} after training")))
        })
        .collect();
    let copies = groups
        .iter()
        .find_map(|g| Some(g.first().measurements.checkpoints.first()?.rotation.as_ref()?.rotations));
    let x = || Axis::linear("1/M");
    let titles = ["Jensen-Shannon divergence", "Participation ratio over Haar's"];
    let panels = vec![
        panel(titles[0], x(), Axis::log("nats"), &first),
        panel(titles[1], x(), Axis::linear("mean Σᵢ Uᵢₖ⁴ (N + 2)/3"), &second)
            .with(Mark::horizontal(1.0, "Haar").colour(Colour::Muted).dashed()),
    ];
    let rows = [(titles[0], first.as_slice()), (titles[1], second.as_slice())];
    Ok(Figure {
        name: "rotation",
        title: "Rotation test".to_owned(),
        caption: html! {
            "Left: Jensen-Shannon divergence, in nats, of the histogram of the entries of " i { "W" } " from those of " i { "Q" } sub { i { "U" } }
            i { " W Q" } sub { i { "V" } } sup { "T" } " with Haar-distributed " i { "Q" } ", and of two such copies from each other: the value that \
             finite histograms of one law have. Right: mean inverse participation ratio of the singular vectors over that of Haar \
             vectors, 3/(" i { "N" } " + 2) for left and 3/(" i { "M" } " + 2) for right ones (theory, section 2). "
            (means(groups))
            @if let Some(copies) = copies {
                "p-values of the divergence among " (copies) " copies (at least " (format!("{:.2}", 1.0 / (1.0 + copies as f64))) "): "
                (p_values.join("; ")) "."
            }
        },
        content: Content::Panels(panels),
        tables: vec![table("rotation", "inverse_hidden", &rows)],
    })
}

/// Kurtosis of x and y against the inverse number of units.
pub fn kurtosis(groups: &[Group<'_>]) -> Drawn {
    let units = |run: &Replica, k: usize| {
        let m = &run.measurements;
        if k == 0 { m.n_visible } else { m.n_hidden }
    };
    let uniform = |trained: bool, k: usize, name: &str| {
        let all = at_end(groups, trained, |c, run| {
            Some((1.0 / units(run, k) as f64, c.kurtosis.uniform?[k]))
        });
        joined(all, name)
    };
    let sampled = |trained: bool, k: usize, name: &str| {
        let all = at_end(groups, trained, |c, run| {
            Some((1.0 / units(run, k) as f64, c.kurtosis.sampled?[k][0]))
        });
        joined(all, name)
    };
    let colours = [Colour::Series(2), Colour::Series(0), Colour::Series(4), Colour::Series(1)];
    let names = ["x, untrained", "x, trained", "y, untrained", "y, trained"];
    let four = |of: &dyn Fn(bool, usize, &str) -> Series| -> Vec<Series> {
        (0..4)
            .map(|k| of(k % 2 == 1, k / 2, names[k]).colour(colours[k]))
            .collect()
    };
    let (first, second) = (four(&uniform), four(&sampled));
    if !first.iter().any(Series::has_values) {
        return Err(("Kurtosis", "it was not measured".to_owned()));
    }
    let smallest = groups
        .iter()
        .flat_map(|group| [units(group.first(), 0), units(group.first(), 1)])
        .min()
        .unwrap_or(1);
    let widest = 1.1 / smallest as f64;
    let line = || {
        let points = (1..=CURVE).map(|k| {
            let inverse = widest * k as f64 / CURVE as f64;
            // 3 - 6/(n + 2) with n = 1/inverse
            (inverse, 3.0 - 6.0 * inverse / (1.0 + 2.0 * inverse))
        });
        Mark::line(std::iter::once((0.0, 3.0)).chain(points)).label("3 − 6/(n + 2)")
    };
    debug_assert!((haar_kurtosis(10) - 2.5).abs() < 1e-12);
    let x = || Axis::linear("1/N for x, 1/M for y");
    let titles = ["Independent uniform units", "Samples of the model"];
    let panels = vec![
        panel(titles[0], x(), Axis::linear("kurtosis"), &first).with(line()),
        panel(titles[1], x(), Axis::linear("kurtosis"), &second).with(line()),
    ];
    let rows = [(titles[0], first.as_slice()), (titles[1], second.as_slice())];
    Ok(Figure {
        name: "kurtosis",
        title: "Kurtosis of x and y".to_owned(),
        caption: html! {
            "Mean over all modes of ⟨δ" i { "x" } "⁴⟩/⟨δ" i { "x" } "²⟩². Left: under the reference measure of independent units with \
             probability 1/2, where it is exactly 3 − 2 Σ" sub { i { "i" } } i { "U" } sub { i { "ik" } } "⁴, on average 3 − 6/(" i { "n" }
            " + 2) for Haar vectors of " i { "n" } " units: Gaussian, 3, as " i { "n" } " grows (theory, section 3). Right: over states of 200 Gibbs "
            "chains from data rows; coordinates that crowd in wells lie below 3, and units that rarely switch raise it. Untrained models "
            "have the biases of the data unless the configuration says otherwise. " (means(groups))
        },
        content: Content::Panels(panels),
        tables: vec![table("kurtosis", "inverse_units", &rows)],
    })
}
