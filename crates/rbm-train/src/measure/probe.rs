//! What a single figure measures of each snapshot, in a file of its own with that figure.

use super::chains::Record;
use super::context::Context;
use super::reference::Reference;
use rbm_analysis::ReciprocalSpace;
use rbm_model::Parameters;
use serde::Serialize;
use serde_json::Value;

/// A measurement of snapshots by the name of its figure, kept in `measurements.json` under that name.
#[derive(Clone, Copy)]
pub struct Probe {
    /// Name of the figure.
    pub name: &'static str,
    /// Measures one snapshot. Use [`kept`] for its result.
    pub measure: fn(&Snapshot<'_>) -> anyhow::Result<Value>,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// One snapshot, with everything that is at hand when it is measured.
pub struct Snapshot<'a> {
    /// The model.
    pub parameters: &'a Parameters,
    /// Its modes.
    pub space: &'a ReciprocalSpace,
    /// Its leading modes that are followed.
    pub modes: usize,
    /// Whether it is the first or the last one.
    pub ends: bool,
    /// Seed of everything random.
    pub seed: u64,
    pub(crate) reference: Option<&'a Reference>,
    pub(crate) chains: &'a Record,
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(
        context: &Context<'a>,
        (parameters, space): (&'a Parameters, &'a ReciprocalSpace),
        chains: &'a Record,
        modes: usize,
        ends: bool,
    ) -> Self {
        Self {
            parameters,
            space,
            modes,
            ends,
            seed: context.seed,
            reference: context.reference,
            chains,
        }
    }
}

/// A result as it is kept.
///
/// # Errors
/// For a value that JSON cannot hold, such as a map whose keys are no texts.
pub fn kept(value: impl Serialize) -> anyhow::Result<Value> {
    Ok(serde_json::to_value(value)?)
}
