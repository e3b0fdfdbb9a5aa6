//! `rbm-train serve`.

use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Device to lend, as for train; repeatable, all of one backend [default: the first compiled in]
    #[arg(long)]
    device: Vec<String>,
    /// Where to listen over WebSocket, which is not encrypted: beyond loopback on a trusted network
    /// only; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:7070")]
    bind: SocketAddr,
    /// Listen over Iroh instead, encrypted, at this UDP port of all interfaces
    #[arg(long, value_name = "PORT", conflicts_with = "bind")]
    iroh: Option<u16>,
    /// File of this server's Iroh identity, made if it is not there [default: a new identity]
    #[arg(long, value_name = "FILE", requires = "iroh")]
    key: Option<PathBuf>,
    /// Be found through Iroh's public relays, from behind a router
    #[arg(long, requires = "iroh")]
    relays: bool,
    /// Token that clients must show in their RBM_TOKEN [default: a random one, printed]
    #[arg(long, env = "RBM_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Print the address as one JSON document on standard output
    #[arg(long)]
    json: bool,
}

/// Runs the command.
#[cfg(not(feature = "remote"))]
pub fn run(_: &ServeArgs) -> anyhow::Result<ExitCode> {
    let text = "this build cannot serve devices; build with `--features remote`";
    Err(super::output::UsageError(text.into()).into())
}

/// Runs the command: blocks until the process is told to stop.
#[cfg(feature = "remote")]
pub fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    use super::output::{self, UsageError};
    use anyhow::Context;
    use burn::server::{
        IrohIdentity, IrohRelays, IrohTransport, TokenAuthorizer, Transport, WebSocketTransport,
    };
    use rbm_model::device::{self, TOKEN_VARIABLE};

    let names = match args.device.is_empty() {
        true => device::compiled_devices()
            .into_iter()
            .take(1)
            .map(String::from)
            .collect(),
        false => args.device.clone(),
    };
    let devices = names.iter().map(|name| device::parse_device(name));
    let devices = devices.collect::<Result<Vec<_>, _>>()?;
    for device in &devices {
        tracing::info!("lending {}", device::describe(device)?);
    }
    let random = || {
        IrohIdentity::random()
            .to_bytes()
            .iter()
            .take(16)
            .map(|b| format!("{b:02x}"))
            .collect()
    };
    let token: String = args.token.clone().unwrap_or_else(random);
    let authorizer = TokenAuthorizer::new(token.as_str())
        .map_err(|_| UsageError("the token is empty; leave --token out for a random one".into()))?;

    let (transport, address): (Transport, String) = match args.iroh {
        Some(port) => {
            let identity = match &args.key {
                Some(file) => IrohIdentity::load_or_create(file)
                    .with_context(|| format!("{}", file.display()))?,
                None => IrohIdentity::random(),
            };
            let relays = match args.relays {
                true => IrohRelays::Public,
                false => IrohRelays::Disabled,
            };
            let transport = IrohTransport::new(identity)
                .with_relays(relays)
                .with_port(port);
            let direct = if args.relays {
                String::new()
            } else {
                format!("@HOST:{port}")
            };
            let address = format!("remote:iroh:{}{direct}", transport.id());
            (transport.into(), address)
        }
        None => {
            let listener = std::net::TcpListener::bind(args.bind).with_context(|| {
                format!("cannot listen on {}; choose another --bind", args.bind)
            })?;
            let local = listener.local_addr()?;
            let address = match local.ip().is_unspecified() {
                true => format!("remote:ws://HOST:{}", local.port()),
                false => format!("remote:ws://{local}"),
            };
            (WebSocketTransport::from_listener(listener).into(), address)
        }
    };
    if args.json {
        output::json(&serde_json::json!({ "device": address, "token": token }))?;
    } else {
        output::lines([format!(
            "{TOKEN_VARIABLE}={token} rbm-train train --device {address}"
        )])?;
        tracing::info!("trains from a client with the line above; Ctrl-C stops serving");
    }
    rbm_model::ops::remote::server(devices)
        .with_authorizer(authorizer)
        .serve(transport)?;
    Ok(ExitCode::SUCCESS)
}
