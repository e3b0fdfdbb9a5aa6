//! Drawing states: the random numbers that all backends share.

pub mod noise;
