//! Sheets of small images: PNG tiles with a transparent background, so that they look right on
//! light and on dark paper.

use maud::{Markup, html};

use super::colour::{Colour, Medium};
use super::number::significant;

/// A grid of images of one shape with one colour map.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// The images.
    pub tiles: Vec<Tile>,
    /// Rows and columns of an image.
    pub shape: (usize, usize),
    /// Number of images side by side where there is room.
    pub columns: usize,
    /// From values to colours.
    pub map: ColourMap,
}

/// One image.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// Row-major values.
    pub values: Vec<f64>,
    /// Text below it; may be empty.
    pub label: String,
}

/// From values to colours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ColourMap {
    /// 0 is paper, 1 is ink.
    Ink,
    /// Blue below zero, paper at zero, orange above, full at `limit`.
    Diverging {
        /// Absolute value from which on the colour no longer changes.
        limit: f64,
    },
}

/// These two colours are readable on white and on near-black paper.
pub(super) const NEGATIVE: [u8; 3] = [0x1f, 0x7f, 0xc4];
pub(super) const POSITIVE: [u8; 3] = [0xdd, 0x5f, 0x12];

impl ColourMap {
    /// Colour and opacity of a value; NaN is paper.
    fn rgba(self, value: f64) -> [u8; 4] {
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
pub(super) fn saturation_limit<'a>(values: impl Iterator<Item = &'a f64>) -> f64 {
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

/// A PNG image (8 bits, with opacity) of row-major `values`.
fn png(
    (rows, columns): (usize, usize),
    values: &[f64],
    map: ColourMap,
) -> Result<Vec<u8>, png::EncodingError> {
    let pixels: Vec<u8> = values.iter().flat_map(|value| map.rgba(*value)).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, columns as u32, rows as u32);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// RFC 4648 base64 with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let index = (word >> (18 - 6 * digit)) as usize & 63;
            out.push(if digit <= chunk.len() {
                char::from(DIGITS[index])
            } else {
                '='
            });
        }
    }
    out
}

/// The same as a URI.
pub(super) fn data_uri(
    shape: (usize, usize),
    values: &[f64],
    map: ColourMap,
) -> Result<String, png::EncodingError> {
    Ok(format!(
        "data:image/png;base64,{}",
        base64(&png(shape, values, map)?)
    ))
}

/// The colours from -limit to limit, left to right.
fn ramp() -> ((usize, usize), Vec<f64>, ColourMap) {
    let values = (0..=100).map(|k| f64::from(k) / 50.0 - 1.0).collect();
    ((1, 101), values, ColourMap::Diverging { limit: 1.0 })
}

fn ramp_labels(limit: f64) -> [String; 3] {
    [
        significant(-limit, 2),
        "0".to_owned(),
        format!("+{}", significant(limit, 2)),
    ]
}

/// The sheet on the page: a grid that reflows on narrow screens.
pub(super) fn on_page(sheet: &Sheet, alternative: &str) -> Result<Markup, png::EncodingError> {
    let labelled = sheet.tiles.iter().any(|tile| !tile.label.is_empty());
    let columns = sheet.columns.clamp(1, sheet.tiles.len().max(1));
    let narrow = if labelled {
        columns.min(4)
    } else {
        columns.min(10)
    };
    let tiles: Vec<_> = sheet
        .tiles
        .iter()
        .map(|tile| Ok((&tile.label, data_uri(sheet.shape, &tile.values, sheet.map)?)))
        .collect::<Result<_, png::EncodingError>>()?;
    let legend = match sheet.map {
        ColourMap::Ink => None,
        ColourMap::Diverging { limit } => {
            let (shape, values, map) = ramp();
            Some((data_uri(shape, &values, map)?, ramp_labels(limit)))
        }
    };
    Ok(html! {
        div class=(if sheet.map == ColourMap::Ink { "tiles ink" } else { "tiles" }) role="img"
            aria-label=(alternative)
            style={ "--columns:" (columns) ";--narrow:" (narrow) } {
            @for (label, uri) in &tiles {
                div class="tile" {
                    img src=(uri) width=(sheet.shape.1) height=(sheet.shape.0) alt="";
                    @if !label.is_empty() { span { (label) } }
                }
            }
        }
        @if let Some((uri, labels)) = legend {
            div class="ramp" {
                img src=(uri) alt="";
                div { @for label in &labels { span { (label) } } }
            }
        }
    })
}

/// The sheet as the content of an SVG file, with its size.
pub(super) fn in_file(sheet: &Sheet) -> Result<(Markup, (f64, f64)), png::EncodingError> {
    let labelled = sheet.tiles.iter().any(|tile| !tile.label.is_empty());
    let columns = sheet.columns.clamp(1, sheet.tiles.len().max(1));
    let (gap, text) = (6.0, if labelled { 18.0 } else { 0.0 });
    let width = if labelled { 88.0 } else { 66.0 };
    let height = (width * sheet.shape.0 as f64 / sheet.shape.1.max(1) as f64).round();
    let (ink, frame) = (
        Medium::File.paint(Colour::Ink),
        Medium::File.paint(Colour::Grid),
    );
    let mut marks = Vec::new();
    for (k, tile) in sheet.tiles.iter().enumerate() {
        let x = gap + (k % columns) as f64 * (width + gap);
        let y = gap + (k / columns) as f64 * (height + text + gap);
        let uri = data_uri(sheet.shape, &tile.values, sheet.map)?;
        marks.push(html! {
            image x=(x) y=(y) width=(width) height=(height) href=(uri) preserveAspectRatio="none"
                style="image-rendering:pixelated" {}
            rect x=(x) y=(y) width=(width) height=(height) fill="none" stroke=(frame) {}
            @if !tile.label.is_empty() {
                text x=(x + width / 2.0) y=(y + height + 13.0) font-size="11" text-anchor="middle"
                    fill=(ink) { (tile.label) }
            }
        });
    }
    let total_width = gap + columns as f64 * (width + gap);
    let mut total_height = gap + sheet.tiles.len().div_ceil(columns) as f64 * (height + text + gap);
    if let ColourMap::Diverging { limit } = sheet.map {
        let (shape, values, map) = ramp();
        let uri = data_uri(shape, &values, map)?;
        let (wide, left) = (240.0_f64.min(total_width - 2.0 * gap), gap);
        let y = total_height + 6.0;
        marks.push(html! {
            image x=(left) y=(y) width=(wide) height="12" href=(uri) preserveAspectRatio="none" {}
            rect x=(left) y=(y) width=(wide) height="12" fill="none" stroke=(frame) {}
            @for ((label, part), anchor) in
                ramp_labels(limit).iter().zip([0.0, 0.5, 1.0]).zip(["start", "middle", "end"]) {
                text x=(left + part * wide) y=(y + 26.0) font-size="11" text-anchor=(anchor)
                    fill=(ink) { (label) }
            }
        });
        total_height = y + 34.0;
    }
    Ok((
        html! { @for mark in &marks { (mark) } },
        (total_width, total_height),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors of RFC 4648, section 10.
    #[test]
    fn base64_vectors() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xff, 0xef, 0xbe]), "/+++");
    }

    fn decode(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgba);
        (info.width, info.height, pixels)
    }

    #[test]
    fn pixels_survive_the_round_trip() {
        let values = [0.0, 0.5, 1.0, 2.0, -1.0, f64::NAN];
        let (width, height, pixels) = decode(&png((2, 3), &values, ColourMap::Ink).unwrap());
        assert_eq!((width, height), (3, 2));
        let opacity: Vec<u8> = pixels.chunks(4).map(|pixel| pixel[3]).collect();
        assert_eq!(opacity, [0, 128, 255, 255, 0, 0]);
    }

    #[test]
    fn diverging_map_is_symmetric() {
        let map = ColourMap::Diverging { limit: 2.0 };
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

    #[test]
    fn a_sheet_has_all_its_tiles() {
        let tile = |k: usize| Tile {
            values: vec![0.1 * k as f64; 6],
            label: format!("λ{k}"),
        };
        let sheet = Sheet {
            tiles: (0..5).map(tile).collect(),
            shape: (2, 3),
            columns: 3,
            map: ColourMap::Diverging { limit: 0.4 },
        };
        let page = on_page(&sheet, "five").unwrap().into_string();
        assert_eq!(page.matches("class=\"tile\"").count(), 5);
        assert!(page.contains("−0.40") && page.contains("+0.40"));
        let (file, (width, height)) = in_file(&sheet).unwrap();
        assert_eq!(
            file.into_string().matches("<image").count(),
            6,
            "five tiles and the legend"
        );
        assert!(width > 3.0 * 88.0 && height > 2.0 * 58.0);
    }
}
