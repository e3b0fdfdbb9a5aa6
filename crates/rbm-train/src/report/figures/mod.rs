//! The figures and tables of runs: of one, or of many as means over replicas with their errors.
//!
//! Every figure is a function from [`Group`]s, runs that differ only by their seed, to a
//! [`Figure`](rbm_figures::Figure); a single run is one group of one replica. To add one, write its function in a file
//! here and name it in `SECTIONS`. Formulas: J. Q. Toledo-Marin, A. Maiti, G. C. Fox, R. G. Melko, arXiv:2503.21536.

pub mod group;
pub mod quality;
pub mod series;

mod analysis;
mod bosons;
mod coordinates;
mod drawn;
mod dynamics;
mod entries;
mod fields;
mod free_energy;
mod landau;
mod landscape;
mod likelihood;
mod modes;
mod overlap;
mod parts;
mod phase;
mod pictures;
mod saddle;
mod sampled;
mod signs;
mod singular_values;
mod spectrum;
mod symmetry;
mod training;
mod transition;

#[cfg(test)]
mod run_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod written;

pub use group::{Group, groups};
pub use likelihood::holds;

use super::theory;
use crate::measure::Probe;
use Part::{Figure, Measured, Table};
use drawn::{Drawn, Missing};
use rbm_figures::{Block, Section};

/// A part of a section.
enum Part {
    /// A figure, or a note why there is none.
    Figure(fn(&[Group<'_>]) -> Drawn),
    /// A figure of what it measures of each snapshot itself.
    Measured(Probe, fn(&[Group<'_>]) -> Drawn),
    /// A table, where there is anything to list.
    Table(fn(&[Group<'_>]) -> Option<Block>),
}

/// All figures and tables in the order of the page: anchor and heading of each section, and what is in it.
const SECTIONS: &[(&str, &str, &[Part])] = &[
    (
        "samples",
        "Samples",
        &[
            Figure(pictures::samples),
            Measured(sampled::PROBE, sampled::figure),
        ],
    ),
    (
        "training",
        "Training",
        &[
            Figure(likelihood::figure),
            Figure(training::pseudo_likelihood),
            Figure(training::free_energy),
            Figure(training::weights),
        ],
    ),
    (
        "quality",
        "Sample quality",
        &[
            Table(quality::results),
            Figure(quality::components),
            Figure(quality::free_energy),
        ],
    ),
    (
        "spectra",
        "Spectra of the weights",
        &[
            Figure(singular_values::figure),
            Figure(spectrum::figure),
            Figure(singular_values::nonconvergent),
        ],
    ),
    (
        "modes",
        "Modes",
        &[
            Figure(pictures::vectors),
            Figure(pictures::hidden_units),
            Table(analysis::results),
            Table(analysis::saddles),
        ],
    ),
    (
        "symmetry",
        "Rotational symmetry",
        &[
            Measured(entries::PROBE, entries::figure),
            Figure(symmetry::rotation),
            Figure(symmetry::kurtosis),
        ],
    ),
    (
        "learning",
        "What modes learn",
        &[
            Figure(overlap::figure),
            Figure(modes::figure),
            Figure(coordinates::split),
            Figure(coordinates::between_labels),
        ],
    ),
    (
        "landscapes",
        "Energy landscapes",
        &[
            Figure(landscape::contours),
            Figure(landscape::polar),
            Measured(saddle::PROBE, saddle::figure),
            Figure(landscape::pair),
        ],
    ),
    ("dynamics", "Relaxation", &[Figure(dynamics::figure)]),
    (
        "breaking",
        "Symmetry breaking",
        &[
            Figure(landau::curves),
            Figure(landau::coefficients),
            Figure(landau::sampled),
            Figure(transition::figure),
        ],
    ),
    ("bosons", "Bosons", &[Figure(bosons::figure)]),
    (
        "partition",
        "Partition function",
        &[Figure(free_energy::figure)],
    ),
    ("phases", "Phase plane", &[Figure(phase::figure)]),
];

/// What single figures measure of snapshots.
pub fn probes() -> Vec<Probe> {
    let parts = SECTIONS.iter().flat_map(|(_, _, parts)| *parts);
    let probe = |part: &Part| match part {
        Measured(probe, _) => Some(*probe),
        _ => None,
    };
    parts.filter_map(probe).collect()
}

/// The sections of a page about these groups.
pub fn sections(groups: &[Group<'_>]) -> Vec<Section> {
    SECTIONS
        .iter()
        .map(|(id, title, parts)| {
            let mut section = Section::new(id, title);
            for part in *parts {
                match part {
                    Figure(draw) | Measured(_, draw) => match draw(groups) {
                        Ok(figure) => section.figure(rbm_figures::Figure {
                            caption: theory::linked(&figure.caption),
                            ..figure
                        }),
                        Err(Missing::Reason(title, reason)) => section.missing(title, &reason),
                        Err(Missing::Unasked) => {}
                    },
                    Table(list) => section.blocks.extend(list(groups)),
                }
            }
            section
        })
        .collect()
}
