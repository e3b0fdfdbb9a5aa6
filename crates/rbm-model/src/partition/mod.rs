//! ln Z of a model: exact by enumeration where a layer is small, bracketed by annealing otherwise.
//!
//! [`Enumeration`] sums over all states of the smaller layer. [`bracket()`] does everything else that it takes
//! to state ln Z with an interval and a [`Verdict`], of a model and the rows that it was trained on; its
//! [`BracketOptions`] hold all defaults.
//!
//! Annealing gives ln Z from two sides. [`anneal()`] from independent units (a [`Base`]) to the
//! model estimates Z without bias, so ln Z low on average, and likelihoods high. The same way
//! back from samples of the model estimates 1 / Z without bias, so ln Z high, *if the samples are
//! from the model's equilibrium*. [`bennett()`] combines both, and a [`Bracket`] says what the pair
//! is worth. A [`pilot()`] run finds where a model has its mass, and spaces the temperatures. These parts
//! can be used by themselves.
//!
//! All values are in nats.

mod anneal;
mod base_choice;
mod basin_runs;
mod basins;
mod bennett;
mod bracket;
mod bracket_input;
mod bracket_options;
mod bracket_plan;
mod combined;
mod descent;
mod enumeration;
mod equilibrium;
mod estimate;
mod forward_and_reverse;
mod geometric_path;
mod ln_z_bracket;
mod pilot;
mod regions;
mod reverse_weights;
mod sampler;
mod schedule;

pub use anneal::{AnnealingRun, StepObserver, anneal, ignore_steps};
pub use bennett::{Bennett, bennett};
pub use bracket::{BasinShare, Bracket, Equilibrium, Verdict};
pub use bracket_input::BracketInput;
pub use bracket_options::BracketOptions;
pub use bracket_plan::BracketPlan;
pub use enumeration::{ENUMERATION_LIMIT, Enumeration, ExactMoments};
pub use equilibrium::{Comparison, Group, compare, equilibrate, resample};
pub use estimate::{Direction, Estimate};
pub use geometric_path::{Base, GeometricPath, Noise};
pub use ln_z_bracket::{LnZBracket, bracket};
pub use pilot::{Pilot, pilot};
pub use sampler::Start;
pub use schedule::{check_betas, linear, sigmoid, spread_evenly};

#[cfg(test)]
mod annealing_tests;
#[cfg(test)]
mod basin_tests;
#[cfg(test)]
mod hard_families;
#[cfg(test)]
mod hard_families_tests;
