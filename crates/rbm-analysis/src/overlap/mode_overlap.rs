//! Overlaps of singular vectors between checkpoints and with the principal components of data.
//!
//! A single overlap |u_k(t).u_l(t')| means something only where the singular values of both are well apart from their
//! neighbors: vectors of nearly equal singular values turn into each other under the slightest change, whatever is
//! learned. What is stable then is the space they span, and the angles between two such spaces
//! (A. Bjorck, G. H. Golub, Math. Comp. 27, 579 (1973)). Nothing here depends on the signs of vectors.

use crate::error::{AnalysisError, check_len};
use crate::overlap::pca::Pca;
use crate::reciprocal::space::ReciprocalSpace;
use crate::reciprocal::svd::singular_values;
use faer::{Mat, MatRef};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Modes whose singular values differ by less than this fraction of the larger count as nearly degenerate.
pub const NEARLY_DEGENERATE: f64 = 0.02;

/// |A^T B|, `[columns of A, columns of B]`: entry (k, l) is |a_k.b_l|, between 0 and 1 for vectors of length 1.
///
/// # Errors
/// [`AnalysisError::Shape`] where the vectors differ in length.
///
/// # Examples
/// ```
/// use faer::mat;
/// let found = rbm_analysis::overlap::overlaps(mat![[1.0], [0.0]].as_ref(), mat![[-0.6], [0.8]].as_ref())?;
/// assert_eq!(found[(0, 0)], 0.6);
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn overlaps(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Result<Mat<f64>, AnalysisError> {
    check_len("vector", a.nrows(), b.nrows())?;
    let mut product = a.transpose() * b;
    for l in 0..product.ncols() {
        for x in product.col_as_slice_mut(l) {
            *x = x.abs();
        }
    }
    Ok(product)
}

/// Principal angles between the spaces that two sets of orthonormal columns span, `[units, p]` and `[units, q]`, in radians, ascending:
/// min(p, q) angles in [0, pi/2].
///
/// cos theta are the singular values of A^T B, sin theta those of B - A A^T B; each angle comes from the one of the two
/// that determines it well, so that small angles are accurate to rounding, too.
///
/// # Errors
/// [`AnalysisError::Shape`] where the vectors differ in length, [`AnalysisError::Empty`] without columns.
///
/// # Examples
/// ```
/// use faer::mat;
/// use rbm_analysis::overlap::principal_angles;
/// // A plane, and one turned about its first axis by 1e-9.
/// let (a, t) = (mat![[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], 1e-9f64);
/// let b = mat![[1.0, 0.0], [0.0, t.cos()], [0.0, t.sin()]];
/// let angles = principal_angles(a.as_ref(), b.as_ref())?;
/// assert!(angles[0].abs() < 1e-15 && (angles[1] / t - 1.0).abs() < 1e-6);
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn principal_angles(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Result<Vec<f64>, AnalysisError> {
    check_len("vector", a.nrows(), b.nrows())?;
    // The smaller space is measured against the larger.
    let (large, small) = if a.ncols() >= b.ncols() {
        (a, b)
    } else {
        (b, a)
    };
    let cross = large.transpose() * small;
    let cosines = singular_values(cross.as_ref())?;
    let rest = small - large * &cross;
    let mut sines = singular_values(rest.as_ref())?;
    // The sines of min(N, q) directions; with q <= N there are q.
    sines.reverse();
    Ok(cosines
        .iter()
        .zip(&sines)
        .map(|(&c, &s)| {
            if c > std::f64::consts::FRAC_1_SQRT_2 {
                s.min(1.0).asin()
            } else {
                c.min(1.0).acos()
            }
        })
        .collect())
}

/// Groups of neighboring modes whose singular values (descending) differ by less than `gap` times the larger of the two.
///
/// A bulk becomes one group where its levels are that dense: its single vectors mean nothing.
///
/// # Examples
/// ```
/// let groups = rbm_analysis::overlap::degenerate_groups(&[5.0, 3.0, 2.99, 1.0], 0.02);
/// assert_eq!(groups, [0..1, 1..3, 3..4]);
/// ```
pub fn degenerate_groups(singular_values: &[f64], gap: f64) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for (k, &value) in singular_values.iter().enumerate() {
        match groups.last_mut() {
            Some(group) if singular_values[k - 1] - value <= gap * singular_values[k - 1] => {
                group.end = k + 1;
            }
            _ => groups.push(k..k + 1),
        }
    }
    groups
}

/// How well a mode, or its group of nearly degenerate modes, is found again in another set of vectors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModeOverlap {
    /// Mode, numbered from 0.
    pub mode: usize,
    /// Vector of the other set with the largest overlap, numbered from 0.
    pub best: usize,
    /// That overlap |a_mode.b_best|.
    pub overlap: f64,
    /// First and one past the last mode of the group that the mode is in.
    pub group: [usize; 2],
    /// First and one past the last of the other set's vectors that the group was compared with.
    pub other_group: [usize; 2],
    /// sqrt of the mean cos^2 of the principal angles between the two spaces: 1 where the smaller lies within the larger. The
    /// same as `overlap` where neither is degenerate.
    pub group_overlap: f64,
    /// Largest of those angles, in radians.
    pub largest_angle: f64,
    /// sqrt(max(p, q)/N): about the `group_overlap` of random spaces of these dimensions.
    pub null: f64,
}

/// Overlaps of the first `modes` columns of `a` with all columns of `b`, with groups from the two sets of values (descending).
///
/// `a` is `[units, K]` with K values, `b` `[units, L]` with L, and `gap` that of [`degenerate_groups`].
/// The group of mode k in `a` is compared with the other set's groups that its members' best partners are in (from the first to
/// the last of them).
///
/// # Errors
/// [`AnalysisError::Shape`] where vectors differ in length or values and vectors in number.
///
/// # Examples
/// ```
/// use faer::mat;
/// use rbm_analysis::overlap::mode_overlaps;
/// // Two modes of equal value, turned into each other: the space that they span is the same.
/// let half = 0.5f64.sqrt();
/// let a = mat![[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]];
/// let b = mat![[half, -half], [half, half], [0.0, 0.0]];
/// let found = mode_overlaps(a.as_ref(), &[2.0, 2.0], b.as_ref(), &[2.0, 2.0], 1, 0.02)?;
/// assert!((found[0].overlap - half).abs() < 1e-12);
/// assert!((found[0].group_overlap - 1.0).abs() < 1e-12 && found[0].largest_angle < 1e-12);
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn mode_overlaps(
    a: MatRef<'_, f64>,
    a_values: &[f64],
    b: MatRef<'_, f64>,
    b_values: &[f64],
    modes: usize,
    gap: f64,
) -> Result<Vec<ModeOverlap>, AnalysisError> {
    check_len("values of the first set", a.ncols(), a_values.len())?;
    check_len("values of the second set", b.ncols(), b_values.len())?;
    if a.ncols() == 0 || b.ncols() == 0 {
        return Err(AnalysisError::Empty { what: "vectors" });
    }
    let all = overlaps(a, b)?;
    let (a_groups, b_groups) = (
        degenerate_groups(a_values, gap),
        degenerate_groups(b_values, gap),
    );
    let best: Vec<usize> = (0..a.ncols())
        .map(|k| {
            (0..b.ncols()).fold(0, |best, l| {
                if all[(k, l)] > all[(k, best)] {
                    l
                } else {
                    best
                }
            })
        })
        .collect();
    let mut result = Vec::new();
    for group in a_groups.into_iter().take_while(|g| g.start < modes) {
        let partner = |k: usize| b_groups.iter().find(|g| g.contains(&best[k]));
        let partners = || group.clone().filter_map(partner);
        let start = partners().map(|g| g.start).min().unwrap_or(0);
        let end = partners().map(|g| g.end).max().unwrap_or(b.ncols());
        let angles = principal_angles(
            a.subcols(group.start, group.len()),
            b.subcols(start, end - start),
        )?;
        let square: f64 = angles.iter().map(|t| t.cos().powi(2)).sum();
        let wider = group.len().max(end - start) as f64;
        for mode in group.start..group.end.min(modes) {
            result.push(ModeOverlap {
                mode,
                best: best[mode],
                overlap: all[(mode, best[mode])].min(1.0),
                group: [group.start, group.end],
                other_group: [start, end],
                group_overlap: (square / angles.len() as f64).sqrt(),
                largest_angle: angles.last().copied().unwrap_or(0.0),
                null: (wider / a.nrows() as f64).sqrt().min(1.0),
            });
        }
    }
    Ok(result)
}

/// |U(t)^T U(t')| of the first `modes` left vectors of two models, see [`mode_overlaps`].
///
/// # Errors
/// As [`mode_overlaps`].
///
/// # Examples
/// ```
/// use rbm_analysis::{ReciprocalSpace, overlap::checkpoint_overlaps};
/// use rbm_model::Parameters;
/// let space = |weight| -> Result<ReciprocalSpace, Box<dyn std::error::Error>> {
///     Ok(ReciprocalSpace::new(&Parameters::new(2, 2, weight, vec![0.0; 2], vec![0.0; 2])?)?)
/// };
/// // Unit 2 overtakes unit 1: mode 0 of before is mode 1 of later.
/// let found = checkpoint_overlaps(&space(vec![2.0, 0.0, 0.0, 1.0])?, &space(vec![2.0, 0.0, 0.0, 3.0])?, 1)?;
/// assert_eq!((found[0].best, found[0].overlap), (1, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn checkpoint_overlaps(
    earlier: &ReciprocalSpace,
    later: &ReciprocalSpace,
    modes: usize,
) -> Result<Vec<ModeOverlap>, AnalysisError> {
    mode_overlaps(
        earlier.left_vectors(),
        earlier.singular_values(),
        later.left_vectors(),
        later.singular_values(),
        modes.min(earlier.modes()),
        NEARLY_DEGENERATE,
    )
}

/// |U(t)^T PCA(data)| of the first `modes` left vectors, see [`mode_overlaps`].
///
/// # Errors
/// As [`mode_overlaps`].
///
/// # Examples
/// ```
/// use faer::mat;
/// use rbm_analysis::{ReciprocalSpace, overlap::{Pca, data_overlaps}};
/// use rbm_model::Parameters;
/// // Rows that vary along (1, -1), and a mode that has learned it.
/// let pca = Pca::new(mat![[0.0, 1.0], [1.0, 0.0]].as_ref())?;
/// let model = Parameters::new(2, 1, vec![-1.0, 1.0], vec![0.0; 2], vec![0.0])?;
/// let found = data_overlaps(&ReciprocalSpace::new(&model)?, &pca, 1)?;
/// assert!(found[0].best == 0 && (found[0].overlap - 1.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn data_overlaps(
    space: &ReciprocalSpace,
    pca: &Pca,
    modes: usize,
) -> Result<Vec<ModeOverlap>, AnalysisError> {
    mode_overlaps(
        space.left_vectors(),
        space.singular_values(),
        pca.components.as_ref(),
        &pca.variances,
        modes.min(space.modes()).min(pca.variances.len()),
        NEARLY_DEGENERATE,
    )
}

#[cfg(test)]
#[path = "mode_overlap_tests.rs"]
mod tests;
