//! Basins of a model that annealing along the way chosen does not reach, or hardly.

use super::anneal::ignore_steps;
use super::base_choice::{BaseChoice, PilotedBase};
use super::bracket_input::BracketInput;
use super::bracket_options::BracketOptions;
use super::descent::{Point, from_visible, from_weights};
use super::equilibrium::{Group, equilibrate};
use super::geometric_path::Noise;
use super::regions::Regions;
use crate::error::ModelError;
use crate::kernels::BitMatrix;
use crate::noise::stream;
use crate::numeric::log_sum_exp;
use std::collections::BTreeSet;

/// Data rows whose basins are looked up, at most.
const ROWS: usize = 300;
/// States of each pilot run likewise.
const STATES: usize = 400;
/// Basins that are told apart, at most.
const MOST: usize = 256;
/// Basins that get a pilot run of their own: those of the lowest mean-field free energy, and those of most data rows.
const PILOTED: [usize; 2] = [8, 4];
/// Chains and temperatures of such a run.
const PILOT: (usize, usize) = (50, 200);
/// Fraction of the chains of the way chosen below which a basin gets a way of its own, if it holds enough.
const REACHED: f64 = 0.1;
/// Fraction of Z that is enough.
const LEAST_SHARE: f64 = 1e-3;
/// Fraction of the chains that have to end in a basin, and of these to stay there over some sweeps, for it to count as
/// separate.
const STAYING: [f64; 2] = [0.7, 0.9];
/// Those sweeps.
const SWEEPS: usize = 300;
/// Fraction of the chains of a pilot run that have to carry weight.
const CARRYING: f64 = 0.1;
/// Basins with a way of their own, at most.
const SEPARATE: usize = 4;
/// Steps of the noise for each pilot run, and the first of them: others take those before.
const ROOM: u64 = 1 << 20;
const FIRST: u64 = 4;

/// A basin with a way of its own.
pub(super) struct Basin {
    pub piloted: PilotedBase,
    /// Data rows in it.
    pub rows: BitMatrix,
    /// Their fraction of the rows looked up.
    pub data_share: f64,
    /// Where it was found.
    pub origin: &'static str,
}

/// Separate basins, and what was looked at.
pub(super) struct Basins {
    pub separate: Vec<Basin>,
    /// Their regions, in order.
    pub regions: Regions,
    /// Sum of Z, by pilot runs, of the basins that hold too little to count, as a fraction of Z.
    pub neglected: f64,
    /// What was looked at, in words.
    pub text: String,
}

/// A basin on the way there.
struct Candidate {
    center: Point,
    origin: &'static str,
    /// Distinct chains of the way chosen that ended there.
    reached: usize,
    /// States that the way chosen left there.
    share: f64,
    data_rows: Vec<u32>,
}

/// Looks for basins from data rows, from the pilot runs and from the weights.
///
/// # Errors
/// As [`super::pilot()`].
pub(super) fn find(
    input: &BracketInput<'_>,
    options: &BracketOptions,
    choice: &BaseChoice,
) -> Result<Basins, ModelError> {
    let rows = input.some_rows(ROWS.min(input.rows.rows()), options.seed ^ 2);
    let candidates = candidates(input, choice, &rows);
    let chains = choice.best.pilot.visible.rows() as f64;
    let data_share = |among: &dyn Fn(&Candidate) -> bool| {
        let some = candidates.iter().filter(|c| among(c));
        some.map(|c| c.data_rows.len()).sum::<usize>() as f64 / rows.rows() as f64
    };
    let hardly = |c: &Candidate| (c.reached as f64) < REACHED * chains;
    let mut order: Vec<usize> = (0..candidates.len())
        .filter(|k| hardly(&candidates[*k]))
        .collect();
    let bound: Vec<f64> = candidates
        .iter()
        .map(|c| {
            if hardly(c) {
                c.center.ln_z(input.model)
            } else {
                0.0
            }
        })
        .collect();
    order.sort_by(|a, b| bound[*b].total_cmp(&bound[*a]));
    let mut chosen: Vec<usize> = order.iter().take(PILOTED[0]).copied().collect();
    let mut rest: Vec<usize> = order.into_iter().skip(PILOTED[0]).collect();
    rest.sort_by_key(|k| std::cmp::Reverse(candidates[*k].data_rows.len()));
    chosen.extend(rest.into_iter().take(PILOTED[1]));
    let mut found = Vec::new();
    for (index, k) in chosen.iter().enumerate() {
        let candidate = &candidates[*k];
        let (piloted, ln_z) = piloted(input, options, candidate, index)?;
        found.push((*k, piloted, ln_z));
    }
    // A basin that chains leave, or whose weights say nothing, is no place of its own.
    let measured = found.len();
    found.retain(|(_, _, ln_z)| ln_z.is_some());
    let all: Vec<f64> = found.iter().filter_map(|f| f.2).collect();
    let total = log_sum_exp(&[&[choice.best.ln_z()], &all[..]].concat());
    let share = |ln_z: Option<f64>| ln_z.map_or(0.0, |ln_z| (ln_z - total).exp());
    found.sort_by(|a, b| share(b.2).total_cmp(&share(a.2)));
    let count = found.iter().filter(|f| share(f.2) >= LEAST_SHARE).count();
    let neglected = found.split_off(count.min(SEPARATE));
    let neglected: f64 = neglected
        .iter()
        .filter(|f| candidates[f.0].reached == 0)
        .map(|f| share(f.2))
        .sum();
    // What is left has to hold chains of the way chosen.
    let mut left = 1.0 - found.iter().map(|f| candidates[f.0].share).sum::<f64>();
    while left < REACHED {
        let most = (0..found.len()).max_by(|a, b| {
            let share = |k: &usize| candidates[found[*k].0].share;
            share(a).total_cmp(&share(b))
        });
        let Some(most) = most else { break };
        left += candidates[found.remove(most).0].share;
    }
    let own: BTreeSet<usize> = found.iter().map(|f| f.0).collect();
    let seen = data_share(&|c| c.reached > 0);
    let data_mass: f64 = candidates
        .iter()
        .enumerate()
        .filter(|(k, c)| !c.data_rows.is_empty() && !own.contains(k))
        .map(|(_, c)| c.share)
        .sum::<f64>()
        + found
            .iter()
            .filter(|f| !candidates[f.0].data_rows.is_empty())
            .map(|f| share(f.2))
            .sum::<f64>();
    let mut text = format!(
        "basins found from data rows, samples, uniform starts and weights: {}, of them measured by pilot runs of their own: \
         {measured}; {:.0}% of {} data rows lie in basins that the samples of the way chosen reach",
        candidates.len(),
        100.0 * seen,
        rows.rows(),
    );
    if data_mass < 0.01 {
        text += &format!(
            "; the basins of the data hold about {:.1e} of the mass: the model does not generate its data",
            data_mass
        );
    }
    let regions = found.iter().map(|f| candidates[f.0].center.clone());
    let regions = Regions::new(regions.collect());
    let separate = found.into_iter().map(|(k, piloted, _)| Basin {
        piloted,
        rows: rows.select(&candidates[k].data_rows),
        data_share: candidates[k].data_rows.len() as f64 / rows.rows() as f64,
        origin: candidates[k].origin,
    });
    Ok(Basins {
        separate: separate.collect(),
        regions,
        neglected,
        text,
    })
}

/// All basins found, those that the way chosen leads to first.
fn candidates(input: &BracketInput<'_>, choice: &BaseChoice, rows: &BitMatrix) -> Vec<Candidate> {
    let (model, device) = (input.model, input.device);
    let best = &choice.best.pilot;
    let some = |rows: &BitMatrix| {
        let count = rows.rows().min(STATES);
        let chosen: Vec<u32> = (0..count)
            .map(|k| (k * rows.rows() / count) as u32)
            .collect();
        rows.select(&chosen)
    };
    let reached = from_visible(model, device, &best.visible);
    let groups = [
        ("samples", reached),
        ("samples", from_visible(model, device, &some(&choice.found))),
        (
            "uniform starts",
            from_visible(model, device, &some(&choice.uniform)),
        ),
        ("data rows", from_visible(model, device, rows)),
        ("the weights", from_weights(model, device)),
    ];
    let mut regions = Regions::default();
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut ancestors: Vec<BTreeSet<usize>> = Vec::new();
    for (group, (origin, points)) in groups.iter().enumerate() {
        for (row, point) in points.iter().enumerate() {
            let k = match regions.centers().len() < MOST {
                true => regions.join(point),
                false => match regions.at(point) {
                    Some(k) => k,
                    None => continue,
                },
            };
            if k == candidates.len() {
                ancestors.push(BTreeSet::new());
                candidates.push(Candidate {
                    center: point.clone(),
                    origin,
                    reached: 0,
                    share: 0.0,
                    data_rows: Vec::new(),
                });
            }
            match group {
                0 => {
                    ancestors[k].insert(best.ancestors[row]);
                    candidates[k].share += 1.0 / points.len() as f64;
                }
                3 => candidates[k].data_rows.push(row as u32),
                _ => (),
            }
        }
    }
    for (candidate, ancestors) in candidates.iter_mut().zip(ancestors) {
        candidate.reached = ancestors.len();
    }
    candidates
}

/// A pilot run from the mean-field point, and the ln Z of its basin where that is separate.
fn piloted(
    input: &BracketInput<'_>,
    options: &BracketOptions,
    candidate: &Candidate,
    index: usize,
) -> Result<(PilotedBase, Option<f64>), ModelError> {
    let noise = options.noise(stream::BASIN_PILOT);
    let noise = Noise {
        first_step: noise.first_step + (FIRST + index as u64) * ROOM,
        ..noise
    };
    let base = candidate.center.base(input.model);
    let piloted = PilotedBase::run("a mean-field point", base, input, PILOT, noise)?;
    let region = Regions::new(vec![candidate.center.clone()]);
    let ends = region.select(Some(0), (input.model, input.device), &piloted.pilot.visible);
    let staying = ends.rows() as f64 / PILOT.0 as f64;
    let ln_z = piloted.ln_z() + staying.ln();
    if staying < STAYING[0] || piloted.pilot.effective_fraction < CARRYING || !ln_z.is_finite() {
        return Ok((piloted, None));
    }
    // Chains that leave bring their mass to where others are: annealing elsewhere has it.
    let noise = Noise {
        first_step: noise.first_step + ROOM / 2,
        ..noise
    };
    let mut group = [Group {
        name: String::new(),
        visible: ends,
    }];
    equilibrate(
        input.model,
        input.device,
        &mut group,
        SWEEPS,
        noise,
        &mut ignore_steps,
    )?;
    let [group] = group;
    let of = region.of(input.model, input.device, &group.visible);
    let stayed = of.iter().filter(|of| of.is_some()).count() as f64 / of.len() as f64;
    Ok((piloted, (stayed >= STAYING[1]).then_some(ln_z)))
}
