//! `rbm-train serve`.

#[cfg(feature = "remote")]
mod door;
#[cfg(feature = "remote")]
mod session;

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
    /// Listen over Iroh instead, encrypted, at this UDP port of all interfaces: for clients you trust,
    /// since what they do, messages of 1 GiB before the token included, falls on the one process of all
    #[arg(long, value_name = "PORT", conflicts_with = "bind")]
    iroh: Option<u16>,
    /// File of this server's Iroh identity, made if it is not there [default: a new identity]
    #[arg(long, value_name = "FILE", requires = "iroh")]
    key: Option<PathBuf>,
    /// Be found through Iroh's public relays, from behind a router
    #[arg(long, requires = "iroh")]
    relays: bool,
    /// File with the token that clients must show in their RBM_TOKEN [default: the variable RBM_TOKEN
    /// here too, else a random token, printed]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The token itself
    #[arg(long, hide = true, conflicts_with = "token_file")]
    token: Option<String>,
    /// Address space of each client's process, which ends alone where it needs more, and results of
    /// one operation; not over Iroh, not for CUDA, Unix only [default: no limit, and 16 GiB]
    #[arg(long, value_name = "GIB", conflicts_with = "iroh", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    memory: Option<u64>,
    /// Serve one client, see `session`
    #[arg(long, hide = true, conflicts_with = "iroh")]
    session: bool,
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

/// GiB that the results of one operation may take where there is no `--memory`.
#[cfg(feature = "remote")]
const RESULTS: u64 = 16;

/// Runs the command: blocks until the process is told to stop.
#[cfg(feature = "remote")]
pub fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    use super::output::{self, UsageError};
    use anyhow::Context;
    use burn::server::{IrohTransport, PeerAuthorizer, TokenAuthorizer, WebSocketTransport};
    use rbm_model::device::{self, TOKEN_VARIABLE};
    use std::net::TcpListener;

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
    let (token, is_printed) = token(args)?;
    // It compares hashes in constant time.
    let authorizer = TokenAuthorizer::new(token.as_str()).map_err(|_| {
        UsageError(
            "the token is empty; leave --token-file and RBM_TOKEN out for a random one".into(),
        )
    })?;
    let limit = args.memory.unwrap_or(RESULTS) << 30;
    let server = rbm_model::ops::remote::server(devices.clone(), limit);

    if args.session {
        session::end_with_input();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        output::lines([listener.local_addr()?.to_string()])?;
        let transport = WebSocketTransport::from_listener(listener);
        server.with_authorizer(authorizer).serve(transport)?;
        return Ok(ExitCode::SUCCESS);
    }
    for device in &devices {
        tracing::info!("lending {}", device::describe(device)?);
    }
    let say = |address: String| {
        if args.json {
            return output::json(&serde_json::json!({ "device": address, "token": token }));
        }
        let shown = if is_printed { token.as_str() } else { "..." };
        output::lines([format!(
            "{TOKEN_VARIABLE}={shown} rbm-train train --device {address}"
        )])?;
        tracing::info!("trains from a client with the line above; Ctrl-C stops serving");
        Ok(())
    };
    if let Some(port) = args.iroh {
        let (transport, address): (IrohTransport, String) = iroh(args, port)?;
        say(address)?;
        let logged = move |request: burn::server::AuthorizationRequest<'_>| {
            let answer = authorizer.authorize(request);
            if let Err(reason) = &answer {
                tracing::warn!("refused: {reason}");
            }
            answer
        };
        server.with_authorizer(logged).serve(transport)?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.memory.is_some() && !cfg!(unix) {
        return Err(UsageError("--memory needs a Unix system; leave it out".into()).into());
    }
    let listener = TcpListener::bind(args.bind)
        .with_context(|| format!("cannot listen on {}; choose another --bind", args.bind))?;
    let local = listener.local_addr()?;
    let mut arguments: Vec<String> = ["serve", "--session"].map(String::from).to_vec();
    for name in &names {
        arguments.extend(["--device".into(), name.clone()]);
    }
    if let Some(gib) = args.memory {
        arguments.extend(["--memory".into(), gib.to_string()]);
    }
    super::signals::end_waiting_on_signals()?;
    say(match local.ip().is_unspecified() {
        true => format!("remote:ws://HOST:{}", local.port()),
        false => format!("remote:ws://{local}"),
    })?;
    let memory = args.memory;
    let start = move || -> std::io::Result<_> {
        let mut command = session::command(&arguments, memory)?;
        command.env(TOKEN_VARIABLE, &token);
        Ok(command)
    };
    door::serve(&listener, std::sync::Arc::new(start))
}

/// The token, and whether it was made here and must be told.
#[cfg(feature = "remote")]
fn token(args: &ServeArgs) -> anyhow::Result<(String, bool)> {
    use anyhow::Context;
    if let Some(file) = &args.token_file {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the token in {}", file.display()))?;
        return Ok((text.trim().to_string(), false));
    }
    if let Some(token) = &args.token {
        tracing::warn!(
            "--token shows the token to everyone who lists the processes of this machine; use --token-file or RBM_TOKEN"
        );
        return Ok((token.clone(), false));
    }
    if let Ok(token) = std::env::var(rbm_model::device::TOKEN_VARIABLE) {
        return Ok((token, false));
    }
    let bytes = burn::server::IrohIdentity::random().to_bytes();
    let digits = bytes.iter().take(16).map(|byte| format!("{byte:02x}"));
    Ok((digits.collect(), true))
}

/// The transport over Iroh, and the address for clients.
#[cfg(feature = "remote")]
fn iroh(args: &ServeArgs, port: u16) -> anyhow::Result<(burn::server::IrohTransport, String)> {
    use anyhow::Context;
    use burn::server::{IrohIdentity, IrohRelays, IrohTransport};
    let identity = match &args.key {
        Some(file) => {
            IrohIdentity::load_or_create(file).with_context(|| format!("{}", file.display()))?
        }
        None => IrohIdentity::random(),
    };
    let (relays, direct) = match args.relays {
        true => (IrohRelays::Public, String::new()),
        false => (IrohRelays::Disabled, format!("@HOST:{port}")),
    };
    let transport = IrohTransport::new(identity)
        .with_relays(relays)
        .with_port(port);
    let address = format!("remote:iroh:{}{direct}", transport.id());
    Ok((transport, address))
}
