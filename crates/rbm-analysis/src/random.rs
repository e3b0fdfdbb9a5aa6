//! Seeded random numbers of the analysis: one stream a purpose, Gaussian and Haar matrices.

use faer::Mat;
use rand::SeedableRng;
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// Generator number `stream` of a seed; generators of different streams are independent.
pub fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream);
    generator
}

/// One standard normal number.
pub(crate) fn normal(generator: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(generator)
}

/// Matrix `[rows, columns]` of independent N(0, scale^2) entries.
pub fn gaussian_matrix(
    generator: &mut ChaCha8Rng,
    rows: usize,
    columns: usize,
    scale: f64,
) -> Mat<f64> {
    Mat::from_fn(rows, columns, |_, _| scale * normal(generator))
}

/// `columns` orthonormal columns in `rows` dimensions, Haar distributed.
///
/// QR of a Gaussian matrix with the signs of diag(R) moved into Q; without that step the result
/// is not uniform (F. Mezzadri, Notices AMS 54, 592 (2007)).
///
/// `columns` must not exceed `rows`; further columns are left out.
pub fn haar_matrix(generator: &mut ChaCha8Rng, rows: usize, columns: usize) -> Mat<f64> {
    let columns = columns.min(rows);
    let gaussian = gaussian_matrix(generator, rows, columns, 1.0);
    let qr = gaussian.qr();
    let mut q = qr.compute_thin_Q();
    let r = qr.thin_R();
    for k in 0..columns {
        if r[(k, k)] < 0.0 {
            for x in q.col_as_slice_mut(k) {
                *x = -*x;
            }
        }
    }
    q
}
