//! The constrained step: means of one layer at fixed coordinates, by the convex dual.

use crate::reciprocal::space::dot;
use rbm_model::parameters::{sigmoid, softplus};

/// One or two linear conditions U_k . m_v = x_k.
pub(super) struct Constraint<'a> {
    pub(super) vectors: Vec<&'a [f64]>,
}

impl Constraint<'_> {
    /// The field plus U mu with sigmoid(field + U mu) meeting the target, and mu: Newton's method on the convex dual, with
    /// the step halved while it does not descend. [`Self::violation`] tells how well the target was met.
    pub(super) fn solve(
        &self,
        field: Vec<f64>,
        target: &[f64],
        start: &[f64],
    ) -> (Vec<f64>, Vec<f64>) {
        let k = self.vectors.len();
        let shifted = |mu: &[f64]| -> Vec<f64> {
            let mut f = field.clone();
            for (u, mu) in self.vectors.iter().zip(mu) {
                f.iter_mut().zip(*u).for_each(|(f, u)| *f += mu * u);
            }
            f
        };
        let dual =
            |f: &[f64], mu: &[f64]| f.iter().map(|&f| softplus(f)).sum::<f64>() - dot(mu, target);
        let mut mu = start.to_vec();
        let mut f = shifted(&mu);
        let mut last = f64::INFINITY;
        for _ in 0..200 {
            let p: Vec<f64> = f.iter().map(|&f| sigmoid(f)).collect();
            let gradient: Vec<f64> = (0..k)
                .map(|a| dot(self.vectors[a], &p) - target[a])
                .collect();
            let largest = gradient.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
            // Exact, or down at the rounding error of the sums.
            if largest <= 1e-13 || (largest < 1e-10 && largest >= 0.5 * last) {
                break;
            }
            last = largest;
            let curvature = |a: usize, b: usize| -> f64 {
                let (u, w) = (self.vectors[a], self.vectors[b]);
                (0..p.len())
                    .map(|i| u[i] * w[i] * p[i] * sigmoid(-f[i]))
                    .sum()
            };
            let mut step = newton_step(&gradient, &curvature);
            let change = |step: &[f64]| {
                let of = |i: usize| (0..k).map(|a| step[a] * self.vectors[a][i]).sum::<f64>();
                (0..f.len()).fold(0.0_f64, |m, i| m.max(of(i).abs()))
            };
            // Far out the curvature vanishes and the step explodes: no field moves by more than 20.
            let mut moved = change(&step);
            if moved > 20.0 {
                step.iter_mut().for_each(|s| *s *= 20.0 / moved);
                moved = 20.0;
            }
            if moved < 0.25 {
                // The curvature changes by less than e^0.25: Newton's step needs no check, and rounding could not pass one.
                mu.iter_mut().zip(&step).for_each(|(m, s)| *m -= s);
                f = shifted(&mu);
                continue;
            }
            let decrement = dot(&gradient, &step);
            let value = dual(&f, &mu);
            let better = (0..40).find_map(|halving| {
                let scale = 0.5_f64.powi(halving);
                let trial: Vec<f64> = mu.iter().zip(&step).map(|(m, s)| m - scale * s).collect();
                let field = shifted(&trial);
                let descends = dual(&field, &trial) <= value - 1e-4 * scale * decrement;
                descends.then_some((trial, field))
            });
            let Some(better) = better else { break };
            (mu, f) = better;
        }
        (f, mu)
    }

    /// Largest |U_k . sigmoid(field) - x_k|.
    pub(super) fn violation(&self, field: &[f64], target: &[f64]) -> f64 {
        let means: Vec<f64> = field.iter().map(|&f| sigmoid(f)).collect();
        let of = |(u, x): (&&[f64], &f64)| (dot(u, &means) - x).abs();
        self.vectors.iter().zip(target).map(of).fold(0.0, f64::max)
    }

    /// Which targets some means in (0, 1) can meet.
    pub(super) fn limits(&self) -> Limits {
        // The reachable set is the zonotope of the units' vectors (U_ik, U_il): an interval for one mode; for two, its
        // sides are parallel to these vectors, so their normals are all the directions to look at.
        let normals: Vec<Vec<f64>> = match self.vectors.as_slice() {
            [_] => vec![vec![1.0], vec![-1.0]],
            [u, w, ..] => u
                .iter()
                .zip(*w)
                .filter(|(u, w)| u.hypot(**w) > 0.0)
                .flat_map(|(u, w)| [vec![*w, -u], vec![-w, *u]])
                .collect(),
            [] => Vec::new(),
        };
        let support = |normal: &[f64]| -> f64 {
            let n = self.vectors.first().map_or(0, |u| u.len());
            (0..n)
                .map(|i| {
                    let along: f64 = self.vectors.iter().zip(normal).map(|(u, n)| u[i] * n).sum();
                    along.max(0.0)
                })
                .sum()
        };
        Limits {
            sides: normals
                .into_iter()
                .map(|normal| {
                    let reach = support(&normal);
                    (normal, reach)
                })
                .collect(),
        }
    }
}

/// Half-planes (normal, reach): normal . x < reach for each.
pub(super) struct Limits {
    sides: Vec<(Vec<f64>, f64)>,
}

impl Limits {
    pub(super) fn contain(&self, target: &[f64]) -> bool {
        self.sides.iter().all(|(normal, reach)| {
            // At the very edge the multipliers are infinite.
            let scale = normal.iter().fold(0.0_f64, |m, n| m.max(n.abs()));
            dot(normal, target) < reach - 1e-9 * scale
        })
    }
}

/// Curvature^-1 gradient for one or two unknowns; the gradient itself where the curvature is lost to rounding.
fn newton_step(gradient: &[f64], curvature: &dyn Fn(usize, usize) -> f64) -> Vec<f64> {
    let step = match *gradient {
        [g, h] => {
            let (a, b, d) = (curvature(0, 0), curvature(0, 1), curvature(1, 1));
            let determinant = a * d - b * b;
            vec![(d * g - b * h) / determinant, (a * h - b * g) / determinant]
        }
        _ => gradient.iter().map(|g| g / curvature(0, 0)).collect(),
    };
    if step.iter().all(|s| s.is_finite()) && dot(&step, gradient) > 0.0 {
        step
    } else {
        gradient.to_vec()
    }
}
