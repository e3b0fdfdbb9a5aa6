//! Modes against other modes (theory, section 2, "during training"): between checkpoints and with the principal components of data.
//!
//! [`mode_overlap`] has overlaps and principal angles, [`tracking`] follows modes through a run, [`pca`] has the components of data.

pub mod mode_overlap;
pub mod pca;
pub mod tracking;

pub use mode_overlap::{
    ModeOverlap, NEARLY_DEGENERATE, checkpoint_overlaps, data_overlaps, degenerate_groups,
    mode_overlaps, overlaps, principal_angles,
};
pub use pca::{DataVariance, Pca, SecondMoments};
pub use tracking::{ModeMatch, Modes, Track, TrackPoint, match_modes, track_modes};
