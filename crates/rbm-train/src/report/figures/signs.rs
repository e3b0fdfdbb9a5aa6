//! Signs of modes over training: a singular vector and its negative are the same mode.

use crate::measure::SnapshotMeasurement;

/// A factor of 1 or -1 for each leading mode of each checkpoint, such that it points where its predecessor does: the
/// vector of the checkpoint before with which it overlaps most.
pub fn signs(checkpoints: &[SnapshotMeasurement]) -> Vec<Vec<f64>> {
    let mut all: Vec<Vec<f64>> = Vec::new();
    for (time, checkpoint) in checkpoints.iter().enumerate() {
        let before = match time {
            0 => [].as_slice(),
            _ => checkpoints[time - 1].images.as_slice(),
        };
        let sign = |image: &Vec<f32>| {
            let overlaps = before.iter().zip(all.last().into_iter().flatten());
            let overlaps = overlaps.map(|(other, sign)| sign * dot(image, other));
            let largest = overlaps.max_by(|a, b| a.abs().total_cmp(&b.abs()));
            if largest.unwrap_or(1.0) < 0.0 {
                -1.0
            } else {
                1.0
            }
        };
        let signs = checkpoint.images.iter().map(sign).collect();
        all.push(signs);
    }
    all
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
    products.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbors_in_time_have_one_sign_even_where_ranks_swap() {
        let checkpoint = |images: [[f32; 2]; 2]| SnapshotMeasurement {
            images: images.map(Vec::from).into(),
            ..Default::default()
        };
        let run = [
            checkpoint([[1.0, 0.0], [0.0, 1.0]]),
            checkpoint([[-0.9, 0.1], [0.1, 0.9]]),
            // The modes have changed places.
            checkpoint([[0.0, -1.0], [-1.0, 0.1]]),
            checkpoint([[0.0, 1.0], [1.0, 0.0]]),
        ];
        let expected = [[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, 1.0]];
        assert_eq!(signs(&run), expected.map(Vec::from));
    }
}
