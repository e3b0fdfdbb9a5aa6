//! The phase plane (theory, section 6): a model's place in it, and the phases of random models.

pub mod map;
mod order_parameters;

pub use map::{
    Averages, ChainOptions, Couplings, DisorderMean, Ensemble, MapPoint, PhasePoint, PlanePoint,
    Region, Transitions, Units, phase_map, phase_point,
};
