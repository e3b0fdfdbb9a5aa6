//! Fields over a rectangle, as one small image that is stretched over it.

use maud::{Markup, html};

use super::plot::{Plot, tenth};
use crate::backend::png::data_uri;
use crate::color_map::ColorMap;
use crate::mark::Heat;

/// Lets lines and dots in front, and the paper behind, be seen.
const OPACITY: &str = "0.6";

/// The image; nothing for a field without cells or off the axes.
pub(super) fn draw(plot: &Plot<'_>, heat: &Heat) -> Markup {
    let columns = heat.columns.max(1);
    let rows = heat.values.len() / columns;
    // Images have their first row on top.
    let values: Vec<f64> = heat.values[..rows * columns]
        .chunks_exact(columns)
        .rev()
        .flatten()
        .copied()
        .collect();
    let map = ColorMap::Diverging { limit: heat.limit };
    let place = || {
        let (left, right) = (plot.x.position(heat.x.0)?, plot.x.position(heat.x.1)?);
        let (bottom, top) = (plot.y.position(heat.y.0)?, plot.y.position(heat.y.1)?);
        // Writing to memory fails only for an image without pixels, which has nothing to show.
        let uri = data_uri((rows, columns), &values, map).ok()?;
        Some((left, top, right - left, bottom - top, uri))
    };
    let cells = (!heat.smooth).then_some("image-rendering:pixelated");
    html! {
        @if let Some((left, top, width, height, uri)) = place() {
            image class="mark" x=(tenth(left)) y=(tenth(top)) width=(tenth(width)) height=(tenth(height))
                href=(uri) preserveAspectRatio="none" opacity=(OPACITY) style=[cells] {}
        }
    }
}
