//! Burn's ndarray backend.
#[allow(deprecated)]
impl super::RbmOps for burn::backend::NdArray {}
