//! AVX-512: sixteen lanes.

use super::{Kernel, MOST_LANES, Simd, Unaligned};
use std::arch::x86_64::*;

/// Proof that the machine has AVX-512 F, BW, DQ and VL.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct Avx512(());

impl Avx512 {
    /// Asks the processor.
    #[inline]
    pub(in crate::kernels) fn new() -> Option<Self> {
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl"))
        .then_some(Self(()))
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
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

impl Simd for Avx512 {
    const LANES: usize = 16;
    type F = __m512;
    type U = __m512i;
    /// Even lanes, odd lanes.
    type W = [__m512i; 2];

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
        unsafe { _mm512_cvtepi16_epi32((*from.cast::<Unaligned<__m256i>>()).0) }
    }
    #[inline(always)]
    unsafe fn store_i16(self, to: *mut i16, a: Self::U) {
        // SAFETY: `new` found the features; the caller vouches for the numbers.
        unsafe { *to.cast::<Unaligned<__m256i>>() = Unaligned(_mm512_cvtepi32_epi16(a)) }
    }

    #[inline(always)]
    fn transpose(self, square: &mut [Self::F; MOST_LANES]) {
        // SAFETY: a value of this type exists only where `new` found the features.
        unsafe {
            let r = *square;
            let mut t = r;
            for k in (0..16).step_by(2) {
                t[k] = _mm512_unpacklo_ps(r[k], r[k + 1]);
                t[k + 1] = _mm512_unpackhi_ps(r[k], r[k + 1]);
            }
            // Quarter L of u[4 g + c]: entries 4 L + c of vectors 4 g to 4 g + 3.
            let mut u = t;
            for g in (0..16).step_by(4) {
                for half in 0..2 {
                    let a = _mm512_castps_pd(t[g + half]);
                    let b = _mm512_castps_pd(t[g + half + 2]);
                    u[g + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
                    u[g + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
                }
            }
            for c in 0..4 {
                let [a, b, d, e] = [u[c], u[4 + c], u[8 + c], u[12 + c]];
                let low = _mm512_shuffle_f32x4::<0x44>(a, b);
                let high = _mm512_shuffle_f32x4::<0xEE>(a, b);
                let next_low = _mm512_shuffle_f32x4::<0x44>(d, e);
                let next_high = _mm512_shuffle_f32x4::<0xEE>(d, e);
                square[c] = _mm512_shuffle_f32x4::<0x88>(low, next_low);
                square[4 + c] = _mm512_shuffle_f32x4::<0xDD>(low, next_low);
                square[8 + c] = _mm512_shuffle_f32x4::<0x88>(high, next_high);
                square[12 + c] = _mm512_shuffle_f32x4::<0xDD>(high, next_high);
            }
        }
    }

    operations! {
        splat(a: f32) -> Self::F = _mm512_set1_ps(a);
        add(a: Self::F, b: Self::F) -> Self::F = _mm512_add_ps(a, b);
        sub(a: Self::F, b: Self::F) -> Self::F = _mm512_sub_ps(a, b);
        mul(a: Self::F, b: Self::F) -> Self::F = _mm512_mul_ps(a, b);
        div(a: Self::F, b: Self::F) -> Self::F = _mm512_div_ps(a, b);
        sqrt(a: Self::F) -> Self::F = _mm512_sqrt_ps(a);
        // These two give their second operand where one is NaN.
        at_most(bound: Self::F, x: Self::F) -> Self::F = _mm512_min_ps(bound, x);
        at_least(bound: Self::F, x: Self::F) -> Self::F = _mm512_max_ps(bound, x);
        less(a: Self::F, b: Self::F) -> u32 = u32::from(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b));
        ones(bits: u32) -> Self::F = _mm512_maskz_mov_ps(bits as u16, _mm512_set1_ps(1.0));
        one_where_less(a: Self::F, b: Self::F) -> Self::F = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b), _mm512_set1_ps(1.0));

        bits(a: Self::F) -> Self::U = _mm512_castps_si512(a);
        with_bits(a: Self::U) -> Self::F = _mm512_castsi512_ps(a);
        splat_u(a: u32) -> Self::U = _mm512_set1_epi32(a as i32);
        lane_numbers() -> Self::U = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        add_u(a: Self::U, b: Self::U) -> Self::U = _mm512_add_epi32(a, b);
        add_u16(a: Self::U, b: Self::U) -> Self::U = _mm512_add_epi16(a, b);
        round(a: Self::F) -> Self::U = _mm512_cvtps_epi32(a);
        real(a: Self::U) -> Self::F = _mm512_cvtepi32_ps(a);
        or_u(a: Self::U, b: Self::U) -> Self::U = _mm512_or_si512(a, b);
        shl_u<const N: u32>(a: Self::U) -> Self::U = _mm512_slli_epi32::<N>(a);
        shr_u<const N: u32>(a: Self::U) -> Self::U = _mm512_srli_epi32::<N>(a);

        widen(a: Self::U) -> Self::W = [a, _mm512_srli_epi64::<32>(a)];
        // Not by a shift: the compiler would fold it into the multiplication before, which then
        // becomes a much slower one of 64 bits.
        narrow(a: Self::W) -> Self::U = _mm512_mask_shuffle_epi32::<0xA0>(a[0], 0xAAAA, a[1]);
        splat_w(a: u32) -> Self::W = [_mm512_set1_epi32(a as i32); 2];
        mul_w(a: Self::W, b: Self::W) -> Self::W = [_mm512_mul_epu32(a[0], b[0]), _mm512_mul_epu32(a[1], b[1])];
        high_w(a: Self::W) -> Self::W = [_mm512_srli_epi64::<32>(a[0]), _mm512_srli_epi64::<32>(a[1])];
        xor_w(a: Self::W, b: Self::W) -> Self::W = [_mm512_xor_si512(a[0], b[0]), _mm512_xor_si512(a[1], b[1])];
    }
}
