//! Minima and barriers of a free-energy curve on a grid, however it was obtained.

use crate::error::{AnalysisError, check_len};
use serde::{Deserialize, Serialize};

/// A point of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Coordinate.
    pub x: f64,
    /// Free energy.
    pub free_energy: f64,
}

/// Wells of a curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wells {
    /// Minima from left to right.
    pub minima: Vec<CurvePoint>,
    /// The highest point between each minimum and the next.
    pub barriers: Vec<CurvePoint>,
}

impl Wells {
    /// Height of the lowest barrier above the shallower of its two minima; `None` for fewer than two wells.
    pub fn barrier(&self) -> Option<f64> {
        self.barriers
            .iter()
            .enumerate()
            .map(|(i, top)| {
                top.free_energy
                    - self.minima[i]
                        .free_energy
                        .max(self.minima[i + 1].free_energy)
            })
            .min_by(f64::total_cmp)
    }
}

/// Minima and barriers of a curve given at increasing x, refined by the parabola through three points.
///
/// Values that are `None` (infinite free energy, no samples) are left out. Wells that a barrier of less than `prominence`
/// separates from a deeper neighbor are counted with it; for a sampled curve take several standard errors.
/// The ends of the curve are never minima: choose a range in which the curve rises on both sides.
///
/// # Errors
/// [`AnalysisError::Shape`] where the lengths differ.
///
/// # Examples
/// ```
/// use rbm_analysis::mean_field::wells;
/// let x = [-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5];
/// let f = x.map(|x: f64| Some(x.powi(4) - 2.0 * x * x));
/// let found = wells(&x, &f, 0.1)?;
/// assert_eq!((found.minima.len(), found.barriers[0].x), (2, 0.0));
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn wells(
    x: &[f64],
    free_energy: &[Option<f64>],
    prominence: f64,
) -> Result<Wells, AnalysisError> {
    check_len("free energies of the curve", x.len(), free_energy.len())?;
    let points: Vec<CurvePoint> = x
        .iter()
        .zip(free_energy)
        .filter_map(|(&x, f)| f.map(|free_energy| CurvePoint { x, free_energy }))
        .collect();
    let f = |i: usize| points[i].free_energy;
    let mut minima: Vec<usize> = (1..points.len().saturating_sub(1))
        .filter(|&i| f(i) < f(i - 1) && f(i) <= f(i + 1))
        .collect();
    let top = |a: usize, b: usize| (a..=b).max_by(|&i, &j| f(i).total_cmp(&f(j))).unwrap_or(a);
    // Merge across the lowest barrier first, until all are prominent.
    loop {
        let lowest = minima
            .windows(2)
            .map(|w| f(top(w[0], w[1])) - f(w[0]).max(f(w[1])))
            .enumerate()
            .min_by(|a, b| a.1.total_cmp(&b.1));
        match lowest {
            Some((at, height)) if height < prominence => {
                let shallower = if f(minima[at]) > f(minima[at + 1]) {
                    at
                } else {
                    at + 1
                };
                minima.remove(shallower);
            }
            _ => break,
        }
    }
    let barriers = minima
        .windows(2)
        .map(|w| refine(&points, top(w[0], w[1])))
        .collect();
    Ok(Wells {
        minima: minima.iter().map(|&i| refine(&points, i)).collect(),
        barriers,
    })
}

/// Vertex of the parabola through a point and its neighbors.
fn refine(points: &[CurvePoint], at: usize) -> CurvePoint {
    let middle = points[at];
    if at == 0 || at + 1 >= points.len() {
        return middle;
    }
    let (left, right) = (points[at - 1], points[at + 1]);
    let (p, q) = (left.x - middle.x, right.x - middle.x);
    let (fp, fq) = (
        left.free_energy - middle.free_energy,
        right.free_energy - middle.free_energy,
    );
    // f = slope t + curve t^2 through (p, fp), (0, 0), (q, fq).
    let curve = (fq / q - fp / p) / (q - p);
    let slope = fp / p - curve * p;
    let t = -slope / (2.0 * curve);
    if t.is_finite() && (p..=q).contains(&t) {
        CurvePoint {
            x: middle.x + t,
            free_energy: middle.free_energy + 0.5 * slope * t,
        }
    } else {
        middle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(n: usize, f: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<Option<f64>>) {
        let x: Vec<f64> = (0..n)
            .map(|i| -2.0 + 4.0 * i as f64 / (n - 1) as f64)
            .collect();
        let values = x.iter().map(|&x| Some(f(x))).collect();
        (x, values)
    }

    #[test]
    fn finds_the_wells_and_the_barrier_of_a_quartic() {
        // f = -2x^2 + x^4: minima at +-1 of depth -1.
        let (x, f) = grid(82, |x| -2.0 * x * x + x.powi(4));
        let found = wells(&x, &f, 0.1).unwrap();
        assert_eq!((found.minima.len(), found.barriers.len()), (2, 1));
        for (minimum, expected) in found.minima.iter().zip([-1.0, 1.0]) {
            // The parabola's error in value: 24/6 (third derivative) times 0.385 spacing^3 = 1.9e-4.
            assert!((minimum.x - expected).abs() < 5e-3);
            assert!((minimum.free_energy + 1.0).abs() < 2e-4);
        }
        assert!(found.barriers[0].x.abs() < 1e-9);
        assert!((found.barrier().unwrap() - 1.0).abs() < 2e-4);
    }

    #[test]
    fn a_parabola_is_exact_and_ripples_and_gaps_do_not_count() {
        let (x, mut f) = grid(41, |x| (x - 0.123).powi(2));
        f[0] = None;
        f[20] = None;
        let one = wells(&x, &f, 0.0).unwrap();
        assert_eq!(one.minima.len(), 1);
        assert!((one.minima[0].x - 0.123).abs() < 1e-12 && one.barrier().is_none());
        let (x, f) = grid(400, |x| x * x + 0.05 * (40.0 * x).sin());
        assert!(wells(&x, &f, 0.0).unwrap().minima.len() > 3);
        assert_eq!(wells(&x, &f, 0.2).unwrap().minima.len(), 1);
        let (x, f) = grid(10, |x| x);
        assert!(wells(&x, &f, 0.0).unwrap().minima.is_empty());
        assert!(wells(&x, &f[1..], 0.0).is_err());
    }
}
