//! wgpu adapters: choosing one, opening it, and saying what it is.
//!
//! Burn opens an adapter when a tensor first needs it, on a worker thread, which panics where
//! there is none. Here it is opened beforehand, with an error instead.

use super::description::Description;
use burn::tensor::Device;
use burn_cubecl::CubeDevice;
use cubecl::wgpu::wgpu::{AdapterInfo, DeviceType};
use cubecl::wgpu::{
    AutoGraphicsApi, RuntimeOptions, WgpuDevice, WgpuDeviceKind, WgpuInitError, try_init_setup,
};
use std::sync::{Mutex, PoisonError};

/// Devices opened in this process: each can be opened only once.
static OPENED: Mutex<Vec<(WgpuDevice, Description)>> = Mutex::new(Vec::new());

/// Opens the device for what follows `wgpu:`, if anything. The error is the reason alone.
pub(super) fn open(which: Option<&str>) -> Result<Device, String> {
    let kind = match which {
        None => WgpuDeviceKind::DefaultDevice,
        Some("cpu") => WgpuDeviceKind::Cpu,
        Some(number) => {
            let number: usize = number
                .parse()
                .map_err(|_| format!("`{number}` is not `cpu` or a number; use e.g. `wgpu:0`"))?;
            let gpus = processors().into_iter().filter(is_numbered);
            gpus.map(|device| device.kind)
                .nth(number)
                .ok_or_else(|| unavailable("no such adapter"))?
        }
    };
    let device = WgpuDevice::new(kind);
    describe_opened(&device)?;
    Ok(Device::new(device))
}

/// What an adapter is; opens it where that has not happened.
pub(super) fn describe_opened(device: &WgpuDevice) -> Result<Description, String> {
    // Held while opening: of two threads that ask, the second finds the adapter open.
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, description)) = opened.iter().find(|(known, _)| known == device) {
        return Ok(description.clone());
    }
    let options = RuntimeOptions::try_default().map_err(|error| error.to_string())?;
    let description = match try_init_setup::<AutoGraphicsApi>(device, options) {
        Ok(setup) => from_info(setup.adapter.get_info()),
        // A tensor has opened it before: it works, and its client knows its name.
        Err(WgpuInitError::Registration { .. }) => Description {
            adapter: Some(
                CubeDevice::Wgpu(device.clone())
                    .client()
                    .properties()
                    .identity
                    .name
                    .clone(),
            ),
            software: device.kind == WgpuDeviceKind::Cpu,
            ..Description::host("wgpu")
        },
        Err(WgpuInitError::AdapterUnavailable { .. }) => {
            return Err(unavailable("no such adapter on this machine"));
        }
        Err(error) => return Err(format!("{error}; or use `--device flex`")),
    };
    opened.push((device.clone(), description.clone()));
    Ok(description)
}

fn from_info(info: AdapterInfo) -> Description {
    let given = |text: String| (!text.trim().is_empty()).then_some(text);
    Description {
        backend: "wgpu".into(),
        api: Some(format!("{:?}", info.backend)),
        software: info.device_type == DeviceType::Cpu,
        adapter: given(info.name),
        driver: given(format!("{} {}", info.driver, info.driver_info)),
    }
}

/// The adapters of this machine: graphics processors, the fastest kind first, then software.
fn processors() -> Vec<WgpuDevice> {
    let mut found: Vec<WgpuDevice> = CubeDevice::enumerate_all()
        .into_iter()
        .filter_map(|device| match device {
            CubeDevice::Wgpu(device) => Some(device),
            _ => None,
        })
        .collect();
    found.sort_by_key(|device| match device.kind {
        WgpuDeviceKind::DiscreteGpu(_) => 0,
        WgpuDeviceKind::IntegratedGpu(_) => 1,
        WgpuDeviceKind::VirtualGpu(_) => 2,
        WgpuDeviceKind::Cpu => 4,
        _ => 3,
    });
    found
}

/// Whether an adapter is asked for by its number.
fn is_numbered(device: &WgpuDevice) -> bool {
    device.kind != WgpuDeviceKind::Cpu
}

/// Why there is no adapter, what there is instead, and what to do.
fn unavailable(reason: &str) -> String {
    let mut number = 0;
    let found: Vec<String> = processors()
        .iter()
        .map(|device| {
            let kind = match device.kind {
                WgpuDeviceKind::DiscreteGpu(_) => "discrete graphics processor",
                WgpuDeviceKind::IntegratedGpu(_) => "integrated graphics processor",
                WgpuDeviceKind::VirtualGpu(_) => "virtual graphics processor",
                WgpuDeviceKind::Cpu => return "wgpu:cpu (software)".into(),
                _ => "other adapter",
            };
            number += 1;
            format!("wgpu:{} ({kind})", number - 1)
        })
        .collect();
    let found = match found.is_empty() {
        true => "none".into(),
        false => found.join(", "),
    };
    format!(
        "{reason}; adapters found: {found}. Install the Vulkan driver of the graphics processor, \
         or one in software (package mesa-vulkan-drivers on Debian and Ubuntu) for `wgpu:cpu`, \
         or use `--device flex`"
    )
}

#[cfg(test)]
mod tests {
    use crate::device::{describe, parse_device};
    use std::process::Command;

    #[test]
    fn adapters_are_opened_once_and_described() {
        for name in ["wgpu", "wgpu:cpu", "wgpu:0"] {
            match parse_device(name) {
                Ok(device) => {
                    let description = describe(&device).unwrap();
                    eprintln!("{name}: {description}");
                    assert_eq!(description.backend, "wgpu");
                    assert!(description.adapter.is_some() && description.api.is_some());
                    assert_eq!(parse_device(name).unwrap(), device);
                    assert!(name != "wgpu:cpu" || description.software);
                }
                Err(error) => {
                    let message = error.to_string();
                    eprintln!("{message}");
                    assert!(message.contains("adapters found: "), "{message}");
                    assert!(message.contains("--device flex"), "{message}");
                }
            }
        }
    }

    #[test]
    fn a_tensor_may_open_the_adapter_first() {
        use burn::tensor::{Device, Tensor};
        use cubecl::wgpu::{WgpuBackend, WgpuDevice, WgpuDeviceKind};
        let Ok(known) = parse_device("wgpu:cpu") else {
            eprintln!("skipped: no software adapter");
            return;
        };
        // Another device than the known one, on the same adapter.
        let device = WgpuDevice::new(WgpuDeviceKind::Cpu).on(WgpuBackend::Vulkan);
        let device = Device::new(device);
        assert_ne!(device, known);
        let ones = Tensor::<1>::ones([3], &device).into_data();
        assert_eq!(ones.try_into_vec::<f32>().unwrap(), [1.0; 3]);
        let description = describe(&device).unwrap();
        assert_eq!(description.adapter, describe(&known).unwrap().adapter);
    }

    #[test]
    fn what_is_not_there_is_an_error_with_a_list() {
        for (name, part) in [
            ("wgpu:4242", "adapters found: "),
            ("wgpu:gpu", "`gpu` is not `cpu` or a number"),
            ("wgpu:-1", "`-1` is not"),
        ] {
            let message = parse_device(name).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
    }

    /// Runs itself in a process whose Vulkan and OpenGL loaders find no driver.
    #[cfg(target_os = "linux")]
    #[test]
    fn without_an_adapter_there_is_an_error() {
        const CHILD: &str = "RBM_TEST_WITHOUT_ADAPTER";
        if std::env::var_os(CHILD).is_some() {
            for name in ["wgpu", "wgpu:cpu", "wgpu:0"] {
                let message = parse_device(name).unwrap_err().to_string();
                assert!(message.contains("adapters found: none"), "{message}");
                assert!(message.contains("mesa-vulkan-drivers"), "{message}");
            }
            return;
        }
        let itself = std::env::current_exe().unwrap();
        let output = Command::new(itself)
            .args(["without_an_adapter_there_is_an_error", "--nocapture"])
            .env(CHILD, "1")
            .env("VK_ICD_FILENAMES", "/dev/null")
            .env("VK_DRIVER_FILES", "/dev/null")
            .env("__EGL_VENDOR_LIBRARY_FILENAMES", "/dev/null")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}{errors}");
        assert!(text.contains("1 passed"), "{text}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
}
