//! Samples of a finished model, as arrays and pictures.

mod mixing;
mod tempered;

pub use mixing::{DRAWS, LARGEST_R_HAT, Mixing, Recorder};
pub use tempered::{TemperingReport, reference_fields, tempered};

use crate::data::BinaryDataset;
use burn::tensor::{Tensor, TensorData};
use rbm_model::Rbm;
use rbm_model::noise::{NoiseKey, shuffle, stream};
use rbm_model::ops;
use rbm_model::progress::ProgressFn;
use rbm_model::sampling::Chains;

/// Where chains start.
#[derive(Debug, Clone)]
pub enum Start {
    /// This many chains with uniformly random visible units.
    Random(usize),
    /// This many chains with independent units at the model's own biases.
    Biases(usize),
    /// Given visible states, zeros and ones, row-major.
    Data(Vec<f32>),
    /// Chains of a run.
    Chains(Box<Chains>),
}

/// Visible states after `sweeps` Gibbs sweeps, row-major zeros and ones; at most `limit` chains.
pub fn draw(rbm: &Rbm, start: Start, sweeps: usize, seed: u64, limit: Option<usize>) -> Vec<f32> {
    let mut chains = chains(rbm, start, seed, limit);
    if sweeps > 0 {
        chains.sweep(rbm, sweeps);
    }
    chains.visible.into_data().iter::<f32>().collect()
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
) -> (Vec<f32>, usize) {
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
    (chains.visible.into_data().iter::<f32>().collect(), every)
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
            let count = rows.len() / n;
            let visible = Tensor::from_data(TensorData::new(rows, [count, n]), &device);
            Chains::from_visible(rbm, visible, seed, stream::SAMPLE)
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
pub fn rows(data: &BinaryDataset, count: usize, seed: u64) -> Vec<f32> {
    let (part, _) = data.held_out();
    let mut order = shuffle(seed, stream::SAMPLE, 0, part.rows() as u32);
    order.truncate(count);
    part.select(&order).to_numbers()
}

/// An npy file of unsigned bytes, `[samples, n_visible]`.
pub fn to_npy(visible: &[f32], n: usize) -> Vec<u8> {
    let states: Vec<u8> = visible.iter().map(|x| u8::from(*x > 0.5)).collect();
    crate::data::npy_file("|u1", &[states.len() / n, n], &states)
}

/// A gray PNG with the samples as images on a nearly square grid, white on black, one gray pixel
/// between images.
///
/// # Errors
/// What the PNG writer says.
pub fn to_png(visible: &[f32], (rows, columns): (usize, usize)) -> anyhow::Result<Vec<u8>> {
    let images: Vec<&[f32]> = visible.chunks_exact(rows * columns).collect();
    let across = (images.len() as f64).sqrt().ceil().max(1.0) as usize;
    let down = images.len().div_ceil(across).max(1);
    let (width, height) = (across * (columns + 1) + 1, down * (rows + 1) + 1);
    let mut pixels = vec![64u8; width * height];
    for (index, image) in images.iter().enumerate() {
        let top = index / across * (rows + 1) + 1;
        let left = index % across * (columns + 1) + 1;
        for (r, line) in image.chunks_exact(columns).enumerate() {
            for (c, x) in line.iter().enumerate() {
                pixels[(top + r) * width + left + c] = if *x > 0.5 { 255 } else { 0 };
            }
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
        let states = [1.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        let png = to_png(&[states, states].concat(), (2, 3)).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&png))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (9, 4));
        assert_eq!(&pixels[9..18], [64, 255, 0, 0, 64, 255, 0, 0, 64]);
        let npy = to_npy(&states, 3);
        assert_eq!(&npy[npy.len() - 6..], [1, 0, 0, 1, 1, 1]);
    }
}
