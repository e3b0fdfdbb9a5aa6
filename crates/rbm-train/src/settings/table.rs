//! The table of settings: each is one entry of `settings!`, from which come its field with its
//! documentation, its default, its check, its flag and the help.
//!
//! A new setting is one entry in the file of its section.

use super::values::text;
use clap::{Arg, ArgAction, ArgMatches};
use serde::Serialize;
use toml::{Table, Value};

/// One setting.
pub(crate) struct Entry {
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    /// Its name in files of earlier versions.
    pub(super) was: Option<&'static str>,
    pub(super) help: &'static str,
    /// What the help says of the default, where it is not the value.
    pub(super) default: Option<&'static str>,
    pub(super) flag: Option<Flag>,
}

/// The flag of a setting.
pub(crate) struct Flag {
    pub(super) name: &'static str,
    pub(super) value_name: &'static str,
    pub(super) heading: &'static str,
    pub(super) takes: Takes,
    /// What it was called in earlier versions.
    pub(super) was: Option<&'static str>,
}

/// What a flag takes, and how its values are read: those of each time it is given.
pub(crate) enum Takes {
    /// One value.
    One(fn() -> clap::builder::ValueParser, Given),
    /// A set, such as labels, separated by commas.
    Set(fn() -> clap::builder::ValueParser, Given),
    /// None: giving it sets this.
    Nothing(bool),
}

type Given = fn(&ArgMatches, &str) -> Result<Vec<Vec<Value>>, toml::ser::Error>;

/// Values of a flag of a known type.
pub(crate) fn given<T: Serialize + Clone + Send + Sync + 'static>(
    matches: &ArgMatches,
    flag: &str,
) -> Result<Vec<Vec<Value>>, toml::ser::Error> {
    let times = matches.get_occurrences::<T>(flag).into_iter().flatten();
    times
        .map(|values| values.map(Value::try_from).collect())
        .collect()
}

/// Declares a section of the settings: fields with documentation, default, check and flag.
///
/// `field: type = default`, then as needed `shown "all"` (what the help says of the default),
/// `must RULE` (see [`super::rules`]), `flag "name" "VALUE" "Heading" one TYPE` (or `set TYPE`, or
/// `off false` for a flag without a value), `was "old"` for the name in files of earlier versions and
/// `flag_was "old"` for the flag.
macro_rules! settings {
    (
        $(#[doc = $about:literal])+
        $section:literal $struct:ident
        $(
            $(#[doc = $doc:literal])+
            $(#[serde($($serde:tt)*)])*
            $name:ident: $type:ty = $default:expr,
            $(shown $shown:literal)?
            $(must $rule:ident)?
            $(flag $flag:literal $value_name:literal $heading:literal $how:ident $takes:tt)?
            $(was $was:literal)?
            $(flag_was $flag_was:literal)?
            ;
        )+
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $struct {
            $(
                $(#[doc = $doc])+
                $(#[serde($($serde)*)])*
                $(#[serde(alias = $was)])?
                pub $name: $type,
            )+
        }

        impl Default for $struct {
            fn default() -> Self {
                Self { $($name: $default),+ }
            }
        }

        impl $struct {
            /// What the table says of each.
            pub(super) const ENTRIES: &[crate::settings::table::Entry] = &[$(
                crate::settings::table::Entry::new(
                    $section, stringify!($name), concat!($($doc),+),
                )
                $(.shown($shown))?
                $(.flag($flag, $value_name, $heading, crate::settings::table::takes!($how $takes)))?
                $(.was($was))?
                $(.flag_was($flag_was))?
            ),+];

            /// Checks each value by itself.
            pub(super) fn check(&self) -> Result<(), crate::settings::SettingError> {
                $($(
                    crate::settings::rules::$rule.check(
                        concat!($section, ".", stringify!($name)), &self.$name,
                    )?;
                )?)+
                Ok(())
            }
        }
    };
}
pub(super) use settings;

/// What a flag takes.
macro_rules! takes {
    (one usize) => {
        crate::settings::table::Takes::One(
            || crate::settings::values::whole_number.into(),
            crate::settings::table::given::<usize>,
        )
    };
    (one $type:ident) => {
        crate::settings::table::Takes::One(
            || clap::value_parser!($type).into(),
            crate::settings::table::given::<$type>,
        )
    };
    (set $type:ident) => {
        crate::settings::table::Takes::Set(
            || clap::value_parser!($type).into(),
            crate::settings::table::given::<$type>,
        )
    };
    (off $value:literal) => {
        crate::settings::table::Takes::Nothing($value)
    };
}
pub(super) use takes;

impl Entry {
    pub(super) const fn new(section: &'static str, name: &'static str, help: &'static str) -> Self {
        Self {
            section,
            name,
            was: None,
            help,
            default: None,
            flag: None,
        }
    }

    pub(super) const fn shown(self, default: &'static str) -> Self {
        Self {
            default: Some(default),
            ..self
        }
    }

    pub(super) const fn was(self, was: &'static str) -> Self {
        Self {
            was: Some(was),
            ..self
        }
    }

    pub(super) const fn flag(
        self,
        name: &'static str,
        value_name: &'static str,
        heading: &'static str,
        takes: Takes,
    ) -> Self {
        let flag = Flag {
            name,
            value_name,
            heading,
            takes,
            was: None,
        };
        Self {
            flag: Some(flag),
            ..self
        }
    }

    pub(super) const fn flag_was(mut self, was: &'static str) -> Self {
        if let Some(flag) = &mut self.flag {
            flag.was = Some(was);
        }
        self
    }

    /// `section.name`.
    pub(crate) fn setting(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// What it is called in a list of what varies: its flag, else its place.
    pub(super) fn short(&self) -> String {
        match &self.flag {
            Some(Flag {
                name,
                takes: Takes::One(..) | Takes::Set(..),
                ..
            }) => (*name).to_string(),
            Some(_) => self.name.replace('_', "-"),
            None => self.setting().replace(['.', '_'], "-"),
        }
    }

    /// The flag, for one value or for lists of values.
    pub(crate) fn arg(&self, lists: bool, defaults: &Table) -> Option<Arg> {
        let flag = self.flag.as_ref()?;
        let default = match self.default {
            Some(shown) => shown.into(),
            None => text(&defaults[self.section][self.name]),
        };
        let help = self.help.trim();
        let arg = Arg::new(flag.name)
            .long(flag.name)
            .help_heading(flag.heading);
        // Where it would mean something else among the flags of a sweep, an old name is left out.
        let arg = match flag.was {
            Some(was) if !(lists && was == "replicas") => arg.alias(was),
            _ => arg,
        };
        let (parser, set) = match &flag.takes {
            Takes::Nothing(_) => return Some(arg.help(help).action(ArgAction::SetTrue)),
            Takes::One(parser, _) => (parser, false),
            Takes::Set(parser, _) => (parser, true),
        };
        let arg = arg
            .help(format!("{help} [default: {default}]"))
            .value_name(flag.value_name)
            .value_parser(parser())
            .allow_negative_numbers(true)
            .action(if lists {
                ArgAction::Append
            } else {
                ArgAction::Set
            });
        Some(if lists || set {
            arg.value_delimiter(',')
        } else {
            arg
        })
    }

    /// What was given on the command line, if it was: several values are an array.
    ///
    /// # Errors
    /// A number that TOML cannot hold.
    pub(crate) fn given(&self, matches: &ArgMatches) -> Result<Option<Value>, toml::ser::Error> {
        let Some(flag) = &self.flag else {
            return Ok(None);
        };
        let mut values: Vec<Value> = match &flag.takes {
            Takes::Nothing(value) => {
                return Ok(matches.get_flag(flag.name).then(|| (*value).into()));
            }
            Takes::One(_, given) => given(matches, flag.name)?.into_iter().flatten().collect(),
            Takes::Set(_, given) => {
                let sets = given(matches, flag.name)?;
                sets.into_iter().map(Value::Array).collect()
            }
        };
        Ok(match values.len() {
            0 => None,
            1 => values.pop(),
            _ => Some(Value::Array(values)),
        })
    }
}
