//! Sheets of images on the page.

use maud::{Markup, html};

use crate::backend::png::{data_uri, ramp};
use crate::color_map::ColorMap;
use crate::image::{Sheet, ramp_labels};

/// The sheet on the page: a grid that reflows on narrow screens.
pub(crate) fn on_page(sheet: &Sheet, alternative: &str) -> Result<Markup, png::EncodingError> {
    let columns = sheet.columns();
    let narrow = if !sheet.heads.is_empty() {
        columns
    } else if sheet.is_labeled() {
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
        ColorMap::Ink => None,
        ColorMap::Diverging { limit } => {
            let (shape, values, map) = ramp();
            Some((data_uri(shape, &values, map)?, ramp_labels(limit)))
        }
    };
    let ink = if sheet.map == ColorMap::Ink {
        " ink"
    } else {
        ""
    };
    let columned = if sheet.heads.is_empty() {
        ""
    } else {
        " columned"
    };
    let class = format!("tiles{ink}{columned}");
    Ok(html! {
        div class=(class) role="img"
            aria-label=(alternative)
            style={ "--columns:" (columns) ";--narrow:" (narrow) } {
            @for head in sheet.heads.iter().take(columns) { div class="head" { (head) } }
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
