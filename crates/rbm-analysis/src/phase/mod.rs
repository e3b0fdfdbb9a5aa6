//! The phase plane (theory, section 6): a model's place in it, and the phases of random models.
//!
//! [`plane`] places a model by mean and deviation of its weights, [`map`] measures [`order_parameters`] of random models over the
//! plane, [`regions`] has the phases that mean field expects there.

pub mod map;
pub mod order_parameters;
pub mod plane;
pub mod regions;

pub use map::{DisorderMean, Ensemble, MapPoint, PlanePoint, phase_map};
pub use order_parameters::{Averages, ChainOptions};
pub use plane::{Couplings, PhasePoint, Units, phase_point};
pub use regions::{Region, Transitions};
