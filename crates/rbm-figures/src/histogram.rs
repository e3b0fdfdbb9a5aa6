//! Counting values into bins.

/// A histogram with bars of equal width, as a density.
///
/// # Examples
/// ```
/// use rbm_figures::Histogram;
/// // Four values, one of them beyond: three quarters of the area are there, half of them in the first bar.
/// let found = Histogram::new(&[0.1, 0.2, 0.6, 7.0], (0.0, 1.0), 2);
/// assert_eq!(found.bars, [(0.0, 0.5, 1.0), (0.5, 1.0, 0.5)]);
/// assert_eq!((found.beyond, found.top()), (1, 1.0));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Bars (left, right, density). Their area is the fraction of the values that they hold.
    pub bars: Vec<(f64, f64, f64)>,
    /// Number of values past the last bar.
    pub beyond: usize,
}

impl Histogram {
    /// A density of `values` over the range from `start` to `end`, normalized by all of them:
    /// those outside of the range as well, but not NaN.
    ///
    /// There are no bars if the range is empty or not finite.
    pub fn new(values: &[f64], (start, end): (f64, f64), bins: usize) -> Self {
        let known = values.iter().filter(|value| !value.is_nan()).count();
        let beyond = values.iter().filter(|value| **value >= end).count();
        let width = (end - start) / bins as f64;
        if !(width.is_finite() && width > 0.0) {
            return Self {
                bars: Vec::new(),
                beyond,
            };
        }
        let mut counts = vec![0_usize; bins];
        for value in values.iter().filter(|value| (start..end).contains(*value)) {
            counts[(((value - start) / width) as usize).min(bins - 1)] += 1;
        }
        let edge = |k: usize| start + k as f64 * width;
        let density = |count: usize| count as f64 / (known as f64 * width);
        let bar = |(k, count): (usize, &usize)| (edge(k), edge(k + 1), density(*count));
        Self {
            bars: counts.iter().enumerate().map(bar).collect(),
            beyond,
        }
    }

    /// The highest bar.
    pub fn top(&self) -> f64 {
        self.bars.iter().map(|bar| bar.2).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_fraction_inside() {
        let values = [0.1, 0.2, 0.9, 1.0, 7.0, f64::NAN, -1.0, 0.6];
        let histogram = Histogram::new(&values, (0.0, 1.0), 4);
        assert_eq!(histogram.beyond, 2, "the end belongs to what is beyond");
        let area: f64 = histogram
            .bars
            .iter()
            .map(|bar| (bar.1 - bar.0) * bar.2)
            .sum();
        assert!((area - 4.0 / 7.0).abs() < 1e-12);
        let heights: Vec<f64> = histogram.bars.iter().map(|bar| bar.2 * 7.0 / 4.0).collect();
        assert_eq!(heights, [2.0, 0.0, 1.0, 1.0]);
        assert_eq!(histogram.top(), 8.0 / 7.0);
    }

    #[test]
    fn an_empty_range_has_no_bars() {
        for range in [
            (1.0, 1.0),
            (2.0, 1.0),
            (f64::NAN, 1.0),
            (0.0, f64::INFINITY),
        ] {
            assert!(Histogram::new(&[0.5], range, 4).bars.is_empty());
        }
        assert!(Histogram::new(&[0.5], (0.0, 1.0), 0).bars.is_empty());
    }
}
