//! The entries of W, and those of a rotated copy.

use super::drawn::{Drawn, missing};
use super::group::{Group, is_alone, left_out, means, shown};
use super::series::{Series, Style, panel, table};
use crate::measure::{Probe, kept};
use crate::report::data::Replica;
use maud::html;
use rbm_analysis::ReciprocalSpace;
use rbm_analysis::faer::Mat;
use rbm_analysis::random::{generator, haar_matrix};
use rbm_analysis::reciprocal::weight_matrix;
use rbm_figures::{Axis, Color, Content, Figure, Mark};
use rbm_model::Parameters;
use rbm_model::noise::stream;
use serde::{Deserialize, Serialize};

/// Points of the Gaussian.
const CURVE: usize = 60;
/// Bins of the histograms, and half their width in root mean squares.
const BINS: usize = 61;
const HALF_WIDTH: f64 = 6.0;

/// Densities of the entries in units of their root mean square.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WeightHistogram {
    /// Root mean square of the entries, which rotations leave as it is.
    pub rms: f64,
    /// Middles of the bins, in units of `rms`.
    pub middles: Vec<f64>,
    /// Density of the entries of W; entries beyond the bins are missing from it.
    pub own: Vec<f64>,
    /// Density of the entries of Q_U W Q_V^T with Haar-distributed Q.
    pub rotated: Vec<f64>,
}

/// What is measured of the first and of the last snapshot.
pub const PROBE: Probe = Probe {
    name: "weights-rotated",
    measure: |snapshot| {
        let histogram = || histogram(snapshot.parameters, snapshot.space, snapshot.seed);
        kept(snapshot.ends.then(histogram).flatten())
    },
};

/// Histograms of a model; `None` for a zero matrix.
fn histogram(
    parameters: &Parameters,
    space: &ReciprocalSpace,
    seed: u64,
) -> Option<WeightHistogram> {
    let weight = weight_matrix(parameters);
    let (n, m, modes) = (space.n_visible(), space.n_hidden(), space.modes());
    let square: f64 = parameters.weight.iter().map(|w| w * w).sum();
    let rms = (square / (n * m) as f64).sqrt();
    if rms <= 0.0 {
        return None;
    }
    // Q_U W Q_V^T = (Q_U U) Lambda (Q_V V)^T, of two thin Haar matrices.
    let mut random = generator(seed, stream::ROTATED_WEIGHTS);
    let mut left = haar_matrix(&mut random, n, modes);
    let right = haar_matrix(&mut random, m, modes);
    for (k, lambda) in space.singular_values().iter().enumerate() {
        for entry in left.col_as_slice_mut(k) {
            *entry *= lambda;
        }
    }
    let rotated = &left * right.transpose();
    let width = 2.0 * HALF_WIDTH / BINS as f64;
    Some(WeightHistogram {
        rms,
        middles: (0..BINS)
            .map(|k| -HALF_WIDTH + (k as f64 + 0.5) * width)
            .collect(),
        own: density(&weight, rms, width),
        rotated: density(&rotated, rms, width),
    })
}

fn density(matrix: &Mat<f64>, rms: f64, width: f64) -> Vec<f64> {
    let mut counts = vec![0usize; BINS];
    for column in 0..matrix.ncols() {
        for entry in matrix.col_as_slice(column) {
            let at = ((entry / rms + HALF_WIDTH) / width).floor();
            if at >= 0.0 && at < BINS as f64 {
                counts[at as usize] += 1;
            }
        }
    }
    let all = (matrix.nrows() * matrix.ncols()) as f64;
    let density = |count: usize| count as f64 / (all * width);
    counts.into_iter().map(density).collect()
}

/// Histograms of the entries before and after rotation.
pub fn figure(groups: &[Group<'_>]) -> Drawn {
    let alone = is_alone(groups);
    let mut panels = Vec::new();
    let mut all: Vec<(String, Vec<Series>)> = Vec::new();
    for group in shown(groups) {
        for trained in [false, true] {
            if !trained && !alone {
                continue;
            }
            let density = |rotated: bool| {
                move |run: &Replica| -> Vec<(f64, f64)> {
                    let checkpoints = &run.measurements.checkpoints;
                    let end = if trained {
                        checkpoints.last()
                    } else {
                        checkpoints.first()
                    };
                    let Some(histogram) = end.and_then(|c| c.of::<WeightHistogram>(&PROBE)) else {
                        return Vec::new();
                    };
                    let values = if rotated {
                        histogram.rotated
                    } else {
                        histogram.own
                    };
                    let known = histogram.middles.into_iter().zip(values);
                    known.filter(|(_, y)| *y > 0.0).collect()
                }
            };
            let series = [
                Series::over(group, density(false))
                    .named("W")
                    .color(Color::Series(0)),
                Series::over(group, density(true))
                    .named("rotated")
                    .color(Color::Series(1))
                    .style(Style::Dashed),
            ]
            .map(|series| Series {
                group: String::new(),
                ..series
            });
            let title = group.prefixed(if trained { "trained" } else { "untrained" });
            let gaussian = (0..=CURVE).map(|k| {
                let x = -5.0 + 10.0 * k as f64 / CURVE as f64;
                (
                    x,
                    (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt(),
                )
            });
            let axes = (
                Axis::linear("entry / rms"),
                Axis::log("density").over(1e-6, 10.0),
            );
            let gaussian = Mark::line(gaussian).color(Color::Muted).label("Gaussian");
            panels.push(panel(&title, axes.0, axes.1, &series).with(gaussian));
            all.push((title, series.to_vec()));
        }
    }
    if !all
        .iter()
        .any(|(_, series)| series.iter().any(Series::has_values))
    {
        return missing(
            "Weights before and after rotation",
            "they were not measured",
        );
    }
    let rows: Vec<_> = all
        .iter()
        .map(|(t, s)| (t.as_str(), s.as_slice()))
        .collect();
    Ok(Figure {
        name: PROBE.name,
        title: "Weights before and after rotation".to_owned(),
        caption: html! {
            "Densities of the entries of " i { "W" } " and of a copy " i { "Q" } sub { i { "U" } } i { " W Q" } sub { i { "V" } } sup { "T" } " with Haar-distributed "
            i { "Q" } ", in units of their root mean square, which rotation leaves as it is; a Gaussian for the eye. The two agree for a rotationally symmetric matrix (theory, \
             section 2). " (means(groups))
            (left_out(groups))
        },
        content: Content::Panels(panels),
        tables: vec![table(PROBE.name, "entry_over_rms", &rows)],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_are_normalized_and_rotation_makes_entries_gaussian() {
        // One entry alone is as far from symmetric as a matrix can be; rotated it is an outer product of unit vectors.
        let (n, m) = (40, 30);
        let mut weight = vec![0.0; n * m];
        weight[7] = 2.0;
        let model = Parameters::new(n, m, weight, vec![0.0; n], vec![0.0; m]).unwrap();
        let space = ReciprocalSpace::new(&model).unwrap();
        let found = histogram(&model, &space, 1).unwrap();
        assert!((found.rms - 2.0 / (n as f64 * m as f64).sqrt()).abs() < 1e-12);
        let area = |values: &[f64]| values.iter().sum::<f64>() * 12.0 / BINS as f64;
        // The one entry lies beyond all bins, at 35 root mean squares.
        let inside = 1.0 - 1.0 / (n * m) as f64;
        assert!((area(&found.own) - inside).abs() < 1e-12);
        assert!(area(&found.rotated) > 0.97);
        let middle = found.own[BINS / 2] / found.rotated[BINS / 2];
        assert!(middle > 2.0, "all zeros before, spread after: {middle}");
        let zero = Parameters::new(1, 1, vec![0.0], vec![0.0], vec![0.0]).unwrap();
        assert!(histogram(&zero, &ReciprocalSpace::new(&zero).unwrap(), 0).is_none());
    }
}
