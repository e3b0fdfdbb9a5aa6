//! Likelihood over a run, with the band between both sides of its bracket.

use maud::html;
use rbm_figures::{Axis, Color, Content, Figure, Mark, Panel, Section, Table};

use super::data::{LikelihoodPoint, ReportData};

/// The likelihood along training, if it was estimated; nothing at all otherwise.
pub fn add(section: &mut Section, data: &ReportData) {
    if data.likelihood.len() + data.snapshot_likelihood.len() > 0 {
        section.figure(figure(&data.likelihood, &data.snapshot_likelihood));
    }
}

/// A log-likelihood of one part of the data.
type Value = fn(&LikelihoodPoint) -> Option<f64>;

/// The curves and bands of one file, or its points where the other one is drawn as curves.
fn marks(rows: &[LikelihoodPoint], curves: bool) -> Vec<Mark> {
    let mut marks = Vec::new();
    let parts: [(Color, &str, Value); 2] = [
        (Color::Series(0), "training images", |row| Some(row.train)),
        (Color::Series(1), "test images", |row| row.test),
    ];
    for (color, name, value) in parts {
        let known: Vec<(f64, f64, [f64; 2])> = rows
            .iter()
            .filter_map(|row| Some((row.step as f64, value(row)?, row.band)))
            .collect();
        if known.is_empty() {
            continue;
        }
        if !curves {
            let points = known.iter().map(|(x, y, band)| {
                let [low, high] = *band;
                (*x, y + 0.5 * (low + high), 0.5 * (high - low).abs())
            });
            let label = format!("{name}, during training");
            marks.push(Mark::error_bars(points).color(color).label(label));
            continue;
        }
        let band = known
            .iter()
            .map(|(x, y, [a, b])| (*x, y + a.min(*b), y + a.max(*b)));
        marks.push(Mark::band(band).color(color).label(name).unlisted());
        let line = Mark::line(known.iter().map(|(x, y, _)| (*x, *y)));
        marks.push(line.color(color).label(name));
    }
    marks
}

/// A range that leaves out the steep start of training.
fn settled(rows: &[LikelihoodPoint]) -> Option<(f64, f64)> {
    let extent = |rows: &[LikelihoodPoint]| {
        let values = rows
            .iter()
            .flat_map(|row| [Some(row.train), row.test])
            .flatten();
        let finite = values.filter(|x| x.is_finite());
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
            (low.min(x), high.max(x))
        })
    };
    let (all, late) = (extent(rows), extent(&rows[rows.len() / 3..]));
    let room = late.1 - late.0;
    (room > 0.0 && all.1 - all.0 > 4.0 * room).then_some((late.0 - room, late.1 + room))
}

fn figure(direct: &[LikelihoodPoint], path: &[LikelihoodPoint]) -> Figure {
    let main = if path.is_empty() { direct } else { path };
    let axis = Axis {
        range: settled(main),
        ..Axis::linear("nats per image")
    };
    let mut panel = Panel::new("", Axis::linear("updates"), axis).with_all(marks(main, true));
    if !path.is_empty() {
        panel = panel.with_all(marks(direct, false));
    }
    Figure {
        name: "log-likelihood",
        title: "Log-likelihood".to_owned(),
        caption: html! {
            "Mean of ln " i { "p" } "(" b { "v" } ") = −" i { "F" } "(" b { "v" } ") − ln " i { "Z" }
            " over all images of a part, in nats per image, with ln " i { "Z" }
            " by Bennett's ratio. The band is what everything known allows: its upper edge is AIS (which gives ln " i { "Z" }
            " low on average), its lower edge the furthest of reverse AIS (if the samples that it starts from are \
             those of the model) and of what pilot runs from all states alike do not rule out. "
            "Each point is annealed from independent units, "
            @if path.is_empty() { "during training." } @else {
                "from the snapshots; bars, if any, were annealed during training."
            }
        },
        content: Content::Panels(vec![panel]),
        tables: [("log-likelihood", path), ("log-likelihood-direct", direct)]
            .into_iter()
            .filter(|(_, rows)| !rows.is_empty())
            .map(|(name, rows)| table(name, rows))
            .collect(),
    }
}

fn table(name: &str, rows: &[LikelihoodPoint]) -> Table {
    let side = |k: usize| {
        move |row: &LikelihoodPoint| {
            let value = row.test.unwrap_or(row.train);
            value + row.band[k]
        }
    };
    Table::new(name)
        .numbers("step", rows.iter().map(|row| row.step as f64))
        .numbers("train_log_likelihood", rows.iter().map(|row| row.train))
        .numbers(
            "test_log_likelihood",
            rows.iter().map(|row| row.test.unwrap_or(f64::NAN)),
        )
        .numbers("lowest", rows.iter().map(side(0)))
        .numbers("highest", rows.iter().map(side(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rbm_figures::Shape;

    fn points() -> Vec<LikelihoodPoint> {
        let point = |step, train| LikelihoodPoint {
            step,
            train,
            test: Some(train - 1.0),
            band: [-0.5, 0.25],
        };
        vec![
            point(0, -200.0),
            point(10, -90.0),
            point(20, -85.0),
            point(30, -84.0),
        ]
    }

    #[test]
    fn the_band_lies_between_both_sides() {
        let figure = figure(&[], &points());
        let Content::Panels(panels) = &figure.content else {
            panic!("panels")
        };
        assert_eq!(panels[0].marks.len(), 4);
        let Shape::Band(band) = &panels[0].marks[0].shape else {
            panic!("the band is behind")
        };
        assert_eq!(band[1], (10.0, -90.5, -89.75));
        // The steep start is left out.
        assert_eq!(panels[0].y.range, Some((-98.0, -77.0)));
        assert_eq!(figure.tables.len(), 1);
    }

    #[test]
    fn direct_estimates_are_bars_on_the_curves_and_curves_alone() {
        let marks_of = |direct: &[LikelihoodPoint], path: &[LikelihoodPoint]| {
            let Content::Panels(mut panels) = figure(direct, path).content else {
                panic!("panels")
            };
            panels.remove(0).marks
        };
        let both = marks_of(&points()[2..3], &points());
        let Shape::ErrorBars(bars) = &both[4].shape else {
            panic!("bars in front")
        };
        assert_eq!(bars[0], (20.0, -85.125, 0.375));
        assert_eq!(marks_of(&points(), &[]).len(), 4);
        let mut section = Section::new("x", "X");
        add(&mut section, &ReportData::default());
        assert!(section.blocks.is_empty());
    }
}
