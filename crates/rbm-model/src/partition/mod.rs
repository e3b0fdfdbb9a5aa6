//! Likelihoods: exact by enumeration where a layer is small, bracketed by annealing otherwise, and
//! pseudo-likelihoods.
//!
//! Annealing gives ln Z from two sides. [`anneal()`] from independent units (a [`Base`]) to the
//! model estimates Z without bias, so ln Z low on average, and likelihoods high. The same way
//! back from samples of the model estimates 1 / Z without bias, so ln Z high, *if the samples are
//! from the model's equilibrium*. [`bennett()`] combines both, and a [`Bracket`] says what the pair
//! is worth. A [`pilot()`] run finds where a model has its mass, and spaces the temperatures.

mod anneal;
mod bennett;
mod bracket;
mod enumeration;
mod equilibrium;
mod estimate;
mod geometric_path;
mod pilot;
mod schedule;

pub use anneal::{AnnealingRun, Start, StepObserver, anneal, ignore_steps};
pub use bennett::{Bennett, bennett};
pub use bracket::{Bracket, Equilibrium, Verdict};
pub use enumeration::{ENUMERATION_LIMIT, Enumeration, ExactMoments};
pub use equilibrium::{Comparison, Group, compare, equilibrate, pick, r_hat, resample};
pub use estimate::{Direction, Estimate};
pub use geometric_path::{Base, GeometricPath, Noise};
pub use pilot::{Pilot, pilot};
pub use schedule::{check_betas, linear, sigmoid, spread_evenly};

#[cfg(test)]
mod annealing_tests;
