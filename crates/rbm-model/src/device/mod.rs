//! From the text of `--device` to a Burn device: the one place where that happens.

mod description;
#[cfg(feature = "remote")]
mod remote;
#[cfg(feature = "remote")]
mod watch;
#[cfg(feature = "wgpu")]
mod wgpu;

use crate::error::ModelError;
use burn::backend::DispatchDevice;
use burn::tensor::Device;

pub use description::Description;
#[cfg(feature = "remote")]
pub use remote::{TOKEN_VARIABLE, remote_in_use};
#[cfg(feature = "remote")]
pub use watch::{TIMEOUT_VARIABLE, on_silence};

/// Kinds of device that [`parse_device`] takes, each with whether it is compiled in; the feature that
/// it needs has its name.
const KINDS: [(&str, bool); 5] = [
    ("flex", cfg!(feature = "flex")),
    ("ndarray", cfg!(feature = "ndarray")),
    ("wgpu", cfg!(feature = "wgpu")),
    ("cuda", cfg!(feature = "cuda")),
    ("remote", cfg!(feature = "remote")),
];

/// Backends of this machine that are compiled into this build, the default one first.
pub fn compiled_devices() -> Vec<&'static str> {
    KINDS
        .iter()
        .filter(|(name, compiled)| *compiled && *name != "remote")
        .map(|(name, _)| *name)
        .collect()
}

/// Whether tensors of a device are slices in the host's memory, which the packed kernels take.
pub fn is_host(device: &Device) -> bool {
    match device.as_dispatch() {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => true,
        #[cfg(feature = "ndarray")]
        DispatchDevice::NdArray(_) => true,
        #[allow(unreachable_patterns, reason = "there may be no other backend")]
        _ => false,
    }
}

/// The host's processor, where this build has a backend for it: tensors there are made and cut without
/// any transfer.
pub fn host() -> Option<Device> {
    #[cfg(feature = "flex")]
    return Some(Device::flex());
    #[cfg(all(feature = "ndarray", not(feature = "flex")))]
    return Some(Device::ndarray());
    #[cfg(not(any(feature = "flex", feature = "ndarray")))]
    return None;
}

/// The device for `flex`, `ndarray`, `wgpu`, `wgpu:cpu`, `wgpu:N`, `cuda`, `cuda:N` or
/// `remote:ADDRESS`.
///
/// `wgpu` takes the adapter that the system holds for the fastest, `wgpu:N` number N of the
/// graphics processors (discrete ones first, then integrated and virtual ones), and `wgpu:cpu` a
/// driver in software. A wgpu adapter is opened here, so that what follows can rely on it.
///
/// `remote:ws://HOST:PORT` is the first device of a server on a trusted network,
/// `remote:iroh:ID@HOST:PORT` that of one reached directly and encrypted, `remote:iroh:ID` that of
/// one found through Iroh's public relays; `#N` after it names another device of the server. The
/// connection is made here. A token is taken from the environment variable `RBM_TOKEN`.
///
/// # Errors
/// [`ModelError::UnknownDevice`]; [`ModelError::Device`] for a backend that is not compiled in, naming
/// the feature to build with, and for an adapter or CUDA device that this machine lacks.
///
/// # Examples
/// ```
/// use rbm_model::ModelError;
/// use rbm_model::device::{describe, is_host, parse_device};
/// let device = parse_device("flex")?;
/// assert!(is_host(&device));
/// assert_eq!(describe(&device)?.to_string(), "flex");
/// assert!(matches!(parse_device("abacus"), Err(ModelError::UnknownDevice { .. })));
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
pub fn parse_device(requested: &str) -> Result<Device, ModelError> {
    let (kind, index) = match requested.split_once(':') {
        Some((kind, index)) => (kind, Some(index)),
        None => (requested, None),
    };
    let error = |reason: String| ModelError::Device {
        requested: requested.into(),
        reason,
    };
    let Some((feature, compiled)) = KINDS.iter().find(|(name, _)| *name == kind) else {
        let known = "flex, ndarray, wgpu, wgpu:cpu, wgpu:N, cuda, cuda:N, remote:ADDRESS";
        return Err(ModelError::UnknownDevice {
            requested: requested.into(),
            known,
        });
    };
    if !compiled {
        return Err(error(format!(
            "this build lacks that backend; build with `--features {feature}` (compiled in: {})",
            compiled_devices().join(", ")
        )));
    }
    match (kind, index) {
        #[cfg(feature = "flex")]
        ("flex", None) => Ok(Device::flex()),
        #[cfg(feature = "ndarray")]
        ("ndarray", None) => Ok(Device::ndarray()),
        #[cfg(feature = "wgpu")]
        ("wgpu", which) => wgpu::open(which).map_err(error),
        #[cfg(feature = "remote")]
        ("remote", address) => remote::open(address).map_err(error),
        #[cfg(feature = "cuda")]
        ("cuda", index) => open_cuda(index.unwrap_or("0")).map_err(error),
        (kind, _) => Err(error(format!("`{kind}` takes no device number"))),
    }
}

/// A CUDA device by its number. The error is the reason alone.
#[cfg(feature = "cuda")]
fn open_cuda(index: &str) -> Result<Device, String> {
    let index: usize = index
        .parse()
        .map_err(|_| format!("`{index}` is not a device number; use e.g. `cuda:0`"))?;
    burn_cubecl::CubeDevice::cuda(index)
        .map(Device::new)
        .map_err(|unavailable| {
            format!("{unavailable}. Install NVIDIA's driver, or use `--device flex`")
        })
}

/// What a device is: its backend, and adapter, graphics API and driver where it has them.
///
/// # Errors
/// [`ModelError::Device`] where a wgpu device that [`parse_device`] did not make cannot be opened.
pub fn describe(device: &Device) -> Result<Description, ModelError> {
    match device.as_dispatch() {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => Ok(Description::host("flex")),
        #[cfg(feature = "ndarray")]
        DispatchDevice::NdArray(_) => Ok(Description::host("ndarray")),
        #[cfg(feature = "wgpu")]
        DispatchDevice::Cube(burn_cubecl::CubeDevice::Wgpu(device)) => {
            wgpu::describe_opened(device).map_err(|reason| ModelError::Device {
                requested: format!("{device:?}"),
                reason,
            })
        }
        #[cfg(feature = "cuda")]
        DispatchDevice::Cube(device @ burn_cubecl::CubeDevice::Cuda(_)) => Ok(Description {
            adapter: Some(device.client().properties().identity.name.clone()),
            api: Some("CUDA".into()),
            ..Description::host("cuda")
        }),
        #[cfg(feature = "remote")]
        DispatchDevice::Remote(_) => Ok(Description::host("remote")),
        #[allow(unreachable_patterns)]
        other => Ok(Description::host(&format!("{other:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_missing_devices_say_what_to_do() {
        let unknown = parse_device("tpu").unwrap_err().to_string();
        assert!(unknown.contains("flex"), "{unknown}");
        #[cfg(not(feature = "cuda"))]
        {
            let missing = parse_device("cuda:0").unwrap_err().to_string();
            assert!(missing.contains("--features cuda"), "{missing}");
        }
        #[cfg(feature = "flex")]
        {
            assert!(is_host(&parse_device("flex").unwrap()));
            assert!(parse_device("flex:1").is_err());
        }
    }

    #[cfg(feature = "flex")]
    #[test]
    fn the_processor_is_described_by_its_backend() {
        let description = describe(&Device::flex()).unwrap();
        assert_eq!(description, Description::host("flex"));
        assert_eq!(description.to_string(), "flex");
        let json = serde_json::to_string(&description).unwrap();
        assert_eq!(
            serde_json::from_str::<Description>(&json).unwrap(),
            description
        );
    }
}
