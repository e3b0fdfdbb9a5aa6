//! Langevin motion of one mode in its quadratic or Landau potential.
//!
//! ```text
//! Phi(x, y) = 2x^2 + 2y^2 - lambda x y - j_x x - j_y y + (4/3)(q_U x^4 + q_V y^4)
//! dx = -dPhi/dx dt + sqrt2 dB,  dy likewise          stationary density exp(-Phi)
//! ```
//!
//! x and y are deviations from the mode's mean under uniform units. Without the quartic terms this is an
//! Ornstein-Uhlenbeck process with rates 4 - lambda and 4 + lambda, and nothing holds it back for lambda >= 4.
//! Integrated by the stochastic Heun scheme, of second weak order for additive noise: P. E. Kloeden, E. Platen,
//! Numerical Solution of Stochastic Differential Equations, Springer (1992), chapter 15.

use crate::error::AnalysisError;
use crate::random::{generator, normal};
use crate::statistics::moments::{Measured, mean_and_error};
use rayon::prelude::*;
use rbm_model::noise::stream;
use serde::{Deserialize, Serialize};

/// Potential of one mode.
///
/// # Examples
/// ```
/// use rbm_analysis::dynamics::ModePotential;
/// let potential = ModePotential::quadratic(2.0);
/// assert_eq!(potential.force([1.0, 0.0]), [-4.0, 2.0]);
/// // <x^2> = 4/(16 - lambda^2), <x y> = lambda/(16 - lambda^2)
/// let [xx, _, xy] = potential.second_moments().unwrap();
/// assert!((xx - 4.0 / 12.0).abs() < 1e-8 && (xy - 2.0 / 12.0).abs() < 1e-8);
/// // Beyond lambda = 4 quartic terms alone keep the mode together.
/// assert!(ModePotential::quadratic(5.0).second_moments().is_none());
/// assert!(ModePotential::landau(5.0, 0.1, 0.1).second_moments().is_some());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ModePotential {
    /// Singular value lambda.
    pub singular_value: f64,
    /// Stiffness: 2x^2 + 2y^2 is s_x x^2/2 + s_y y^2/2 with 4 and 4.
    pub stiffness: [f64; 2],
    /// Linear terms j_x, j_y; zero for a centered model.
    pub source: [f64; 2],
    /// q_U and q_V, the inverse participation ratios of the mode's vectors; zeros for the quadratic potential.
    pub quartic: [f64; 2],
}

impl ModePotential {
    /// The Gaussian limit's potential, without sources.
    pub fn quadratic(singular_value: f64) -> Self {
        Self {
            singular_value,
            stiffness: [4.0; 2],
            source: [0.0; 2],
            quartic: [0.0; 2],
        }
    }

    /// Landau's potential, without sources.
    pub fn landau(singular_value: f64, ipr_left: f64, ipr_right: f64) -> Self {
        Self {
            quartic: [ipr_left, ipr_right],
            ..Self::quadratic(singular_value)
        }
    }

    /// Landau's potential with the stiffness 4(1 - q) of each coordinate instead of 4, without sources.
    ///
    /// To first order in q_U, q_V this is -ln of the density of x and y themselves (Edgeworth's expansion): without coupling the
    /// variances are exactly 1/4, which Landau's mean-field form misses by q/4. For a mode that stands alone.
    pub fn isolated(singular_value: f64, ipr_left: f64, ipr_right: f64) -> Self {
        Self {
            stiffness: [4.0 * (1.0 - ipr_left), 4.0 * (1.0 - ipr_right)],
            ..Self::landau(singular_value, ipr_left, ipr_right)
        }
    }

    /// Phi(x, y).
    pub fn value(&self, [x, y]: [f64; 2]) -> f64 {
        let [sx, sy] = self.stiffness;
        let [qx, qy] = self.quartic;
        0.5 * (sx * x * x + sy * y * y)
            - self.singular_value * x * y
            - self.source[0] * x
            - self.source[1] * y
            + 4.0 / 3.0 * (qx * x.powi(4) + qy * y.powi(4))
    }

    /// -grad Phi(x, y).
    pub fn force(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let pull = |i: usize, z: f64| {
            self.source[i] - self.stiffness[i] * z - 16.0 / 3.0 * self.quartic[i] * z.powi(3)
        };
        [
            self.singular_value * y + pull(0, x),
            self.singular_value * x + pull(1, y),
        ]
    }

    /// Means of x^2, y^2 and x y under the density exp(-Phi), by the trapezoidal rule, to about 1e-9 relative.
    ///
    /// `None` where the density cannot be normalized or reaches beyond |x| = 200: singular values of 4 and more without
    /// quartic terms. For [`Self::isolated`] this is the closure of a mode that stands alone: better than the Gaussian limit
    /// near lambda = 4, blind to all other modes.
    pub fn second_moments(&self) -> Option<[f64; 3]> {
        // Narrower than the narrowest direction by a factor that makes the rule's error negligible.
        let spacing = 0.35 / (4.0 + self.singular_value.abs()).sqrt();
        let steps = self.reach(spacing)?;
        let lowest = self.sum(steps, spacing, f64::INFINITY, |phi, _| phi, f64::min);
        let integral = |f: &dyn Fn([f64; 2]) -> f64| {
            let weigh = |phi: f64, at| (lowest - phi).exp() * f(at);
            self.sum(steps, spacing, 0.0, weigh, |a, b| a + b)
        };
        let z = integral(&|_| 1.0);
        Some([
            integral(&|[x, _]| x * x) / z,
            integral(&|[_, y]| y * y) / z,
            integral(&|[x, y]| x * y) / z,
        ])
    }

    /// Grid steps to where the density is below e^-45 of that at the origin on all sides of the square and rising outwards.
    fn reach(&self, spacing: f64) -> Option<i32> {
        let outside = |steps: i32| {
            (-steps..=steps).all(|i| {
                let (a, b) = (f64::from(i) * spacing, f64::from(steps) * spacing);
                [[a, b], [a, -b], [b, a], [-b, a]].into_iter().all(|at| {
                    let force = self.force(at);
                    self.value(at) > 45.0 && force[0] * at[0] + force[1] * at[1] < 0.0
                })
            })
        };
        let most = (200.0 / spacing) as i32;
        std::iter::successors(Some(8), |s| Some(s + s / 4))
            .take_while(|&s| s <= most)
            .find(|&s| outside(s))
    }

    fn sum(
        &self,
        steps: i32,
        spacing: f64,
        start: f64,
        value: impl Fn(f64, [f64; 2]) -> f64,
        join: impl Fn(f64, f64) -> f64,
    ) -> f64 {
        let mut total = start;
        for i in -steps..=steps {
            for j in -steps..=steps {
                let at = [f64::from(i) * spacing, f64::from(j) * spacing];
                total = join(total, value(self.value(at), at));
            }
        }
        total
    }

    /// One Heun step of size `step` with standard normal numbers `noise`.
    fn heun(&self, at: [f64; 2], step: f64, noise: [f64; 2]) -> [f64; 2] {
        let kick = (2.0 * step).sqrt();
        let here = self.force(at);
        let guess = [0, 1].map(|i| at[i] + step * here[i] + kick * noise[i]);
        let there = self.force(guess);
        [0, 1].map(|i| at[i] + 0.5 * step * (here[i] + there[i]) + kick * noise[i])
    }
}

/// How to integrate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LangevinOptions {
    /// Time step; at most 1/(4 + lambda), half of what stability allows in the quadratic potential.
    pub step: f64,
    /// Steps before the first recording.
    pub warm_up: usize,
    /// Recordings.
    pub recordings: usize,
    /// Steps between recordings.
    pub steps_between: usize,
    /// Independent trajectories.
    pub trajectories: usize,
    /// Where all of them start.
    pub start: [f64; 2],
    /// Seed; each trajectory has a stream of its own.
    pub seed: u64,
}

impl Default for LangevinOptions {
    fn default() -> Self {
        Self {
            step: 0.02,
            warm_up: 1000,
            recordings: 100,
            steps_between: 25,
            trajectories: 200,
            start: [0.0; 2],
            seed: 0,
        }
    }
}

/// Recorded motion and its moments. Moments have the scheme's bias of order step^2 besides their errors, and are those
/// of the stationary law only if the warm-up was long enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LangevinRun {
    /// Positions (x, y), one row per trajectory.
    pub paths: Vec<Vec<[f64; 2]>>,
    /// Time between recordings.
    pub interval: f64,
    /// Means of x and of y.
    pub mean: [Measured; 2],
    /// Means of x^2, y^2 and x y, about zero; errors over trajectories.
    pub second_moments: [Measured; 3],
}

/// Integrates the motion of one mode.
///
/// # Errors
/// [`AnalysisError::Argument`] for a step that is not positive or above 1/(4 + |lambda|), for quartic coefficients that
/// are negative, for anything not finite and without trajectories or recordings;
/// [`AnalysisError::NoConvergence`] if a trajectory runs away to infinity (lambda >= 4 without quartic terms).
///
/// # Examples
/// ```
/// use rbm_analysis::dynamics::{LangevinOptions, ModePotential, langevin};
/// let run = langevin(&ModePotential::quadratic(2.0), &LangevinOptions::default())?;
/// let [xx, _, _] = run.second_moments;
/// assert!((xx.value - 4.0 / 12.0).abs() < 5.0 * xx.error);
/// # Ok::<(), rbm_analysis::AnalysisError>(())
/// ```
pub fn langevin(
    potential: &ModePotential,
    options: &LangevinOptions,
) -> Result<LangevinRun, AnalysisError> {
    check(potential, options)?;
    let paths: Vec<Vec<[f64; 2]>> = (0..options.trajectories)
        .into_par_iter()
        .map(|trajectory| {
            let mut random = generator(options.seed, stream::LANGEVIN + trajectory as u64);
            let mut at = options.start;
            let mut advance = |steps: usize| {
                for _ in 0..steps {
                    let noise = [normal(&mut random), normal(&mut random)];
                    at = potential.heun(at, options.step, noise);
                }
                at
            };
            advance(options.warm_up);
            (0..options.recordings)
                .map(|_| advance(options.steps_between))
                .collect()
        })
        .collect();
    if paths.iter().flatten().flatten().any(|x| !x.is_finite()) {
        return Err(AnalysisError::NoConvergence {
            what: "Langevin motion (a trajectory ran away to infinity)",
        });
    }
    let moment = |of: &dyn Fn(&[f64; 2]) -> f64| {
        let means: Vec<f64> = paths
            .iter()
            .map(|path| path.iter().map(of).sum::<f64>() / path.len() as f64)
            .collect();
        let (value, error) = mean_and_error(&means);
        Measured { value, error }
    };
    Ok(LangevinRun {
        mean: [moment(&|p| p[0]), moment(&|p| p[1])],
        second_moments: [
            moment(&|p| p[0] * p[0]),
            moment(&|p| p[1] * p[1]),
            moment(&|p| p[0] * p[1]),
        ],
        interval: options.step * options.steps_between as f64,
        paths,
    })
}

fn check(potential: &ModePotential, options: &LangevinOptions) -> Result<(), AnalysisError> {
    let fail = |name: &'static str, expected: String, found: String| {
        Err(AnalysisError::Argument {
            name,
            expected,
            found,
        })
    };
    if !potential.singular_value.is_finite() || potential.source.iter().any(|j| !j.is_finite()) {
        return fail(
            "potential",
            "finite coefficients".into(),
            format!("{potential:?}"),
        );
    }
    if potential
        .quartic
        .iter()
        .any(|q| !(q.is_finite() && *q >= 0.0))
    {
        return fail(
            "quartic coefficients",
            "finite and not negative".into(),
            format!("{:?}", potential.quartic),
        );
    }
    let largest = 1.0 / (4.0 + potential.singular_value.abs());
    if !(options.step > 0.0 && options.step <= largest) {
        return fail(
            "step",
            format!("positive and at most 1/(4 + lambda) = {largest:.4}"),
            options.step.to_string(),
        );
    }
    if options.start.iter().any(|x| !x.is_finite()) {
        return fail("start", "finite".into(), format!("{:?}", options.start));
    }
    for (name, count) in [
        ("trajectories", options.trajectories),
        ("recordings", options.recordings),
        ("steps_between", options.steps_between),
    ] {
        if count == 0 {
            return fail(name, "at least 1".into(), "0".into());
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "langevin_tests.rs"]
mod tests;
