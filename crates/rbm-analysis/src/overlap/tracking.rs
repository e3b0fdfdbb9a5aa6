//! Following modes through a run.
//!
//! The weight with which mode k of one checkpoint is found in mode l of the next is
//!
//! ```text
//! w_kl = (u_k.u'_l)(v_k.v'_l),     sum_l |w_kl| <= 1,   sum_k |w_kl| <= 1
//! ```
//!
//! It does not change when a pair (u, v) changes sign, and a weight above 1/2 has no rival. Modes are assigned one to
//! one so that the sum of the weights is largest (H. W. Kuhn, Naval Res. Logist. Q. 2, 83 (1955)), through crossings of
//! singular values and where near-degenerate modes mix.

use crate::error::{AnalysisError, check_len};
use crate::overlap::mode_overlap::{NEARLY_DEGENERATE, degenerate_groups};
use crate::reciprocal::space::ReciprocalSpace;
use faer::{Mat, MatRef};
use serde::{Deserialize, Serialize};

/// The leading modes of one checkpoint.
#[derive(Debug, Clone)]
pub struct Modes {
    /// Singular values, `[K]`, largest first.
    pub singular_values: Vec<f64>,
    /// Left vectors as columns, `[N, K]`.
    pub left: Mat<f64>,
    /// Right vectors as columns, `[M, K]`.
    pub right: Mat<f64>,
}

impl Modes {
    /// The first `count` modes of a model, or all if there are fewer.
    pub fn of(space: &ReciprocalSpace, count: usize) -> Self {
        let count = count.min(space.modes());
        Self {
            singular_values: space.singular_values()[..count].to_vec(),
            left: space.svd.left.as_ref().subcols(0, count).to_owned(),
            right: space.svd.right.as_ref().subcols(0, count).to_owned(),
        }
    }
}

/// Which mode of the one checkpoint is which of the other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ModeMatch {
    /// Mode of the first checkpoint.
    pub from: usize,
    /// Mode of the second checkpoint.
    pub to: usize,
    /// Weight w in [-1, 1]; 1 for the same vectors, about 1/sqrt(N M) for random ones.
    pub weight: f64,
    /// How far `weight` is above the largest |w| of the other candidates for either, at least 0: 1 is certain, 0 ambiguous.
    pub confidence: f64,
    /// Weight of `from` in the nearly degenerate modes of the second checkpoint around `to`, by left vectors:
    /// sum_l (u_from.u'_l)^2. Close to 1 where a mode has only mixed within its group.
    pub group_weight: f64,
}

/// A mode followed through a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// Its number at the last checkpoint, from 0.
    pub mode: usize,
    /// One entry per checkpoint in order of time; `None` before the mode was there.
    pub points: Vec<Option<TrackPoint>>,
}

/// A mode at one checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrackPoint {
    /// Its number there, from 0.
    pub mode: usize,
    /// Its singular value there.
    pub singular_value: f64,
    /// Weight of the link to the next checkpoint; 1 at the last.
    pub weight: f64,
    /// Confidence of that link; 1 at the last.
    pub confidence: f64,
    /// Weight in the group of the mode at the next checkpoint; 1 at the last.
    pub group_weight: f64,
}

/// Assigns the modes of two checkpoints one to one; the result is in the order of the first's modes, one entry for each of
/// min(K, K').
///
/// # Errors
/// [`AnalysisError::Shape`] where the layers differ in size.
///
/// # Examples
/// ```
/// use rbm_analysis::{ReciprocalSpace, overlap::{Modes, match_modes}};
/// use rbm_model::Parameters;
/// let modes = |weight| -> Result<Modes, Box<dyn std::error::Error>> {
///     let model = Parameters::new(2, 2, weight, vec![0.0; 2], vec![0.0; 2])?;
///     Ok(Modes::of(&ReciprocalSpace::new(&model)?, 2))
/// };
/// let found = match_modes(&modes(vec![2.0, 0.0, 0.0, 1.0])?, &modes(vec![2.0, 0.0, 0.0, 3.0])?)?;
/// assert_eq!((found[0].from, found[0].to, found[0].weight), (0, 1, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn match_modes(first: &Modes, second: &Modes) -> Result<Vec<ModeMatch>, AnalysisError> {
    check_len("left vectors", first.left.nrows(), second.left.nrows())?;
    check_len("right vectors", first.right.nrows(), second.right.nrows())?;
    let left = first.left.transpose() * &second.left;
    let right = first.right.transpose() * &second.right;
    let weight = Mat::from_fn(left.nrows(), left.ncols(), |k, l| {
        left[(k, l)] * right[(k, l)]
    });
    let groups = degenerate_groups(&second.singular_values, NEARLY_DEGENERATE);
    let mut matches: Vec<ModeMatch> = assign(weight.as_ref())
        .into_iter()
        .map(|(from, to)| {
            let others_of_from = (0..weight.ncols())
                .filter(|&l| l != to)
                .map(|l| weight[(from, l)]);
            let others_of_to = (0..weight.nrows())
                .filter(|&k| k != from)
                .map(|k| weight[(k, to)]);
            let rival = others_of_from
                .chain(others_of_to)
                .fold(0.0, |largest: f64, w| largest.max(w.abs()));
            let group = groups.iter().find(|g| g.contains(&to)).cloned();
            ModeMatch {
                from,
                to,
                weight: weight[(from, to)].clamp(-1.0, 1.0),
                confidence: (weight[(from, to)] - rival).clamp(0.0, 1.0),
                group_weight: group
                    .unwrap_or(to..to + 1)
                    .map(|l| left[(from, l)].powi(2))
                    .sum::<f64>()
                    .min(1.0),
            }
        })
        .collect();
    matches.sort_by_key(|m| m.from);
    Ok(matches)
}

/// Follows the modes of the last checkpoint back in time. A mode is lost, and its track begins, where the weight of the link
/// back falls below `lost_below` (0.3 is sensible: far above 1/sqrt(N M), below the 1/2 of two modes mixing).
///
/// # Errors
/// As [`match_modes`].
///
/// # Examples
/// ```
/// use rbm_analysis::{ReciprocalSpace, overlap::{Modes, track_modes}};
/// use rbm_model::Parameters;
/// // The second mode grows past the first.
/// let modes = |a, b| -> Result<Modes, Box<dyn std::error::Error>> {
///     let model = Parameters::new(2, 2, vec![a, 0.0, 0.0, b], vec![0.0; 2], vec![0.0; 2])?;
///     Ok(Modes::of(&ReciprocalSpace::new(&model)?, 2))
/// };
/// let tracks = track_modes(&[modes(2.0, 1.0)?, modes(2.0, 3.0)?], 0.3)?;
/// assert_eq!(tracks[0].points[0].unwrap().mode, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn track_modes(checkpoints: &[Modes], lost_below: f64) -> Result<Vec<Track>, AnalysisError> {
    let Some(last) = checkpoints.last() else {
        return Ok(Vec::new());
    };
    let links = checkpoints
        .windows(2)
        .map(|pair| match_modes(&pair[0], &pair[1]))
        .collect::<Result<Vec<_>, _>>()?;
    Ok((0..last.singular_values.len())
        .map(|mode| {
            let mut points = vec![None; checkpoints.len()];
            let mut at = TrackPoint {
                mode,
                singular_value: last.singular_values[mode],
                weight: 1.0,
                confidence: 1.0,
                group_weight: 1.0,
            };
            points[checkpoints.len() - 1] = Some(at);
            for t in (0..links.len()).rev() {
                let Some(link) = links[t]
                    .iter()
                    .find(|link| link.to == at.mode && link.weight >= lost_below)
                else {
                    break;
                };
                at = TrackPoint {
                    mode: link.from,
                    singular_value: checkpoints[t].singular_values[link.from],
                    weight: link.weight,
                    confidence: link.confidence,
                    group_weight: link.group_weight,
                };
                points[t] = Some(at);
            }
            Track { mode, points }
        })
        .collect())
}

/// One-to-one assignment of rows to columns with the largest sum of weights, min(rows, columns) pairs.
///
/// Shortest augmenting paths with dual potentials, O(rows^2 columns): each row in turn is assigned along the cheapest
/// alternating path.
fn assign(weight: MatRef<'_, f64>) -> Vec<(usize, usize)> {
    if weight.nrows() > weight.ncols() {
        return assign(weight.transpose())
            .into_iter()
            .map(|(column, row)| (row, column))
            .collect();
    }
    let (rows, columns) = weight.shape();
    let mut row_potential = vec![0.0; rows];
    let mut column_potential = vec![0.0; columns];
    let mut row_of: Vec<Option<usize>> = vec![None; columns];
    for start in 0..rows {
        let mut distance = vec![f64::INFINITY; columns];
        let mut previous: Vec<Option<usize>> = vec![None; columns];
        let mut done = vec![false; columns];
        let (mut row, mut from, mut length) = (start, None, 0.0);
        let end = loop {
            for c in (0..columns).filter(|&c| !done[c]) {
                let reduced = length - weight[(row, c)] - row_potential[row] - column_potential[c];
                if reduced < distance[c] {
                    distance[c] = reduced;
                    previous[c] = from;
                }
            }
            let nearest = (0..columns)
                .filter(|&c| !done[c])
                .min_by(|&a, &b| distance[a].total_cmp(&distance[b]));
            // There are at least as many columns as rows, so a free one is reached first.
            let Some(c) = nearest else { break None };
            done[c] = true;
            length = distance[c];
            match row_of[c] {
                None => break Some(c),
                Some(next) => (row, from) = (next, Some(c)),
            }
        };
        row_potential[start] += length;
        for c in (0..columns).filter(|&c| done[c] && Some(c) != end) {
            column_potential[c] += distance[c] - length;
            if let Some(r) = row_of[c] {
                row_potential[r] += length - distance[c];
            }
        }
        let mut free = end;
        while let Some(c) = free {
            row_of[c] = match previous[c] {
                Some(before) => row_of[before],
                None => Some(start),
            };
            free = previous[c];
        }
    }
    (0..columns)
        .filter_map(|c| row_of[c].map(|r| (r, c)))
        .collect()
}

#[cfg(test)]
#[path = "tracking_tests.rs"]
mod tests;
