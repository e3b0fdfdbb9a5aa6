//! Named sweeps.

use clap::ValueEnum;
use toml::Table;

/// A sweep to start from; a settings file and flags override it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SweepPreset {
    /// Minutes on two cores: 64, 128 and 256 hidden units, 3 replicas, 20,000 images of MNIST
    Quick,
    /// As published (arXiv:2503.21536): 500, 784, 1200 and 3000 hidden units, 5 replicas, Adam, 500
    /// Gibbs sweeps per update, 100 epochs; hours per run
    Paper,
    /// Small models with a snapshot every few updates while the first mode crosses lambda = 4
    Transition,
}

impl SweepPreset {
    /// The preset as a settings file holds it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Quick => include_str!("presets/quick.toml"),
            Self::Paper => include_str!("presets/paper.toml"),
            Self::Transition => include_str!("presets/transition.toml"),
        }
    }

    /// The preset as a table.
    ///
    /// # Errors
    /// None: the presets are tested.
    pub fn table(self) -> Result<Table, toml::de::Error> {
        toml::from_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{ChainCount, HiddenBias, OptimizerKind, Schedule, VisibleBias};
    use crate::sweep::Plan;

    fn plan(preset: SweepPreset) -> Plan {
        Plan::new([preset.table().unwrap()]).unwrap()
    }

    #[test]
    fn presets_are_the_runs_they_say() {
        assert_eq!(plan(SweepPreset::Quick).runs.len(), 9);
        assert!(plan(SweepPreset::Transition).runs.len() >= 4);
        let paper = plan(SweepPreset::Paper);
        assert_eq!(paper.runs.len(), 20);
        let sizes: Vec<_> = paper
            .runs
            .iter()
            .map(|run| run.settings.model.hidden)
            .collect();
        assert_eq!(sizes[0..5], [500; 5]);
        assert_eq!(sizes[15..], [3000; 5]);
        for run in &paper.runs {
            let s = &run.settings;
            assert_eq!(s.optimizer.kind, OptimizerKind::Adam);
            assert_eq!(
                (s.optimizer.learning_rate, s.optimizer.schedule),
                (1e-4, Schedule::Constant)
            );
            assert_eq!((s.training.batch_size, s.training.epochs), (500, Some(100)));
            assert_eq!(
                (s.learner.gibbs_steps, s.learner.chains),
                (500, ChainCount::Data)
            );
            assert_eq!(s.model.weight_std, 0.01);
            assert_eq!(s.model.visible_bias, VisibleBias::Normal);
            assert_eq!(s.model.hidden_bias, HiddenBias::Normal);
            assert!(!s.learner.centered);
        }
    }
}
