//! What looks on while a bracket is made.

/// Something that is told how far a long computation is: the name of the present stretch, its steps done,
/// and its steps in all.
pub type ProgressFn<'a> = dyn FnMut(&str, usize, usize) + Send + 'a;

/// A [`ProgressFn`] that does nothing.
pub fn ignore_progress(_: &str, _: usize, _: usize) {}
