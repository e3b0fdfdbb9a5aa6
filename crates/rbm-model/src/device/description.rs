//! What a device is.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a device is, for logs and records of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Burn's backend: `flex`, `ndarray`, `wgpu`, `cuda` or `remote`.
    pub backend: String,
    /// The adapter, as its driver names it; `None` for the host's processor.
    pub adapter: Option<String>,
    /// What the adapter is reached through: `Vulkan`, `Metal`, `Dx12`, `Gl` or `CUDA`.
    pub api: Option<String>,
    /// Name and version of the driver, where it gives them.
    pub driver: Option<String>,
    /// Whether a graphics adapter is a driver in software, much slower than `flex`.
    pub software: bool,
}

impl Description {
    /// A device of which no more is known than its backend.
    pub(super) fn host(backend: &str) -> Self {
        Self {
            backend: backend.into(),
            adapter: None,
            api: None,
            driver: None,
            software: false,
        }
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.backend)?;
        let software = self.software.then(|| "in software".to_owned());
        let details: Vec<&str> = [&self.adapter, &self.api, &self.driver, &software]
            .into_iter()
            .filter_map(|detail| detail.as_deref())
            .collect();
        match details.is_empty() {
            true => Ok(()),
            false => write!(f, " ({})", details.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_name_what_is_known() {
        let description = Description {
            adapter: Some("llvmpipe".into()),
            api: Some("Vulkan".into()),
            software: true,
            ..Description::host("wgpu")
        };
        assert_eq!(
            description.to_string(),
            "wgpu (llvmpipe, Vulkan, in software)"
        );
    }
}
