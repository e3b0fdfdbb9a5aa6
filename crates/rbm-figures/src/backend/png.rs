//! Small images as PNG, and as URIs that a page or an SVG file can hold.

use crate::color_map::ColorMap;

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
pub(crate) fn data_uri(
    shape: (usize, usize),
    values: &[f64],
    map: ColorMap,
) -> Result<String, png::EncodingError> {
    Ok(format!(
        "data:image/png;base64,{}",
        base64(&encode(shape, values, map)?)
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
        let (width, height, pixels) = decode(&encode((2, 3), &values, ColorMap::Ink).unwrap());
        assert_eq!((width, height), (3, 2));
        let opacity: Vec<u8> = pixels.chunks(4).map(|pixel| pixel[3]).collect();
        assert_eq!(opacity, [0, 128, 255, 255, 0, 0]);
    }
}
