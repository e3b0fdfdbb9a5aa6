//! Tests of the whole crate; the modules' own lie beside them.

mod fluctuations;
mod ln_z_scan;
mod reference;
mod robustness;
mod symmetry_breaking;
