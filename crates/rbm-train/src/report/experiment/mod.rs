//! The figures of the experiment: of one run, or of many as means over replicas with their errors.
//!
//! Every figure is a function from [`Group`]s, runs that differ only by their seed, to a [`Figure`]; a single run is one
//! group of one replica. Formulas: J. Q. Toledo-Marin, A. Maiti, G. C. Fox, R. G. Melko, arXiv:2503.21536.

pub mod group;
pub mod series;

mod bosons;
mod coordinates;
mod dynamics;
mod free_energy;
mod landau;
mod landscape;
mod overlap;
mod phase;
mod saddle;
mod spectra;
mod symmetry;
pub mod training;
mod transition;

#[cfg(test)]
mod tests;

pub use group::{Group, Replica, groups};

use maud::{Markup, html};
use rbm_figures::{Axis, Color, Figure, Section};

/// Groups that have panels of their own in figures with a panel or more a group.
const SHOWN: usize = 3;

/// The sections of the experiment. With one group of one run they leave out what the page of a run has anyway.
pub fn sections(groups: &[Group<'_>]) -> Vec<Section> {
    let alone = is_alone(groups);
    let mut all = Vec::new();
    if !alone {
        all.push(section(
            "training",
            "Training",
            vec![training::figure(groups)],
        ));
        all.push(section(
            "likelihoods",
            "Likelihood",
            vec![training::likelihood(groups)],
        ));
        all.push(section(
            "spectra",
            "Spectra",
            vec![
                spectra::against_marchenko_pastur(groups),
                spectra::singular_values(groups),
                spectra::nonconvergent(groups),
            ],
        ));
    } else {
        all.push(section(
            "spectra",
            "Modes that leave the bulk",
            vec![spectra::nonconvergent(groups)],
        ));
    }
    all.push(section(
        "symmetry",
        "Rotational symmetry",
        vec![
            symmetry::weights(groups),
            symmetry::rotation(groups),
            symmetry::kurtosis(groups),
        ],
    ));
    all.push(section(
        "learning",
        "What modes learn",
        vec![
            overlap::figure(groups),
            overlap::images(groups),
            coordinates::split(groups),
            coordinates::between_labels(groups),
        ],
    ));
    all.push(section(
        "landscapes",
        "Energy landscapes",
        vec![
            landscape::contours(groups),
            landscape::polar(groups),
            saddle::figure(groups),
            landscape::pair(groups),
        ],
    ));
    all.push(section(
        "dynamics",
        "Relaxation",
        vec![dynamics::figure(groups)],
    ));
    all.push(section(
        "breaking",
        "Symmetry breaking",
        vec![
            landau::curves(groups),
            landau::coefficients(groups),
            landau::sampled(groups),
            transition::figure(groups),
        ],
    ));
    all.push(section("bosons", "Bosons", vec![bosons::figure(groups)]));
    all.push(section(
        "partition",
        "Partition function",
        vec![free_energy::figure(groups)],
    ));
    all.push(section(
        "phases",
        "Phase plane",
        vec![phase::figure(groups)],
    ));
    all
}

/// A figure, or its title and why there is none.
type Drawn = Result<Figure, (&'static str, String)>;

fn section(id: &'static str, title: &'static str, figures: Vec<Drawn>) -> Section {
    let mut section = Section::new(id, title);
    for figure in figures {
        match figure {
            Ok(figure) => section.figure(figure),
            Err((title, reason)) => section.missing(title, &reason),
        }
    }
    section
}

/// Whether this is the page of one run.
fn is_alone(groups: &[Group<'_>]) -> bool {
    groups.len() == 1 && groups[0].replicas.len() == 1
}

/// Some groups spread over all of them, for figures that cannot show every one.
fn shown<'a, 'b>(groups: &'b [Group<'a>]) -> Vec<&'b Group<'a>> {
    let count = groups.len().min(SHOWN);
    let at = |k: usize| match count {
        0 | 1 => 0,
        _ => k * (groups.len() - 1) / (count - 1),
    };
    (0..count).map(|k| &groups[at(k)]).collect()
}

/// What a figure of [`shown`] groups has to say about the others, and about whose modes it draws.
fn representatives(groups: &[Group<'_>]) -> Markup {
    let left_out = groups.len() - shown(groups).len();
    html! {
        @if !is_alone(groups) {
            "Modes of different runs have no common signs or order, so one run stands for its group: that with the \
             first seed. "
        }
        @if left_out > 0 { "Left out here: " (left_out) " of " (groups.len()) " groups. " }
    }
}

/// What lines and bands are.
fn means(groups: &[Group<'_>]) -> Markup {
    let counts = || groups.iter().map(|group| group.replicas.len());
    let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    html! {
        @if most > 1 {
            "Means over replicas, runs that differ only by their seed ("
            @if least == most { i { "n" } " = " (most) } @else { i { "n" } " = " (least) " to " (most) }
            "); bands and bars are ± their standard error. "
        }
    }
}

/// The same where the values of single runs have errors of their own.
fn means_or_own(groups: &[Group<'_>]) -> Markup {
    html! {
        (means(groups))
        @if groups.iter().any(|group| group.replicas.len() == 1) {
            "Of a single run, bands and bars are standard errors of the estimates themselves. "
        }
    }
}

fn updates() -> Axis {
    Axis::log("updates")
}

/// The color of a step along an ordered set, first to last.
fn along(index: usize, count: usize) -> Color {
    let last = rbm_figures::RANKS - 1;
    Color::Rank(
        last - (index * last)
            .checked_div(count.saturating_sub(1))
            .unwrap_or(last),
    )
}
