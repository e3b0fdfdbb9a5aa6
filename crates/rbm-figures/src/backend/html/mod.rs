//! From a [`Document`] to one HTML file without references to anything but the figures' own files.

pub(crate) mod sheet;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::backend::svg;
use crate::color::css_variables;
use crate::document::{Block, Document, Grid, Section};
use crate::error::WriteError;
use crate::figure::{Content, Figure};
use crate::layout::{HALF, NARROW, sizes};
use crate::number::readable;
use crate::table::Table;

const STYLE: &str = include_str!("style.css");
const HOVER: &str = include_str!("hover.js");

/// The whole page.
pub(crate) fn render(document: &Document) -> Result<String, WriteError> {
    let sections: Vec<&Section> = document
        .sections
        .iter()
        .filter(|section| !section.blocks.is_empty())
        .collect();
    let mut number = 0;
    let mut bodies = Vec::new();
    for section in &sections {
        let blocks: Vec<Markup> = section
            .blocks
            .iter()
            .map(|block| render_block(block, &mut number))
            .collect::<Result<_, _>>()?;
        bodies.push(html! {
            section id=(section.id) aria-labelledby={ (section.id) "-head" } {
                h2 id={ (section.id) "-head" } { (section.title) }
                @for block in &blocks { (block) }
            }
        });
    }
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (document.title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(css_variables())) (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#content" { "Skip to the content" }
                (contents(&sections))
                main id="content" tabindex="-1" {
                    header {
                        h1 { (document.title) }
                        @if !document.subtitle.is_empty() { p class="subtitle" { (document.subtitle) } }
                    }
                    @for warning in &document.warnings { p class="warning" role="note" { (prose(warning)) } }
                    @if !document.facts.is_empty() {
                        dl class="facts" style={ "--cards:" (cards(document.facts.len())) } {
                            @for (name, value) in &document.facts { div { dt { (name) } dd { (value) } } }
                        }
                    }
                    @for body in &bodies { (body) }
                }
                script { (PreEscaped(HOVER)) }
            }
        }
    };
    Ok(page.into_string())
}

/// Cards in a row, such that the last row is full if that is possible.
fn cards(count: usize) -> usize {
    if count.is_multiple_of(4) || !count.is_multiple_of(3) {
        4
    } else {
        3
    }
}

/// The list of contents: sections with their figures.
fn contents(sections: &[&Section]) -> Markup {
    let mut number = 0;
    let mut entry = |figure: &Figure| {
        number += 1;
        html! { li { a href={ "#" (figure.name) } { span { (number) } " " (figure.title) } } }
    };
    html! {
        nav aria-label="Contents" {
            ol {
                @for section in sections {
                    li {
                        a href={ "#" (section.id) } { (section.title) }
                        ol {
                            @for block in &section.blocks {
                                @if let Block::Figure(figure) = block { (entry(figure)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn render_block(block: &Block, number: &mut usize) -> Result<Markup, WriteError> {
    Ok(match block {
        Block::Figure(figure) => {
            *number += 1;
            render_figure(figure, *number)?
        }
        Block::Pairs { rows, folded: None } => pairs(rows),
        Block::Pairs {
            rows,
            folded: Some(heading),
        } => html! { details { summary { (heading) } (pairs(rows)) } },
        Block::Grid(grid) => render_grid(grid),
        Block::Text(text) => html! { p { (text) } },
        Block::Note(text) => html! { p class="note" { (prose(text)) } },
    })
}

fn render_figure(figure: &Figure, number: usize) -> Result<Markup, WriteError> {
    let body = match &figure.content {
        Content::Panels(panels) => html! {
            div class="panels" {
                @let room = svg::legend_room(panels);
                @let higher = |(width, height): (f64, f64)| (width, height + room);
                @for (panel, size) in panels.iter().zip(sizes(panels.len())) {
                    @let part = if panel.title.is_empty() { &panel.y.label } else { &panel.title };
                    @let name = format!("{}: {part}", figure.title);
                    @if size == HALF {
                        div { (svg::on_page(panel, higher(size), &name)) }
                    } @else {
                        // Twice: scaled down to a telephone, the wide one could not be read.
                        div class="full wide" { (svg::on_page(panel, higher(size), &name)) }
                        div class="full narrow" { (svg::on_page(panel, higher(NARROW), &name)) }
                    }
                }
            }
        },
        Content::Images(sheet) => {
            sheet::on_page(sheet, &figure.title).map_err(|source| WriteError::Image {
                figure: figure.name,
                source,
            })?
        }
    };
    Ok(html! {
        figure id=(figure.name) {
            (body)
            figcaption {
                b { "Figure " (number) ". " (figure.title) "." } " " (figure.caption) " "
                span class="files" {
                    a href={ "figures/" (figure.name) ".svg" } { "SVG" }
                    @if matches!(figure.content, Content::Panels(_)) {
                        " " a href={ "figures/" (figure.name) ".tex" } { "LaTeX" }
                    }
                    @for table in &figure.tables { (csv_link(table, figure.name)) }
                }
            }
            @for table in &figure.tables { (embedded(table)) }
        }
    })
}

/// A table on the page, folded; of a large one a part, which leads to the rest.
fn embedded(table: &Table) -> Markup {
    // As it was written for the file, with fewer digits.
    let cell = |text: &str| match text.parse::<f64>() {
        Ok(value) => readable(value),
        Err(_) => text.to_owned(),
    };
    html! {
        @if let Some(excerpt) = table.excerpt() {
            @let left_out = excerpt.left_out();
            details class="data" {
                summary {
                    "Data: " (table.name.replace('-', " "))
                    @if !left_out.is_empty() { ", " (left_out) }
                }
                // Wide tables scroll on their own, also by the keyboard.
                div class="scroll" tabindex="0" role="region" aria-label={ "Data of " (table.name) } {
                    table class="grid" {
                        thead { tr { @for head in &excerpt.heads { th scope="col" { (head.replace('_', " ")) } } } }
                        tbody { @for row in &excerpt.rows { tr { @for text in row { td { (cell(text)) } } } } }
                    }
                }
                @if !left_out.is_empty() { p { "All of it: " a href={ "data/" (table.name) ".csv" } { (table.name) ".csv" } } }
            }
        }
    }
}

/// A link to a table, named by what its file name adds to `figure`.
fn csv_link(table: &Table, figure: &str) -> Markup {
    let suffix = table
        .name
        .strip_prefix(figure)
        .unwrap_or("")
        .trim_start_matches('-');
    html! {
        " " a href={ "data/" (table.name) ".csv" } { "CSV" @if !suffix.is_empty() { " (" (suffix) ")" } }
    }
}

fn pairs(rows: &[(String, String)]) -> Markup {
    html! {
        table class="pairs" {
            tbody { @for (name, value) in rows { tr { th scope="row" { (name) } td { (prose(value)) } } } }
        }
    }
}

/// A text in which `what stands between backquotes` is code.
fn prose(text: &str) -> Markup {
    let parts = text.split('`').enumerate();
    html! {
        @for (k, part) in parts {
            @if k % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn render_grid(grid: &Grid) -> Markup {
    // On a narrow screen it scrolls on its own, also by the keyboard.
    html! {
        div class="scroll" tabindex="0" role="region" aria-label={ "Table " (grid.table.name) } {
            table class="grid" id=(grid.table.name) {
                caption { (grid.caption) " " span class="files" { (csv_link(&grid.table, &grid.table.name)) } }
                thead { tr { @for head in &grid.heads { th scope="col" { (head) } } } }
                tbody {
                    @for row in &grid.rows {
                        tr class=[row.strong.then_some("strong")] { @for cell in &row.cells { td { (cell) } } }
                    }
                }
            }
        }
    }
}
