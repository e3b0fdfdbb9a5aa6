//! Tests of the whole crate against the reference files; the modules' own tests lie beside them.

mod reference;
