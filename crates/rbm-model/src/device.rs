//! From the text of `--device` to a Burn device: the one place where that happens.

use crate::error::ModelError;
use burn::backend::DispatchDevice;
use burn::tensor::Device;

/// Names that [`parse_device`] takes, with the feature that each needs.
const KINDS: [(&str, &str); 4] = [
    ("flex", "flex"),
    ("ndarray", "ndarray"),
    ("wgpu", "wgpu"),
    ("cuda", "cuda"),
];

/// Backends compiled into this build, the default one first.
pub fn compiled_devices() -> Vec<&'static str> {
    let compiled = [
        cfg!(feature = "flex"),
        cfg!(feature = "ndarray"),
        cfg!(feature = "wgpu"),
        cfg!(feature = "cuda"),
    ];
    KINDS
        .iter()
        .zip(compiled)
        .filter_map(|((name, _), on)| on.then_some(*name))
        .collect()
}

/// The device for `flex`, `ndarray`, `wgpu`, `wgpu:cpu`, `wgpu:N`, `cuda` or `cuda:N`.
///
/// # Errors
/// [`ModelError::Device`] for an unknown name, and for a backend that is not compiled in, naming
/// the feature to build with.
pub fn parse_device(requested: &str) -> Result<Device, ModelError> {
    let (kind, index) = match requested.split_once(':') {
        Some((kind, index)) => (kind, Some(index)),
        None => (requested, None),
    };
    let error = |reason: String| ModelError::Device {
        requested: requested.into(),
        reason,
    };
    let Some((_, feature)) = KINDS.iter().find(|(name, _)| *name == kind) else {
        let known = "flex, ndarray, wgpu, wgpu:cpu, wgpu:N, cuda, cuda:N";
        return Err(error(format!("no such device; known are {known}")));
    };
    if !compiled_devices().contains(&kind) {
        return Err(error(format!(
            "this build lacks that backend; build with `--features {feature}` (compiled in: {})",
            compiled_devices().join(", ")
        )));
    }
    let number = |index: &str| {
        index.parse::<usize>().map_err(|_| {
            error(format!(
                "`{index}` is not a device number; use e.g. `{kind}:0`"
            ))
        })
    };
    let _ = &number;
    match (kind, index) {
        #[cfg(feature = "flex")]
        ("flex", None) => Ok(Device::flex()),
        #[cfg(feature = "ndarray")]
        ("ndarray", None) => Ok(Device::ndarray()),
        #[cfg(feature = "wgpu")]
        ("wgpu", index) => {
            use burn::tensor::DeviceKind;
            Ok(Device::wgpu(match index {
                None => DeviceKind::DefaultDevice,
                Some("cpu") => DeviceKind::Cpu,
                Some(index) => DeviceKind::DiscreteGpu(number(index)?),
            }))
        }
        #[cfg(feature = "cuda")]
        ("cuda", index) => Ok(Device::cuda(number(index.unwrap_or("0"))?)),
        (kind, _) => Err(error(format!("`{kind}` takes no device number"))),
    }
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
}
