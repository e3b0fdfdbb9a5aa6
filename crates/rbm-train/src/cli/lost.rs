//! A server that is lost in the middle of a command.

/// Runs a command; where it panics because the device's server is gone, that is an error like others.
#[cfg(feature = "remote")]
pub fn guard<T>(command: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    use rbm_model::device::{self, remote_in_use};
    use std::panic::{self, AssertUnwindSafe};
    device::on_silence(|server, patience| {
        super::output::failed(&anyhow::anyhow!(
            "the server {server} has not answered for {} seconds ({} sets how long to wait): it is stopped \
             or hangs. A run's last checkpoint is intact: go on with `rbm-train resume RUN`, and `--device` for another \
             device; a sweep goes on with the same command",
            patience.as_secs(),
            device::TIMEOUT_VARIABLE
        ));
        // Burn cannot be told to stop waiting.
        std::process::exit(1);
    });
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| match remote_in_use() {
        true => tracing::debug!("{info}"),
        false => usual(info),
    }));
    match panic::catch_unwind(AssertUnwindSafe(command)) {
        Ok(result) => result,
        Err(panic) if remote_in_use() => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let what = text
                .or(panic.downcast_ref::<&str>().copied())
                .unwrap_or("no reason given");
            Err(anyhow::anyhow!(
                "the device's server was lost, or failed, or is of another version: {what}. A run's last checkpoint is intact: go on \
                 with `rbm-train resume RUN`, and `--device` for another device"
            ))
        }
        Err(panic) => panic::resume_unwind(panic),
    }
}

/// Runs a command: nothing can be lost on the way to a device of this machine.
#[cfg(not(feature = "remote"))]
pub fn guard<T>(command: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    command()
}
