//! Everything about one model in one call: [`snapshot`] without sampling, [`modes`] with chains.
//!
//! All sections of the theory, put together from the other rooms.

mod ln_z;
pub mod modes;
pub mod snapshot;

pub use ln_z::LnZ;
pub use modes::{ModeAnalysis, ModeAnalysisOptions, ModeFreeEnergy, PointSummary, analyze_modes};
pub use snapshot::{
    SpectrumSummary, Summary, SummaryMoments, SummaryOptions, summarize, summarize_in,
};
