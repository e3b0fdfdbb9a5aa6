//! From the table of learners to their kinds.

/// Registers learners, a line each: the help, the kind, whose name is in small letters what settings
/// and flags call it, and what its file says of it.
macro_rules! learners {
    ($($(#[doc = $help:literal])+ $kind:ident => $registration:path,)+) => {
        /// Where the chains of the negative phase start.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
        #[serde(rename_all = "lowercase")]
        pub enum LearnerKind {
            $($(#[doc = $help])+ $kind,)+
        }

        impl LearnerKind {
            /// What is known of it.
            pub(crate) fn registration(self) -> &'static Registration {
                match self {
                    $(Self::$kind => &$registration,)+
                }
            }
        }

        impl std::fmt::Display for LearnerKind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match clap::ValueEnum::to_possible_value(self) {
                    Some(value) => f.write_str(value.get_name()),
                    None => Err(std::fmt::Error),
                }
            }
        }
    };
}
pub(super) use learners;
