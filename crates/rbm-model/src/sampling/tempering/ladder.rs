//! Where the levels of a ladder lie.

/// How a ladder is adapted.
///
/// A level costs as much as any other, and the rate of round trips over the whole ladder for the
/// cost is largest where half of the swaps are accepted; see S. Syed, A. Bouchard-Cote, G. Deligiannidis,
/// A. Doucet, J. R. Stat. Soc. B 84, 321 (2022), arXiv:1905.02939.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adaptation {
    /// Rate at which neighbors should swap, between 0 and 1. Default: 0.5.
    pub swap_rate: f64,
    /// Most levels that the ladder may get. Default: 64.
    pub max_levels: usize,
    /// Times the levels are laid anew. Default: 6.
    pub passes: usize,
    /// Rounds whose swaps are counted each time, after a quarter as many that are not. Default: 40.
    pub rounds: usize,
}

impl Default for Adaptation {
    fn default() -> Self {
        Self {
            swap_rate: 0.5,
            max_levels: 64,
            passes: 6,
            rounds: 40,
        }
    }
}

/// How far apart two levels are that swap at a rate, such that distances along a ladder add up.
///
/// If the work between the two is Gaussian, the swap rate is 1 - erf(distance), and the distance is
/// proportional to the difference of temperatures. A rate from `trials` swaps is kept off 0 and 1.
pub(super) fn distance(swap_rate: f64, trials: f64) -> f64 {
    let smallest = 0.5 / (trials + 1.0);
    inverse_erf(1.0 - swap_rate.clamp(smallest, 1.0 - smallest))
}

/// Levels from the first to the last of `positions` that are equally far apart, where neighbors of
/// `positions` are `distances` apart; in between, distance grows in proportion to position.
pub(super) fn respaced(positions: &[f64], distances: &[f64], count: usize) -> Vec<f64> {
    let total: f64 = distances.iter().sum();
    let (first, last) = (positions[0], positions[positions.len() - 1]);
    let mut levels = vec![first];
    let (mut pair, mut before) = (0, 0.0);
    for level in 1..count - 1 {
        let wanted = total * level as f64 / (count - 1) as f64;
        while pair + 1 < distances.len() && before + distances[pair] < wanted {
            before += distances[pair];
            pair += 1;
        }
        let fraction = ((wanted - before) / distances[pair]).clamp(0.0, 1.0);
        levels.push(positions[pair] + fraction * (positions[pair + 1] - positions[pair]));
    }
    levels.push(last);
    levels
}

/// Number of levels with which neighbors are at most as far apart as the wanted rate asks for.
pub(super) fn levels_for(distances: &[f64], adaptation: &Adaptation) -> usize {
    let apart = inverse_erf(1.0 - adaptation.swap_rate);
    let pairs = (distances.iter().sum::<f64>() / apart).ceil();
    (pairs as usize + 1).clamp(2, adaptation.max_levels.max(2))
}

/// erf^-1 on \[0, 1), within 0.2%: S. Winitzki, "A handy approximation for the error function and
/// its inverse" (2008).
fn inverse_erf(x: f64) -> f64 {
    const A: f64 = 0.147;
    let log = (1.0 - x * x).ln();
    let half = 2.0 / (std::f64::consts::PI * A) + 0.5 * log;
    ((half * half - log / A).sqrt() - half).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_erf_at_known_places() {
        // erf(0.2) = 0.2227026, erf(0.476936) = 0.5, erf(1) = 0.8427008, erf(2) = 0.9953223.
        for (x, expected) in [
            (0.2227026, 0.2),
            (0.5, 0.476936),
            (0.8427008, 1.0),
            (0.9953223, 2.0),
        ] {
            let found = inverse_erf(x);
            assert!((found / expected - 1.0).abs() < 3e-3, "{found} {expected}");
        }
        assert_eq!(inverse_erf(0.0), 0.0);
    }

    #[test]
    fn levels_are_laid_equally_far_apart() {
        // All the distance lies in the second interval.
        let levels = respaced(&[0.0, 0.5, 1.0], &[1e-12, 1.0], 5);
        for (found, expected) in levels.iter().zip([0.0, 0.625, 0.75, 0.875, 1.0]) {
            assert!((found - expected).abs() < 1e-9, "{levels:?}");
        }
        assert_eq!(respaced(&[0.0, 1.0], &[3.0], 2), [0.0, 1.0]);
        let adaptation = Adaptation::default();
        let at_rate = distance(0.5, 1e9);
        assert_eq!(levels_for(&[2.999 * at_rate], &adaptation), 4);
        assert_eq!(levels_for(&[0.0], &adaptation), 2);
        assert_eq!(levels_for(&[1e9], &adaptation), 64);
        assert!(distance(0.0, 100.0).is_finite() && distance(1.0, 100.0) > 0.0);
    }
}
