//! Tables of what the analysis of a single model says.

use super::group::{Group, close_up};
use maud::html;
use rbm_analysis::Summary;
use rbm_analysis::gaussian::CRITICAL_SINGULAR_VALUE;
use rbm_figures::number::significant;
use rbm_figures::{Block, Grid, Row, Table};

/// Rows of the table of saddles on the page; the file has them all.
const SADDLES: usize = 16;

/// The fit to the bulk, modes beyond it, and ln Z by all methods.
pub fn results(groups: &[Group<'_>]) -> Option<Block> {
    let summary = &close_up(groups)?.summary;
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push((name.to_owned(), value));
    if let Some(spectrum) = &summary.marchenko_pastur {
        let fit = &spectrum.fit;
        row(
            "fitted σ of the bulk",
            format!("{:.5} ± {:.5}", fit.scale, fit.scale_error),
        );
        row(
            "Marchenko-Pastur edges",
            format!("{:.4} to {:.4}", fit.edges[0], fit.edges[1]),
        );
        row("modes above the upper edge", fit.above_edge.to_string());
    }
    row(
        "modes with λ ≥ 4 (not convergent)",
        summary.nonconvergent_modes.len().to_string(),
    );
    let ln_z = &summary.ln_z;
    for (name, value) in [
        ("ln Z, exact", ln_z.exact),
        ("ln Z, mean field (lower bound)", ln_z.mean_field),
        ("ln Z, Onsager", ln_z.onsager),
        ("ln Z, one loop", ln_z.one_loop),
        ("ln Z, fluctuations of fixed length", ln_z.spherical),
        ("ln Z, Gaussian limit", ln_z.gaussian),
    ] {
        if let Some(value) = value {
            row(name, format!("{value:.3} nats"));
        }
    }
    Some(Block::Pairs { rows, folded: None })
}

/// The saddle point of one mode's energy surface.
struct Saddle {
    lambda: f64,
    /// x*, y* and the energy there; `None` where the singular value is too small for a saddle.
    place: Option<[f64; 3]>,
}

fn of_modes(summary: &Summary) -> Vec<Saddle> {
    let number = |values: &[Option<f64>], k: usize| values.get(k).copied().flatten();
    let lambdas = summary.singular_values.iter().enumerate();
    lambdas
        .map(|(k, lambda)| Saddle {
            lambda: *lambda,
            place: number(&summary.saddle_x, k).map(|x| {
                let other = [&summary.saddle_y, &summary.saddle_energy];
                let [y, energy] = other.map(|values| number(values, k).unwrap_or(f64::NAN));
                [x, y, energy]
            }),
        })
        .collect()
}

/// The saddle points of all modes.
pub fn saddles(groups: &[Group<'_>]) -> Option<Block> {
    let saddles = of_modes(&close_up(groups)?.summary);
    let number = |k: usize| {
        let all = saddles.iter();
        all.map(move |saddle| saddle.place.map_or(f64::NAN, |place| place[k]))
    };
    let row = |(k, saddle): (usize, &Saddle)| {
        let mut cells = vec![(k + 1).to_string(), significant(saddle.lambda, 4)];
        let place = saddle.place.map(|place| place.map(|x| significant(x, 4)));
        cells.extend(place.unwrap_or(["—", "—", "—"].map(str::to_owned)));
        Row {
            cells,
            strong: saddle.lambda >= CRITICAL_SINGULAR_VALUE,
        }
    };
    let shown = saddles.len().min(SADDLES);
    Some(Block::Grid(Grid {
        caption: html! {
            b { "Saddle points." } " Each mode's energy is a hyperbolic paraboloid with its saddle at "
            i { "x" } "* = −" i { "c̃" } "/λ, " i { "y" } "* = −" i { "b̃" }
                "/λ, where the energy is " i { "b̃ c̃" } "/λ"
            @if shown < saddles.len() { "; the first " (shown) " of " (saddles.len()) " modes" }
            ". Marked: λ ≥ 4. A dash: λ is too small for a saddle."
        },
        heads: vec![
            html! { "mode" },
            html! { "λ" },
            html! { i { "x" } "*" },
            html! { i { "y" } "*" },
            html! { "energy (nats)" },
        ],
        rows: saddles.iter().enumerate().take(SADDLES).map(row).collect(),
        table: Table::new("saddles")
            .numbers("mode", (1..=saddles.len()).map(|k| k as f64))
            .numbers("lambda", saddles.iter().map(|saddle| saddle.lambda))
            .numbers("x", number(0))
            .numbers("y", number(1))
            .numbers("energy", number(2))
            .texts(
                "usable",
                saddles.iter().map(|s| s.place.is_some().to_string()),
            ),
    }))
}
