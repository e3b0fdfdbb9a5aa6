//! Everything about one model in one call: [`snapshot`] without sampling, [`modes`] with chains.

pub mod modes;
pub mod snapshot;

pub use modes::{FieldAnalysis, FieldOptions, ModeFreeEnergy, PointSummary, analyze_field};
pub use snapshot::{
    LnZ, SpectrumSummary, Summary, SummaryMoments, SummaryOptions, summarize, summarize_in,
};
