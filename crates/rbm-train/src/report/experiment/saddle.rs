//! Do data and samples sit at the saddles of the leading modes?

use super::series::{Series, Style, panel, table};
use super::{Drawn, Group, Replica, means};
use crate::measure::saddle::{COPIES, Saddles};
use crate::report::colour::Colour;
use crate::report::figure::{Axis, Content, Figure, Mark};
use maud::html;
use rbm_analysis::saddle_distance::{SaddleDistance, root_mean_square};

/// One series a group of what `value` says of its checkpoints.
fn over(
    groups: &[Group<'_>],
    name: &str,
    style: Style,
    value: impl Fn(&Saddles) -> Option<f64>,
) -> Vec<Series> {
    let of = |run: &Replica| {
        let all = run.measurements.checkpoints.iter();
        all.filter_map(|c| Some((c.step as f64, value(&c.saddles)?)))
            .collect()
    };
    let one = |(k, group)| {
        let series = Series::over(group, of).named(name);
        series.colour(Colour::Series(k)).style(style)
    };
    groups.iter().enumerate().map(one).collect()
}

fn energy(places: &[SaddleDistance]) -> Option<f64> {
    let square: f64 = places.iter().map(|place| place.energy.powi(2)).sum();
    (!places.is_empty()).then(|| (square / places.len() as f64).sqrt())
}

/// Distances in deviations of the clouds, the energy there, and the rank among rotated copies.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    let titles = ["Data", "Samples", "Energy", "Rank among rotated copies"];
    let of_data = [
        over(groups, "data", Style::Line, |s| root_mean_square(&s.data)),
        over(groups, "rotated modes", Style::Dashed, |s| {
            s.rotated.map(|r| r.mean)
        }),
    ]
    .concat();
    let of_model = [
        over(groups, "samples", Style::Line, |s| {
            root_mean_square(&s.model)
        }),
        over(groups, "uniform units", Style::Dashed, |s| {
            root_mean_square(&s.uniform)
        }),
    ]
    .concat();
    let energies = [
        over(groups, "data", Style::Line, |s| energy(&s.data)),
        over(groups, "samples", Style::Dashed, |s| energy(&s.model)),
    ]
    .concat();
    let ranks = over(groups, "data", Style::Line, |s| s.rotated.map(|r| r.nearer));
    if !of_model.iter().any(Series::has_values) {
        let reason = "there are no checkpoints with a usable saddle".to_owned();
        return Err(("Data and saddles", reason));
    }
    let rule = |at: f64, text: &str| Mark::horizontal(at, text).colour(Colour::Muted).dashed();
    let distance = || Axis::log("distance / deviation");
    let panels = vec![
        panel(titles[0], super::updates(), distance(), &of_data).with(rule(2f64.sqrt(), "√2")),
        panel(titles[1], super::updates(), distance(), &of_model).with(rule(2f64.sqrt(), "√2")),
        panel(
            titles[2],
            super::updates(),
            Axis::log("kT a mode"),
            &energies,
        )
        .with(rule(1.0, "kT")),
        panel(
            titles[3],
            super::updates(),
            Axis::linear("share nearer").over(0.0, 1.0),
            &ranks,
        )
        .with(rule(0.5, "chance")),
    ];
    let rows = [
        (titles[0], of_data.as_slice()),
        (titles[1], of_model.as_slice()),
        (titles[2], energies.as_slice()),
        (titles[3], ranks.as_slice()),
    ];
    Ok(Figure {
        name: "saddle-distances",
        title: "Distance of data and samples from the saddles".to_owned(),
        caption: html! {
            "Mahalanobis distance " i { "d" } " = [(" i { "m" } " − " i { "s" } ")" sup { "T" } i { " C" } sup { "−1" } "(" i { "m" } " − " i { "s" } ")]" sup { "1/2" }
            " of a mode's saddle " i { "s" } " = (−" i { "c" } sub { i { "k" } } "/λ" sub { i { "k" } } ", −" i { "b" } sub { i { "k" } } "/λ" sub { i { "k" } } ") from a cloud with mean " i { "m" } " and covariance "
            i { "C" } " in (" i { "x" } sub { i { "k" } } ", " i { "y" } sub { i { "k" } } "), root mean square over the leading modes. A Gaussian cloud has a part exp(−" i { "d" } "²/2) farther out than the saddle, and its own points have ⟨"
            i { "d" } "²⟩ = 2: near √2 the saddle is a typical point of the cloud, well below in its middle, well above outside. Data: test rows with drawn hidden units; dashed, the same states in "
            (COPIES) " models with Haar-distributed modes. Samples: Gibbs chains; dashed, independent units with probability ½ about the mean point. Energy: root mean square of λ(" i { "x" } " − " i { "x" } "*)("
            i { "y" } " − " i { "y" } "*) over the states. Rank: share of rotated copies whose saddles are nearer, uniform where modes know nothing of the data. " (means(groups))
        },
        content: Content::Panels(panels),
        tables: vec![table("saddle-distances", "step", &rows)],
    })
}
