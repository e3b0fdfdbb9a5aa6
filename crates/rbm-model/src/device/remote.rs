//! Devices that a server lends, over WebSocket or Iroh.

use burn::remote::{ConnectError, EndpointId, IrohHost, IrohRelays, RemoteHost};
use burn::tensor::Device;
use std::net::ToSocketAddrs;
use std::sync::atomic::{AtomicBool, Ordering};

/// Environment variable with the token that a server asks for.
pub const TOKEN_VARIABLE: &str = "RBM_TOKEN";

const EXAMPLES: &str = "`remote:ws://HOST:PORT`, `remote:iroh:ID@HOST:PORT` or `remote:iroh:ID`, \
                        and `#1` after it for the server's second device";

/// Whether this process has connected any device.
static CONNECTED: AtomicBool = AtomicBool::new(false);

/// Whether this process computes on a device of a server: Burn then panics where the server is lost.
pub fn remote_in_use() -> bool {
    CONNECTED.load(Ordering::Relaxed)
}

/// Connects the device for what follows `remote:`. The error is the reason alone.
pub(super) fn open(address: Option<&str>) -> Result<Device, String> {
    let address = address.ok_or_else(|| format!("no address; use {EXAMPLES}"))?;
    let (server, index) = match address.rsplit_once('#') {
        Some((server, index)) => {
            let wrong = |_| format!("`#{index}` is not a device number; use {EXAMPLES}");
            (server, index.parse::<usize>().map_err(wrong)?)
        }
        None => (address, 0),
    };
    let host = host(server)?;
    let host = match std::env::var(TOKEN_VARIABLE) {
        Ok(token) => host.with_credential(token.as_str()),
        Err(_) => host,
    };
    super::watch::watch(server);
    let device = Device::remote_options(&host).device_index(index).init();
    CONNECTED.fetch_or(device.is_ok(), Ordering::Relaxed);
    device.map_err(|error| {
        let advice = match error {
            ConnectError::Unauthorized => format!(
                "set the environment variable {TOKEN_VARIABLE} to the token that `rbm-train serve` \
                 printed"
            ),
            ConnectError::Unreachable { .. } | ConnectError::Handshake { .. } => {
                "start `rbm-train serve` there, and see that its address and port are these".into()
            }
            _ => format!("addresses are {EXAMPLES}"),
        };
        format!("{error}. {advice}, or use `--device flex`")
    })
}

/// A server by its address.
fn host(server: &str) -> Result<RemoteHost, String> {
    if server.starts_with("ws://") {
        return Ok(RemoteHost::websocket(server));
    }
    let Some(peer) = server.strip_prefix("iroh:") else {
        return Err(format!(
            "`{server}` is no address of a server; use {EXAMPLES}"
        ));
    };
    let (id, address) = match peer.split_once('@') {
        Some((id, address)) => (id, Some(address)),
        None => (peer, None),
    };
    let id: EndpointId = id
        .parse()
        .map_err(|error| format!("`{id}` is not the id of an Iroh server: {error}"))?;
    let Some(address) = address else {
        return Ok(RemoteHost::iroh(id));
    };
    let addresses = address
        .to_socket_addrs()
        .map_err(|error| format!("`{address}`: {error}"))?;
    // With its address known, nothing goes through a relay of others.
    let direct = IrohHost::new(id).with_relays(IrohRelays::Disabled);
    Ok(RemoteHost::iroh(
        addresses.fold(direct, IrohHost::with_address),
    ))
}

#[cfg(test)]
mod tests {
    use crate::device::parse_device;

    #[test]
    fn addresses_that_lead_nowhere_say_what_to_do() {
        for (name, part) in [
            ("remote", "no address"),
            ("remote:", "no address of a server"),
            ("remote:http://127.0.0.1:1", "no address of a server"),
            ("remote:ws://127.0.0.1:1#x", "`#x` is not a device number"),
            ("remote:iroh:abc", "`abc` is not the id"),
            ("remote:ws://127.0.0.1:1", "rbm-train serve"),
        ] {
            let message = parse_device(name).unwrap_err().to_string();
            assert!(message.contains(part), "{name}: {message}");
        }
    }
}
