//! Annealing to one basin and back.

use super::anneal::{anneal, ignore_steps};
use super::base_choice::PilotedBase;
use super::basins::Basin;
use super::bennett::{Bennett, bennett};
use super::bracket::LEAST_FRACTION;
use super::bracket_input::BracketInput;
use super::bracket_options::BracketOptions;
use super::equilibrium::{FEWEST_CHAINS, Group, compare, equilibrate, pick, resample};
use super::estimate::{Direction, Estimate};
use super::geometric_path::Noise;
use super::regions::Regions;
use super::sampler::Start;
use super::schedule;
use crate::error::ModelError;
use crate::kernels::BitMatrix;
use crate::noise::stream;

/// Chains in each direction.
const CHAINS: usize = 2 * FEWEST_CHAINS;
/// Temperatures, as a part of those of the way chosen for the rest: the way is a short one.
const PART: usize = 4;
const LEAST_TEMPERATURES: usize = 100;
/// Steps of the noise for each basin, and for its sweeps within them.
const ROOM: u64 = 1 << 22;
const SWEEPS: u64 = 1 << 21;

/// What the runs of so many basins come to, in runs of as many chains as others have with all temperatures.
pub(super) fn runs(basins: usize, chains: usize) -> f64 {
    // Up, down, and sweeps of both groups of chains.
    let each = (2.0 + 2.0 / 3.0) / PART as f64;
    basins as f64 * each * CHAINS as f64 / chains as f64
}

/// ln Z of one basin from both sides.
pub(super) struct BasinEstimate {
    pub ais: Estimate,
    pub reverse_ais: Estimate,
    pub bar: Bennett,
    /// Why it is not to be trusted, if so.
    pub objection: Option<String>,
    /// What it is, in words.
    pub name: String,
    /// Where it was found.
    pub origin: &'static str,
    /// Data rows in it, as a fraction of those looked up.
    pub data_share: f64,
}

/// An estimate, or the name of a basin that its runs did not stay in.
pub(super) type BasinRuns = Result<BasinEstimate, String>;

/// Makes the runs of the basin with this number, within its region A:
///
/// ```text
/// forward: Z_A = Z0 E[w 1(end in A)]                      for any A
/// reverse: 1 / Z_A = E_{p(v | A)}[w] / (Z0 q(A))          q(A) = P(forward run ends in A)
/// ```
///
/// The samples that the way down starts from need the equilibrium within A alone: they are data rows
/// of the basin and states of its pilot run after sweeps, beside the ends of the way up.
///
/// # Errors
/// As [`anneal()`] and [`bennett()`].
pub(super) fn estimate(
    input: &BracketInput<'_>,
    options: &BracketOptions,
    (basin, regions, number): (&Basin, &Regions, usize),
    all_temperatures: usize,
) -> Result<BasinRuns, ModelError> {
    let (model, device) = (input.model, input.device);
    let name = format!("a basin found from {}", basin.origin);
    let PilotedBase {
        base, path, pilot, ..
    } = &basin.piloted;
    let temperatures = (all_temperatures / PART).max(LEAST_TEMPERATURES);
    let noise = |stream, offset| {
        let noise = options.noise(stream);
        Noise {
            first_step: noise.first_step + number as u64 * ROOM + offset,
            ..noise
        }
    };
    let betas = pilot.betas(temperatures);
    let start = Start::Independent(CHAINS);
    let up = anneal(
        path,
        device,
        &betas,
        start,
        noise(stream::BASIN, 0),
        &mut ignore_steps,
    )?;
    let ends = regions.of(model, device, &up.visible);
    let inside: Vec<f64> = up
        .log_weights
        .iter()
        .zip(&ends)
        .map(|(w, of)| {
            if *of == Some(number) {
                *w
            } else {
                f64::NEG_INFINITY
            }
        })
        .collect();
    let arrived = inside.iter().filter(|w| w.is_finite()).count();
    if arrived < 2 {
        return Ok(Err(name));
    }
    let select = |rows: &BitMatrix| regions.select(Some(number), (model, device), rows);
    let drawn = pick(
        &up.visible,
        &resample(&inside, noise(stream::BASIN, SWEEPS)),
    );
    let of_data = basin.rows.rows().min(CHAINS / 2);
    let mut starts = cycled(&basin.rows, of_data);
    let of_pilot = select(&pilot.visible);
    starts.append(&cycled(&of_pilot, CHAINS - of_data))?;
    let group = |name: &str, visible| Group {
        name: name.into(),
        visible,
    };
    let mut groups = [
        group("data and a pilot run", starts),
        group("annealing", drawn),
    ];
    let sweeps = (temperatures / 3).max(1);
    let staying = noise(stream::BASIN, SWEEPS + 1);
    equilibrate(
        model,
        device,
        &mut groups,
        sweeps,
        staying,
        &mut ignore_steps,
    )?;
    let [mut down, mut annealed] = groups;
    down.visible = select(&down.visible);
    annealed.visible = select(&annealed.visible);
    if down.visible.rows() < 2 {
        return Ok(Err(name));
    }
    let comparison = compare(model, &[&down, &annealed], sweeps);
    let betas = schedule::back(&betas);
    let start = Start::Visible(&down.visible);
    let back = noise(stream::BASIN_BACK, 0);
    let mut back = anneal(path, device, &betas, start, back, &mut ignore_steps)?.log_weights;
    let ln_z_start = base.ln_z();
    let bar = bennett(ln_z_start, &inside, &back, &[])?;
    let ln_arriving = (arrived as f64 / inside.len() as f64).ln();
    back.iter_mut().for_each(|w| *w -= ln_arriving);
    let (seed, length) = (options.seed, temperatures);
    let ais = Estimate::new(Direction::Forward, ln_z_start, &inside, length, seed)?;
    let reverse_ais = Estimate::new(Direction::Reverse, ln_z_start, &back, length, seed)?;
    let gap = reverse_ais.value - ais.value;
    let bar = bar.scaled(gap);
    let few = ais.effective_fraction.min(reverse_ais.effective_fraction) < LEAST_FRACTION;
    let objection = match (few, comparison.agree, gap.abs() < 1.0) {
        (true, _, _) => Some("few of its chains carry weight".into()),
        (_, false, _) => Some(comparison.text),
        (_, _, false) => Some(format!("AIS and reverse AIS are {gap:.2} nats apart")),
        _ => None,
    };
    Ok(Ok(BasinEstimate {
        ais,
        reverse_ais,
        bar,
        objection,
        name,
        origin: basin.origin,
        data_share: basin.data_share,
    }))
}

/// Rows over and over until there are as many.
fn cycled(rows: &BitMatrix, count: usize) -> BitMatrix {
    let numbers: Vec<u32> = (0..rows.rows() as u32).cycle().take(count).collect();
    rows.select(&numbers)
}
