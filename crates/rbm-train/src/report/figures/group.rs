//! Runs that differ only by their seed, and perhaps by where they were trained.

use crate::report::data::{CloseUp, Replica};
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// The one setting by which replicas differ.
const SEED: &str = "training.seed";
/// Where a run was trained, which changes no draw.
const DEVICE: &str = "training.device";

/// Groups that have panels of their own in figures with a panel or more a group.
const SHOWN: usize = 4;

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
///
/// Devices do not tell groups apart, unless the same run with the same seed is there on several of them: these are no
/// replicas of each other.
pub fn groups(replicas: &[Replica]) -> Vec<Group<'_>> {
    let without = |replica: &Replica, keys: &[&str]| {
        let mut settings = replica.settings.clone();
        settings.retain(|key, _| !keys.contains(&key.as_str()));
        settings
    };
    let anywhere: BTreeSet<_> = replicas.iter().map(|run| without(run, &[DEVICE])).collect();
    let ignored: &[&str] = match anywhere.len() == replicas.len() {
        true => &[SEED, DEVICE],
        false => &[SEED],
    };
    let mut found: Vec<(BTreeMap<String, String>, Vec<&Replica>)> = Vec::new();
    for replica in replicas {
        let settings = without(replica, ignored);
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

/// Whether the groups differ by one setting alone.
pub fn differ_only_by(groups: &[Group<'_>], setting: &str) -> bool {
    let rest = |group: &Group<'_>| {
        let mut settings = group.first().settings.clone();
        settings.retain(|key, _| ![SEED, DEVICE, setting].contains(&key.as_str()));
        settings
    };
    groups.windows(2).all(|two| rest(&two[0]) == rest(&two[1]))
}

/// The seed of a run.
pub fn seed(replica: &Replica) -> u64 {
    let text = replica.settings.get(SEED);
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Whether this is the page of one run.
pub fn is_alone(groups: &[Group<'_>]) -> bool {
    groups.len() == 1 && groups[0].replicas.len() == 1
}

/// What is shown of a single run only; `None` on the page of more.
pub fn close_up<'a>(groups: &[Group<'a>]) -> Option<&'a CloseUp> {
    match is_alone(groups) {
        true => groups[0].first().close_up.as_ref(),
        false => None,
    }
}

/// Some groups spread over all of them, for figures that cannot show every one.
pub fn shown<'a, 'b>(groups: &'b [Group<'a>]) -> Vec<&'b Group<'a>> {
    let count = groups.len().min(SHOWN);
    let at = |k: usize| match count {
        0 | 1 => 0,
        _ => k * (groups.len() - 1) / (count - 1),
    };
    (0..count).map(|k| &groups[at(k)]).collect()
}

/// What a figure of [`shown`] groups has to say about the others, and about whose modes it draws.
pub fn representatives(groups: &[Group<'_>]) -> Markup {
    html! {
        @if !is_alone(groups) {
            "Modes of different runs have no common signs or order, so one run stands for its group: that with the \
             first seed. "
        }
        (left_out(groups))
    }
}

/// How many groups are not among the [`shown`] ones.
pub fn left_out(groups: &[Group<'_>]) -> Markup {
    let count = groups.len() - shown(groups).len();
    html! {
        @if count > 0 { "Left out here: " (count) " of " (groups.len()) " groups. " }
    }
}

/// What lines and bands are.
pub fn means(groups: &[Group<'_>]) -> Markup {
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
pub fn means_or_own(groups: &[Group<'_>]) -> Markup {
    html! {
        (means(groups))
        @if groups.iter().any(|group| group.replicas.len() == 1) {
            "Of a single run, bands and bars are standard errors of the estimates themselves. "
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Measurements;

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
        assert!(!differ_only_by(&groups, "model.hidden"));
        assert!(differ_only_by(&groups[..2], "optimizer.learning_rate"));
        assert!(differ_only_by(
            &[groups[0].clone(), groups[2].clone()],
            "model.hidden"
        ));
        assert_eq!(groups[2].first().name, "100-0.1-9", "by the number");
        assert_eq!(groups[2].replicas.len(), 2);
    }

    #[test]
    fn devices_tell_groups_apart_only_where_a_run_is_there_twice() {
        let on = |device: &str, seed: &str| {
            let mut run = run(8, "0.1", seed);
            run.settings.insert(DEVICE.into(), device.into());
            run
        };
        let mut runs = vec![on("flex", "1"), on("remote:ws://a:7070", "2")];
        assert_eq!(groups(&runs).len(), 1);
        runs.extend([on("remote:ws://a:7070", "1"), on("flex", "2")]);
        let groups = groups(&runs);
        let labels: Vec<&str> = groups.iter().map(|group| group.label.as_str()).collect();
        assert_eq!(labels, ["device flex", "device remote:ws://a:7070"]);
        assert!(groups.iter().all(|group| group.replicas.len() == 2));
    }

    #[test]
    fn one_group_needs_no_label() {
        let runs = [run(8, "0.1", "2"), run(8, "0.1", "1")];
        let groups = groups(&runs);
        assert_eq!((groups.len(), groups[0].label.as_str()), (1, ""));
        assert_eq!(groups[0].prefixed("mode 1"), "mode 1");
    }
}
