//! Mean-field free energy (theory, section 5): its fixed points and what corrects them, and free energies along modes.
//!
//! [`mod@fixed_points`] solves the equations; along a mode, [`landau`] expands the free energy, [`constrained`] minimizes it at fixed
//! coordinates, [`density`] has -ln p sampled and exact, and [`mod@wells`] reads minima and barriers off any such curve.

pub mod constrained;
pub mod density;
pub mod fixed_points;
pub mod landau;
mod lowest;
pub mod wells;

pub use constrained::{
    ConstrainedFreeEnergy, ConstrainedOptions, constrained_free_energy,
    constrained_free_energy_pair,
};
pub use density::{Bins, SampledFreeEnergy, exact_free_energy, sampled_free_energy};
pub use fixed_points::{
    FixedPoint, MeanFieldOptions, MeanFieldSolution, central_fixed_point, fixed_points,
    gibbs_free_energy,
};
pub use landau::{LandauMode, landau_modes};
pub use lowest::lowest_fixed_point;
pub use wells::{CurvePoint, Wells, wells};
