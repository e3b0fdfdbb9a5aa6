//! Small images as PNG, and as URIs that a page or an SVG file can hold.

use crate::color_map::ColorMap;
use base64::{Engine, engine::general_purpose::STANDARD};

/// A PNG image (8 bits, with opacity) of row-major `values`.
fn encode(
    (rows, columns): (usize, usize),
    values: &[f64],
    map: ColorMap,
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

/// The same as a URI.
pub(crate) fn data_uri(
    shape: (usize, usize),
    values: &[f64],
    map: ColorMap,
) -> Result<String, png::EncodingError> {
    Ok(format!(
        "data:image/png;base64,{}",
        STANDARD.encode(encode(shape, values, map)?)
    ))
}

/// The colors from -limit to limit, left to right.
pub(crate) fn ramp() -> ((usize, usize), Vec<f64>, ColorMap) {
    let values = (0..=100).map(|k| f64::from(k) / 50.0 - 1.0).collect();
    ((1, 101), values, ColorMap::Diverging { limit: 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let (width, height, pixels) = decode(&encode((2, 3), &values, ColorMap::Ink).unwrap());
        assert_eq!((width, height), (3, 2));
        let opacity: Vec<u8> = pixels.chunks(4).map(|pixel| pixel[3]).collect();
        assert_eq!(opacity, [0, 128, 255, 255, 0, 0]);
    }
}
