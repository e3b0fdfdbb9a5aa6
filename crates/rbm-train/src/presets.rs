//! Named settings.

use crate::settings::{Settings, sections};
use clap::ValueEnum;

/// A starting point that a settings file and flags then override.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// About a minute of training on two cores
    Default,
    /// A better model of MNIST, within 15 minutes on two idle cores: 1000 hidden units, PCD-2, 100 epochs, L2
    Best,
}

impl Preset {
    /// The settings of the preset.
    pub fn settings(self) -> Settings {
        let mut settings = Settings::default();
        if self == Self::Best {
            settings.model.hidden = 1000;
            settings.learner.gibbs_steps = 2;
            settings.optimizer.l2 = 0.0001;
            settings.training.epochs = Some(100);
        }
        settings
    }

    /// The settings of the preset, with those that a settings file names in their place.
    ///
    /// # Errors
    /// What the TOML reader says of the file, unknown names included.
    pub fn with_file(self, text: &str) -> Result<Settings, toml::de::Error> {
        // Read once as it is: messages then point into the file.
        toml::from_str::<Settings>(text)?;
        let mut merged = self.settings().to_table();
        sections::lay_over(&mut merged, toml::from_str(text)?);
        merged.try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_valid_and_the_default_one_changes_nothing() {
        for preset in Preset::value_variants() {
            preset.settings().validate().unwrap();
        }
        assert_eq!(Preset::Default.settings(), Settings::default());
        assert_ne!(Preset::Best.settings(), Settings::default());
    }

    #[test]
    fn a_file_overrides_what_it_names_and_nothing_else() {
        let text = "[model]\nhidden = 7\n[data]\ndigits = [3]\n";
        let found = Preset::Best.with_file(text).unwrap();
        let mut expected = Preset::Best.settings();
        expected.model.hidden = 7;
        expected.data.digits = Some(vec![3]);
        assert_eq!(found, expected);
        let plain: Settings = toml::from_str(text).unwrap();
        assert_eq!(Preset::Default.with_file(text).unwrap(), plain);
        let error = Preset::Best.with_file("[model]\nhiden = 7").unwrap_err();
        assert!(error.to_string().contains("hiden"), "{error}");
    }
}
