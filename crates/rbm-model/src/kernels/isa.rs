//! Which vector instructions the kernels use.

use super::simd::{Kernel, Simd, portable::Portable};
#[cfg(target_arch = "x86_64")]
use super::simd::{avx2::Avx2, avx512::Avx512};

/// Vector instructions that the kernels are written for.
///
/// Asking for one that the machine lacks is not an error: the portable code runs in its place
/// and gives the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Isa {
    /// What the compiler makes of plain loops: SSE2 on x86-64, NEON on 64-bit ARM.
    Portable,
    /// AVX2, eight lanes.
    Avx2,
    /// AVX-512 F, BW, DQ and VL, sixteen lanes.
    Avx512,
}

impl Isa {
    /// All of them, from the narrowest to the widest.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// The widest that this machine has. The first call asks the processor, later ones are cheap.
    #[must_use]
    pub fn detect() -> Self {
        let mut widest = Self::Portable;
        for isa in Self::ALL {
            if isa.is_available() {
                widest = isa;
            }
        }
        widest
    }

    /// Whether this machine has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::new().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::new().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }

    /// Runs a kernel with these instructions, or with the portable ones where they are missing.
    #[inline]
    pub(super) fn run<K: Kernel>(self, kernel: K) {
        #[cfg(target_arch = "x86_64")]
        match self {
            Self::Avx512 => {
                if let Some(simd) = Avx512::new() {
                    return simd.enter(kernel);
                }
            }
            Self::Avx2 => {
                if let Some(simd) = Avx2::new() {
                    return simd.enter(kernel);
                }
            }
            Self::Portable => {}
        }
        Portable.enter(kernel);
    }
}
