//! Do data and samples sit at the saddles of the leading modes?

use super::drawn::{Drawn, missing, updates};
use super::group::{Group, means};
use super::series::{Series, Style, panel, table};
use crate::measure::{MODES, Probe, Snapshot, kept};
use crate::report::data::Replica;
use maud::html;
use rbm_analysis::AnalysisError;
use rbm_analysis::reciprocal::{
    HiddenUnits, RotatedDistances, SaddleDistance, Trajectories, pairs, root_mean_square,
    rotated_distances, saddle_distances, uniform_distances,
};
use rbm_figures::{Axis, Color, Content, Figure, Mark};
use serde::{Deserialize, Serialize};

/// Copies with modes drawn anew.
const COPIES: usize = 99;

/// Distances from the saddles of the leading modes, mode by mode.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Saddles {
    /// Of data rows with drawn hidden units.
    pub data: Vec<SaddleDistance>,
    /// Of samples of the model.
    pub model: Vec<SaddleDistance>,
    /// Of independent units with probability 1/2, about the mean point (U^T 1/2, V^T 1/2).
    pub uniform: Vec<SaddleDistance>,
    /// Of the data with Haar-distributed modes: in place of the first mode, and of the others.
    pub rotated: [Option<RotatedDistances>; 2],
}

/// What is measured of a snapshot.
pub const PROBE: Probe = Probe {
    name: "saddle-distances",
    measure: |snapshot| kept(measured(snapshot)?),
};

fn measured(snapshot: &Snapshot<'_>) -> Result<Saddles, AnalysisError> {
    let (space, parameters) = (snapshot.space, snapshot.parameters);
    let leading: Vec<usize> = (0..snapshot.modes).collect();
    let mut saddles = Saddles {
        model: saddle_distances(space, &snapshot.chains.states)?,
        uniform: uniform_distances(space, &leading)?,
        ..Default::default()
    };
    if let Some(reference) = snapshot.reference.filter(|r| r.rows.nrows() > 0) {
        let visible = reference.rows.as_ref();
        let hidden = HiddenUnits::Drawn {
            seed: snapshot.seed,
        }
        .of(parameters, visible)?;
        let states = (visible, hidden.as_ref());
        let rows = Trajectories::from_states(space, pairs(&leading), states.0, states.1)?;
        saddles.data = saddle_distances(space, &rows)?;
        let (first, others) = saddles.data.split_at(saddles.data.len().min(1));
        for (rotated, modes) in saddles.rotated.iter_mut().zip([first, others]) {
            *rotated = rotated_distances(space, states, modes, COPIES, snapshot.seed)?;
        }
    }
    Ok(saddles)
}

/// The first mode, or the other leading ones, of some states.
fn part(all: &[SaddleDistance], others: bool) -> &[SaddleDistance] {
    let (first, rest) = all.split_at(all.len().min(1));
    if others { rest } else { first }
}

/// One series a group of what `value` says of its checkpoints.
fn over(
    groups: &[Group<'_>],
    name: &str,
    style: Style,
    value: impl Fn(&Saddles) -> Option<f64>,
) -> Vec<Series> {
    let of = |run: &Replica| {
        let all = run.measurements.checkpoints.iter();
        all.filter_map(|c| Some((c.step as f64, value(&c.of(&PROBE)?)?)))
            .collect()
    };
    let one = |(k, group)| {
        let series = Series::over(group, of).named(name);
        series.color(Color::Series(k)).style(style)
    };
    groups.iter().enumerate().map(one).collect()
}

/// Root mean square over modes of the energy.
fn energy(places: &[SaddleDistance]) -> Option<f64> {
    let square: f64 = places.iter().map(|place| place.energy.powi(2)).sum();
    (!places.is_empty()).then(|| (square / places.len() as f64).sqrt())
}

/// Distances in deviations of the clouds, the energy there, and the rank among rotated copies.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    let titles = [
        "Mode 1",
        "Other modes",
        "Energy",
        "Rank among rotated copies",
    ];
    let distances = |others: bool| {
        let of = |s: &[SaddleDistance]| root_mean_square(part(s, others));
        let drawn = [
            over(groups, "data", Style::Line, |s| of(&s.data)),
            over(groups, "samples", Style::Dashed, |s| of(&s.model)),
        ];
        let beside = [
            over(groups, "data, rotated modes", Style::Line, |s| {
                s.rotated[usize::from(others)].map(|r| r.mean)
            }),
            over(groups, "uniform units", Style::Line, |s| of(&s.uniform)),
        ];
        (drawn.concat(), beside.concat())
    };
    let ((first, first_null), (others, others_null)) = (distances(false), distances(true));
    let energies = [
        over(groups, "mode 1", Style::Line, |s| {
            energy(part(&s.data, false))
        }),
        over(groups, "others", Style::Dashed, |s| {
            energy(part(&s.data, true))
        }),
    ]
    .concat();
    let rank = |s: &Saddles, k: usize| s.rotated[k].map(|r| r.nearer);
    let ranks = [
        over(groups, "mode 1", Style::Line, |s| rank(s, 0)),
        over(groups, "others", Style::Dashed, |s| rank(s, 1)),
    ]
    .concat();
    if !first.iter().any(Series::has_values) {
        let reason = "there are no checkpoints with a usable saddle";
        return missing("Data and saddles", reason);
    }
    let rule = |at: f64, text: &str| Mark::horizontal(at, text).color(Color::Muted).dashed();
    let distance = || Axis::log("distance / deviation");
    let share = Axis::linear("share nearer").over(0.0, 1.0);
    let panels = vec![
        panel(titles[0], updates(), distance(), &first).with(rule(2f64.sqrt(), "√2")),
        panel(titles[1], updates(), distance(), &others).with(rule(2f64.sqrt(), "√2")),
        panel(titles[2], updates(), Axis::log("kT a mode"), &energies).with(rule(1.0, "kT")),
        panel(titles[3], updates(), share, &ranks).with(rule(0.5, "chance")),
    ];
    let rows = [
        (titles[0], first.as_slice()),
        (titles[0], first_null.as_slice()),
        (titles[1], others.as_slice()),
        (titles[1], others_null.as_slice()),
        (titles[2], energies.as_slice()),
        (titles[3], ranks.as_slice()),
    ];
    Ok(Figure {
        name: PROBE.name,
        title: "Distance of data and samples from the saddles".to_owned(),
        caption: html! {
            "Mahalanobis distance " i { "d" } " = [(" i { "m" } " − " i { "s" } ")" sup { "T" } i { " C" } sup { "−1" } "(" i { "m" } " − " i { "s" } ")]" sup { "1/2" }
            " of a mode's saddle " i { "s" } " = (" i { "x" } "*, " i { "y" } "*) from states with mean " i { "m" } " and covariance " i { "C" } " in (" i { "x" } ", " i { "y" }
            "): of mode 1, and the root mean square over modes 2 to " (MODES) ". Of a Gaussian cloud a part exp(−" i { "d" } "²/2) lies farther out than the saddle, and its own points have ⟨"
            i { "d" } "²⟩ = 2: near √2 the saddle is a typical point of the cloud, well below in its middle, well above outside. Data: test rows with drawn hidden units; samples: Gibbs chains. \
             Energy: root mean square over the data of λ(" i { "x" } " − " i { "x" } "*)(" i { "y" } " − " i { "y" } "*). Rank: share of " (COPIES)
            " models with Haar-distributed modes in place of these and the same states whose saddles are nearer to the data, uniform where modes know nothing of them. The table also has \
             the distances in those models, and of independent units with probability ½ from the saddles, about the mean point. " (means(groups))
        },
        content: Content::Panels(panels),
        tables: vec![table(PROBE.name, "step", &rows)],
    })
}
