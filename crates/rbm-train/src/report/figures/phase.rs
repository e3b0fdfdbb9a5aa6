//! The phase plane: where training leads, and the regions that random models have.

use super::drawn::{Drawn, missing};
use super::group::{Group, means};
use super::series::{Series, panel, table};
use maud::html;
use rayon::prelude::*;
use rbm_analysis::phase::{
    Averages, Ensemble, MapPoint, PlanePoint, Transitions, Units, phase_map,
};
use rbm_figures::{Axis, Color, Content, Figure, Mark, Panel, Table};

/// Size and number of the random models.
const SIZE: (usize, usize) = (12, 10);
const DISORDER: usize = 24;
/// |J0|/J and T/J at which they are measured.
const COLUMNS: [f64; 3] = [0.0, 1.5, 4.0];
const TEMPERATURES: [f64; 8] = [0.15, 0.3, 0.45, 0.6, 0.8, 1.1, 1.6, 2.4];
/// Points of a boundary.
const CURVE: usize = 80;

/// Random models at one |J0|/J.
fn measured(ratio: f64) -> Option<Vec<MapPoint>> {
    let places: Vec<PlanePoint> = TEMPERATURES
        .iter()
        .map(|t| PlanePoint {
            j0: ratio,
            j: 1.0,
            temperature: *t,
        })
        .collect();
    let ensemble = Ensemble {
        n_visible: SIZE.0,
        n_hidden: SIZE.1,
        units: Units::Spin,
        disorder: DISORDER,
        seed: 0,
    };
    phase_map(&places, &ensemble, &Averages::Exact).ok()
}

/// Paths of the groups, and order parameters of random models.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    let paths: Vec<Series> = groups
        .iter()
        .enumerate()
        .map(|(k, group)| {
            Series::cells(group, |run| {
                super::singular_values::thinned(&run.measurements.history)
                    .map(|s| {
                        (
                            s.j0_over_j.unwrap_or(f64::NAN),
                            s.t_over_j.unwrap_or(f64::NAN),
                            f64::NAN,
                        )
                    })
                    .collect()
            })
            .color(Color::Series(k))
            .named(if groups.len() > 1 { "" } else { "training" })
        })
        .collect();
    if !paths.iter().any(Series::has_values) {
        return missing("Phase plane", "there are no snapshots");
    }
    let widest = paths
        .iter()
        .flat_map(|series| series.points.iter().map(|point| point.0))
        .filter(|x| x.is_finite())
        .fold(2.5, f64::max);
    let first = groups[0].first();
    let (n, m) = (first.measurements.n_visible, first.measurements.n_hidden);
    let boundary = (0..=CURVE).map(|k| {
        let ratio = 1.05 * widest * k as f64 / CURVE as f64;
        let lines = Transitions::new(n, m, ratio, 1.0);
        (ratio, lines.ferromagnet.max(lines.spin_glass))
    });
    // Where both lines meet the glass ends, J0/J = ((N+M)/sqrt(NM))^(1/2).
    let meeting = ((n + m) as f64 / ((n * m) as f64).sqrt()).sqrt();
    let glass = Transitions::new(n, m, meeting, 1.0).spin_glass;
    let lowest = paths
        .iter()
        .flat_map(|series| series.points.iter().map(|point| point.1.value))
        .filter(|y| y.is_finite())
        .fold(glass, f64::min);
    let mut plane = panel(
        "Path of training",
        Axis::linear("|J₀|/J"),
        Axis::log("T/J, in spins"),
        &paths,
    )
    .with(Mark::line(boundary).label("edge of the paramagnet"))
    .with(
        Mark::line([(meeting, 0.7 * lowest), (meeting, glass)])
            .label("glass | ferromagnet")
            .color(Color::Muted)
            .dashed(),
    );
    for (series, color) in paths.iter().zip(0..) {
        let ends = [
            ("start", series.points.first()),
            ("end", series.points.last()),
        ];
        for (name, point) in ends {
            if let Some((x, y)) = point {
                let dot = Mark::points([(*x, y.value)]).color(Color::Series(color));
                let dot = dot.label(format!("{} {name}", series.group).trim().to_owned());
                plane = plane.with(dot.unlisted());
            }
        }
    }
    let map: Vec<(f64, Vec<MapPoint>)> = COLUMNS
        .into_par_iter()
        .filter_map(|ratio| Some((ratio, measured(ratio)?)))
        .collect();
    let order = |title: &str, value: fn(&MapPoint) -> (f64, f64)| {
        let marks = map.iter().enumerate().map(|(k, (ratio, points))| {
            let points = points.iter().map(|point| {
                let (mean, error) = value(point);
                (point.at.temperature, mean, error)
            });
            Mark::error_bars(points)
                .color(Color::Series(k))
                .label(format!("|J₀|/J = {ratio}"))
        });
        let random = Transitions::new(SIZE.0, SIZE.1, 0.0, 1.0);
        Panel::new(
            title,
            Axis::log("T/J, in spins"),
            Axis::linear("").over(-0.1, 1.0),
        )
        .with_all(marks)
        .with(
            Mark::vertical(random.spin_glass, "glass")
                .color(Color::Muted)
                .dashed(),
        )
    };
    let panels = vec![
        plane,
        order("Random models: magnetisation", |p| {
            (p.layer_magnetization.mean, p.layer_magnetization.error)
        }),
        order("Random models: overlap", |p| {
            (p.layer_overlap.mean, p.layer_overlap.error)
        }),
    ];
    let map_rows = || {
        map.iter()
            .flat_map(|(ratio, points)| points.iter().map(move |p| (*ratio, p)))
    };
    Ok(Figure {
        name: "phase-plane",
        title: "Phase plane".to_owned(),
        caption: html! {
            "Path of the weights in the plane (|" i { "J" } sub { "0" } "|/" i { "J" } ", " i { "T" } "/" i { "J" } ") with " i { "J" } sub { "0" } " = (" i { "N" } " + " i { "M" } ") mean(" i { "W" } "), " i { "J" }
            " = √(" i { "N" } " + " i { "M" } ") std(" i { "W" } "), " i { "T" } " = 1, for the couplings of spins, " i { "W" } "/4; from above, where the start is. Edge: the paramagnet of infinite random models "
            "without fields ends there" @if groups.len() > 1 { " (drawn for " (n) " × " (m) ")" } ", towards the spin glass left and the ferromagnet right of the dashed line (theory, section 6). A trained model has fields and structure "
            "that these have not. Other panels: ⟨" i { "m" } sub { "v" } i { "m" } sub { "h" } "⟩, the product of the layers' magnetisations, and ⟨" i { "q" } sub { "v" } i { "q" } sub { "h" } "⟩, that of their Edwards-Anderson "
            "overlaps between replicas, of " (DISORDER) " random " (SIZE.0) " × " (SIZE.1) " spin models at each place: exact for each, with the standard error of the disorder average. Both are large in the \
             ferromagnet, only the second in the glass; at this size the transitions are rounded. " (means(groups))
        },
        content: Content::Panels(panels),
        tables: vec![
            table("phase-plane", "j0_over_j", &[("T/J", paths.as_slice())]),
            Table::new("phase-plane-random")
                .numbers("j0_over_j", map_rows().map(|row| row.0))
                .numbers("t_over_j", map_rows().map(|row| row.1.at.temperature))
                .numbers(
                    "layer_magnetisation",
                    map_rows().map(|row| row.1.layer_magnetization.mean),
                )
                .numbers(
                    "layer_magnetisation_error",
                    map_rows().map(|row| row.1.layer_magnetization.error),
                )
                .numbers(
                    "layer_overlap",
                    map_rows().map(|row| row.1.layer_overlap.mean),
                )
                .numbers(
                    "layer_overlap_error",
                    map_rows().map(|row| row.1.layer_overlap.error),
                ),
        ],
    })
}
