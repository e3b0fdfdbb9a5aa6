//! How much of the machine a run gets: runs at once, threads, memory, shards.

use crate::memory;
use crate::observers::Cadence;
use crate::settings::Settings;
use std::fmt;
use std::str::FromStr;

/// Memory of a run over its estimate, at most: 1.1 to 1.4 measured for 64 to 3000 hidden units.
const MARGIN: f64 = 1.5;

/// Part `index` of `count` of a sweep: every run whose number is `index` modulo `count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    pub index: usize,
    /// At least 1.
    pub count: usize,
}

impl Default for Shard {
    fn default() -> Self {
        Self { index: 0, count: 1 }
    }
}

impl Shard {
    /// Whether the run with this number, from 0, is in the part.
    pub fn holds(self, run: usize) -> bool {
        run % self.count == self.index
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match numbers {
            Some((index, count)) if index < count => Ok(Self { index, count }),
            _ => Err("it must be I/N with I from 0 to N - 1, such as 0/4".into()),
        }
    }
}

/// How many runs work at once, and on how many threads together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parallelism {
    /// Runs at once.
    pub jobs: usize,
    /// Threads of all of them together.
    pub threads: usize,
}

impl Parallelism {
    /// As many runs at once as there are threads and as fit into memory beside each other, the
    /// largest first; one at a time on a graphics processor. `shapes` are visible units and training
    /// rows of each. `asked` overrides that.
    ///
    /// One thread a run is the best division: updates of small models do not divide perfectly.
    pub fn choose(runs: &[&Settings], shapes: &[(usize, usize)], asked: Option<usize>) -> Self {
        let threads = rayon::current_num_threads();
        let host = |name: &str| ["flex", "ndarray"].contains(&name);
        let on_cpu = |s: &&Settings| s.training.devices().all(host);
        let jobs = asked.unwrap_or_else(|| {
            let mut needs: Vec<f64> = runs
                .iter()
                .zip(shapes)
                .map(|(settings, (n, rows))| settings.memory_bytes(*n, *rows))
                .collect();
            needs.sort_by(|a, b| b.total_cmp(a));
            let available = memory::available_bytes().unwrap_or(f64::INFINITY);
            let mut sum = 0.0;
            let fit = needs.iter().take_while(|need| {
                sum += **need;
                sum * MARGIN <= available
            });
            match runs.iter().all(on_cpu) {
                true => fit.count().min(threads),
                false => 1,
            }
        });
        Self {
            jobs: jobs.min(runs.len()).max(1),
            threads,
        }
    }

    /// Threads of a run that starts when `unfinished` runs, itself included, are left.
    pub fn threads_of_one(self, unfinished: usize) -> usize {
        (self.threads / self.jobs.min(unfinished).max(1)).max(1)
    }
}

/// Bytes of all snapshots of a run, each of f32 parameters.
pub fn snapshot_bytes(settings: &Settings, n_visible: usize, train_rows: usize) -> f64 {
    let settings = settings.clone().fit_to(train_rows);
    let per_epoch = settings.updates_per_epoch(train_rows) as u64;
    let cadences = Cadence::of_evaluations(&settings, per_epoch);
    let is_due = |step: &u64| cadences.iter().any(|cadence| cadence.is_due(*step));
    let steps = per_epoch * settings.epochs() as u64;
    let snapshots = 1 + (1..=steps).filter(is_due).count();
    let (n, m) = (n_visible as f64, settings.model.hidden as f64);
    4.0 * (n * m + n + m) * snapshots as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_disjoint_and_complete() {
        for count in 1..6 {
            for run in 0..20 {
                let shards = (0..count).filter(|&index| Shard { index, count }.holds(run));
                assert_eq!(shards.count(), 1);
            }
        }
        assert_eq!("3/4".parse(), Ok(Shard { index: 3, count: 4 }));
        for wrong in ["4/4", "0/0", "1", "a/b", "-1/4", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn jobs_fit_threads_memory_and_runs() {
        let small = Settings::default();
        let threads = rayon::current_num_threads();
        let jobs = |runs: &[&Settings], asked| {
            Parallelism::choose(runs, &vec![(784, 60_000); runs.len()], asked).jobs
        };
        assert_eq!(jobs(&[&small], None), 1);
        assert_eq!(jobs(&vec![&small; 1000], None), threads);
        assert_eq!(jobs(&vec![&small; 1000], Some(7)), 7);
        let mut huge = Settings::default();
        huge.model.hidden = 1 << 40;
        assert_eq!(jobs(&[&small, &huge, &small], None), 1);
        let mut other = Settings::default();
        other.training.device = "wgpu".into();
        assert_eq!(jobs(&[&other, &other], None), 1);
        let parallelism = Parallelism {
            jobs: 3,
            threads: 8,
        };
        assert_eq!(
            [9, 3, 2, 1].map(|left| parallelism.threads_of_one(left)),
            [2, 2, 4, 8]
        );
        let narrow = Parallelism {
            jobs: 4,
            threads: 2,
        };
        assert_eq!(narrow.threads_of_one(9), 1);
    }

    #[test]
    fn snapshots_are_counted() {
        let mut s = Settings::default();
        (s.model.hidden, s.training.epochs, s.training.batch_size) = (2, Some(2), 10);
        (s.monitor.snapshots_per_decade, s.monitor.every) = (1, 4);
        // 20 updates: the start, 1, 4, 8, 10, 12, 16, 20.
        assert_eq!(snapshot_bytes(&s, 3, 100), 8.0 * 4.0 * 11.0);
    }
}
