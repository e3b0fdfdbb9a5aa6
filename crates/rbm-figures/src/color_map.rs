//! From values to colors.

/// From values to colors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ColorMap {
    /// 0 is paper, 1 is ink.
    Ink,
    /// Blue below zero, paper at zero, orange above, full at `limit`.
    Diverging {
        /// Absolute value from which on the color no longer changes.
        limit: f64,
    },
}

/// These two colors are readable on white and on near-black paper.
pub(crate) const NEGATIVE: [u8; 3] = [0x1f, 0x7f, 0xc4];
pub(crate) const POSITIVE: [u8; 3] = [0xdd, 0x5f, 0x12];

impl ColorMap {
    /// Color and opacity of a value; NaN is paper.
    pub(crate) fn rgba(self, value: f64) -> [u8; 4] {
        let (rgb, strength) = match self {
            Self::Ink => ([0, 0, 0], value),
            Self::Diverging { limit } => (
                if value < 0.0 { NEGATIVE } else { POSITIVE },
                value.abs() / limit,
            ),
        };
        // Saturating: NaN becomes 0.
        [rgb[0], rgb[1], rgb[2], (strength * 255.0).round() as u8]
    }
}

/// The absolute value below which all but half a per cent of the entries lie: one extreme entry
/// should not pale all the others.
///
/// # Examples
/// ```
/// let mut values = vec![0.1; 999];
/// values.push(-50.0);
/// assert_eq!(rbm_figures::saturation_limit(values.iter()), 0.1);
/// ```
pub fn saturation_limit<'a>(values: impl Iterator<Item = &'a f64>) -> f64 {
    let mut sizes: Vec<f64> = values
        .map(|value| value.abs())
        .filter(|size| size.is_finite())
        .collect();
    sizes.sort_by(f64::total_cmp);
    let at = (sizes.len() as f64 * 0.995) as usize;
    sizes
        .get(at)
        .or(sizes.last())
        .copied()
        .filter(|limit| *limit > 0.0)
        .unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diverging_map_is_symmetric() {
        let map = ColorMap::Diverging { limit: 2.0 };
        assert_eq!(map.rgba(0.0)[3], 0);
        assert_eq!(map.rgba(1.0), [POSITIVE[0], POSITIVE[1], POSITIVE[2], 128]);
        assert_eq!(map.rgba(-1.0), [NEGATIVE[0], NEGATIVE[1], NEGATIVE[2], 128]);
        assert_eq!(map.rgba(-9.0)[3], 255);
    }

    #[test]
    fn limit_ignores_a_few_extremes() {
        let mut values = vec![0.1; 999];
        values.push(50.0);
        assert_eq!(saturation_limit(values.iter()), 0.1);
        assert_eq!(
            saturation_limit([0.0, f64::NAN].iter()),
            1.0,
            "never a division by zero"
        );
        assert_eq!(saturation_limit([-3.0, 1.0].iter()), 3.0);
    }
}
