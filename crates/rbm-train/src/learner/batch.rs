//! What an update learns from.

use burn::tensor::{Device, Tensor};
use rbm_model::BitMatrix;
use std::cell::OnceCell;
use std::ops::Range;

/// The data rows of an update, or a device's part of them.
#[derive(Debug, Clone)]
pub struct Batch {
    /// `[rows, n_visible]`
    pub rows: BitMatrix,
    /// Their numbers among the training rows.
    pub indices: Vec<u32>,
    /// Number of the first among all rows of the update; 0 where these are all.
    pub first_row: u32,
    /// The rows as numbers, once they have been asked for.
    numbers: OnceCell<Tensor<2>>,
}

impl Batch {
    /// All rows of an update, with their numbers among the training rows.
    pub fn new(rows: BitMatrix, indices: Vec<u32>) -> Self {
        Self {
            rows,
            indices,
            first_row: 0,
            numbers: OnceCell::new(),
        }
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.rows.rows()
    }

    /// The rows as numbers on a device, `[rows, n_visible]`. An update has one device, and they go there once.
    pub fn to_tensor(&self, device: &Device) -> Tensor<2> {
        let kept = self.numbers.get_or_init(|| self.rows.to_tensor(device));
        match kept.device() == *device {
            true => kept.clone(),
            false => self.rows.to_tensor(device),
        }
    }

    /// A device's part. Where there are fewer rows than devices it is a row of zeros, to be counted 0 times.
    pub(super) fn part(&self, range: &Range<usize>) -> Self {
        Self {
            rows: match range.is_empty() {
                true => BitMatrix::zeros(1, self.rows.columns()),
                false => self.rows.slice(range.clone()),
            },
            indices: self.indices[range.clone()].to_vec(),
            first_row: self.first_row + range.start as u32,
            numbers: OnceCell::new(),
        }
    }
}

/// A tensor on a device, by way of the host: servers need not reach each other.
pub(super) fn send<const D: usize>(tensor: Tensor<D>, device: &Device) -> Tensor<D> {
    match tensor.device() == *device {
        true => tensor,
        false => Tensor::from_data(tensor.into_data(), device),
    }
}
