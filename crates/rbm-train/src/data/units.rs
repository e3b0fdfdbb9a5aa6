//! From numbers to units.

use super::DataError;
use std::path::Path;

/// How a number becomes a unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rule {
    /// The number must be 0 or 1.
    Binary,
    /// On from this number upwards.
    AtLeast(f64),
}

/// The rule for numbers without a known range: with a threshold, on where value >= threshold.
pub(super) fn value_rule(file: &Path, threshold: Option<f64>) -> Result<Rule, DataError> {
    match threshold {
        None => Ok(Rule::Binary),
        Some(t) if t.is_finite() => Ok(Rule::AtLeast(t)),
        Some(t) => Err(threshold_error(file, "a finite number", t)),
    }
}

/// The rule for bytes, of which `largest` is the largest in all parts of the data: with a
/// threshold, on where value / 255 >= threshold. Bytes that are all 0 or 1 are units already.
pub(super) fn byte_rule(
    file: &Path,
    largest: u8,
    threshold: Option<f64>,
) -> Result<Rule, DataError> {
    let cutoff = threshold.map(|t| byte_cutoff(file, t)).transpose()?;
    Ok(match cutoff {
        Some(byte) if largest > 1 => Rule::AtLeast(f64::from(byte)),
        _ => Rule::Binary,
    })
}

/// What values were like, for a threshold that may be meant for another range.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Range {
    fractions: bool,
    beyond_1: bool,
}

impl Range {
    pub(super) fn add(&mut self, value: f64) {
        self.fractions |= value.fract() != 0.0;
        self.beyond_1 |= value > 1.0;
    }

    /// Refuses a threshold between 0 and 1 for whole numbers beyond 1: it might be meant as a fraction.
    pub(super) fn check(self, file: &Path, threshold: Option<f64>) -> Result<(), DataError> {
        match threshold {
            Some(t) if t > 0.0 && t < 1.0 && self.beyond_1 && !self.fractions => {
                let expected = "a value to be on from, since these are whole numbers beyond 1: 1 for all above 0, 128 for \
                                half of the range of bytes";
                Err(threshold_error(file, expected, t))
            }
            _ => Ok(()),
        }
    }
}

/// The smallest byte with byte / 255 >= `threshold`.
pub(super) fn byte_cutoff(file: &Path, threshold: f64) -> Result<u8, DataError> {
    (1..=u8::MAX)
        .find(|&byte| f64::from(byte) / 255.0 >= threshold)
        .filter(|_| threshold > 0.0)
        .ok_or_else(|| {
            let expected = "a fraction of the full range 0 to 255, 0 < threshold <= 1";
            threshold_error(file, expected, threshold)
        })
}

fn threshold_error(file: &Path, expected: &str, found: f64) -> DataError {
    DataError::Setting {
        data: file.display().to_string(),
        setting: "the threshold",
        expected: expected.into(),
        found: found.to_string(),
    }
}

impl Rule {
    /// The unit of a value in some row and column, both from 1.
    pub(super) fn unit(
        self,
        file: &Path,
        row: usize,
        column: usize,
        value: f64,
    ) -> Result<bool, DataError> {
        match self {
            Self::AtLeast(cutoff) if value.is_finite() => Ok(value >= cutoff),
            Self::Binary if value == 0.0 || value == 1.0 => Ok(value == 1.0),
            _ => {
                let (expected, advice) = if !value.is_finite() {
                    ("a finite number", "replace it, or take out the row")
                } else if value == -1.0 {
                    (
                        "0 or 1",
                        "if these are spins -1 and +1, give the threshold 0 (--threshold 0)",
                    )
                } else {
                    (
                        "0 or 1",
                        "give a threshold to make values binary (--threshold; see its help for the unit)",
                    )
                };
                Err(DataError::Value {
                    file: file.into(),
                    row,
                    column,
                    value: value.to_string(),
                    expected: expected.into(),
                    advice: advice.into(),
                })
            }
        }
    }

    /// The rule in words, for the provenance.
    pub(super) fn describe(self) -> String {
        match self {
            Self::Binary => "values 0 and 1 as given".into(),
            Self::AtLeast(cutoff) => format!("on where value >= {cutoff}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(result: Result<bool, DataError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn bytes_are_cut_at_a_fraction_of_255() {
        let file = Path::new("images");
        for (threshold, cutoff) in [
            (0.5, 128),
            (128.0 / 255.0, 128),
            (1.0, 255),
            (1e-9, 1),
            (0.502, 129),
        ] {
            assert_eq!(byte_cutoff(file, threshold).unwrap(), cutoff, "{threshold}");
        }
        for threshold in [0.0, -0.5, 1.001, 128.0, f64::NAN] {
            let error = byte_cutoff(file, threshold).unwrap_err().to_string();
            assert!(
                error.contains("fraction") && error.contains("images"),
                "{error}"
            );
        }
        assert_eq!(
            byte_rule(file, 255, Some(0.5)).unwrap(),
            Rule::AtLeast(128.0)
        );
        assert_eq!(byte_rule(file, 255, None).unwrap(), Rule::Binary);
        assert_eq!(byte_rule(file, 1, Some(0.5)).unwrap(), Rule::Binary);
    }

    #[test]
    fn values_are_binary_or_thresholded() {
        let file = Path::new("data.csv");
        let binary = value_rule(file, None).unwrap();
        assert!(binary.unit(file, 1, 1, 1.0).unwrap() && !binary.unit(file, 1, 1, -0.0).unwrap());
        let spins = value_rule(file, Some(0.0)).unwrap();
        assert!(spins.unit(file, 1, 1, 1.0).unwrap() && !spins.unit(file, 1, 1, -1.0).unwrap());
        let text = message(binary.unit(file, 3, 5, 0.25));
        for part in [
            "data.csv",
            "row 3",
            "column 5",
            "0.25",
            "0 or 1",
            "--threshold",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(message(binary.unit(file, 1, 1, -1.0)).contains("--threshold 0"));
        for value in [f64::NAN, f64::INFINITY] {
            for rule in [binary, spins] {
                assert!(message(rule.unit(file, 1, 1, value)).contains("finite"));
            }
        }
        assert!(value_rule(file, Some(f64::NAN)).is_err());
    }
}
