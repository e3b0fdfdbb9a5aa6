//! What an update learns from.

use burn::tensor::{Device, Tensor};
use rbm_model::BitMatrix;
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
}

impl Batch {
    /// All rows of an update, with their numbers among the training rows.
    pub fn new(rows: BitMatrix, indices: Vec<u32>) -> Self {
        Self {
            rows,
            indices,
            first_row: 0,
        }
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.rows.rows()
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
