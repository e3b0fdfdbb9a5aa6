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
mod free_energy;
mod landau;
mod landscape;
mod likelihood;
mod overlap;
mod parts;
mod phase;
mod pictures;
mod saddle;
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

pub use group::{Group, groups};
pub use likelihood::holds;

use super::theory;
use Part::{Figure, Table};
use drawn::{Drawn, Missing};
use rbm_figures::{Block, Section};

/// A part of a section.
enum Part {
    /// A figure, or a note why there is none.
    Figure(fn(&[Group<'_>]) -> Drawn),
    /// A table, where there is anything to list.
    Table(fn(&[Group<'_>]) -> Option<Block>),
}

/// All figures and tables in the order of the page: anchor and heading of each section, and what is in it.
const SECTIONS: &[(&str, &str, &[Part])] = &[
    ("samples", "Samples", &[Figure(pictures::samples)]),
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
            Table(analysis::results),
            Table(analysis::saddles),
        ],
    ),
    (
        "symmetry",
        "Rotational symmetry",
        &[
            Figure(symmetry::weights),
            Figure(symmetry::rotation),
            Figure(symmetry::kurtosis),
        ],
    ),
    (
        "learning",
        "What modes learn",
        &[
            Figure(overlap::figure),
            Figure(overlap::images),
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
            Figure(saddle::figure),
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

/// The sections of a page about these groups.
pub fn sections(groups: &[Group<'_>]) -> Vec<Section> {
    SECTIONS
        .iter()
        .map(|(id, title, parts)| {
            let mut section = Section::new(id, title);
            for part in *parts {
                match part {
                    Figure(draw) => match draw(groups) {
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
