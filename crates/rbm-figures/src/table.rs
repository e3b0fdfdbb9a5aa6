//! The data of a figure, written as CSV (RFC 4180).

/// Named columns. A column that is shorter than the longest ends in empty cells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Stem of the file: the figure's name, or that with a suffix.
    pub name: String,
    columns: Vec<(String, Vec<String>)>,
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

    /// Heads and rows, as texts; `None` for a table of more than `most` cells, or of none.
    pub(crate) fn small(&self, most: usize) -> Option<(Vec<&str>, Vec<Vec<&str>>)> {
        let rows = self
            .columns
            .iter()
            .map(|(_, cells)| cells.len())
            .max()
            .unwrap_or(0);
        if rows == 0 || rows * self.columns.len() > most {
            return None;
        }
        let heads = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        let row = |k: usize| {
            let cells = self.columns.iter().map(|(_, cells)| cells.get(k));
            cells.map(|cell| cell.map_or("", String::as_str)).collect()
        };
        Some((heads, (0..rows).map(row).collect()))
    }

    /// The table as CSV with a header line.
    pub(crate) fn to_csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns.iter().map(|(name, _)| name))?;
        let rows = self
            .columns
            .iter()
            .map(|(_, cells)| cells.len())
            .max()
            .unwrap_or(0);
        for row in 0..rows {
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
