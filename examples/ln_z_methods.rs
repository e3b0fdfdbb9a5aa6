//! Where each approximation of ln Z breaks down: 100 random 12x8 models at each coupling strength, against enumeration.
//!
//! `cargo run --release --example ln_z_methods -- [DIRECTORY]` prints a Markdown table and writes a page with figure and
//! CSV into DIRECTORY (default: target/ln-z-methods). Coupling strength is the largest singular value; the weights are
//! Gaussian and scaled to it, the biases N(0, 1/4), or those of the centered model.

use maud::html;
use rbm_analysis::mean_field::central_fixed_point;
use rbm_analysis::random::{gaussian_matrix, generator};
use rbm_analysis::reciprocal::singular_values;
use rbm_analysis::{MeanFieldOptions, ReciprocalSpace, fixed_points, gaussian_limit};
use rbm_figures::{Axis, Color, Content, Document, Figure, Mark, Panel, Section, Table};
use rbm_model::Parameters;
use rbm_model::partition::Enumeration;
use std::path::PathBuf;

const VISIBLE: usize = 12;
const HIDDEN: usize = 8;
const MODELS: u64 = 100;
const STRENGTHS: [f64; 18] = [
    0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 3.75, 3.95, 4.25, 4.5, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0,
];
/// The five approximations, and three of them summed over all stable mean-field points.
const METHODS: [&str; 8] = [
    "Gaussian",
    "mean field",
    "Onsager",
    "one loop",
    "fluctuations of fixed length",
    "mean field, all wells",
    "Onsager, all wells",
    "one loop, all wells",
];
const FAMILIES: [&str; 2] = ["biases N(0, 1/4)", "centered"];

/// Errors of one method at one strength.
struct Cell {
    family: &'static str,
    strength: f64,
    method: &'static str,
    models: usize,
    mean: f64,
    rms: f64,
    worst: f64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut cells = Vec::new();
    for family in FAMILIES {
        for strength in STRENGTHS {
            cells.extend(scan(family, strength)?);
        }
    }
    for family in FAMILIES {
        println!(
            "\nRoot mean square error of ln Z, {family} (models with a value, where fewer than {MODELS}):\n"
        );
        println!("| lambda_1 | {} |", METHODS.join(" | "));
        println!("|---{}|", "|---".repeat(METHODS.len()));
        for strength in STRENGTHS {
            let row = cells
                .iter()
                .filter(|c| c.family == family && c.strength == strength);
            let row: Vec<String> = row.map(text).collect();
            println!("| {strength} | {} |", row.join(" | "));
        }
    }
    let directory = std::env::args_os()
        .nth(1)
        .map_or("target/ln-z-methods".into(), PathBuf::from);
    let page = page(&cells).write(&directory)?;
    println!("\n{}", page.display());
    Ok(())
}

fn text(cell: &Cell) -> String {
    match cell.models as u64 {
        0 => "none".into(),
        MODELS => format!("{:.2e}", cell.rms),
        models => format!("{:.2e} ({models})", cell.rms),
    }
}

fn model(family: &str, strength: f64, seed: u64) -> Result<Parameters, Box<dyn std::error::Error>> {
    let mut random = generator(seed, 0);
    let raw = gaussian_matrix(&mut random, VISIBLE, HIDDEN, 1.0);
    let scale = strength / singular_values(raw.as_ref())?[0];
    let weight = |i: usize, j: usize| scale * raw[(i, j)];
    let flat = (0..VISIBLE * HIDDEN).map(|at| weight(at / HIDDEN, at % HIDDEN));
    let (visible, hidden) = if family == FAMILIES[0] {
        let biases = gaussian_matrix(&mut random, VISIBLE + HIDDEN, 1, 0.5);
        let bias = |range: std::ops::Range<usize>| range.map(|i| biases[(i, 0)]).collect();
        (bias(0..VISIBLE), bias(VISIBLE..VISIBLE + HIDDEN))
    } else {
        let half = |sum: f64| -0.5 * sum;
        (
            (0..VISIBLE)
                .map(|i| half((0..HIDDEN).map(|j| weight(i, j)).sum()))
                .collect(),
            (0..HIDDEN)
                .map(|j| half((0..VISIBLE).map(|i| weight(i, j)).sum()))
                .collect(),
        )
    };
    Ok(Parameters::new(
        VISIBLE,
        HIDDEN,
        flat.collect(),
        visible,
        hidden,
    )?)
}

fn scan(family: &'static str, strength: f64) -> Result<Vec<Cell>, Box<dyn std::error::Error>> {
    let mut errors: Vec<Vec<f64>> = vec![Vec::new(); METHODS.len()];
    for seed in 0..MODELS {
        let model = model(family, strength, seed)?;
        let exact = Enumeration::new(&model)?.ln_z();
        let options = MeanFieldOptions::default();
        let solution = fixed_points(&model, None, &options)?;
        let best = solution.points.iter().find(|p| p.stable);
        let values = [
            gaussian_limit(&ReciprocalSpace::new(&model)?).ln_z,
            best.map(|p| -p.free_energy),
            best.map(|p| p.ln_z_onsager),
            best.and_then(|p| p.ln_z_one_loop),
            // From m = 1/2, be it stable or not: a saddle between wells has the mass of all of them about it.
            central_fixed_point(&model, &options)
                .ok()
                .and_then(|p| p.ln_z_spherical),
            solution.ln_z_mean_field,
            solution.ln_z_onsager,
            solution.ln_z_one_loop,
        ];
        for (errors, value) in errors.iter_mut().zip(values) {
            errors.extend(value.map(|v| v - exact));
        }
    }
    let cell = |(method, errors): (&'static str, Vec<f64>)| {
        let n = errors.len() as f64;
        Cell {
            family,
            strength,
            method,
            models: errors.len(),
            mean: errors.iter().sum::<f64>() / n,
            rms: (errors.iter().map(|e| e * e).sum::<f64>() / n).sqrt(),
            worst: errors.iter().fold(f64::NAN, |m, e| m.max(e.abs())),
        }
    };
    Ok(METHODS.into_iter().zip(errors).map(cell).collect())
}

fn page(cells: &[Cell]) -> Document {
    let panels = FAMILIES.map(|family| {
        let marks = METHODS.iter().enumerate().map(|(k, method)| {
            let points = cells
                .iter()
                .filter(|c| c.family == family && c.method == *method)
                .map(|c| (c.strength, c.rms));
            // The three sums over wells in the colors of their methods, dashed.
            let mark = Mark::line(points).color(Color::Series(if k < 5 { k } else { k - 4 }));
            let mark = mark.label(*method);
            if k < 5 { mark } else { mark.dashed() }
        });
        Panel::new(
            family,
            Axis::linear("largest singular value"),
            Axis::log("rms error of ln Z (nats)"),
        )
        .with_all(marks)
        .with(Mark::vertical(4.0, "4").dashed())
    });
    let numbers = |get: fn(&Cell) -> f64| cells.iter().map(get).collect::<Vec<f64>>();
    let table = Table::new("ln-z-methods")
        .texts("family", cells.iter().map(|c| c.family.to_string()))
        .numbers("largest_singular_value", numbers(|c| c.strength))
        .texts("method", cells.iter().map(|c| c.method.to_string()))
        .numbers("models_with_a_value", numbers(|c| c.models as f64))
        .numbers("mean_error", numbers(|c| c.mean))
        .numbers("rms_error", numbers(|c| c.rms))
        .numbers("largest_error", numbers(|c| c.worst));
    let mut section = Section::new("ln-z", "Approximations of ln Z");
    section.figure(Figure {
        name: "ln-z-methods",
        title: "Error of ln Z against enumeration".into(),
        caption: html! {
            "Root mean square over " (MODELS) " random " (VISIBLE) "x" (HIDDEN) " models. The Gaussian limit exists below 4 only; the other "
            "methods at the stable mean-field point of lowest free energy (solid), or summed over all stable points found (dashed); fluctuations of fixed "
            "length (the spherical closure) about the point reached from m = 1/2. On centered models one loop is the Gaussian limit below 4, so that one \
             curve covers the other."
        },
        content: Content::Panels(panels.into()),
        tables: vec![table],
    });
    Document {
        title: "Approximations of ln Z".into(),
        subtitle: format!("{MODELS} random {VISIBLE}x{HIDDEN} models a coupling strength"),
        sections: vec![section],
        ..Default::default()
    }
}
