//! Is the matrix still rotationally symmetric, and are the coordinates still Gaussian?

use super::drawn::{Drawn, missing};
use super::group::{Group, is_alone, means_or_own};
use super::series::Style::{self, Dots};
use super::series::{Series, panel, table};
use crate::measure::{SnapshotMeasurement, chains};
use crate::report::data::Replica;
use maud::html;
use rbm_analysis::symmetry::RotationDistance;
use rbm_figures::number::simulated_p_value;
use rbm_figures::{Axis, Color, Content, Figure, Mark, Panel};

/// Points of the predicted line.
const CURVE: usize = 60;
const UNTRAINED: Color = Color::Series(2);
const TRAINED: Color = Color::Series(0);

/// A value (x, value, error) of the first or of the last checkpoint of each group.
fn at_end(
    groups: &[Group<'_>],
    trained: bool,
    name: &str,
    point: impl Fn(&SnapshotMeasurement, &Replica) -> Option<(f64, f64, f64)>,
) -> Vec<Series> {
    let of = |run: &Replica| {
        let all = &run.measurements.checkpoints;
        let checkpoint = if trained { all.last() } else { all.first() };
        checkpoint.and_then(|c| point(c, run)).into_iter().collect()
    };
    let color = if trained { TRAINED } else { UNTRAINED };
    let one = |group| {
        let series = Series::over_measured(group, of).named(name);
        series.color(color).style(Dots)
    };
    groups.iter().map(one).collect()
}

/// The same value of all groups as one series to draw, since they differ by x.
fn joined(series: &[Series]) -> Series {
    let mut all = series[0].clone();
    all.group = String::new();
    all.points = series
        .iter()
        .flat_map(|one| one.points.iter().copied())
        .collect();
    all.points.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}

/// A panel of such values.
fn joined_panel(title: &str, x: Axis, y: Axis, values: &[Vec<Series>]) -> Panel {
    let all: Vec<Series> = values.iter().map(|series| joined(series)).collect();
    panel(title, x, y, &all)
}

fn colored(series: Vec<Series>, color: Color) -> Vec<Series> {
    series.into_iter().map(|one| one.color(color)).collect()
}

/// Divergences of W from its copies before and after training, and of copies from each other: for one run a rule, since
/// one place is no line.
fn divergences(title: &str, x: Axis, values: &[Vec<Series>; 3], alone: bool) -> Panel {
    let y = Axis::log("nats");
    let null = values[2].first().and_then(|series| series.points.first());
    match null.filter(|_| alone) {
        Some((_, null)) => {
            let rule = Mark::horizontal(null.value, "two rotated copies");
            let drawn = joined_panel(title, x, y, &values[..2]);
            drawn.with(rule.color(Color::Muted).dashed())
        }
        None => joined_panel(title, x, y, values),
    }
}

/// Jensen-Shannon divergence of the entries and participation ratios, against 1/M.
pub fn rotation(groups: &[Group<'_>]) -> Drawn {
    let inverse = |run: &Replica| 1.0 / run.measurements.n_hidden as f64;
    let divergence = |trained: bool, name: &str, value: fn(&RotationDistance) -> [f64; 2]| {
        at_end(groups, trained, name, |c, run| {
            let [value, error] = value(&c.rotation.as_ref()?.jensen_shannon);
            Some((inverse(run), value, error))
        })
    };
    let null = divergence(true, "two rotated copies", |d| [d.null_mean, d.null_error]);
    let null = null
        .into_iter()
        .map(|one| one.color(Color::Muted).style(Style::Dashed));
    let first = [
        divergence(false, "untrained", |d| [d.mean, d.error]),
        divergence(true, "trained", |d| [d.mean, d.error]),
        null.collect(),
    ];
    if !first[0].iter().any(Series::has_values) {
        return missing("Rotation test", "it was not measured");
    }
    let ratio = |trained: bool, k: usize, name: &str| {
        at_end(groups, trained, name, |c, run| {
            Some((inverse(run), c.participation?[k], f64::NAN))
        })
    };
    let second = [
        ratio(false, 0, "left, untrained"),
        ratio(true, 0, "left, trained"),
        colored(ratio(false, 1, "right, untrained"), Color::Series(4)),
        colored(ratio(true, 1, "right, trained"), Color::Series(1)),
    ];
    let p_values: Vec<String> = groups
        .iter()
        .filter_map(|group| {
            let all = &group.first().measurements.checkpoints;
            let p = |c: Option<&SnapshotMeasurement>| {
                let test = c?.rotation.as_ref()?;
                Some(simulated_p_value(
                    test.jensen_shannon.p_value,
                    test.rotations,
                ))
            };
            let (before, after) = (p(all.first())?, p(all.last())?);
            Some(group.prefixed(&format!("{before} before and {after} after training")))
        })
        .collect();
    let copies = groups.iter().find_map(|g| {
        Some(
            g.first()
                .measurements
                .checkpoints
                .first()?
                .rotation
                .as_ref()?
                .rotations,
        )
    });
    let x = || Axis::linear("1/M");
    let titles = [
        "Jensen-Shannon divergence",
        "Participation ratio over Haar's",
    ];
    let panels = vec![
        divergences(titles[0], x(), &first, is_alone(groups)),
        joined_panel(titles[1], x(), Axis::linear("Σᵢ Uᵢₖ⁴ (N + 2)/3"), &second)
            .with(Mark::horizontal(1.0, "Haar").color(Color::Muted).dashed()),
    ];
    let (first, second) = (first.concat(), second.concat());
    let rows = [
        (titles[0], first.as_slice()),
        (titles[1], second.as_slice()),
    ];
    Ok(Figure {
        name: "rotation",
        title: "Rotation test".to_owned(),
        caption: html! {
            "Left: Jensen-Shannon divergence, in nats, of the histogram of the entries of " i { "W" } " from those of " i { "Q" } sub { i { "U" } }
            i { " W Q" } sub { i { "V" } } sup { "T" } " with Haar-distributed " i { "Q" } ", and of two such copies from each other: the value that \
             finite histograms of one law have. Right: mean inverse participation ratio of the singular vectors over that of Haar \
             vectors, 3/(" i { "N" } " + 2) for left and 3/(" i { "M" } " + 2) for right ones (theory, section 2). "
            (means_or_own(groups))
            @if let Some(copies) = copies {
                "Rank of the divergence among those of " (copies) " copies, as a p-value for a rotationally symmetric matrix: "
                (p_values.join("; ")) "."
            }
        },
        content: Content::Panels(panels),
        tables: vec![table("rotation", "inverse_hidden", &rows)],
    })
}

/// Mean kurtosis of x of independent uniform units with Haar-distributed vectors.
fn haar_kurtosis(units: f64) -> f64 {
    3.0 - 6.0 / (units + 2.0)
}

/// Kurtosis of x and y against the inverse number of units.
pub fn kurtosis(groups: &[Group<'_>]) -> Drawn {
    let units = |run: &Replica, k: usize| {
        let m = &run.measurements;
        if k == 0 { m.n_visible } else { m.n_hidden }
    };
    let uniform = |trained: bool, k: usize, name: &str| {
        at_end(groups, trained, name, |c, run| {
            Some((1.0 / units(run, k) as f64, c.kurtosis.uniform?[k], f64::NAN))
        })
    };
    let sampled = |trained: bool, k: usize, name: &str| {
        at_end(groups, trained, name, |c, run| {
            let [value, error] = c.kurtosis.sampled?[k];
            Some((1.0 / units(run, k) as f64, value, error))
        })
    };
    let colors = [
        Color::Series(2),
        Color::Series(0),
        Color::Series(4),
        Color::Series(1),
    ];
    let names = ["x, untrained", "x, trained", "y, untrained", "y, trained"];
    let four = |of: &dyn Fn(bool, usize, &str) -> Vec<Series>| -> Vec<Vec<Series>> {
        (0..4)
            .map(|k| colored(of(k % 2 == 1, k / 2, names[k]), colors[k]))
            .collect()
    };
    let (first, second) = (four(&uniform), four(&sampled));
    if !first.iter().flatten().any(Series::has_values) {
        return missing("Kurtosis", "it was not measured");
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
            (inverse, haar_kurtosis(1.0 / inverse))
        });
        Mark::line(std::iter::once((0.0, 3.0)).chain(points)).label("3 − 6/(n + 2)")
    };
    let x = || Axis::linear("1/N for x, 1/M for y");
    let titles = ["Independent uniform units", "Samples of the model"];
    let panels = vec![
        joined_panel(titles[0], x(), Axis::linear("kurtosis"), &first).with(line()),
        joined_panel(titles[1], x(), Axis::linear("kurtosis"), &second).with(line()),
    ];
    let (first, second) = (first.concat(), second.concat());
    let rows = [
        (titles[0], first.as_slice()),
        (titles[1], second.as_slice()),
    ];
    Ok(Figure {
        name: "kurtosis",
        title: "Kurtosis of x and y".to_owned(),
        caption: html! {
            "Mean over all modes of ⟨δ" i { "x" } "⁴⟩/⟨δ" i { "x" } "²⟩². Left: under the reference measure of independent units with \
             probability 1/2, where it is exactly 3 − 2 Σ" sub { i { "i" } } i { "U" } sub { i { "ik" } } "⁴, on average 3 − 6/(" i { "n" }
            " + 2) for Haar vectors of " i { "n" } " units: Gaussian, 3, as " i { "n" } " grows (theory, section 3). Right: over states of " (chains::CHAINS) " Gibbs "
            "chains from data rows; coordinates that crowd in wells lie below 3, and units that rarely switch raise it. Untrained models "
            "have the biases of the data unless the configuration says otherwise. " (means_or_own(groups))
        },
        content: Content::Panels(panels),
        tables: vec![table("kurtosis", "inverse_units", &rows)],
    })
}
