//! How fast modes relax (theory, section 3, "diffusion"): predicted, simulated and measured.
//!
//! [`relaxation`] predicts by three approximations, [`mod@langevin`] integrates the motion of one mode, [`mod@diffusion`] measures
//! autocorrelations over chains.

pub mod diffusion;
pub mod langevin;
pub mod relaxation;

pub use diffusion::{
    CoordinateDiffusion, DiffusionOptions, ModeDiffusion, autocorrelations, diffusion,
};
pub use langevin::{LangevinOptions, LangevinRun, ModePotential, langevin};
pub use relaxation::{ModeRelaxation, Prediction, mode_relaxations};
