//! How figures look: on the page, in SVG files, in LaTeX.

pub(crate) mod html;
pub(crate) mod pgf;
pub(crate) mod svg;

mod png;
