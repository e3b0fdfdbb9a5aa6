//! Values of visible units, one row each: as images where rows have that shape, and else as heat maps.

use rbm_figures::{Axis, Color, ColorMap, Content, Heat, Mark, Panel, Sheet, Table, Tile};

/// Units up to which each is a bar.
const BARS: usize = 150;

/// Values of the visible units with a name.
pub struct Row {
    pub name: String,
    pub values: Vec<f64>,
}

impl Row {
    pub fn new(name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        Self {
            name: name.into(),
            values: values.into_iter().collect(),
        }
    }
}

/// Rows that belong together, from top to bottom.
pub struct Field {
    /// Title of its heat map.
    pub title: String,
    /// What its rows are.
    pub of: &'static str,
    pub rows: Vec<Row>,
}

/// What is said of rows of which some are too short or too long for their images.
pub fn wrong_shape((rows, columns): (usize, usize)) -> String {
    format!("not all of its images have {rows} × {columns} pixels")
}

/// Whether all rows have the shape of images, which have at least one pixel; without a shape, one length.
pub fn fit<'a>(rows: impl Iterator<Item = &'a Row>, shape: Option<(usize, usize)>) -> bool {
    let mut lengths = rows.map(|row| row.values.len()).peekable();
    let first = lengths.peek().copied();
    let expected = match shape {
        Some((rows, columns)) => rows.checked_mul(columns),
        None => first,
    };
    expected.is_some_and(|expected| expected > 0) && lengths.all(|length| Some(length) == expected)
}

/// A sheet of images, `columns` side by side, with the names of their rows below them.
pub fn images(fields: Vec<Field>, shape: (usize, usize), columns: usize, map: ColorMap) -> Sheet {
    let rows = fields.into_iter().flat_map(|field| field.rows);
    let tile = |row: Row| Tile {
        values: row.values,
        label: row.name,
    };
    Sheet {
        tiles: rows.map(tile).collect(),
        shape,
        columns,
        heads: Vec::new(),
        map,
    }
}

/// A heat map for each field, its first row on top.
pub fn heat_maps(fields: &[Field], limit: f64) -> Content {
    let panel = |field: &Field| {
        let (rows, columns) = (field.rows.len(), units(&field.rows));
        let heat = Heat {
            x: (0.5, columns as f64 + 0.5),
            y: (0.5, rows as f64 + 0.5),
            columns,
            values: field
                .rows
                .iter()
                .flat_map(|row| row.values.clone())
                .collect(),
            limit,
            smooth: false,
        };
        // Rows from below have the numbers that the table gives them.
        Panel::new(
            &field.title,
            Axis::linear("visible unit"),
            Axis::linear(field.of),
        )
        .with(Mark::heat(heat).color(Color::Series(1)).unlisted())
    };
    Content::Panels(fields.iter().map(panel).collect())
}

/// A panel of bars for each row.
pub fn bars(rows: &[Row], y: &str) -> Content {
    let panel = |row: &Row| {
        let units = || row.values.iter().zip(1..);
        let mark = match row.values.len() {
            0..=BARS => Mark::bars(
                units().map(|(value, k)| (f64::from(k) - 0.5, f64::from(k) + 0.5, *value)),
            ),
            _ => Mark::line(units().map(|(value, k)| (f64::from(k), *value))),
        };
        Panel::new(&row.name, Axis::linear("visible unit"), Axis::linear(y))
            .with(mark.color(Color::Series(0)))
            .with(Mark::horizontal(0.0, "").color(Color::Muted))
    };
    Content::Panels(rows.iter().map(panel).collect())
}

fn units(rows: &[Row]) -> usize {
    rows.first().map_or(0, |row| row.values.len())
}

/// A column for each visible unit, named by its place in an image of so many columns where it has one.
pub fn unit_columns<'a>(
    mut table: Table,
    shape: Option<(usize, usize)>,
    rows: impl Iterator<Item = &'a Row> + Clone,
) -> Table {
    let units = rows.clone().next().map_or(0, |row| row.values.len());
    for unit in 0..units {
        let name = match shape {
            Some((_, columns)) => format!("pixel_{}_{}", unit / columns, unit % columns),
            None => format!("unit_{}", unit + 1),
        };
        table = table.numbers(name, rows.clone().map(|row| row.values[unit]));
    }
    table
}
