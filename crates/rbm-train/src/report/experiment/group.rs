//! Runs that differ only by their seed.

use crate::evaluation::history::LikelihoodRow;
use crate::measure::Measurements;
use crate::report::data::MetricsRow;
use std::collections::{BTreeMap, BTreeSet};

/// The one setting by which replicas differ.
const SEED: &str = "training.seed";

/// One run, as far as figures need it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Replica {
    /// Name of its directory.
    pub name: String,
    /// Its settings as (key, value).
    pub settings: BTreeMap<String, String>,
    /// One row an evaluation.
    pub metrics: Vec<MetricsRow>,
    /// Brackets of the likelihood, of snapshots or along training.
    pub likelihood: Vec<LikelihoodRow>,
    /// What was measured of its snapshots.
    pub measurements: Measurements,
}

/// Runs of equal settings apart from the seed, in order of the seed.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// The settings that tell it from other groups; empty if there are no others.
    pub label: String,
    /// At least one run.
    pub replicas: Vec<&'a Replica>,
}

impl<'a> Group<'a> {
    /// Number of hidden units.
    pub fn hidden(&self) -> usize {
        self.replicas[0].measurements.n_hidden
    }

    /// The run that stands for the group where means make no sense.
    pub fn first(&self) -> &'a Replica {
        self.replicas[0]
    }

    /// Its label before some text.
    pub fn prefixed(&self, text: &str) -> String {
        if self.label.is_empty() {
            text.to_owned()
        } else {
            format!("{}: {text}", self.label)
        }
    }
}

/// Groups runs; groups are in order of hidden units and then of their labels, replicas in order of the seed.
pub fn groups(replicas: &[Replica]) -> Vec<Group<'_>> {
    let without_seed = |replica: &Replica| {
        let mut settings = replica.settings.clone();
        settings.remove(SEED);
        settings
    };
    let mut found: Vec<(BTreeMap<String, String>, Vec<&Replica>)> = Vec::new();
    for replica in replicas {
        let settings = without_seed(replica);
        match found.iter_mut().find(|(known, _)| *known == settings) {
            Some((_, members)) => members.push(replica),
            None => found.push((settings, vec![replica])),
        }
    }
    let keys: BTreeSet<&String> = found
        .iter()
        .flat_map(|(settings, _)| settings.keys())
        .collect();
    let differ: Vec<&String> = keys
        .into_iter()
        .filter(|key| {
            let value = |k: usize| found[k].0.get(*key);
            (1..found.len()).any(|k| value(k) != value(0))
        })
        .collect();
    let mut groups: Vec<Group<'_>> = found
        .iter()
        .map(|(settings, members)| {
            let mut replicas = members.clone();
            replicas.sort_by_key(|replica| seed(replica));
            let part = |key: &&String| {
                let name = key.rsplit('.').next().unwrap_or(key).replace('_', " ");
                let value = settings.get(*key).map_or("none", String::as_str);
                format!("{name} {value}")
            };
            let label = differ.iter().map(part).collect::<Vec<_>>().join(", ");
            Group { label, replicas }
        })
        .collect();
    groups.sort_by(|a, b| (a.hidden(), &a.label).cmp(&(b.hidden(), &b.label)));
    groups
}

/// The seed of a run.
pub fn seed(replica: &Replica) -> u64 {
    let text = replica.settings.get(SEED);
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(hidden: usize, rate: &str, seed: &str) -> Replica {
        let settings = [
            ("model.hidden", hidden.to_string()),
            ("optimizer.learning_rate", rate.to_owned()),
            (SEED, seed.to_owned()),
        ];
        Replica {
            name: format!("{hidden}-{rate}-{seed}"),
            settings: settings
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
            measurements: Measurements {
                n_hidden: hidden,
                ..Default::default()
            },
            ..Default::default()
        }
    }

    #[test]
    fn runs_that_differ_by_their_seed_are_replicas() {
        let runs = [
            run(100, "0.1", "10"),
            run(20, "0.1", "1"),
            run(100, "0.1", "9"),
            run(20, "0.2", "1"),
        ];
        let groups = groups(&runs);
        let labels: Vec<&str> = groups.iter().map(|group| group.label.as_str()).collect();
        assert_eq!(
            labels,
            [
                "hidden 20, learning rate 0.1",
                "hidden 20, learning rate 0.2",
                "hidden 100, learning rate 0.1"
            ]
        );
        assert_eq!(groups[2].first().name, "100-0.1-9", "by the number");
        assert_eq!(groups[2].replicas.len(), 2);
    }

    #[test]
    fn one_group_needs_no_label() {
        let runs = [run(8, "0.1", "2"), run(8, "0.1", "1")];
        let groups = groups(&runs);
        assert_eq!((groups.len(), groups[0].label.as_str()), (1, ""));
        assert_eq!(groups[0].prefixed("mode 1"), "mode 1");
    }
}
