//! AVX2: eight lanes.

use super::{Kernel, MOST_LANES, Simd, Unaligned};
use std::arch::x86_64::*;

/// Proof that the machine has AVX2.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct Avx2(());

impl Avx2 {
    /// Asks the processor.
    #[inline]
    pub(in crate::kernels) fn new() -> Option<Self> {
        (is_x86_feature_detected!("avx2")).then_some(Self(()))
    }

    #[target_feature(enable = "avx2")]
    fn enter_with_features<K: Kernel>(self, kernel: K) {
        kernel.run(self);
    }
}

/// Methods whose bodies are intrinsics that need no more than the features of the type.
macro_rules! operations {
    ($($name:ident $(<const $n:ident: u32>)? ($($a:ident: $t:ty),*) -> $r:ty = $e:expr;)*) => {$(
        #[inline(always)]
        fn $name $(<const $n: u32>)? (self $(, $a: $t)*) -> $r {
            // SAFETY: a value of this type exists only where `new` found the features.
            unsafe { $e }
        }
    )*};
}

impl Simd for Avx2 {
    const LANES: usize = 8;
    type F = __m256;
    type U = __m256i;
    /// Even lanes, odd lanes.
    type W = [__m256i; 2];

    #[inline]
    fn enter<K: Kernel>(self, kernel: K) {
        // SAFETY: a value of this type exists only where `new` found the features.
        unsafe { self.enter_with_features(kernel) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::F {
        // SAFETY: `new` found the features; the caller vouches for the numbers.
        unsafe { (*from.cast::<Unaligned<Self::F>>()).0 }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, a: Self::F) {
        // SAFETY: `new` found the features; the caller vouches for the numbers.
        unsafe { *to.cast::<Unaligned<Self::F>>() = Unaligned(a) }
    }

    #[inline(always)]
    unsafe fn load_i16(self, from: *const i16) -> Self::U {
        // SAFETY: `new` found the features; the caller vouches for the numbers.
        unsafe { _mm256_cvtepi16_epi32((*from.cast::<Unaligned<__m128i>>()).0) }
    }
    #[inline(always)]
    unsafe fn store_i16(self, to: *mut i16, a: Self::U) {
        // SAFETY: `new` found the features; the caller vouches for the numbers.
        unsafe {
            let halves = _mm256_permute4x64_epi64::<0x08>(_mm256_packs_epi32(a, a));
            *to.cast::<Unaligned<__m128i>>() = Unaligned(_mm256_castsi256_si128(halves));
        }
    }

    #[inline(always)]
    fn transpose(self, square: &mut [Self::F; MOST_LANES]) {
        // SAFETY: a value of this type exists only where `new` found the features.
        unsafe {
            let r = *square;
            let mut t = r;
            for k in (0..8).step_by(2) {
                t[k] = _mm256_unpacklo_ps(r[k], r[k + 1]);
                t[k + 1] = _mm256_unpackhi_ps(r[k], r[k + 1]);
            }
            // Half L of u[4 g + c]: entries 4 L + c of vectors 4 g to 4 g + 3.
            let mut u = t;
            for g in (0..8).step_by(4) {
                for half in 0..2 {
                    let a = _mm256_castps_pd(t[g + half]);
                    let b = _mm256_castps_pd(t[g + half + 2]);
                    u[g + 2 * half] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, b));
                    u[g + 2 * half + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, b));
                }
            }
            for c in 0..4 {
                square[c] = _mm256_permute2f128_ps::<0x20>(u[c], u[4 + c]);
                square[4 + c] = _mm256_permute2f128_ps::<0x31>(u[c], u[4 + c]);
            }
        }
    }

    operations! {
        splat(a: f32) -> Self::F = _mm256_set1_ps(a);
        add(a: Self::F, b: Self::F) -> Self::F = _mm256_add_ps(a, b);
        sub(a: Self::F, b: Self::F) -> Self::F = _mm256_sub_ps(a, b);
        mul(a: Self::F, b: Self::F) -> Self::F = _mm256_mul_ps(a, b);
        div(a: Self::F, b: Self::F) -> Self::F = _mm256_div_ps(a, b);
        sqrt(a: Self::F) -> Self::F = _mm256_sqrt_ps(a);
        // These two give their second operand where one is NaN.
        at_most(bound: Self::F, x: Self::F) -> Self::F = _mm256_min_ps(bound, x);
        at_least(bound: Self::F, x: Self::F) -> Self::F = _mm256_max_ps(bound, x);
        less(a: Self::F, b: Self::F) -> u32 = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LT_OQ>(a, b)) as u32;
        ones(bits: u32) -> Self::F = {
            let lanes = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            let set = _mm256_and_si256(_mm256_set1_epi32(bits as i32), lanes);
            let set = _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, lanes));
            _mm256_and_ps(set, _mm256_set1_ps(1.0))
        };
        one_where_less(a: Self::F, b: Self::F) -> Self::F = _mm256_and_ps(_mm256_cmp_ps::<_CMP_LT_OQ>(a, b), _mm256_set1_ps(1.0));

        bits(a: Self::F) -> Self::U = _mm256_castps_si256(a);
        with_bits(a: Self::U) -> Self::F = _mm256_castsi256_ps(a);
        splat_u(a: u32) -> Self::U = _mm256_set1_epi32(a as i32);
        lane_numbers() -> Self::U = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        add_u(a: Self::U, b: Self::U) -> Self::U = _mm256_add_epi32(a, b);
        add_u16(a: Self::U, b: Self::U) -> Self::U = _mm256_add_epi16(a, b);
        round(a: Self::F) -> Self::U = _mm256_cvtps_epi32(a);
        real(a: Self::U) -> Self::F = _mm256_cvtepi32_ps(a);
        or_u(a: Self::U, b: Self::U) -> Self::U = _mm256_or_si256(a, b);
        shl_u<const N: u32>(a: Self::U) -> Self::U = _mm256_sll_epi32(a, _mm_cvtsi32_si128(N as i32));
        shr_u<const N: u32>(a: Self::U) -> Self::U = _mm256_srl_epi32(a, _mm_cvtsi32_si128(N as i32));

        widen(a: Self::U) -> Self::W = [a, _mm256_srli_epi64::<32>(a)];
        // Not by a shift: the compiler would fold it into the multiplication before, which then
        // becomes a much slower one of 64 bits.
        narrow(a: Self::W) -> Self::U = _mm256_blend_epi32::<0xAA>(a[0], _mm256_shuffle_epi32::<0xA0>(a[1]));
        splat_w(a: u32) -> Self::W = [_mm256_set1_epi32(a as i32); 2];
        mul_w(a: Self::W, b: Self::W) -> Self::W = [_mm256_mul_epu32(a[0], b[0]), _mm256_mul_epu32(a[1], b[1])];
        high_w(a: Self::W) -> Self::W = [_mm256_srli_epi64::<32>(a[0]), _mm256_srli_epi64::<32>(a[1])];
        xor_w(a: Self::W, b: Self::W) -> Self::W = [_mm256_xor_si256(a[0], b[0]), _mm256_xor_si256(a[1], b[1])];
    }
}
