//! The flags that are settings: those of `train`, and with lists of values those of `sweep`.

use crate::settings::{Settings, sections, values};
use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use toml::Table;

/// Settings given as flags, as a table of sections; what is not given stays as the preset and the
/// settings file have it.
///
/// With `LISTS` a flag takes one value or several, which are an array in the table then. Values are
/// separated by commas, or by giving the flag again. `--digits 0,1` is one value, a set of labels,
/// so there only giving it again makes several.
#[derive(Debug)]
pub struct SettingArgs<const LISTS: bool>(pub Table);

impl<const LISTS: bool> Args for SettingArgs<LISTS> {
    fn augment_args(command: Command) -> Command {
        let defaults = Settings::default().to_table();
        command.args(sections::all().filter_map(|entry| entry.arg(LISTS, &defaults)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<const LISTS: bool> FromArgMatches for SettingArgs<LISTS> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut settings = Table::new();
        for entry in sections::all() {
            let wrong = |error: toml::ser::Error| {
                let text = format!("{}: {error}", entry.setting());
                clap::Error::raw(ErrorKind::ValueValidation, text)
            };
            if let Some(value) = entry.given(matches).map_err(wrong)? {
                values::set(&mut settings, &entry.setting(), value);
            }
        }
        Ok(Self(settings))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given<const LISTS: bool>(arguments: &str) -> Result<String, clap::Error> {
        let command = SettingArgs::<LISTS>::augment_args(Command::new("c").no_binary_name(true));
        let matches = command.try_get_matches_from(arguments.split_whitespace())?;
        let table = SettingArgs::<LISTS>::from_arg_matches(&matches)?.0;
        Ok(toml::to_string(&table).unwrap())
    }

    #[test]
    fn one_value_stays_one_and_several_are_an_array() {
        let text = given::<true>("--hidden 64,128 --hidden 8 --learner cd,pcd --learning-rate 0.1");
        let expected = "[model]\nhidden = [64, 128, 8]\n\n[learner]\nkind = [\"cd\", \"pcd\"]\n\n\
                        [optimizer]\nlearning_rate = 0.1\n";
        let parse = |text: &str| toml::from_str::<Table>(text).unwrap();
        assert_eq!(parse(&text.unwrap()), parse(expected));
        assert_eq!(given::<true>("").unwrap(), "");
        let levels = given::<true>("--levels 4 --uncentered").unwrap();
        assert_eq!(levels, "[learner]\ncentered = false\nlevels = 4\n");
    }

    #[test]
    fn flags_of_earlier_versions_are_taken() {
        let old = given::<false>("--replicas 4 --uncentred --snapshots 2").unwrap();
        let new = given::<false>("--levels 4 --uncentered --snapshots-per-decade 2").unwrap();
        assert_eq!(old, new);
    }

    #[test]
    fn labels_are_one_set_for_each_time_the_flag_is_given() {
        let one = "[data]\ndigits = [0, 1]\n";
        assert_eq!(given::<true>("--digits 0,1").unwrap(), one);
        assert_eq!(given::<false>("--digits 0,1").unwrap(), one);
        let two = given::<true>("--digits 0,1 --digits 7").unwrap();
        assert_eq!(two, "[data]\ndigits = [[0, 1], [7]]\n");
    }

    #[test]
    fn unusable_values_are_refused() {
        for wrong in [
            "--hidden 8,x",
            "--learner cd,none",
            "--seed 9223372036854775808",
            "--chains 18446744073709551615",
            "--replicas 3",
        ] {
            assert!(given::<true>(wrong).is_err(), "{wrong}");
        }
        // A negative number is a wrong value, not an unknown flag.
        let error = given::<false>("--hidden -5").unwrap_err().to_string();
        assert!(error.contains("'-5' for '--hidden <UNITS>'"), "{error}");
        assert!(given::<false>("--hidden 8,9").is_err());
    }
}
