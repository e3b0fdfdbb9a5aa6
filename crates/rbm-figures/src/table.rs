//! The data of a figure, written as CSV (RFC 4180).

/// Named columns. A column that is shorter than the longest ends in empty cells.
///
/// # Examples
/// ```
/// use rbm_figures::{Block, Document, Grid, Section, Table};
/// let table = Table::new("runs").numbers("x", [0.1 + 0.2, f64::NAN]).texts("name", ["a, b".to_owned()]);
/// let mut section = Section::new("runs", "Runs");
/// section.blocks.push(Block::Grid(Grid { caption: maud::html! {}, heads: vec![], rows: vec![], table }));
/// let directory = tempfile::tempdir()?;
/// Document { sections: vec![section], ..Default::default() }.write(directory.path())?;
/// let written = std::fs::read_to_string(directory.path().join("data/runs.csv"))?;
/// assert_eq!(written, "x,name\n0.30000000000000004,\"a, b\"\n,\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Stem of the file: the figure's name, or that with a suffix.
    pub name: String,
    columns: Vec<(String, Vec<String>)>,
}

/// Cells of a table that a page shows whole.
const WHOLE: usize = 420;
/// Rows and columns of a larger table that it shows.
const ROWS: usize = 30;
const WIDE: usize = 12;

/// A part of a table for a page.
#[derive(Debug)]
pub(crate) struct Excerpt<'a> {
    pub(crate) heads: Vec<&'a str>,
    pub(crate) rows: Vec<Vec<&'a str>>,
    /// Rows and columns of the whole table.
    pub(crate) all: (usize, usize),
}

impl Excerpt<'_> {
    /// What is left out, in words; empty for a whole table.
    pub(crate) fn left_out(&self) -> String {
        let part = |shown: usize, all: usize, name: &str| match shown < all {
            true => Some(format!("{shown} of {all} {name}")),
            false => None,
        };
        let rows = part(self.rows.len(), self.all.0, "rows");
        let columns = part(self.heads.len(), self.all.1, "columns");
        let parts: Vec<String> = rows.into_iter().chain(columns).collect();
        parts.join(" and ")
    }
}

impl Table {
    /// A table without columns.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            columns: Vec::new(),
        }
    }

    /// The same table with a column of numbers, written so that reading them gives the same
    /// numbers back. NaN, the mark of a value that is not known, becomes an empty cell.
    #[must_use]
    pub fn numbers(self, name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        let cell = |value: f64| {
            if value.is_nan() {
                String::new()
            } else {
                value.to_string()
            }
        };
        self.texts(name, values.into_iter().map(cell))
    }

    /// The same table with a column of text.
    #[must_use]
    pub fn texts(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = String>,
    ) -> Self {
        self.columns
            .push((name.into(), values.into_iter().collect()));
        self
    }

    /// Rows.
    fn rows(&self) -> usize {
        let lengths = self.columns.iter().map(|(_, cells)| cells.len());
        lengths.max().unwrap_or(0)
    }

    /// What a page shows of the table; `None` of one without rows.
    pub(crate) fn excerpt(&self) -> Option<Excerpt<'_>> {
        let (rows, columns) = (self.rows(), self.columns.len());
        if rows == 0 {
            return None;
        }
        let whole = rows * columns <= WHOLE && columns <= WIDE;
        let shown = if whole { rows } else { rows.min(ROWS) };
        let columns = &self.columns[..columns.min(WIDE)];
        // Evenly over all, with the first and the last: rows are in order of groups and of time.
        let at = |k: usize| k * (rows - 1) / (shown - 1).max(1);
        let row = |k: usize| {
            let cells = columns.iter().map(|(_, cells)| cells.get(at(k)));
            cells.map(|cell| cell.map_or("", String::as_str)).collect()
        };
        Some(Excerpt {
            heads: columns.iter().map(|(name, _)| name.as_str()).collect(),
            rows: (0..shown).map(row).collect(),
            all: (rows, self.columns.len()),
        })
    }

    /// The table as CSV with a header line.
    pub(crate) fn to_csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns.iter().map(|(name, _)| name))?;
        for row in 0..self.rows() {
            writer.write_record(
                self.columns
                    .iter()
                    .map(|(_, cells)| cells.get(row).map_or("", String::as_str)),
            )?;
        }
        writer
            .into_inner()
            .map_err(|error| csv::Error::from(error.into_error()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_has_both_ends_and_says_what_it_leaves_out() {
        let wide = |columns: usize, rows: usize| {
            (0..columns).fold(Table::new("t"), |table, k| {
                table.numbers(format!("c{k}"), (0..rows).map(|row| row as f64))
            })
        };
        let whole = wide(4, 105);
        let whole = whole.excerpt().unwrap();
        assert_eq!((whole.rows.len(), whole.left_out()), (105, String::new()));
        let table = wide(20, 1000);
        let part = table.excerpt().unwrap();
        assert_eq!((part.heads.len(), part.rows.len()), (WIDE, ROWS));
        assert_eq!((part.rows[0][0], part.rows[ROWS - 1][0]), ("0", "999"));
        assert_eq!(part.left_out(), "30 of 1000 rows and 12 of 20 columns");
        assert_eq!(wide(500, 1).excerpt().unwrap().rows.len(), 1);
        assert!(wide(3, 0).excerpt().is_none() && wide(0, 0).excerpt().is_none());
    }

    #[test]
    fn numbers_survive_the_round_trip() {
        let values = [
            1.0 / 3.0,
            -1e-300,
            6.02e23,
            0.1 + 0.2,
            f64::NAN,
            f64::INFINITY,
        ];
        let table = Table::new("t")
            .texts("name", vec!["a, \"b\"\nc".to_owned()])
            .numbers("value", values);
        let bytes = table.to_csv().unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        assert_eq!(reader.headers().unwrap(), vec!["name", "value"]);
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), values.len());
        assert_eq!(&rows[0][0], "a, \"b\"\nc");
        assert_eq!(&rows[1][0], "");
        for (row, value) in rows.iter().zip(values) {
            if value.is_nan() {
                assert_eq!(&row[1], "");
            } else {
                assert_eq!(row[1].parse::<f64>().unwrap().to_bits(), value.to_bits());
            }
        }
    }
}
