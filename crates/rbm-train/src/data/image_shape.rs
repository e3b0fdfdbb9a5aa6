//! Height and width of images whose pixels are in one row.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Rows and columns of an image, written `28x28`.
///
/// # Examples
/// ```
/// use rbm_train::data::ImageShape;
/// let shape: ImageShape = "28x20".parse()?;
/// assert_eq!((shape.height, shape.width, shape.pixels()), (28, 20, Some(560)));
/// assert!("28".parse::<ImageShape>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageShape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl ImageShape {
    /// Number of pixels; none beyond all numbers.
    #[must_use]
    pub const fn pixels(self) -> Option<usize> {
        self.height.checked_mul(self.width)
    }
}

impl FromStr for ImageShape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sizes = text.split_once('x');
        let sizes =
            sizes.and_then(|(height, width)| Some((height.parse().ok()?, width.parse().ok()?)));
        match sizes {
            Some((height, width)) if height > 0 && width > 0 => Ok(Self { height, width }),
            _ => Err("it must be ROWSxCOLUMNS, such as 28x28".into()),
        }
    }
}

impl TryFrom<String> for ImageShape {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ImageShape> for String {
    fn from(shape: ImageShape) -> Self {
        shape.to_string()
    }
}

impl fmt::Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.height, self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_as_they_are_written() {
        let shape: ImageShape = "28x7".parse().unwrap();
        assert_eq!((shape.height, shape.width), (28, 7));
        assert_eq!(shape.to_string(), "28x7");
        assert_eq!(shape.pixels(), Some(196));
        for wrong in ["", "28", "0x7", "7x", "axb", "2x3x4", "-1x4"] {
            assert!(wrong.parse::<ImageShape>().is_err(), "{wrong}");
        }
        let beyond = format!("{0}x{0}", usize::MAX);
        assert_eq!(beyond.parse::<ImageShape>().unwrap().pixels(), None);
    }
}
