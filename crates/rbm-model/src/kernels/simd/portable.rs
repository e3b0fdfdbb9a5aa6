//! Plain loops over eight lanes, which the compiler turns into the vectors of its target.

use super::{Kernel, MOST_LANES, Simd, Unaligned};

const N: usize = 8;

/// What every machine has.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct Portable;

/// Applies a function of two lanes.
#[inline(always)]
fn zip<A: Copy, B: Copy, C: Copy + Default>(a: [A; N], b: [B; N], f: impl Fn(A, B) -> C) -> [C; N] {
    let mut out = [C::default(); N];
    for lane in 0..N {
        out[lane] = f(a[lane], b[lane]);
    }
    out
}

impl Simd for Portable {
    const LANES: usize = N;
    type F = [f32; N];
    type U = [u32; N];
    type W = [u64; N];

    #[inline]
    fn enter<K: Kernel>(self, kernel: K) {
        kernel.run(self);
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::F {
        // SAFETY: the caller vouches for N readable numbers.
        unsafe { (*from.cast::<Unaligned<Self::F>>()).0 }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, a: Self::F) {
        // SAFETY: the caller vouches for N writable numbers.
        unsafe { *to.cast::<Unaligned<Self::F>>() = Unaligned(a) }
    }
    #[inline(always)]
    fn transpose(self, square: &mut [Self::F; MOST_LANES]) {
        for i in 0..N {
            for j in 0..i {
                let swap = square[i][j];
                square[i][j] = square[j][i];
                square[j][i] = swap;
            }
        }
    }
    #[inline(always)]
    fn splat(self, a: f32) -> Self::F {
        [a; N]
    }
    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| a / b)
    }
    #[inline(always)]
    fn sqrt(self, a: Self::F) -> Self::F {
        a.map(f32::sqrt)
    }
    #[inline(always)]
    fn at_most(self, bound: Self::F, x: Self::F) -> Self::F {
        zip(bound, x, |bound, x| if bound < x { bound } else { x })
    }
    #[inline(always)]
    fn at_least(self, bound: Self::F, x: Self::F) -> Self::F {
        zip(bound, x, |bound, x| if bound > x { bound } else { x })
    }
    #[inline(always)]
    fn less(self, a: Self::F, b: Self::F) -> u32 {
        let mut bits = 0;
        for lane in 0..N {
            bits |= u32::from(a[lane] < b[lane]) << lane;
        }
        bits
    }
    #[inline(always)]
    fn ones(self, bits: u32) -> Self::F {
        let mut out = [0.0; N];
        for (lane, out) in out.iter_mut().enumerate() {
            *out = (bits >> lane & 1) as f32;
        }
        out
    }
    #[inline(always)]
    fn one_where_less(self, a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| if a < b { 1.0 } else { 0.0 })
    }

    #[inline(always)]
    fn bits(self, a: Self::F) -> Self::U {
        a.map(f32::to_bits)
    }
    #[inline(always)]
    fn with_bits(self, a: Self::U) -> Self::F {
        a.map(f32::from_bits)
    }
    #[inline(always)]
    fn round(self, a: Self::F) -> Self::U {
        /// From here on all numbers are integers.
        const INTEGERS: f32 = 8_388_608.0;
        a.map(|a| {
            let shift = INTEGERS.copysign(a);
            let near = (a + shift) - shift;
            (if a.abs() < INTEGERS { near } else { a }) as i32 as u32
        })
    }
    #[inline(always)]
    fn real(self, a: Self::U) -> Self::F {
        a.map(|a| a as i32 as f32)
    }
    #[inline(always)]
    unsafe fn load_i16(self, from: *const i16) -> Self::U {
        // SAFETY: the caller vouches for N readable numbers.
        let numbers = unsafe { (*from.cast::<Unaligned<[i16; N]>>()).0 };
        numbers.map(|a| i32::from(a) as u32)
    }
    #[inline(always)]
    unsafe fn store_i16(self, to: *mut i16, a: Self::U) {
        // SAFETY: the caller vouches for N writable numbers.
        unsafe { *to.cast::<Unaligned<[i16; N]>>() = Unaligned(a.map(|a| a as i16)) }
    }
    #[inline(always)]
    fn splat_u(self, a: u32) -> Self::U {
        [a; N]
    }
    #[inline(always)]
    fn lane_numbers(self) -> Self::U {
        [0, 1, 2, 3, 4, 5, 6, 7]
    }
    #[inline(always)]
    fn add_u(self, a: Self::U, b: Self::U) -> Self::U {
        zip(a, b, u32::wrapping_add)
    }
    #[inline(always)]
    fn add_u16(self, a: Self::U, b: Self::U) -> Self::U {
        const TOP: u32 = 0x8000_8000;
        // Without the top bits no half carries into the next.
        zip(a, b, |a, b| ((a & !TOP) + (b & !TOP)) ^ ((a ^ b) & TOP))
    }
    #[inline(always)]
    fn or_u(self, a: Self::U, b: Self::U) -> Self::U {
        zip(a, b, |a, b| a | b)
    }
    #[inline(always)]
    fn shl_u<const S: u32>(self, a: Self::U) -> Self::U {
        a.map(|a| a << S)
    }
    #[inline(always)]
    fn shr_u<const S: u32>(self, a: Self::U) -> Self::U {
        a.map(|a| a >> S)
    }

    #[inline(always)]
    fn widen(self, a: Self::U) -> Self::W {
        a.map(u64::from)
    }
    #[inline(always)]
    fn narrow(self, a: Self::W) -> Self::U {
        a.map(|a| a as u32)
    }
    #[inline(always)]
    fn splat_w(self, a: u32) -> Self::W {
        [u64::from(a); N]
    }
    #[inline(always)]
    fn mul_w(self, a: Self::W, b: Self::W) -> Self::W {
        zip(a, b, |a, b| (a & 0xFFFF_FFFF) * (b & 0xFFFF_FFFF))
    }
    #[inline(always)]
    fn high_w(self, a: Self::W) -> Self::W {
        a.map(|a| a >> 32)
    }
    #[inline(always)]
    fn xor_w(self, a: Self::W, b: Self::W) -> Self::W {
        zip(a, b, |a, b| a ^ b)
    }
}
