//! Initial values of weights and biases.

use crate::noise::{Layer, NoiseKey, stream};

/// `count` draws from N(0, std^2) by the Box-Muller transform of counter-based uniforms, in pairs
/// std sqrt(-2 ln u) (cos, sin)(2 pi u').
///
/// Source: G. E. P. Box, M. E. Muller, Ann. Math. Statist. 29, 610 (1958).
///
/// # Examples
/// ```
/// use rbm_model::{init::normal, numeric::variance};
/// let draws: Vec<f64> = normal(10_000, 0.1, 7).into_iter().map(f64::from).collect();
/// // The variance of n normal numbers has the standard error s^2 sqrt(2 / n).
/// assert!((variance(&draws) - 0.01).abs() < 5.0 * 0.01 * 0.02f64.sqrt() / 10.0);
/// ```
pub fn normal(count: usize, std: f64, seed: u64) -> Vec<f32> {
    draw(count, std, seed, (0, Layer::Visible))
}

/// Biases of a layer, `count` draws from N(0, std^2), independent of [`normal`] with the same seed.
pub fn normal_bias(layer: Layer, count: usize, std: f64, seed: u64) -> Vec<f32> {
    draw(count, std, seed, (1, layer))
}

fn draw(count: usize, std: f64, seed: u64, (step, layer): (u64, Layer)) -> Vec<f32> {
    let key = NoiseKey::new(seed, stream::INIT)
        .with_step(step)
        .with_layer(layer);
    // Rows of 64 use every word of a generator block. Pairs of uniforms become pairs of draws in place.
    let mut numbers = vec![0.0f32; count.next_multiple_of(64)];
    key.fill(0, 64, &mut numbers);
    for pair in numbers.as_chunks_mut::<2>().0 {
        let radius = std * (-2.0 * f64::from(pair[0]).ln()).sqrt();
        let angle = std::f64::consts::TAU * f64::from(pair[1]);
        *pair = [(radius * angle.cos()) as f32, (radius * angle.sin()) as f32];
    }
    numbers.truncate(count);
    numbers
}

/// Visible biases b_i = ln(p_i / (1 - p_i)) from the data's means over `rows` rows, `[n_visible]` to
/// `[n_visible]`.
///
/// p_i is the posterior mean under a uniform prior, (rows mean_i + 1) / (rows + 2) (Laplace's
/// rule), so units that are constant in the data get finite biases.
///
/// # Examples
/// ```
/// let bias = rbm_model::init::visible_bias_from_mean(&[0.5, 0.0], 2);
/// // p = 1/2, and p = (0 + 1) / (2 + 2) although the unit was never on.
/// assert!(bias[0] == 0.0 && (bias[1] + 3f32.ln()).abs() < 1e-6);
/// ```
pub fn visible_bias_from_mean(mean: &[f64], rows: usize) -> Vec<f32> {
    let rows = rows as f64;
    mean.iter()
        .map(|m| {
            let p = (rows * m + 1.0) / (rows + 2.0);
            (p / (1.0 - p)).ln() as f32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_has_the_stated_moments_and_is_reproducible() {
        let n = 100_000;
        let x = normal(n, 0.5, 3);
        assert_eq!(x, normal(n, 0.5, 3));
        assert_ne!(x, normal(n, 0.5, 4));
        let mean = x.iter().map(|v| f64::from(*v)).sum::<f64>() / n as f64;
        let second = x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / n as f64;
        let fourth = x.iter().map(|v| f64::from(*v).powi(4)).sum::<f64>() / n as f64;
        // Standard errors: s/sqrt(n), s^2 sqrt(2/n), s^4 sqrt(96/n); bounds at five of them.
        let root = (n as f64).sqrt();
        assert!(mean.abs() < 5.0 * 0.5 / root);
        assert!((second - 0.25).abs() < 5.0 * 0.25 * 2f64.sqrt() / root);
        assert!((fourth - 3.0 / 16.0).abs() < 5.0 * 96f64.sqrt() / 16.0 / root);
    }

    #[test]
    fn biases_are_other_draws_than_weights() {
        let [visible, hidden] =
            [Layer::Visible, Layer::Hidden].map(|layer| normal_bias(layer, 4000, 0.01, 3));
        let weights = normal(4000, 0.01, 3);
        for (a, b) in [
            (&visible, &hidden),
            (&visible, &weights),
            (&hidden, &weights),
        ] {
            let product = |(x, y): (&f32, &f32)| f64::from(x * 100.0) * f64::from(y * 100.0);
            let correlation = a.iter().zip(b).map(product).sum::<f64>() / 4000.0;
            // Standard error 1/sqrt(4000); bound at five of them.
            assert!(correlation.abs() < 5.0 / 4000f64.sqrt(), "{correlation}");
        }
    }

    #[test]
    fn constant_pixels_get_finite_biases() {
        let b = visible_bias_from_mean(&[0.0, 0.5, 1.0], 8);
        assert_eq!(b[1], 0.0);
        assert!((b[0] + 9f32.ln()).abs() < 1e-6 && (b[2] - 9f32.ln()).abs() < 1e-6);
    }
}
