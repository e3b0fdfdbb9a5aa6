//! Where captions send their readers: the sections of the theory, in the book.

use maud::{Markup, PreEscaped};

/// The theory, as the repository shows it.
pub(super) const THEORY: &str = concat!(
    env!("CARGO_PKG_REPOSITORY"),
    "/blob/main/docs/src/theory.md"
);
/// Sections that it has, numbered from 1.
const SECTIONS: [&str; 8] = ["1", "2", "3", "4", "5", "6", "7", "8"];

/// A caption in which each `section N` leads to that section of the theory.
pub fn linked(caption: &Markup) -> Markup {
    let mut text = caption.0.clone();
    for number in SECTIONS {
        let link = format!("<a href=\"{THEORY}#section-{number}\">section {number}</a>");
        text = text.replace(&format!("section {number}"), &link);
    }
    PreEscaped(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use maud::html;

    const BOOK: &str = include_str!("../../../../docs/src/theory.md");

    #[test]
    fn captions_lead_to_sections_that_are_there() {
        let caption = linked(&html! { "One well (theory, section 5), fitted (section 2)." }).0;
        let five = format!("theory, <a href=\"{THEORY}#section-5\">section 5</a>)");
        let two = format!("fitted (<a href=\"{THEORY}#section-2\">section 2</a>).");
        assert!(
            caption.contains(&five) && caption.contains(&two),
            "{caption}"
        );
        for number in SECTIONS {
            let place = format!("<a id=\"section-{number}\"></a>\n\n## {number}. ");
            assert!(BOOK.contains(&place), "{place}");
        }
        let headings = BOOK.lines().filter(|line| line.starts_with("## "));
        assert_eq!(headings.count(), SECTIONS.len());
    }
}
