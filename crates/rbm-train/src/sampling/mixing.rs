//! Whether the chains behind samples have mixed.

use burn::tensor::{Tensor, TensorData};
use rbm_analysis::{AnalysisError, ReciprocalSpace};
use rbm_model::Rbm;
use rbm_model::sampling::diagnostics::{Diagnosis, DiagnosticsError, LEAST_DRAWS, diagnose};
use serde::Serialize;

/// Draws that are recorded over a run of chains; the first half is discarded.
pub const DRAWS: usize = 200;
/// Leading reciprocal modes that are judged.
pub const MODES: usize = 5;

/// Largest R-hat at which chains count as mixed: loose, the usual demand being 1.01.
pub const LARGEST_R_HAT: f64 = 1.1;

/// What the second half of the recorded draws says.
#[derive(Debug, Clone, Serialize)]
pub struct Mixing {
    /// Sweeps from one draw to the next; times below are in draws.
    pub sweeps_between_draws: usize,
    /// Draws of each chain before those that are judged.
    pub discarded_draws: usize,
    /// Free energy F(v), the energy with the hidden units summed over.
    pub free_energy: Diagnosis,
    /// Leading reciprocal modes x_k = (U^T v)_k.
    pub modes: Vec<ModeDiagnosis>,
    /// The largest R-hat of all; NaN (null) if something never moved.
    pub largest_r_hat: f64,
    /// The smallest effective sample size of all.
    pub smallest_effective_sample_size: f64,
}

impl Mixing {
    /// Whether chains agree well enough that they count as mixed.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.largest_r_hat <= LARGEST_R_HAT
    }
}

/// One mode's diagnosis.
#[derive(Debug, Clone, Serialize)]
pub struct ModeDiagnosis {
    /// Number of the mode, from 1.
    pub mode: usize,
    /// Its singular value.
    pub singular_value: f64,
    /// How x_k behaves over chains.
    #[serde(flatten)]
    pub diagnosis: Diagnosis,
}

/// Records free energy and leading modes of chains while they run.
pub struct Recorder {
    rbm: Rbm,
    /// Leading left singular vectors, `[n_visible, modes]`.
    basis: Tensor<2>,
    singular_values: Vec<f64>,
    /// `[draws][1 + modes][chains]`
    draws: Vec<Vec<Vec<f64>>>,
}

impl Recorder {
    /// For chains of one model; decomposes its weights.
    ///
    /// # Errors
    /// [`AnalysisError`] for weights without a decomposition.
    pub fn new(rbm: &Rbm) -> Result<Self, AnalysisError> {
        let space = ReciprocalSpace::new(&rbm.parameters()?)?;
        let modes = MODES.min(space.modes());
        let vectors = (0..modes)
            .map(|k| space.left_vector(k).map(<[f64]>::to_vec))
            .collect::<Result<Vec<_>, _>>()?;
        let n = rbm.n_visible();
        let values: Vec<f32> = (0..n)
            .flat_map(|i| vectors.iter().map(move |vector| vector[i] as f32))
            .collect();
        Ok(Self {
            basis: Tensor::from_data(TensorData::new(values, [n, modes]), &rbm.device()),
            singular_values: space.singular_values()[..modes].to_vec(),
            rbm: rbm.clone(),
            draws: Vec::new(),
        })
    }

    /// Takes one draw of all chains, `[chains, n_visible]`.
    pub fn record(&mut self, visible: &Tensor<2>) {
        let read = |x: burn::tensor::TensorData| x.iter::<f64>().collect::<Vec<f64>>();
        let energy = read(self.rbm.free_energy(visible.clone()).into_data());
        let modes = read(visible.clone().matmul(self.basis.clone()).into_data());
        let count = self.singular_values.len();
        let mut draw = vec![energy];
        draw.extend((0..count).map(|k| modes[k..].iter().step_by(count).copied().collect()));
        self.draws.push(draw);
    }

    /// Judges what was recorded; `None` for fewer than 8 draws, half of which are discarded.
    ///
    /// # Errors
    /// [`DiagnosticsError`] for chains that cannot be judged.
    pub fn mixing(&self, sweeps_between_draws: usize) -> Result<Option<Mixing>, DiagnosticsError> {
        let discarded_draws = self.draws.len() / 2;
        let kept = &self.draws[discarded_draws..];
        if kept.len() < LEAST_DRAWS || discarded_draws < LEAST_DRAWS {
            return Ok(None);
        }
        let judge = |scalar: usize| {
            let chains: Vec<Vec<f64>> = (0..kept[0][scalar].len())
                .map(|chain| kept.iter().map(|draw| draw[scalar][chain]).collect())
                .collect();
            diagnose(&chains)
        };
        let free_energy = judge(0)?;
        let modes = self
            .singular_values
            .iter()
            .enumerate()
            .map(|(k, singular_value)| {
                Ok(ModeDiagnosis {
                    mode: k + 1,
                    singular_value: *singular_value,
                    diagnosis: judge(k + 1)?,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let all = || modes.iter().map(|m| &m.diagnosis).chain([&free_energy]);
        let largest = |a: f64, b: f64| {
            if a.is_nan() || b.is_nan() {
                f64::NAN
            } else {
                a.max(b)
            }
        };
        Ok(Some(Mixing {
            sweeps_between_draws,
            discarded_draws,
            largest_r_hat: all().map(|d| d.r_hat).fold(0.0, largest),
            smallest_effective_sample_size: all()
                .map(|d| d.effective_sample_size)
                .fold(f64::INFINITY, f64::min),
            free_energy,
            modes,
        }))
    }
}
