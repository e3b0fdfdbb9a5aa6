//! Watching over servers that are connected: Burn waits for an answer without end, and TCP takes a
//! machine for alive where the server on it is stopped.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read, Result, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Environment variable with the seconds after which a server that does not answer is given up.
pub const TIMEOUT_VARIABLE: &str = "RBM_SERVER_TIMEOUT";
const SECONDS: u64 = 60;

static SILENT: OnceLock<fn(&str, Duration)> = OnceLock::new();
static WATCHED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Has `act` called, with the server and how long it was waited for, once a WebSocket server that
/// this process connects no longer answers. What is then under way waits without end, so `act`
/// should end the process. The first call of this function counts.
pub fn on_silence(act: fn(&str, Duration)) {
    let _ = SILENT.set(act);
}

/// Watches over a server, `ws://HOST:PORT`, from before the first connection to it.
pub(super) fn watch(server: &str) {
    let (Some(act), Some(host)) = (SILENT.get(), server.strip_prefix("ws://")) else {
        return;
    };
    let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    if !watched.insert(server.to_string()) {
        return;
    }
    let host = host.split('/').next().unwrap_or(host).to_string();
    let server = server.to_string();
    let seconds = std::env::var(TIMEOUT_VARIABLE).ok();
    let seconds = seconds
        .and_then(|text| text.parse().ok())
        .unwrap_or(SECONDS);
    let patience = Duration::from_secs(seconds.max(1));
    std::thread::spawn(move || {
        loop {
            if is_silent(&host, patience) {
                act(&server, patience);
            }
            std::thread::sleep(patience / 4);
        }
    });
}

/// Whether a question finds the port open, and no answer. Where there is no port any more, or no
/// machine, TCP ends Burn's connection too, which Burn then says.
fn is_silent(host: &str, patience: Duration) -> bool {
    let ask = |mut stream: TcpStream| -> Result<()> {
        stream.set_read_timeout(Some(patience))?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        stream.read(&mut [0]).map(|_| ())
    };
    let addresses = host.to_socket_addrs().into_iter().flatten();
    let mut streams = addresses.filter_map(|to| TcpStream::connect_timeout(&to, patience).ok());
    let silent = [ErrorKind::TimedOut, ErrorKind::WouldBlock];
    let answer = streams.next().map(ask);
    answer.is_some_and(|answer| answer.is_err_and(|error| silent.contains(&error.kind())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_port_that_is_open_and_says_nothing_is_silent() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        assert!(is_silent(&host, Duration::from_millis(50)));
        drop(listener);
        assert!(!is_silent(&host, Duration::from_secs(10)));
        assert!(!is_silent("no address", Duration::from_secs(10)));
    }
}
