//! The few vector operations that the kernels are written in, one file an instruction set.
//!
//! A value of an implementing type is a proof that the machine has the instructions: it can
//! only be had from a constructor that asks the processor. This is what makes the methods safe.

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;
pub(super) mod portable;

/// Lanes of the widest vectors.
pub(in crate::kernels) const MOST_LANES: usize = 16;

/// A vector anywhere in memory.
///
/// Reading through this type is what the intrinsics for it do, without the checks that a
/// development build puts into them, which multiply the time of the inner loops.
#[derive(Clone, Copy)]
#[repr(C, packed)]
struct Unaligned<T>(T);

/// Work that is compiled once for each instruction set.
///
/// `run` must be `#[inline(always)]`, as must be all that it calls with vectors: only code that
/// is inlined into [`Simd::enter`] is compiled for its instructions.
pub(in crate::kernels) trait Kernel {
    /// Does the work.
    fn run<S: Simd>(self, simd: S);
}

/// Vectors of f32 and u32, and of as many u64, with what the kernels do to them.
///
/// No operation rounds more than once (there is no fused multiply-add), so all
/// implementations give the same bits.
pub(in crate::kernels) trait Simd: Copy {
    /// Lanes of a vector: 8 or 16.
    const LANES: usize;
    /// f32 in each lane.
    type F: Copy;
    /// u32 in each lane.
    type U: Copy;
    /// u64 in each lane, of which the upper halves may hold anything.
    type W: Copy;

    /// Runs a kernel that is compiled for these instructions.
    fn enter<K: Kernel>(self, kernel: K);

    /// Reads `LANES` numbers.
    ///
    /// # Safety
    /// They must be readable.
    unsafe fn load(self, from: *const f32) -> Self::F;
    /// Writes `LANES` numbers.
    ///
    /// # Safety
    /// They must be writable.
    unsafe fn store(self, to: *mut f32, a: Self::F);
    /// The same number in all lanes.
    fn splat(self, a: f32) -> Self::F;
    /// a + b
    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    /// a - b
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    /// a * b
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    /// a / b
    fn div(self, a: Self::F, b: Self::F) -> Self::F;
    /// The square root.
    fn sqrt(self, a: Self::F) -> Self::F;
    /// The smaller of a bound and x; NaN where x is NaN.
    fn at_most(self, bound: Self::F, x: Self::F) -> Self::F;
    /// The larger of a bound and x; NaN where x is NaN.
    fn at_least(self, bound: Self::F, x: Self::F) -> Self::F;
    /// Turns a square round: lane i of vector j becomes lane j of vector i. The first `LANES` vectors are
    /// the square.
    fn transpose(self, square: &mut [Self::F; MOST_LANES]);
    /// A bit for each lane, the first lane lowest: 1 where a < b.
    fn less(self, a: Self::F, b: Self::F) -> u32;
    /// 1.0 in the lanes of the bits that are set, else 0.0. Higher bits do not matter.
    fn ones(self, bits: u32) -> Self::F;
    /// 1.0 where a < b, else 0.0.
    fn one_where_less(self, a: Self::F, b: Self::F) -> Self::F;

    /// The bits of a number.
    fn bits(self, a: Self::F) -> Self::U;
    /// The number that has these bits.
    fn with_bits(self, a: Self::U) -> Self::F;
    /// The nearest integer, the even one of two, as i32; |a| must be below 2^31, else it is any.
    fn round(self, a: Self::F) -> Self::U;
    /// The f32 that is nearest to an i32.
    fn real(self, a: Self::U) -> Self::F;
    /// Reads `LANES` i16 as i32.
    ///
    /// # Safety
    /// They must be readable.
    unsafe fn load_i16(self, from: *const i16) -> Self::U;
    /// Writes `LANES` i32 as i16, whose range they must be in.
    ///
    /// # Safety
    /// They must be writable.
    unsafe fn store_i16(self, to: *mut i16, a: Self::U);
    /// The same word in all lanes.
    fn splat_u(self, a: u32) -> Self::U;
    /// 0, 1, 2, ... along the lanes.
    fn lane_numbers(self) -> Self::U;
    /// a + b modulo 2^32
    fn add_u(self, a: Self::U, b: Self::U) -> Self::U;
    /// a + b modulo 2^16, two to a lane.
    fn add_u16(self, a: Self::U, b: Self::U) -> Self::U;
    /// a | b
    fn or_u(self, a: Self::U, b: Self::U) -> Self::U;
    /// a << N
    fn shl_u<const N: u32>(self, a: Self::U) -> Self::U;
    /// a >> N
    fn shr_u<const N: u32>(self, a: Self::U) -> Self::U;

    /// Words as the lower halves of 64-bit lanes.
    fn widen(self, a: Self::U) -> Self::W;
    /// The lower halves of 64-bit lanes.
    fn narrow(self, a: Self::W) -> Self::U;
    /// The same word in all lower halves.
    fn splat_w(self, a: u32) -> Self::W;
    /// The product of the lower halves, all 64 bits of it.
    fn mul_w(self, a: Self::W, b: Self::W) -> Self::W;
    /// The upper halves as lower halves.
    fn high_w(self, a: Self::W) -> Self::W;
    /// a ^ b
    fn xor_w(self, a: Self::W, b: Self::W) -> Self::W;
}

/// Reads a vector from a slice; lanes beyond its end are 0.
#[inline(always)]
pub(in crate::kernels) fn load<S: Simd>(simd: S, from: &[f32]) -> S::F {
    if from.len() >= S::LANES {
        // SAFETY: the slice holds as many numbers.
        return unsafe { simd.load(from.as_ptr()) };
    }
    let mut padded = [0.0; MOST_LANES];
    padded[..from.len()].copy_from_slice(from);
    // SAFETY: no vector has more lanes.
    unsafe { simd.load(padded.as_ptr()) }
}

/// Writes a vector to a slice, up to its end.
#[inline(always)]
pub(in crate::kernels) fn store<S: Simd>(simd: S, to: &mut [f32], a: S::F) {
    if to.len() >= S::LANES {
        // SAFETY: the slice holds as many numbers.
        return unsafe { simd.store(to.as_mut_ptr(), a) };
    }
    let mut padded = [0.0; MOST_LANES];
    // SAFETY: no vector has more lanes.
    unsafe { simd.store(padded.as_mut_ptr(), a) };
    to.copy_from_slice(&padded[..to.len()]);
}
