//! Seeded random numbers of the analysis: one stream per purpose, Gaussian and Haar matrices.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj,
};
use faer::linalg::qr::no_pivoting::factor::{
    qr_in_place, qr_in_place_scratch, recommended_block_size,
};
use faer::{Conj, Mat, Par};
use rand::SeedableRng;
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// Generator number `stream` of a seed (ChaCha with 8 rounds); generators of different streams are independent.
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
///
/// # Examples
/// ```
/// use rbm_analysis::random::{gaussian_matrix, generator};
/// let draw = |seed| gaussian_matrix(&mut generator(seed, 0), 3, 2, 0.1);
/// assert_eq!(draw(7), draw(7));
/// assert_ne!(draw(7), draw(8));
/// ```
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
/// `columns` must not exceed `rows`; further columns are left out. Computed by one thread, so that the
/// bytes do not depend on how many there are.
///
/// # Examples
/// ```
/// use rbm_analysis::faer::Mat;
/// use rbm_analysis::random::{generator, haar_matrix};
/// let q = haar_matrix(&mut generator(1, 0), 20, 5);
/// assert!((q.transpose() * &q - Mat::<f64>::identity(5, 5)).norm_max() < 1e-12);
/// ```
pub fn haar_matrix(generator: &mut ChaCha8Rng, rows: usize, columns: usize) -> Mat<f64> {
    let columns = columns.min(rows);
    let mut basis = gaussian_matrix(generator, rows, columns, 1.0);
    if columns == 0 {
        return basis;
    }
    let block = recommended_block_size::<f64>(rows, columns);
    let mut coefficients = Mat::zeros(block, columns);
    let scratch = qr_in_place_scratch::<f64>(rows, columns, block, Par::Seq, Default::default())
        .or(
            apply_block_householder_sequence_on_the_left_in_place_scratch::<f64>(
                rows, block, columns,
            ),
        );
    let mut memory = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut memory);
    qr_in_place(
        basis.as_mut(),
        coefficients.as_mut(),
        Par::Seq,
        stack,
        Default::default(),
    );
    // Q diag(sign R): the signs enter where Q is applied to the identity.
    let mut q = Mat::zeros(rows, columns);
    for k in 0..columns {
        q[(k, k)] = if basis[(k, k)] < 0.0 { -1.0 } else { 1.0 };
    }
    apply_block_householder_sequence_on_the_left_in_place_with_conj(
        basis.as_ref(),
        coefficients.as_ref(),
        Conj::No,
        q.as_mut(),
        Par::Seq,
        stack,
    );
    q
}
