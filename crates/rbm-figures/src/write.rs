//! From a document to files.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::atomic;
use crate::backend::{html, pgf, svg};
use crate::document::{Block, Document};
use crate::error::WriteError;
use crate::figure::Content;

impl Document {
    /// Writes the page, its figures and their data into `directory`, which is created if need be, and returns the
    /// path of the page. Files that are there already are replaced one by one, the page last.
    ///
    /// # Errors
    /// [`WriteError`] if a file cannot be written, an image cannot be encoded, or two figures or tables share a name.
    ///
    /// # Examples
    /// Names are unique on a page, since they are files:
    /// ```
    /// use rbm_figures::{Block, Document, Grid, Section, Table, WriteError};
    /// let mut section = Section::new("runs", "Runs");
    /// for _ in 0..2 {
    ///     let table = Table::new("runs").numbers("x", [1.0]);
    ///     section.blocks.push(Block::Grid(Grid { caption: maud::html! {}, heads: vec![], rows: vec![], table }));
    /// }
    /// let directory = tempfile::tempdir()?;
    /// let error = Document { sections: vec![section], ..Default::default() }.write(directory.path());
    /// assert!(matches!(error, Err(WriteError::DuplicateName { .. })));
    /// assert_eq!(std::fs::read_dir(directory.path())?.count(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write(&self, directory: &Path) -> Result<PathBuf, WriteError> {
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for figure in self.figures() {
            let (content, size) = match &figure.content {
                Content::Panels(panels) => svg::in_file(panels),
                Content::Images(sheet) => {
                    svg::sheet::in_file(sheet).map_err(|source| WriteError::Image {
                        figure: figure.name,
                        source,
                    })?
                }
            };
            if let Content::Panels(panels) = &figure.content {
                let tex = pgf::in_file(panels, &figure.title);
                files.push((format!("figures/{}.tex", figure.name), tex.into_bytes()));
            }
            let svg = svg::document(&content, size, &figure.title);
            files.push((format!("figures/{}.svg", figure.name), svg.into_bytes()));
        }
        let tables = self.blocks().flat_map(|block| match block {
            Block::Figure(figure) => figure.tables.as_slice(),
            Block::Grid(grid) => std::slice::from_ref(&grid.table),
            _ => &[],
        });
        for table in tables {
            let bytes = table.to_csv().map_err(|source| WriteError::Csv {
                table: table.name.clone(),
                source,
            })?;
            files.push((format!("data/{}.csv", table.name), bytes));
        }
        files.push(("index.html".to_owned(), html::render(self)?.into_bytes()));

        let mut names = HashSet::new();
        if let Some((name, _)) = files.iter().find(|(name, _)| !names.insert(name.as_str())) {
            return Err(WriteError::DuplicateName { name: name.clone() });
        }
        for folder in ["figures", "data"] {
            let path = directory.join(folder);
            std::fs::create_dir_all(&path).map_err(|source| WriteError::Io { path, source })?;
        }
        for (name, bytes) in &files {
            let path = directory.join(name);
            atomic::write(&path, bytes).map_err(|source| WriteError::Io { path, source })?;
        }
        Ok(directory.join("index.html"))
    }
}
