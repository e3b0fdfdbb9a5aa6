//! The book in `docs/`: its reference is what the help says, all pages are listed, and links lead somewhere.
//!
//! After a change of the help: `RBM_BOOK=write cargo test -p rbm-train -p rbm-model -- reference`.

use crate::support::program;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use tempfile::tempdir;

/// Where links to files outside the book begin: a rendered book has only its own pages.
const REPOSITORY: [&str; 2] = [
    "https://github.com/rbm-rs/rbm/blob/main/",
    "https://github.com/rbm-rs/rbm/tree/main/",
];

const HEAD: &str = "\
# Commands

<!-- Written by `RBM_BOOK=write cargo test -p rbm-train -p rbm-model -- reference`: change the help instead. -->

What `rbm-train COMMAND --help` prints. Every command takes `--json`: one document on standard output and nothing else
there. Progress and messages go to standard error. See also [settings](settings.md), [exit codes and environment
variables](environment.md) and [file formats](files.md).
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The help of a command in lines of at most 100 characters.
fn help(command: &str) -> String {
    let dir = tempdir().unwrap();
    let mut command_line = program(dir.path(), &format!("{command} --help"));
    let output = command_line.env("COLUMNS", "100").output().unwrap();
    assert!(output.status.success(), "{command} --help");
    let text = String::from_utf8(output.stdout).expect("UTF-8 output");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// Names of all commands, in the order of the help.
fn commands(help: &str) -> Vec<&str> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = list.map_while(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").collect()
}

/// The page about the commands.
fn reference() -> String {
    let all = help("");
    let mut page = String::from(HEAD);
    for command in std::iter::once("").chain(commands(&all)) {
        let text = help(command);
        let title = format!("rbm-train {command}");
        // Flags that are settings are listed once, for `train`.
        let (shown, rest) = match text.find("\n\nData:\n") {
            Some(at) if command != "train" => text.split_at(at),
            _ => (&text[..], ""),
        };
        let _ = write!(
            page,
            "\n## {}\n\n```text\n{}\n```\n",
            title.trim(),
            shown.trim()
        );
        if !rest.is_empty() {
            let values = match command {
                "sweep" => "each with one value or with several, separated by commas",
                _ => "since without a command it trains",
            };
            let _ = write!(
                page,
                "\nand the settings of [train](#rbm-train-train), {values}.\n"
            );
        }
    }
    page
}

#[test]
fn reference_is_what_the_help_says() {
    let found = reference();
    let path = root().join("docs/src/reference/commands.md");
    if std::env::var_os("RBM_BOOK").is_some_and(|value| value == "write") {
        std::fs::write(&path, &found).expect("written");
    }
    let page = read(&path);
    let differs = page.lines().zip(found.lines()).find(|(a, b)| a != b);
    assert!(
        page == found,
        "docs/src/reference/commands.md is not the help: {differs:?}; \
         RBM_BOOK=write cargo test -p rbm-train -p rbm-model -- reference"
    );
}

/// All pages below a directory, sorted.
fn pages(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(pages(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A page without its blocks of code.
fn prose(text: &str) -> String {
    let mut code = false;
    let mut kept = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
        } else if !code {
            kept += line;
            kept.push('\n');
        }
    }
    kept
}

/// The same without `code` in lines, in which brackets are no links.
fn without_code(prose: &str) -> String {
    let parts = prose.split('`').enumerate();
    parts
        .filter(|(i, _)| i.is_multiple_of(2))
        .map(|(_, part)| part)
        .collect()
}

/// Targets of all links and images.
fn links(text: &str) -> Vec<String> {
    let text = without_code(&prose(text));
    let mut found = Vec::new();
    for (before, end) in [("](", ')'), (" href=\"", '"'), (" src=\"", '"')] {
        for part in text.split(before).skip(1) {
            found.extend(part.split(end).next().map(String::from));
        }
    }
    found
}

/// Anchors of a page, as GitHub makes them of headings, and those that it names itself.
fn anchors(text: &str) -> BTreeSet<String> {
    let text = prose(text);
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with('#')) {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = |c: &char| c.is_alphanumeric() || "-_ ".contains(*c);
        let slug: String = title.chars().filter(kept).collect();
        let slug = slug.replace(' ', "-");
        let same = (1..).map(|n| format!("{slug}-{n}"));
        let mut names = std::iter::once(slug.clone()).chain(same);
        found.extend(names.find(|name| !found.contains(name)));
    }
    let named = text.split("<a id=\"").skip(1);
    found.extend(named.filter_map(|part| part.split('"').next().map(String::from)));
    found
}

/// What is wrong with a link of a page, if anything.
fn fault(page: &Path, link: &str) -> Option<String> {
    let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
    let inside = REPOSITORY
        .iter()
        .find_map(|start| target.strip_prefix(start));
    let path = match inside {
        Some(path) => root().join(path),
        None if target.contains("://") || target.starts_with("mailto:") => return None,
        None if target.is_empty() => page.to_path_buf(),
        None => page.parent()?.join(target),
    };
    if !path.exists() {
        return Some("there is no such file".into());
    }
    let is_page = path.extension().is_some_and(|extension| extension == "md");
    if anchor.is_empty() || !is_page || anchors(&read(&path)).contains(anchor) {
        return None;
    }
    Some(format!("{} has no heading of that name", path.display()))
}

#[test]
fn links_lead_somewhere() {
    let root = root();
    let mut all = pages(&root.join("docs/src"));
    all.extend(["README.md", "CONTRIBUTING.md"].map(|name| root.join(name)));
    for entry in std::fs::read_dir(root.join("crates")).expect("crates") {
        all.push(entry.expect("a crate").path().join("README.md"));
    }
    let mut checked = 0;
    let mut faults = Vec::new();
    for page in &all {
        for link in links(&read(page)) {
            checked += 1;
            if let Some(fault) = fault(page, &link) {
                faults.push(format!("{}: {link}: {fault}", page.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(checked > 100, "{checked} links");
}

#[test]
fn links_are_read_as_readers_see_them() {
    let page = "# A `b` (c)\n\n[x](y.md#z) `[no](no)` ![i](p.png)\n```text\n[no](no)\n# No\n```\n## A b c\n<a id=\"t\"></a>\n";
    assert_eq!(links(page), ["y.md#z", "p.png"]);
    let expected = ["a-b-c", "a-b-c-1", "t"].map(String::from);
    assert_eq!(anchors(page), BTreeSet::from(expected));
    let here = root().join("README.md");
    assert_eq!(fault(&here, "https://example.org/#x"), None);
    assert!(fault(&here, "no-such-file.md").is_some());
    assert!(fault(&here, "#no-such-heading").is_some());
    assert!(fault(&here, "https://github.com/rbm-rs/rbm/blob/main/no-such").is_some());
}

#[test]
fn the_summary_lists_every_page() {
    let source = root().join("docs/src");
    let listed: BTreeSet<PathBuf> = links(&read(&source.join("SUMMARY.md")))
        .into_iter()
        .map(|link| source.join(link))
        .collect();
    let summary = source.join("SUMMARY.md");
    let there = pages(&source).into_iter().filter(|page| *page != summary);
    assert_eq!(listed, there.collect::<BTreeSet<_>>());
}
