//! ln Z of a snapshot by all methods, each with the conditions under which it fails.

use super::snapshot::SummaryOptions;
use crate::error::AnalysisError;
use crate::gaussian::limit::{CRITICAL_SINGULAR_VALUE, GaussianLimit};
use crate::gaussian::spherical::SphericalClosure;
use crate::mean_field::fixed_points::{
    FixedPoint, MeanFieldOptions, MeanFieldSolution, central_fixed_point, fixed_points,
};
use crate::reciprocal::space::ReciprocalSpace;
use faer::Mat;
use rbm_model::Parameters;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Error of an estimate, in nats, from which on a note says so.
const TELLING: f64 = 0.1;

/// ln Z by six methods, in nats. Where an estimate is known to fail, the notes of the [`Summary`](super::Summary) say so under its
/// name, `ln_z.gaussian` for one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LnZ {
    /// By enumeration.
    pub exact: Option<f64>,
    /// -F_MF at the point reached from m = 1/2: a lower bound.
    pub mean_field: Option<f64>,
    /// With Onsager's term.
    pub onsager: Option<f64>,
    /// To one loop.
    pub one_loop: Option<f64>,
    /// With fluctuations about the point whose length is held, see [`crate::gaussian::spherical`].
    #[serde(default)]
    pub spherical: Option<f64>,
    /// Gaussian (infinite-size) limit.
    pub gaussian: Option<f64>,
}

/// The mean-field point reached from m = 1/2, and other points.
pub(super) struct Points {
    central: Option<FixedPoint>,
    all: Option<MeanFieldSolution>,
}

impl Points {
    /// Looks for them: from m = 1/2, and from both sides of it along the leading mode.
    ///
    /// # Errors
    /// Unusable parameters. What does not converge is left out, with a note.
    pub fn find(
        parameters: &Parameters,
        space: &ReciprocalSpace,
        options: &SummaryOptions,
        notes: &mut BTreeMap<String, String>,
    ) -> Result<Self, AnalysisError> {
        let central = match central_fixed_point(parameters, &options.mean_field) {
            Ok(point) => point,
            Err(AnalysisError::NoConvergence { what }) => {
                for key in [
                    "ln_z.mean_field",
                    "ln_z.onsager",
                    "ln_z.one_loop",
                    "ln_z.spherical",
                    "dressed_singular_values",
                ] {
                    let (tolerance, most) = (
                        options.mean_field.tolerance,
                        options.mean_field.max_iterations,
                    );
                    let text = format!("{what} did not reach {tolerance:e} in {most} steps");
                    notes.insert(key.into(), text);
                }
                return Ok(Self {
                    central: None,
                    all: None,
                });
            }
            Err(error) => return Err(error),
        };
        let all = fixed_points(
            parameters,
            Some(along_leading_mode(space).as_ref()),
            &MeanFieldOptions {
                random_starts: 0,
                ..options.mean_field.clone()
            },
        )?;
        Ok(Self {
            central: Some(central),
            all: Some(all),
        })
    }

    /// Dressed singular values at the point, `[R]`.
    pub fn dressed_singular_values(&self) -> Option<Vec<f64>> {
        let point = self.central.as_ref()?;
        Some(point.dressed_singular_values.clone())
    }

    /// Values and notes of all methods.
    pub fn ln_z(
        &self,
        parameters: &Parameters,
        gaussian: &GaussianLimit,
        closure: Option<&SphericalClosure>,
        exact: Option<f64>,
        notes: &mut BTreeMap<String, String>,
    ) -> LnZ {
        let point = self.central.as_ref();
        let ln_z = LnZ {
            exact,
            mean_field: point.map(|p| -p.free_energy),
            onsager: point.map(|p| p.ln_z_onsager),
            one_loop: point.and_then(|p| p.ln_z_one_loop),
            spherical: point.and_then(|p| p.ln_z_spherical),
            gaussian: gaussian.ln_z,
        };
        self.near_the_threshold(&ln_z, notes);
        self.several_wells(notes);
        self.condensed(&ln_z, notes);
        of_gaussian(parameters, gaussian, closure, notes);
        ln_z
    }

    /// One loop diverges at a dressed value of 1, where fluctuations of fixed length stay finite.
    fn near_the_threshold(&self, ln_z: &LnZ, notes: &mut BTreeMap<String, String>) {
        let Some(point) = &self.central else { return };
        let largest = point.dressed_singular_values[0];
        if !point.stable {
            notes.insert(
                "ln_z.one_loop".into(),
                "the mean-field point reached from m = 1/2 is unstable (largest dressed singular value >= 1)".into(),
            );
            return;
        }
        if let (Some(one_loop), Some(spherical)) = (ln_z.one_loop, ln_z.spherical)
            && one_loop - spherical > TELLING
        {
            notes.insert(
                "ln_z.one_loop".into(),
                format!(
                    "near its threshold (largest dressed singular value {largest:.3}; it diverges at 1): fluctuations whose length is held \
                     give {:.2} nats less",
                    one_loop - spherical
                ),
            );
        }
    }

    /// Values about one point leave out the mass at others.
    fn several_wells(&self, notes: &mut BTreeMap<String, String>) {
        let (Some(central), Some(all)) = (&self.central, &self.all) else {
            return;
        };
        let stable = all.points.iter().filter(|point| point.stable).count();
        let Some(together) = all.ln_z_mean_field else {
            return;
        };
        let missed = together + central.free_energy;
        if stable < 2 && central.stable || missed < TELLING {
            return;
        }
        let text = format!(
            "the value is that of one mean-field point; {stable} stable ones were found from m = 1/2 and along the leading mode, and -F_MF of \
             them together is {missed:.2} nats more"
        );
        for key in ["mean_field", "onsager", "one_loop"] {
            let note = notes.entry(format!("ln_z.{key}")).or_default();
            if !note.is_empty() {
                note.push_str("; ");
            }
            note.push_str(&text);
        }
    }

    /// Length shared by all modes is not that of a single one that has condensed: -F_MF at any point is a lower bound.
    fn condensed(&self, ln_z: &LnZ, notes: &mut BTreeMap<String, String>) {
        let points = self.all.iter().flat_map(|all| &all.points);
        let bound = points.map(|p| -p.free_energy).reduce(f64::max);
        if let (Some(spherical), Some(bound)) = (ln_z.spherical, bound)
            && bound > spherical
        {
            let text = format!(
                "{:.2} nats below a lower bound, -F_MF of another mean-field point: a mode has condensed, which fluctuations that share \
                 their length do not describe",
                bound - spherical
            );
            notes.insert("ln_z.spherical".into(), text);
        }
    }
}

/// Hidden means well to both sides of 1/2 along the leading right vector, `[2, M]`.
fn along_leading_mode(space: &ReciprocalSpace) -> Mat<f64> {
    const FAR: f64 = 0.4;
    let leading = space.svd.right.col_as_slice(0);
    let largest = leading
        .iter()
        .fold(0.0f64, |a, b| a.max(b.abs()))
        .max(f64::MIN_POSITIVE);
    Mat::from_fn(2, leading.len(), |side, j| {
        let sign = if side == 0 { 1.0 } else { -1.0 };
        0.5 + sign * FAR * leading[j] / largest
    })
}

/// Where units are far from m = 1/2, or fluctuations longer than units can be, the Gaussian integral is another model's.
fn of_gaussian(
    parameters: &Parameters,
    gaussian: &GaussianLimit,
    closure: Option<&SphericalClosure>,
    notes: &mut BTreeMap<String, String>,
) {
    let key = "ln_z.gaussian".to_string();
    if gaussian.ln_z.is_none() {
        let count = gaussian.nonconvergent_modes.len();
        let text = format!(
            "{count} modes have a singular value of at least 4: the Gaussian integral does not exist"
        );
        notes.insert(key, text);
        return;
    }
    let half = |units: usize| vec![0.5; units];
    let fields = [
        parameters.visible_field(&half(parameters.n_hidden)),
        parameters.hidden_field(&half(parameters.n_visible)),
    ];
    // ln 2 cosh(f/2) of a unit, of which the Gaussian takes ln 2 + f^2/8.
    let beyond = |f: &f64| f * f / 8.0 - ((f.abs() / 2.0) + (-f.abs()).exp().ln_1p() - 2f64.ln());
    let excess: f64 = fields.iter().flatten().map(beyond).sum();
    let mut reasons = Vec::new();
    if excess > TELLING {
        reasons.push(format!(
            "fields at m = 1/2 reach {:.2}: units are not near probability 1/2, and the quadratic form is {excess:.2} nats too high for \
             independent units in these fields",
            fields.iter().flatten().fold(0.0f64, |a, f| a.max(f.abs()))
        ));
    }
    let plain: f64 = gaussian
        .modes
        .iter()
        .map(|mode| -0.5 * (1.0 - (mode.singular_value / CRITICAL_SINGULAR_VALUE).powi(2)).ln())
        .sum();
    let longer = closure.map_or(0.0, |closure| plain - closure.ln_z_gain);
    if longer > TELLING && excess <= TELLING {
        reasons.push(format!(
            "near its threshold (largest singular value {:.3}; it diverges at 4): fluctuations whose length is held give {longer:.2} nats less",
            gaussian.modes[0].singular_value
        ));
    }
    if !reasons.is_empty() {
        notes.insert(key, reasons.join("; "));
    }
}

#[cfg(test)]
#[path = "ln_z_tests.rs"]
mod tests;
