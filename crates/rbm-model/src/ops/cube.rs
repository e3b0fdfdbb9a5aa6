//! Burn's CubeCL backends (wgpu, CUDA).
impl super::RbmOps for burn_cubecl::CubeBackend {}
