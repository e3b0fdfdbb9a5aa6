//! Samples beside data: numbers, principal components, free energies.

use maud::html;
use rbm_figures::number::significant;
use rbm_figures::{Axis, Block, Color, Content, Figure, Histogram, Mark, Panel, Section, Table};

use super::drawn::{Drawn, Missing};
use super::group::{Group, close_up};
use crate::quality::{MomentDifference, Points, Quality};

const DATA: Color = Color::Series(0);
const SAMPLES: Color = Color::Series(1);
/// Rows of each set in the scatter plot; the table has them all.
const SCATTERED: usize = 1000;
/// Bars of a histogram.
const BARS: usize = 40;

/// Sample quality on a page of its own: a table of numbers, and figures where there are points.
pub fn section(quality: &Quality) -> Section {
    let mut section = Section::new("quality", "Sample quality");
    section.blocks.push(list(quality));
    let points = quality.points.as_ref();
    for figure in [components_of, free_energy_of] {
        if let Some(figure) = points.and_then(figure) {
            section.figure(figure);
        }
    }
    section
}

fn list(quality: &Quality) -> Block {
    Block::Pairs {
        rows: numbers(quality),
        folded: None,
    }
}

/// The table of numbers, if samples of a single run were compared.
pub fn results(groups: &[Group<'_>]) -> Option<Block> {
    close_up(groups)?.quality.as_ref().map(list)
}

fn drawn(groups: &[Group<'_>], figure: fn(&Points) -> Option<Figure>) -> Drawn {
    let quality = close_up(groups).and_then(|close_up| close_up.quality.as_ref());
    let points = quality.and_then(|quality| quality.points.as_ref());
    points.and_then(figure).ok_or(Missing::Unasked)
}

/// Data and samples in the plane of principal components.
pub fn components(groups: &[Group<'_>]) -> Drawn {
    drawn(groups, components_of)
}

/// Free energies of data and samples.
pub fn free_energy(groups: &[Group<'_>]) -> Drawn {
    drawn(groups, free_energy_of)
}

/// The numbers as (name, value with unit).
pub fn numbers(q: &Quality) -> Vec<(String, String)> {
    let aats = q.adversarial_accuracy;
    let mut rows = vec![
        ("rows in each set".to_owned(), q.rows.to_string()),
        (
            "nearest-neighbor adversarial accuracy (ideal 0.5)".to_owned(),
            format!(
                "{:.3} ± {:.3} (truth {:.3}, synthetic {:.3})",
                aats.value, aats.standard_error, aats.truth, aats.synthetic
            ),
        ),
    ];
    let moment = |name: &str, m: &MomentDifference| {
        (
            format!("{name}, rms difference"),
            format!(
                "{} (sampling noise alone {}){}",
                significant(m.rms, 3),
                significant(m.rms_expected, 3),
                m.correlation
                    .map(|r| format!(", correlation {r:.4}"))
                    .unwrap_or_default()
            ),
        )
    };
    rows.extend([
        moment("means", &q.first_moments),
        moment("covariances", &q.second_moments),
        moment("third central moments", &q.third_moments),
    ]);
    // The data's own projections have mean 0 up to rounding.
    let mean = |mean: f64, deviation: f64| {
        let rounding = mean.abs() < 1e-9 * deviation;
        significant(if rounding { 0.0 } else { mean }, 3)
    };
    let energy = q
        .free_energy
        .iter()
        .map(|c| ("free energy".to_owned(), "nats", c));
    let components = q.components.iter().enumerate().map(|(k, c)| {
        let name = format!(
            "principal component {} ({:.1}% of the variance)",
            k + 1,
            100.0 * c.explained
        );
        (name, "", &c.comparison)
    });
    rows.extend(energy.chain(components).map(|(name, unit, c)| {
        let text = format!(
            "data {} ± {} {unit}, samples {} ± {} {unit} (± deviation); KS distance {:.3}, 95% of pairs of \
             equal sets below {:.3}",
            mean(c.data_mean, c.data_deviation),
            significant(c.data_deviation, 3),
            mean(c.samples_mean, c.samples_deviation),
            significant(c.samples_deviation, 3),
            c.ks_distance,
            c.ks_critical
        );
        (name, text.replace("  ", " ").replace(" ,", ","))
    }));
    rows
}

fn components_of(points: &Points) -> Option<Figure> {
    if points.data.is_empty() {
        return None;
    }
    let scatter = |rows: &[[f64; 2]]| {
        let some = rows.iter().take(SCATTERED);
        Mark::points(some.map(|[x, y]| (*x, *y)))
    };
    let plane = Panel::new(
        "The plane of the first two",
        Axis::linear("component 1"),
        Axis::linear("component 2"),
    )
    .with(scatter(&points.data).color(DATA).label("data"))
    .with(scatter(&points.samples).color(SAMPLES).label("samples"));
    let first = |rows: &[[f64; 2]]| rows.iter().map(|row| row[0]).collect::<Vec<_>>();
    let (data, samples) = (first(&points.data), first(&points.samples));
    let column = |rows: &[[f64; 2]], k: usize| rows.iter().map(|row| row[k]).collect::<Vec<_>>();
    Some(Figure {
        name: "quality-components",
        title: "Data and samples on the data's principal components".to_owned(),
        caption: html! {
            "Rows of data and samples projected on the leading eigenvectors of the data's covariance, less the data's "
            "mean; dimensionless. Samples of a good model cover the data's regions with the same density."
        },
        content: Content::Panels(vec![
            plane,
            density("Along the first", "component 1", &data, &samples),
        ]),
        tables: vec![
            Table::new("quality-components")
                .numbers("data_1", column(&points.data, 0))
                .numbers("data_2", column(&points.data, 1))
                .numbers("samples_1", column(&points.samples, 0))
                .numbers("samples_2", column(&points.samples, 1)),
        ],
    })
}

fn free_energy_of(points: &Points) -> Option<Figure> {
    if points.data_free_energy.is_empty() {
        return None;
    }
    let (data, samples) = (&points.data_free_energy, &points.samples_free_energy);
    Some(Figure {
        name: "quality-free-energy",
        title: "Free energies of data and samples".to_owned(),
        caption: html! {
            "Density of " i { "F" } "(" i { "v" } ") = − ln " i { "p" } "(" i { "v" } ") − ln " i { "Z" }
            " over rows of data and over samples, in nats. The two coincide if the samples, and the model, are good."
        },
        content: Content::Panels(vec![density(
            "Free energy",
            "free energy, nats",
            data,
            samples,
        )]),
        tables: vec![
            Table::new("quality-free-energy")
                .numbers("data", data.iter().copied())
                .numbers("samples", samples.iter().copied()),
        ],
    })
}

/// Outlines of two histograms over one range.
fn density(title: &str, label: &str, data: &[f64], samples: &[f64]) -> Panel {
    let all = || data.iter().chain(samples).copied();
    let (low, high) = (
        all().fold(f64::INFINITY, f64::min),
        all().fold(f64::NEG_INFINITY, f64::max),
    );
    let range = (low, high + 1e-9 * (high - low).abs());
    let outline = |values: &[f64]| {
        let bars = Histogram::new(values, range, BARS).bars;
        Mark::line(bars.into_iter().flat_map(|(a, b, y)| [(a, y), (b, y)]))
    };
    Panel::new(title, Axis::linear(label), Axis::linear("density"))
        .with(outline(data).color(DATA).label("data"))
        .with(outline(samples).color(SAMPLES).label("samples").dashed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::BitMatrix;
    use rbm_figures::Document;

    #[test]
    fn the_section_holds_numbers_figures_and_their_data() {
        let set =
            |shift: usize| BitMatrix::from_fn(40, 9, |r, c| (r * c + shift).is_multiple_of(3));
        let rbm = rbm_model::RbmConfig::new(9, 4)
            .init(&burn::tensor::Device::default())
            .unwrap();
        let mut quality = crate::quality::compare(&set(0), &set(1), Some(&rbm), 0).unwrap();
        let document = Document {
            title: "quality".into(),
            sections: vec![section(&quality)],
            ..Default::default()
        };
        let dir = tempfile::tempdir().unwrap();
        let index = document.write(dir.path()).unwrap();
        let page = std::fs::read_to_string(index).unwrap();
        assert!(page.contains("adversarial accuracy") && page.contains("principal component 1"));
        let data = std::fs::read_to_string(dir.path().join("data/quality-free-energy.csv"));
        assert_eq!(data.unwrap().lines().count(), 41);
        assert!(dir.path().join("figures/quality-components.svg").exists());
        quality.points = None;
        assert_eq!(section(&quality).blocks.len(), 1);
    }
}
