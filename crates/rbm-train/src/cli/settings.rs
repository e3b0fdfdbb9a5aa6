//! The flags that are settings: those of `train`, and with lists of values those of `sweep`.

use super::output::UsageError;
use crate::settings::table::{self, FLAGS};
use crate::settings::{ChainCount, HiddenBias, LearnerKind, OptimizerKind, Schedule, VisibleBias};
use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches};
use serde::Serialize;
use toml::{Table, Value};

/// Settings as flags. What is not given stays as the preset and the settings file have it; the
/// defaults are those of [`Settings`](crate::settings::Settings). Serialised, the names are those of [`FLAGS`].
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SettingArgs {
    /// Data: mnist, bars-and-stripes, bars-and-stripes:N, ising, or a path (IDX, IDX.gz, CSV, npy, npz,
    /// or a directory with the files of an MNIST-like set such as Fashion-MNIST) [default: mnist]
    #[arg(long, value_name = "NAME|PATH", help_heading = "Data")]
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<String>,
    /// Make values binary: 1 where value >= THRESHOLD. For images of bytes a fraction of the full
    /// range [default there: 0.5]; for other data the value itself [default: only 0 and 1 are taken]
    #[arg(long, help_heading = "Data", allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f64>,
    /// Fraction of rows held out where the data has no test part [default: 0.1]
    #[arg(
        long,
        value_name = "FRACTION",
        help_heading = "Data",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    test_fraction: Option<f64>,
    /// Use only the first ROWS training rows [default: all]
    #[arg(long, value_name = "ROWS", help_heading = "Data")]
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
    /// Use only rows with these labels, e.g. 0,1 [default: all]
    #[arg(
        long,
        value_name = "LABELS",
        value_delimiter = ',',
        help_heading = "Data"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    digits: Option<Vec<u8>>,
    /// Side of the periodic square lattice of --dataset ising [default: 16]
    #[arg(long, value_name = "SITES", help_heading = "Data")]
    #[serde(skip_serializing_if = "Option::is_none")]
    ising_side: Option<usize>,
    /// Its temperature, in J / k_B [default: 2.269185, the critical one]
    #[arg(
        long,
        value_name = "TEMPERATURE",
        help_heading = "Data",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    ising_temperature: Option<f64>,
    /// States drawn of it, from the seed, before some are held out [default: 10000]
    #[arg(long, value_name = "ROWS", help_heading = "Data")]
    #[serde(skip_serializing_if = "Option::is_none")]
    ising_rows: Option<usize>,

    /// Hidden units [default: 500]
    #[arg(long, value_name = "UNITS", help_heading = "Model")]
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<usize>,
    /// Standard deviation of the initial weights [default: 0.01]
    #[arg(
        long,
        value_name = "STD",
        help_heading = "Model",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    weight_std: Option<f64>,
    /// Initial visible biases [default: data]
    #[arg(long, help_heading = "Model")]
    #[serde(skip_serializing_if = "Option::is_none")]
    visible_bias: Option<VisibleBias>,
    /// Initial hidden biases [default: zero]
    #[arg(long, help_heading = "Model")]
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden_bias: Option<HiddenBias>,

    /// Negative phase [default: pcd]
    #[arg(long, help_heading = "Learning")]
    #[serde(skip_serializing_if = "Option::is_none")]
    learner: Option<LearnerKind>,
    /// Gibbs sweeps an update [default: 1]
    #[arg(long, value_name = "SWEEPS", help_heading = "Learning")]
    #[serde(skip_serializing_if = "Option::is_none")]
    gibbs_steps: Option<usize>,
    /// Markov chains (cd: one a batch row instead; pt: ladders); `data`: one for each training row, of which an
    /// update moves those of its batch [default: 100]
    #[arg(long, value_name = "COUNT|data", help_heading = "Learning")]
    #[serde(skip_serializing_if = "Option::is_none")]
    chains: Option<ChainCount>,
    /// Levels of each tempering ladder, for --learner pt: an update costs about so many times what pcd
    /// does [default: 10]
    #[arg(
        long = "replicas",
        visible_alias = "levels",
        value_name = "COUNT",
        help_heading = "Learning"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    levels: Option<usize>,
    /// Use the plain instead of the centred gradient
    #[arg(long, help_heading = "Learning")]
    #[serde(skip)]
    uncentred: bool,
    /// Rows an update [default: 100]
    #[arg(long, value_name = "ROWS", help_heading = "Learning")]
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_size: Option<usize>,
    /// Passes over the training rows [default: 60]
    #[arg(long, help_heading = "Learning")]
    #[serde(skip_serializing_if = "Option::is_none")]
    epochs: Option<usize>,
    /// Initial learning rate, a batch mean's step [default: 0.05]
    #[arg(
        long,
        value_name = "RATE",
        help_heading = "Learning",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    learning_rate: Option<f64>,
    /// Course of the learning rate over all epochs [default: linear, to 0]
    #[arg(long, help_heading = "Learning")]
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<Schedule>,
    /// Rule that follows the gradient [default: sgd]
    #[arg(long, help_heading = "Learning")]
    #[serde(skip_serializing_if = "Option::is_none")]
    optimizer: Option<OptimizerKind>,
    /// Momentum of sgd [default: 0]
    #[arg(long, help_heading = "Learning", allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    momentum: Option<f64>,
    /// L1 penalty on the weights [default: 0]
    #[arg(
        long,
        value_name = "STRENGTH",
        help_heading = "Learning",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    l1: Option<f64>,
    /// L2 penalty on the weights [default: 0]
    #[arg(
        long,
        value_name = "STRENGTH",
        help_heading = "Learning",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    l2: Option<f64>,

    /// Seed of everything random; the same seed gives the same bytes [default: 0]
    #[arg(long, help_heading = "Run", value_parser = clap::value_parser!(u64).range(..1 << 63))]
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    /// Where to compute: flex, ndarray, wgpu, wgpu:cpu, cuda:0, remote:ADDRESS, as far as compiled in
    /// [default: the first of these that is]; several, A,B (in a sweep A+B), share rows and chains of
    /// one model that lives on the first
    #[arg(long, help_heading = "Run")]
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// Log-spaced evaluations, with a snapshot each, a decade of updates [default: 3]
    #[arg(long, value_name = "COUNT", help_heading = "Run")]
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshots: Option<usize>,
    /// Evaluate every UPDATES updates, besides log-spaced ones and every epoch [default: never]
    #[arg(long, value_name = "UPDATES", help_heading = "Run")]
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluate_every: Option<usize>,
    /// Bracket the likelihood by annealing every EPOCHS epochs, into likelihood.csv [default: never]
    #[arg(long, value_name = "EPOCHS", help_heading = "Run")]
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluate_likelihood: Option<usize>,
    /// Seconds between checkpoints; the end is always one [default: 15]
    #[arg(long, value_name = "SECONDS", help_heading = "Run")]
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint_seconds: Option<f64>,
}

impl SettingArgs {
    /// What was given, as a table of sections.
    pub fn table(&self) -> Result<Table, UsageError> {
        let given = Table::try_from(self).map_err(|error| UsageError(error.to_string()))?;
        let mut settings = Table::new();
        for (flag, setting) in FLAGS {
            if let Some(value) = given.get(flag) {
                table::set(&mut settings, setting, value.clone());
            }
        }
        if self.uncentred {
            table::set(&mut settings, "learner.centred", false.into());
        }
        Ok(settings)
    }
}

/// The same flags, each with one value or with several: an array in the table then.
///
/// Values are separated by commas, or by giving the flag again. `--digits 0,1` is one value, a set of
/// labels, so there only giving it again makes several. Since `--replicas` means something else in a
/// sweep, the levels of tempering are `--levels` there.
#[derive(Debug)]
pub struct ListArgs(pub Table);

impl Args for ListArgs {
    fn augment_args(command: Command) -> Command {
        let single = SettingArgs::augment_args(Command::new("settings"));
        command.args(single.get_arguments().cloned().map(|arg| {
            let arg = match arg.get_id().as_str() {
                "levels" => arg.visible_alias(None).long("levels"),
                _ => arg,
            };
            match arg.get_action() {
                ArgAction::Set | ArgAction::Append => {
                    arg.action(ArgAction::Append).value_delimiter(',')
                }
                _ => arg,
            }
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ListArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut settings = Table::new();
        for (flag, setting) in FLAGS {
            let id = flag.replace('-', "_");
            // `centred` is no flag, `uncentred` is.
            if flag == "centred" {
                continue;
            }
            let mut values = Vec::new();
            for given in matches.get_raw_occurrences(&id).into_iter().flatten() {
                let given: Vec<_> = given.map(|value| value.to_string_lossy()).collect();
                if flag == "digits" {
                    values.push(single_value(flag, setting, &given.join(","))?);
                } else {
                    for value in given {
                        values.push(single_value(flag, setting, &value)?);
                    }
                }
            }
            match values.len() {
                0 => {}
                1 => table::set(&mut settings, setting, values.remove(0)),
                _ => table::set(&mut settings, setting, Value::Array(values)),
            }
        }
        if matches.get_flag("uncentred") {
            table::set(&mut settings, "learner.centred", false.into());
        }
        Ok(Self(settings))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// One value of a flag, typed as `train` types it.
fn single_value(flag: &str, setting: &str, value: &str) -> Result<Value, clap::Error> {
    let command = SettingArgs::augment_args(Command::new("settings").no_binary_name(true));
    let matches = command.try_get_matches_from([format!("--{flag}={value}")])?;
    let wrong = |text: String| clap::Error::raw(clap::error::ErrorKind::ValueValidation, text);
    let settings = SettingArgs::from_arg_matches(&matches)?
        .table()
        .map_err(|error| wrong(error.to_string()))?;
    let found = table::entries(&settings).find(|(name, _)| name == setting);
    found
        .map(|(_, value)| value.clone())
        .ok_or_else(|| wrong(format!("--{flag} has no value")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(arguments: &str) -> Result<String, clap::Error> {
        let command = ListArgs::augment_args(Command::new("sweep").no_binary_name(true));
        let matches = command.try_get_matches_from(arguments.split_whitespace())?;
        let table = ListArgs::from_arg_matches(&matches)?.0;
        Ok(toml::to_string(&table).unwrap())
    }

    #[test]
    fn one_value_stays_one_and_several_are_an_array() {
        let text = lists("--hidden 64,128 --hidden 8 --learner cd,pcd --learning-rate 0.1");
        let expected = "[model]\nhidden = [64, 128, 8]\n\n[learner]\nkind = [\"cd\", \"pcd\"]\n\n\
                        [optimizer]\nlearning_rate = 0.1\n";
        let parse = |text: &str| toml::from_str::<Table>(text).unwrap();
        assert_eq!(parse(&text.unwrap()), parse(expected));
        assert_eq!(lists("").unwrap(), "");
        let levels = lists("--levels 4 --uncentred").unwrap();
        assert_eq!(levels, "[learner]\ncentred = false\nreplicas = 4\n");
    }

    #[test]
    fn labels_are_one_set_for_each_time_the_flag_is_given() {
        assert_eq!(lists("--digits 0,1").unwrap(), "[data]\ndigits = [0, 1]\n");
        let two = lists("--digits 0,1 --digits 7").unwrap();
        assert_eq!(two, "[data]\ndigits = [[0, 1], [7]]\n");
    }

    #[test]
    fn unusable_values_are_refused() {
        for wrong in [
            "--hidden 8,x",
            "--learner cd,none",
            "--seed 9223372036854775808",
            "--replicas 3",
        ] {
            assert!(lists(wrong).is_err(), "{wrong}");
        }
    }
}
