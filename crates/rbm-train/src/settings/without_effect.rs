//! Settings that were given and change nothing: said, so that nobody believes they did.

use super::{OptimizerKind, Settings};
use std::collections::BTreeSet;

impl Settings {
    /// A line for each setting that differs from its default and has no effect beside the others, or on so
    /// many training rows of so many units.
    pub(crate) fn without_effect(&self, rows: usize, n_visible: usize) -> Vec<String> {
        let learner = self.learner.kind;
        let (unused_by_optimizer, optimizer): (&[&str], _) = match self.optimizer.kind {
            OptimizerKind::Sgd => (&["optimizer.beta1", "optimizer.beta2"], "sgd"),
            OptimizerKind::Adam => (&["optimizer.momentum"], "adam"),
        };
        let ising = [
            "data.ising_side",
            "data.ising_temperature",
            "data.ising_rows",
        ];
        let beside_data: &[&str] = if self.data.dataset == "ising" {
            &[]
        } else {
            &ising
        };
        let groups = [
            (
                learner.registration().unused,
                format!("with learner {learner}"),
            ),
            (unused_by_optimizer, format!("with optimizer {optimizer}")),
            (beside_data, format!("on data set {}", self.data.dataset)),
        ];
        let (now, defaults) = (self.flatten(), Self::default().flatten());
        let changed: BTreeSet<&str> = now
            .iter()
            .filter(|(name, value)| defaults.get(*name) != Some(value))
            .map(|(name, _)| name.as_str())
            .collect();
        let mut lines = Vec::new();
        for (unused, beside) in groups {
            for name in unused.iter().filter(|name| changed.contains(*name)) {
                lines.push(format!("{name} = {} has no effect {beside}", now[*name]));
            }
        }
        let batch = self.training.batch_size;
        if batch > rows && changed.contains("training.batch_size") {
            lines.push(format!(
                "training.batch_size = {batch}: there are {rows} training rows, and each update takes all of them"
            ));
        }
        // One hidden unit for each state that has a weight of its own, and one more, represent any distribution
        // (N. Le Roux, Y. Bengio, Neural Computation 20, 1631 (2008)).
        let hidden = self.model.hidden;
        if n_visible < 16 && hidden > 1 << n_visible {
            lines.push(format!(
                "model.hidden = {hidden}: {n_visible} visible units have {} states, and as many hidden units are enough for any \
                 distribution of them; fewer are faster and overfit less",
                1 << n_visible
            ));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learner::LearnerKind;

    #[test]
    fn what_changes_nothing_is_said() {
        let mut settings = Settings::default();
        assert!(settings.without_effect(1, 784).is_empty());
        settings.learner.levels = 20;
        settings.optimizer.kind = OptimizerKind::Adam;
        settings.optimizer.momentum = 0.9;
        settings.data.ising_side = 8;
        settings.training.batch_size = 3;
        assert_eq!(
            settings.without_effect(2, 784),
            [
                "learner.levels = 20 has no effect with learner pcd",
                "optimizer.momentum = 0.9 has no effect with optimizer adam",
                "data.ising_side = 8 has no effect on data set mnist",
                "training.batch_size = 3: there are 2 training rows, and each update takes all of them",
            ]
        );
        let beside = settings.without_effect(2, 8).pop().unwrap();
        assert!(beside.starts_with("model.hidden = 500: 8 visible units have 256 states"));
        settings.learner.kind = LearnerKind::Pt;
        settings.optimizer.kind = OptimizerKind::Sgd;
        settings.data.dataset = "ising".into();
        assert!(settings.without_effect(3, 9).is_empty());
    }
}
