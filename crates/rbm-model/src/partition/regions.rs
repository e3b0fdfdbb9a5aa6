//! Separate regions of the visible states.

use super::descent::{Point, from_visible};
use crate::kernels::BitMatrix;
use crate::parameters::Parameters;
use burn::tensor::Device;

/// Sum of the differences of visible means, as a fraction of the units, within which points count as one.
const RADIUS: f64 = 0.05;

/// Disjoint regions around mean-field points, and the rest. A visible state belongs to the center that
/// its descent ends nearest to, if that is within the radius: a function of the state alone, so that the Z of all
/// regions and of the rest add up to Z, wherever the centers are.
#[derive(Debug, Clone, Default)]
pub(super) struct Regions {
    centers: Vec<Point>,
}

impl Regions {
    pub fn new(centers: Vec<Point>) -> Self {
        Self { centers }
    }

    pub fn is_empty(&self) -> bool {
        self.centers.is_empty()
    }

    pub fn centers(&self) -> &[Point] {
        &self.centers
    }

    /// Adds a point as a center unless it is within the radius of one; the number of its center.
    pub fn join(&mut self, point: &Point) -> usize {
        self.at(point).unwrap_or_else(|| {
            self.centers.push(point.clone());
            self.centers.len() - 1
        })
    }

    /// The region where a descent ends; `None` for the rest.
    pub fn at(&self, end: &Point) -> Option<usize> {
        let distances = self.centers.iter().map(|center| center.distance(end));
        let nearest = distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1))?;
        (nearest.1 <= RADIUS * end.visible.len() as f64).then_some(nearest.0)
    }

    /// The region of each state.
    pub fn of(&self, model: &Parameters, device: &Device, rows: &BitMatrix) -> Vec<Option<usize>> {
        if self.is_empty() {
            return vec![None; rows.rows()];
        }
        let ends = from_visible(model, device, rows);
        ends.iter().map(|end| self.at(end)).collect()
    }

    /// The states that are in a region, or in the rest.
    pub fn select(
        &self,
        region: Option<usize>,
        (model, device): (&Parameters, &Device),
        rows: &BitMatrix,
    ) -> BitMatrix {
        if self.is_empty() && region.is_none() {
            return rows.clone();
        }
        let regions = self.of(model, device, rows).into_iter().enumerate();
        let chosen = regions.filter(|(_, of)| *of == region);
        rows.select(&chosen.map(|(row, _)| row as u32).collect::<Vec<u32>>())
    }
}
