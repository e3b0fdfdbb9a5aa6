//! Burn's flex backend.
impl super::RbmOps for burn::backend::Flex {}
