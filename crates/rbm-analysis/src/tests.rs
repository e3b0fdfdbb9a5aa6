//! Tests of the whole crate; the modules' own lie beside them.

mod reference;
mod robustness;
