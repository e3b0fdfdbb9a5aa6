//! Kinds of numbers that sums are made of.

use crate::kernels::simd::Simd;

/// f32, i32 or i16: what vectors of them are and how they are added.
pub(super) trait Number: bytemuck::Pod + Send + Sync {
    /// As many as fill a vector.
    type Vector<S: Simd>: Copy;
    /// Numbers in 32 bits.
    const PER_LANE: usize;

    /// All zero.
    fn zero<S: Simd>(simd: S) -> Self::Vector<S>;
    /// Reads a vector.
    ///
    /// # Safety
    /// The numbers must be readable.
    unsafe fn load<S: Simd>(simd: S, from: *const Self) -> Self::Vector<S>;
    /// Writes a vector.
    ///
    /// # Safety
    /// The numbers must be writable.
    unsafe fn store<S: Simd>(simd: S, to: *mut Self, a: Self::Vector<S>);
    /// a + b; integers wrap.
    fn add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
}

impl Number for f32 {
    type Vector<S: Simd> = S::F;
    const PER_LANE: usize = 1;

    #[inline(always)]
    fn zero<S: Simd>(simd: S) -> S::F {
        simd.splat(0.0)
    }
    #[inline(always)]
    unsafe fn load<S: Simd>(simd: S, from: *const Self) -> S::F {
        // SAFETY: the caller vouches for the numbers.
        unsafe { simd.load(from) }
    }
    #[inline(always)]
    unsafe fn store<S: Simd>(simd: S, to: *mut Self, a: S::F) {
        // SAFETY: the caller vouches for the numbers.
        unsafe { simd.store(to, a) }
    }
    #[inline(always)]
    fn add<S: Simd>(simd: S, a: S::F, b: S::F) -> S::F {
        simd.add(a, b)
    }
}

/// A kind of integers, by the addition of its vectors.
macro_rules! integer {
    ($type:ty, $per_lane:literal, $add:ident) => {
        impl Number for $type {
            type Vector<S: Simd> = S::U;
            const PER_LANE: usize = $per_lane;

            #[inline(always)]
            fn zero<S: Simd>(simd: S) -> S::U {
                simd.splat_u(0)
            }
            #[inline(always)]
            unsafe fn load<S: Simd>(simd: S, from: *const Self) -> S::U {
                // SAFETY: the caller vouches for the numbers; a vector takes the bits as they are.
                simd.bits(unsafe { simd.load(from.cast()) })
            }
            #[inline(always)]
            unsafe fn store<S: Simd>(simd: S, to: *mut Self, a: S::U) {
                // SAFETY: as above.
                unsafe { simd.store(to.cast(), simd.with_bits(a)) }
            }
            #[inline(always)]
            fn add<S: Simd>(simd: S, a: S::U, b: S::U) -> S::U {
                simd.$add(a, b)
            }
        }
    };
}
integer! { i32, 1, add_u }
integer! { i16, 2, add_u16 }

/// How numbers in memory become a vector of those that are summed.
pub(super) trait Source<T: Number>: Copy {
    /// What is in memory.
    type From;
    /// Reads as many as fill a vector.
    ///
    /// # Safety
    /// They must be readable.
    unsafe fn load<S: Simd>(self, simd: S, from: *const Self::From) -> T::Vector<S>;
}

/// They are those numbers.
#[derive(Clone, Copy)]
pub(super) struct AsTheyAre;

impl<T: Number> Source<T> for AsTheyAre {
    type From = T;

    #[inline(always)]
    unsafe fn load<S: Simd>(self, simd: S, from: *const T) -> T::Vector<S> {
        // SAFETY: the caller vouches for the numbers.
        unsafe { T::load(simd, from) }
    }
}

/// They are multiplied by this factor.
#[derive(Clone, Copy)]
pub(super) struct Scaled(pub(super) f32);

impl Source<f32> for Scaled {
    type From = f32;

    #[inline(always)]
    unsafe fn load<S: Simd>(self, simd: S, from: *const f32) -> S::F {
        // SAFETY: the caller vouches for the numbers.
        simd.mul(simd.splat(self.0), unsafe { simd.load(from) })
    }
}

/// They are multiplied by this factor and rounded.
#[derive(Clone, Copy)]
pub(super) struct Rounded(pub(super) f32);

impl Source<i32> for Rounded {
    type From = f32;

    #[inline(always)]
    unsafe fn load<S: Simd>(self, simd: S, from: *const f32) -> S::U {
        // SAFETY: the caller vouches for the numbers.
        simd.round(simd.mul(simd.splat(self.0), unsafe { simd.load(from) }))
    }
}
