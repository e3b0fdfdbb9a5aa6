//! ln Z by all methods.

use super::drawn::{Drawn, missing, updates};
use super::group::{Group, means, shown};
use super::series::{Series, Style, panel, table};
use super::singular_values::critical;
use crate::measure::SnapshotMeasurement;
use crate::report::data::Replica;
use maud::{Markup, html};
use rbm_analysis::summary::LnZ;
use rbm_figures::{Axis, Color, Content, Figure, Mark};

/// The methods: name, value, color.
type Method = (&'static str, fn(&LnZ) -> Option<f64>, Color);
const METHODS: [Method; 4] = [
    ("Gaussian limit", |z| z.gaussian, Color::Series(4)),
    ("mean field", |z| z.mean_field, Color::Series(0)),
    ("Onsager", |z| z.onsager, Color::Series(2)),
    ("one loop", |z| z.one_loop, Color::Series(3)),
];

/// Those that are drawn as they are: on the scale of ln Z all others lie on mean field, and are drawn as what they add to it.
const APART: [&str; 2] = ["Gaussian limit", "mean field"];

/// ln Z of a checkpoint of a run.
type Value = fn(&SnapshotMeasurement, &Replica) -> Option<f64>;

/// Exact, or by annealing of the checkpoint, or from an evaluation of the run at the same update.
fn reference(checkpoint: &SnapshotMeasurement, run: &Replica) -> Option<f64> {
    let exact = checkpoint.ln_z.as_ref().and_then(|z| z.exact);
    let here = checkpoint.annealed.as_ref().map(|z| z.combined);
    let row = run
        .likelihood
        .iter()
        .find(|row| row.step == checkpoint.step);
    exact.or(here).or(row.map(|row| row.ln_z))
}

/// All values of a group over updates, as far as there are any.
fn over_updates(group: &Group<'_>) -> Vec<Series> {
    let series = |points: &dyn Fn(&Replica) -> Vec<(f64, f64)>, name: &str, color: Color| {
        let series = Series {
            group: String::new(),
            ..Series::over(group, points)
        };
        series.named(name).color(color)
    };
    let of = |value: fn(&LnZ) -> Option<f64>| {
        move |run: &Replica| -> Vec<(f64, f64)> {
            let all = run.measurements.checkpoints.iter();
            all.filter_map(|c| Some((c.step as f64, value(c.ln_z.as_ref()?)?)))
                .collect()
        }
    };
    let methods = METHODS.into_iter();
    let mut all: Vec<Series> = methods
        .map(|(name, value, color)| series(&of(value), name, color))
        .collect();
    let bracket = Color::Series(1);
    all.extend([
        series(&of(|z| z.exact), "exact", Color::Ink).style(Style::Dots),
        series(&|run| annealed(run, 0), "AIS", bracket),
        series(&|run| annealed(run, 1), "highest", bracket).style(Style::Dashed),
    ]);
    all.retain(Series::has_values);
    all
}

/// Distances of all methods from the exact or annealed value against the leading singular value.
fn errors(groups: &[Group<'_>]) -> Vec<Series> {
    // All runs as one group: what they share is the distance from the transition.
    let all = Group {
        label: String::new(),
        replicas: groups
            .iter()
            .flat_map(|group| group.replicas.iter().copied())
            .collect(),
    };
    METHODS
        .into_iter()
        .map(|(name, value, color)| {
            let of = |run: &Replica| -> Vec<(f64, f64)> {
                let checkpoints = run.measurements.checkpoints.iter();
                checkpoints
                    .filter_map(|c| {
                        let lambda = c.modes.first()?.landau.singular_value;
                        let error = value(c.ln_z.as_ref()?)? - reference(c, run)?;
                        Some((lambda, error.abs()))
                    })
                    .collect()
            };
            let series = Series::over(&all, of).named(name);
            series.color(color).style(Style::Dots)
        })
        .collect()
}

/// Values over updates, and their errors against the leading singular value.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    let (mut panels, mut tables) = (Vec::new(), Vec::new());
    for group in shown(groups) {
        let (title, series) = (group.prefixed("ln Z"), over_updates(group));
        if !series.is_empty() {
            let drawn = series
                .iter()
                .filter(|one| APART.contains(&one.name.as_str()));
            let drawn: Vec<Series> = drawn.cloned().collect();
            panels.push(panel(&title, updates(), Axis::log("nats"), &drawn));
            tables.push((title, series));
        }
    }
    let above = above_mean_field(groups);
    if above.iter().any(Series::has_values) {
        let (title, y) = ("Above the mean-field value", Axis::linear("nats"));
        panels.push(panel(title, updates(), y, &above));
        tables.push(("above mean field".into(), above));
    }
    let errors = errors(groups);
    let compared = errors.iter().any(Series::has_values);
    if compared {
        let title = "Distance from the exact or annealed value";
        let errors_panel = panel(title, Axis::linear("λ₁"), Axis::log("nats"), &errors);
        panels.push(errors_panel.with(critical(Mark::vertical)));
        tables.push(("distance over lambda_1".into(), errors));
    }
    if panels.is_empty() {
        return missing("ln Z by all methods", "there are no checkpoints");
    }
    let rows: Vec<(&str, &[Series])> = tables
        .iter()
        .map(|(title, series)| (title.as_str(), series.as_slice()))
        .collect();
    Ok(Figure {
        name: "ln-z",
        title: "ln Z by all methods".to_owned(),
        caption: caption(groups, compared),
        content: Content::Panels(panels),
        tables: vec![table("ln-z", "step_or_lambda", &rows)],
    })
}

fn caption(groups: &[Group<'_>], compared: bool) -> Markup {
    let left_out = groups.len() - shown(groups).len();
    html! {
    "ln " i { "Z" } " of the checkpoints in the Gaussian limit, which exists only while all λ < 4 and takes units about 1/2, so that biases as large as those of data put it far off (theory, section 3), and at the mean-field point of the lowest free energy of those reached from data rows, samples and "
    i { "m" } " = 1/2: −" i { "F" } sub { "MF" } ", a lower bound; with Onsager's term; and to one loop, where the point is stable (section 5). One point is one state: models with "
    "many wells have more. The others lie so near to mean field that they are drawn as what they add to it, as is the exact value, where a layer has at most 16 units, or that of annealing; the table also has AIS, which is low on average, and the highest value not ruled out, by reverse AIS above all. "
    @if !compared {
        "There is nothing exact or annealed to compare with: " code { "rbm-train report --full" } " anneals all checkpoints, " code { "rbm-train evaluate RUN --along-run" } " all snapshots. "
    }
    (means(groups))
    @if left_out > 0 { "Panels over updates are left out for " (left_out) " of " (groups.len()) " groups." }
    }
}

/// What the other methods add to mean field, which hardly differ from it on the scale of ln Z.
fn above_mean_field(groups: &[Group<'_>]) -> Vec<Series> {
    let kinds: [(&str, Value, Style); 3] = [
        ("Onsager", |c, _| c.ln_z.as_ref()?.onsager, Style::Dashed),
        ("one loop", |c, _| c.ln_z.as_ref()?.one_loop, Style::Line),
        ("exact or annealed", reference, Style::Dots),
    ];
    let mut all = Vec::new();
    for (index, group) in shown(groups).into_iter().enumerate() {
        for (k, (name, value, style)) in kinds.into_iter().enumerate() {
            let of = |run: &Replica| -> Vec<(f64, f64)> {
                let checkpoints = run.measurements.checkpoints.iter();
                checkpoints
                    .filter_map(|c| {
                        let base = c.ln_z.as_ref()?.mean_field?;
                        Some((c.step as f64, value(c, run)? - base))
                    })
                    .collect()
            };
            let color = Color::Series(if groups.len() > 1 { index } else { k });
            all.push(
                Series::over(group, of)
                    .named(name)
                    .color(color)
                    .style(style),
            );
        }
    }
    all.retain(Series::has_values);
    all
}

/// ln Z by AIS (0) or the highest value not ruled out (1), of the checkpoints or from an evaluation of the run.
fn annealed(run: &Replica, side: usize) -> Vec<(f64, f64)> {
    let here: Vec<(f64, f64)> = run
        .measurements
        .checkpoints
        .iter()
        .filter_map(|c| {
            let z = c.annealed.as_ref()?;
            Some((c.step as f64, [z.ais, z.highest][side]))
        })
        .collect();
    if !here.is_empty() {
        return here;
    }
    let rows = run.likelihood.iter();
    rows.map(|row| (row.step as f64, [row.ln_z_ais, row.ln_z_high][side]))
        .collect()
}
