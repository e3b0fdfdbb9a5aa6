//! Samples of a finished model, as arrays and pictures.

mod clamped;
mod mixing;
mod tempered;

pub use clamped::{ClampedOptions, Completed, complete};
pub use mixing::{DRAWS, LARGEST_R_HAT, Mixing, Recorder};
pub use tempered::{TemperingReport, reference_fields, tempered};

use crate::data::BinaryDataset;
use burn::tensor::Tensor;
use rbm_model::noise::{NoiseKey, shuffle, stream};
use rbm_model::ops;
use rbm_model::progress::ProgressFn;
use rbm_model::sampling::Chains;
use rbm_model::{BitMatrix, Rbm};

/// Where chains start.
#[derive(Debug, Clone)]
pub enum Start {
    /// This many chains with uniformly random visible units.
    Random(usize),
    /// This many chains with independent units at the model's own biases.
    Biases(usize),
    /// Given visible states.
    Data(BitMatrix),
    /// Chains of a run.
    Chains(Box<Chains>),
}

/// Visible states after `sweeps` Gibbs sweeps; at most `limit` chains.
pub fn draw(rbm: &Rbm, start: Start, sweeps: usize, seed: u64, limit: Option<usize>) -> BitMatrix {
    let mut chains = chains(rbm, start, seed, limit);
    if sweeps > 0 {
        chains.sweep(rbm, sweeps);
    }
    BitMatrix::from_tensor(chains.visible)
}

/// As [`draw`], and records up to [`DRAWS`] draws on the way, equally many sweeps apart. Returns
/// that number of sweeps too.
pub fn draw_recorded(
    rbm: &Rbm,
    start: Start,
    sweeps: usize,
    seed: u64,
    limit: Option<usize>,
    recorder: &mut Recorder,
    progress: &mut ProgressFn<'_>,
) -> (BitMatrix, usize) {
    let mut chains = chains(rbm, start, seed, limit);
    let every = (sweeps / DRAWS).max(1);
    let mut left = sweeps;
    while left > 0 {
        let some = every.min(left);
        chains.sweep(rbm, some);
        if some == every {
            recorder.record(&chains.visible);
        }
        left -= some;
        progress("Gibbs sweeps", sweeps - left, sweeps);
    }
    (BitMatrix::from_tensor(chains.visible), every)
}

fn chains(rbm: &Rbm, start: Start, seed: u64, limit: Option<usize>) -> Chains {
    let (n, device) = (rbm.n_visible(), rbm.device());
    match start {
        Start::Random(count) => {
            let key = NoiseKey::new(seed, stream::CHAIN_START).with_step(u64::from(stream::SAMPLE));
            let field = Tensor::zeros([count, n], &device);
            let (visible, _) = ops::sample_layer(field, Tensor::zeros([n], &device), key);
            Chains::from_visible(rbm, visible, seed, stream::SAMPLE)
        }
        Start::Biases(count) => Chains::from_biases(rbm, count, seed, stream::SAMPLE),
        Start::Data(rows) => {
            Chains::from_visible(rbm, rows.to_tensor(&device), seed, stream::SAMPLE)
        }
        Start::Chains(saved) => {
            let count = limit.unwrap_or(usize::MAX).min(saved.count());
            Chains {
                visible: saved.visible.narrow(0, 0, count),
                hidden: saved.hidden.narrow(0, 0, count),
                seed,
                stream: stream::SAMPLE,
                step: 0,
                first_row: 0,
            }
        }
    }
}

/// `count` rows of the test part (or the training part if there is none), chosen by the seed.
pub fn rows(data: &BinaryDataset, count: usize, seed: u64) -> BitMatrix {
    let (part, _) = data.held_out();
    let mut order = shuffle(seed, stream::SAMPLE, 0, part.rows() as u32);
    order.truncate(count);
    part.select(&order)
}

/// An npy file of unsigned bytes, `[samples, n_visible]`.
pub fn to_npy(visible: &BitMatrix) -> Vec<u8> {
    let (rows, columns) = (visible.rows(), visible.columns());
    let units = |row| (0..columns).map(move |unit| u8::from(visible.get(row, unit)));
    let states: Vec<u8> = (0..rows).flat_map(units).collect();
    crate::data::npy_file("|u1", &[rows, columns], &states)
}

/// A gray PNG with the samples as images on a nearly square grid, white on black, one gray pixel
/// between images.
///
/// # Errors
/// What the PNG writer says.
pub fn to_png(visible: &BitMatrix, shape: (usize, usize)) -> anyhow::Result<Vec<u8>> {
    let of =
        |image| (0..visible.columns()).map(move |unit| 255 * u8::from(visible.get(image, unit)));
    let images: Vec<Vec<u8>> = (0..visible.rows())
        .map(|image| of(image).collect())
        .collect();
    let across = (images.len() as f64).sqrt().ceil().max(1.0) as usize;
    picture(&images, shape, across)
}

/// A gray PNG of gray images on a grid, so many in a line, one gray pixel between images.
///
/// # Errors
/// What the PNG writer says.
pub fn picture(
    images: &[Vec<u8>],
    (rows, columns): (usize, usize),
    across: usize,
) -> anyhow::Result<Vec<u8>> {
    let down = images.len().div_ceil(across).max(1);
    let (width, height) = (across * (columns + 1) + 1, down * (rows + 1) + 1);
    let mut pixels = vec![64u8; width * height];
    for (number, image) in images.iter().enumerate() {
        let top = number / across * (rows + 1) + 1;
        let left = number % across * (columns + 1) + 1;
        for (r, line) in image.chunks(columns).enumerate() {
            let at = (top + r) * width + left;
            pixels[at..at + columns].copy_from_slice(line);
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_and_arrays_hold_the_states() {
        let states = [true, false, false, true, true, true];
        let states = BitMatrix::from_fn(2, 6, |_, unit| states[unit]);
        let png = to_png(&states, (2, 3)).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&png))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (9, 4));
        assert_eq!(&pixels[9..18], [64, 255, 0, 0, 64, 255, 0, 0, 64]);
        let npy = to_npy(&states);
        assert_eq!(&npy[npy.len() - 6..], [1, 0, 0, 1, 1, 1]);
    }
}
