//! Sheets of images in a file of their own.

use maud::{Markup, html};

use crate::backend::png::{data_uri, ramp};
use crate::color::{Color, Medium};
use crate::color_map::ColorMap;
use crate::image::{Sheet, ramp_labels};

/// The sheet as the content of an SVG file, with its size.
pub(crate) fn in_file(sheet: &Sheet) -> Result<(Markup, (f64, f64)), png::EncodingError> {
    let labeled = sheet.is_labeled();
    let columns = sheet.columns();
    let (gap, text) = (6.0, if labeled { 18.0 } else { 0.0 });
    let width = if labeled { 88.0 } else { 66.0 };
    let height = (width * sheet.shape.0 as f64 / sheet.shape.1.max(1) as f64).round();
    let (ink, frame) = (
        Medium::File.paint(Color::Ink),
        Medium::File.paint(Color::Grid),
    );
    let top = if sheet.heads.is_empty() {
        gap
    } else {
        gap + 16.0
    };
    let mut marks = Vec::new();
    for (k, head) in sheet.heads.iter().take(columns).enumerate() {
        let middle = gap + k as f64 * (width + gap) + width / 2.0;
        marks.push(html! {
            text x=(middle) y=(gap + 10.0) font-size="11" text-anchor="middle" fill=(ink) { (head) }
        });
    }
    for (k, tile) in sheet.tiles.iter().enumerate() {
        let x = gap + (k % columns) as f64 * (width + gap);
        let y = top + (k / columns) as f64 * (height + text + gap);
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
    let mut total_height = top + sheet.tiles.len().div_ceil(columns) as f64 * (height + text + gap);
    if let ColorMap::Diverging { limit } = sheet.map {
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
    use crate::backend::html::sheet::on_page;
    use crate::image::Tile;

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
            heads: ["first", "second", "third"].map(str::to_owned).into(),
            map: ColorMap::Diverging { limit: 0.4 },
        };
        let page = on_page(&sheet, "five").unwrap().into_string();
        assert_eq!(page.matches("class=\"tile\"").count(), 5);
        assert!(page.contains("−0.40") && page.contains("+0.40"));
        assert!(page.contains("--narrow:3") && page.contains("class=\"head\">third<"));
        let (file, (width, height)) = in_file(&sheet).unwrap();
        assert_eq!(
            file.into_string().matches("<image").count(),
            6,
            "five tiles and the legend"
        );
        assert!(width > 3.0 * 88.0 && height > 2.0 * 58.0);
    }
}
