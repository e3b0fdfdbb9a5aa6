//! What looks on while something long is computed.

/// Something that is told how far a long computation is: the name of the present stage, its steps done,
/// and its steps in all.
pub type ProgressFn<'a> = dyn FnMut(&str, usize, usize) + Send + 'a;

/// A [`ProgressFn`] that does nothing.
pub fn ignore_progress(_: &str, _: usize, _: usize) {}
