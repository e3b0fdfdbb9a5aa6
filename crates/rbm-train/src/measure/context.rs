//! What all measured snapshots of a run share.

use super::probe::Probe;
use super::reference::Reference;
use burn::tensor::Device;
use rbm_analysis::ReciprocalSpace;

/// Leading modes that are followed.
pub const MODES: usize = 8;

/// A value and its standard error.
pub type WithError = [f64; 2];

/// What to measure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Also what takes minutes: brackets of ln Z of all checkpoints by annealing, constrained mean-field
    /// curves, and more rotated copies.
    pub full: bool,
}

/// What all measured snapshots of a run share.
pub(super) struct Context<'a> {
    pub device: &'a Device,
    pub reference: Option<&'a Reference>,
    pub last: &'a ReciprocalSpace,
    pub seed: u64,
    pub options: Options,
    pub probes: &'a [Probe],
}
