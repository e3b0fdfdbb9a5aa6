//! Everything about one model in one call: [`snapshot`] without sampling, [`modes`] with chains.
//!
//! All sections of the theory, put together from the other rooms.

pub mod modes;
pub mod snapshot;

pub use modes::{ModeAnalysis, ModeAnalysisOptions, ModeFreeEnergy, PointSummary, analyze_modes};
pub use snapshot::{
    LnZ, SpectrumSummary, Summary, SummaryMoments, SummaryOptions, summarize, summarize_in,
};
