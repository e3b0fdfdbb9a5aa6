//! Singular values: over time, and against the Marchenko-Pastur density.

use maud::html;
use rbm_figures::number::{fixed, significant, subscript};
use rbm_figures::{Axis, Color, Content, Figure, Histogram, Mark, Panel, RANKS, Section, Table};

use super::data::{ReportData, SpectrumPanel};

/// From this singular value on, a mode's Gaussian limit does not converge (units in {0, 1},
/// inverse temperature 1): Toledo-Marin, Maiti, Fox, Melko (2025), arXiv:2503.21536.
const CRITICAL: f64 = 4.0;
/// Modes that are drawn over time.
const LEADING: usize = 50;

/// The figures of the spectrum.
pub fn section(data: &ReportData) -> Section {
    let mut section = Section::new("spectrum", "Spectrum of the weights");
    let history = history(data);
    if history
        .iter()
        .filter(|(_, values)| values.iter().any(|value| value.is_finite()))
        .count()
        < 2
    {
        section.missing(
            "Singular values over time",
            "the run has fewer than two snapshots of them",
        );
    } else {
        section.figure(over_time(&history));
    }
    let panels: Vec<&SpectrumPanel> = data
        .spectrum_panels
        .iter()
        .filter(|panel| panel.singular_values.iter().any(|value| value.is_finite()))
        .collect();
    if panels.is_empty() {
        section.missing(
            "Spectrum and Marchenko-Pastur density",
            "there is no spectrum to compare",
        );
    } else {
        section.figure(against_marchenko_pastur(&panels));
    }
    section
}

/// Steps and spectra: of the snapshots, or of the evaluations where there are no snapshots.
fn history(data: &ReportData) -> Vec<(u64, &[f64])> {
    if data.spectra.steps.len() >= 2 {
        let values = data.spectra.singular_values.iter().map(Vec::as_slice);
        return data.spectra.steps.iter().copied().zip(values).collect();
    }
    data.metrics
        .iter()
        .map(|row| (row.step, row.singular_values.as_slice()))
        .collect()
}

/// Group of a rank (from 0) among 1, 2, 3-4, 5-8, ... and the group's name.
fn group(rank: usize, modes: usize) -> (usize, String) {
    let index = if rank == 0 {
        0
    } else {
        (rank.ilog2() + 1) as usize
    }
    .min(RANKS - 1);
    let first = if index == 0 {
        1
    } else {
        (1 << (index - 1)) + 1
    };
    let last = if index + 1 == RANKS {
        modes
    } else {
        (1 << index).min(modes)
    };
    (
        index,
        if first == last {
            format!("{first}")
        } else {
            format!("{first}–{last}")
        },
    )
}

fn over_time(history: &[(u64, &[f64])]) -> Figure {
    let modes = history
        .iter()
        .map(|(_, values)| values.len())
        .max()
        .unwrap_or(0);
    let drawn = modes.min(LEADING);
    let value = |values: &[f64], rank: usize| values.get(rank).copied().unwrap_or(f64::NAN);
    let mut panel = Panel::new("", Axis::log("updates"), Axis::log("singular value λ"));
    let mut seen = RANKS;
    for rank in 0..drawn {
        let (index, name) = group(rank, drawn);
        let curve = Mark::line(
            history
                .iter()
                .map(|(step, values)| (*step as f64, value(values, rank))),
        );
        let curve = curve.color(Color::Rank(index));
        // One legend entry a group.
        panel = panel.with(if seen == index {
            curve.label(format!("λ{}", subscript(rank + 1))).unlisted()
        } else {
            curve.label(if index == 0 {
                "mode 1".to_owned()
            } else {
                name
            })
        });
        seen = index;
    }
    panel = panel.with(
        Mark::horizontal(CRITICAL, "critical, λ = 4")
            .color(Color::Series(1))
            .dashed(),
    );
    let mut table =
        Table::new("singular-values").numbers("step", history.iter().map(|(step, _)| *step as f64));
    for rank in 0..modes {
        let column = history.iter().map(|(_, values)| value(values, rank));
        table = table.numbers(format!("lambda_{}", rank + 1), column);
    }
    Figure {
        name: "singular-values",
        title: "Singular values over updates".to_owned(),
        caption: html! {
            "Singular values λ" sub { "1" } " ≥ λ" sub { "2" } " ≥ … of the weight matrix, coloured by rank"
            @if drawn < modes { "; the leading " (drawn) " of " (modes) " modes" } ". "
            "Both axes are logarithmic; 0 is the model before its first update. "
            "Dashed: λ = 4, from which on a mode of an RBM with units in {0, 1} has no Gaussian limit. "
            "Its relaxation time " span class="nowrap" { "1/(4 − λ)" }
            " diverges there, and beyond it the Landau free energy of a centred "
            "mode has two wells."
        },
        content: Content::Panels(vec![panel]),
        tables: vec![table],
    }
}

fn against_marchenko_pastur(spectra: &[&SpectrumPanel]) -> Figure {
    let mut panels: Vec<Panel> = spectra.iter().map(|spectrum| histogram(spectrum)).collect();
    panels.push(by_rank(spectra));
    let rows = || {
        spectra.iter().flat_map(|spectrum| {
            spectrum
                .singular_values
                .iter()
                .enumerate()
                .map(|(k, value)| (*spectrum, k, *value))
        })
    };
    let points = || {
        spectra
            .iter()
            .flat_map(|spectrum| spectrum.density.iter().map(|point| (*spectrum, *point)))
    };
    Figure {
        name: "spectrum",
        title: "Spectrum and Marchenko-Pastur density".to_owned(),
        caption: html! {
            "Histograms of all singular values, normalised over the modes, and the "
            "Marchenko-Pastur density "
            i { "ρ" } "(λ) = [(λ" sub { "+" } "² − λ²)(λ² − λ" sub { "−" } "²)]" sup { "1/2" }
                " / (π σ² " i { "R" } " λ), λ" sub { "±" }
            " = " span class="nowrap" { "σ |√" i { "N" } " ± √" i { "M" } "|" }
            ", of independent weights with the standard deviation σ of the bulk. "
            "Strokes on the axis are single modes. "
            "Last panel: the same singular values by rank, on logarithmic axes. "
            @for spectrum in spectra { (remark(spectrum)) " " }
        },
        content: Content::Panels(panels),
        tables: vec![
            Table::new("spectrum")
                .texts(
                    "panel",
                    rows().map(|(spectrum, _, _)| spectrum.label.clone()),
                )
                .numbers("mode", rows().map(|(_, k, _)| (k + 1) as f64))
                .numbers("singular_value", rows().map(|(_, _, value)| value)),
            Table::new("spectrum-density")
                .texts(
                    "panel",
                    points().map(|(spectrum, _)| spectrum.label.clone()),
                )
                .numbers("singular_value", points().map(|(_, point)| point.0))
                .numbers("density", points().map(|(_, point)| point.1)),
        ],
    }
}

fn remark(spectrum: &SpectrumPanel) -> String {
    if !spectrum.sigma.is_finite() {
        return format!("{}: no density was fitted.", capitalised(&spectrum.label));
    }
    let mut out = format!(
        "{}: σ = {}",
        capitalised(&spectrum.label),
        significant(spectrum.sigma, 3)
    );
    if let Some(distance) = spectrum.ks_distance {
        out += &format!(", Kolmogorov-Smirnov distance {}", significant(distance, 2));
        if let Some(p) = spectrum.ks_p_value {
            out += &format!(" (p = {})", significant(p, 2));
        }
    }
    out += &match spectrum.modes_above_edge {
        0 => ", no mode above the edge λ₊.".to_owned(),
        1 => ", 1 mode above the edge λ₊.".to_owned(),
        count => format!(", {count} modes above the edge λ₊."),
    };
    out
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Where the histogram starts and ends: around the bulk, with the tail that most modes are in as
/// far as that leaves the bulk its shape.
fn frame(sorted: &[f64], (low, high): (f64, f64)) -> (f64, f64) {
    let rank = |k: usize| sorted.get(k).copied().unwrap_or(0.0);
    let (least, largest) = (rank(0), rank(sorted.len().saturating_sub(1)));
    let most = 1.25 * rank(sorted.len().saturating_sub(1) * 9 / 10);
    let fitted = low.is_finite() && high.is_finite() && high > 0.0;
    let end = if fitted {
        most.clamp(1.6 * high, 4.0 * high)
    } else {
        most
    };
    let whole = 1.04 * largest.max(1e-12);
    let end = match fitted {
        true if end > whole => whole.max(1.06 * high),
        false if end > largest => whole,
        _ => end,
    };
    let start = if fitted { least.min(low) } else { least };
    ((start - 0.1 * (end - start)).max(0.0), end)
}

fn histogram(spectrum: &SpectrumPanel) -> Panel {
    let finite = spectrum
        .singular_values
        .iter()
        .copied()
        .filter(|value| value.is_finite());
    let mut sorted: Vec<f64> = finite.collect();
    sorted.sort_by(f64::total_cmp);
    let (start, end) = frame(&sorted, spectrum.edges);
    let bins = ((sorted.len() as f64).sqrt() * 1.6).clamp(8.0, 48.0) as usize;
    let histogram = Histogram::new(&sorted, (start, end), bins);
    let mut name = format!("{} modes", sorted.len());
    if histogram.beyond > 0 {
        name += &format!(", {} further right", histogram.beyond);
    }
    let inside = |value: f64| value >= start && value < end;
    let curve = || {
        spectrum
            .density
            .iter()
            .copied()
            .filter(|point| inside(point.0))
    };
    let highest = curve().map(|point| point.1).filter(|rho| rho.is_finite());
    let top = 1.15 * highest.fold(histogram.top(), f64::max);
    let x = Axis::linear("singular value λ").over(start, end);
    let y = Axis::linear("density ρ").over(0.0, top);
    let strokes = Mark::rug(sorted.iter().copied().filter(|value| inside(*value)));
    let mut panel = Panel::new(capitalised(&spectrum.label), x, y)
        .with(
            Mark::bars(histogram.bars)
                .color(Color::Series(0))
                .label(name),
        )
        .with(
            Mark::line(curve())
                .color(Color::Ink)
                .label("Marchenko-Pastur"),
        )
        .with(strokes.color(Color::Series(0)).label("modes").unlisted());
    let (low, high) = spectrum.edges;
    if low.is_finite() && high.is_finite() && low < high {
        let edge = |at: f64, name: &str| {
            let label = format!("{name} = {}", significant(at, 2));
            Mark::vertical(at, label).color(Color::Muted).dashed()
        };
        panel = panel.with_all([edge(low, "λ₋"), edge(high, "λ₊")]);
    }
    if inside(CRITICAL) {
        panel = panel.with(
            Mark::vertical(CRITICAL, "λ = 4")
                .color(Color::Series(1))
                .dashed(),
        );
    }
    panel
}

fn by_rank(spectra: &[&SpectrumPanel]) -> Panel {
    let colors = [
        Color::Muted,
        Color::Series(0),
        Color::Series(2),
        Color::Series(3),
    ];
    let curves = spectra.iter().enumerate().map(|(k, spectrum)| {
        let points = spectrum
            .singular_values
            .iter()
            .enumerate()
            .map(|(rank, value)| ((rank + 1) as f64, *value));
        Mark::points(points)
            .color(colors[k % colors.len()])
            .label(&spectrum.label)
    });
    Panel::new(
        "By rank",
        Axis::log("rank of the mode"),
        Axis::log("singular value λ"),
    )
    .with_all(curves.collect::<Vec<_>>().into_iter().rev())
    .with(
        Mark::horizontal(CRITICAL, format!("critical, λ = {}", fixed(CRITICAL, 0)))
            .color(Color::Series(1))
            .dashed(),
    )
}
