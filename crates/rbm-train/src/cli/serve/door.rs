//! The door of a WebSocket server.
//!
//! Burn's own would take messages of 1 GiB from anyone, wait for them without end, serve tensors to
//! whoever names them, and hold all clients in one process, which ends where memory cannot be had.
//! So each connection gets a process of its own, an ordinary Burn server on a loopback port, and
//! only a short greeting and a short message with the token pass to it, in limited time, until
//! that server has said yes. From then on bytes go both ways as they come; the process ends with
//! the connection, whatever it is at work on.

use super::session::{Session, Start};
use anyhow::{Context, ensure};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Connections at once, with those that have not shown a token yet, and of the latter alone.
const CONNECTIONS: usize = 64;
const WAITING: usize = 16;
/// Bytes of a greeting, and of a message before the token has been accepted.
const GREETING: usize = 8 << 10;
const MESSAGE: usize = 4 << 10;
/// Time for both; a session may have to open its device before it answers.
const PATIENCE: Duration = Duration::from_secs(10);
const SESSION: Duration = Duration::from_secs(60);

/// Serves without end.
pub fn serve(listener: &TcpListener, start: Arc<Start>) -> ! {
    // Each connection holds a reference.
    let (waiting, all) = (Arc::new(()), Arc::new(()));
    loop {
        let (client, peer) = match listener.accept() {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("a connection could not be accepted: {error}");
                thread::sleep(Duration::from_millis(100));
                continue;
            }
        };
        if Arc::strong_count(&all) > CONNECTIONS || Arc::strong_count(&waiting) > WAITING {
            tracing::warn!("{peer} refused: too many connections");
            continue;
        }
        let (start, waiting, all) = (start.clone(), waiting.clone(), all.clone());
        thread::spawn(move || {
            let _all = all;
            if let Err(error) = admit(client, peer, waiting, &*start) {
                tracing::warn!("{peer} refused: {error:#}");
            }
        });
    }
}

/// Lets a client in if it shows the token, and stays until it leaves.
fn admit(
    client: TcpStream,
    peer: SocketAddr,
    waiting: Arc<()>,
    start: &Start,
) -> anyhow::Result<()> {
    let until = Instant::now() + PATIENCE;
    let greeting = greeting(&client, until).context("no WebSocket greeting")?;
    if !greeting.starts_with(b"GET /session ") {
        // A client asks so whether the server is there still.
        let nothing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        (&client).write_all(nothing)?;
        return Ok(());
    }
    let session = Session::start(start).context("its session does not start")?;
    let server = TcpStream::connect(session.address)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    (&server).write_all(&greeting)?;
    (&client).write_all(&self::greeting(&server, Instant::now() + SESSION)?)?;
    let message = message(&client, until).context("no message with a token")?;
    (&server).write_all(&message)?;
    let answer = self::message(&server, Instant::now() + SESSION).context("no session")?;
    (&client).write_all(&answer)?;
    let says = |word: &[u8]| answer.windows(word.len()).any(|part| part == word);
    ensure!(!says(b"Unauthorized"), "wrong token");
    ensure!(
        !says(b"InitRefused"),
        "no such device, or another version of the program"
    );
    drop(waiting);
    tracing::info!("{peer} is served");
    for stream in [&client, &server] {
        stream.set_read_timeout(None)?;
    }
    let (from, to) = (client.try_clone()?, server.try_clone()?);
    let upwards = thread::spawn(move || pass(&from, &to));
    pass(&server, &client);
    let ended = session.end();
    // The other direction ends with the sockets.
    let _ = upwards.join();
    match ended {
        Some(status) => tracing::warn!("the session of {peer} failed, {status}; others go on"),
        None => tracing::info!("{peer} has left"),
    }
    Ok(())
}

/// Passes bytes on until either side ends, and then ends both.
fn pass(mut from: &TcpStream, mut to: &TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    for stream in [from, to] {
        let _ = stream.shutdown(Shutdown::Both);
    }
}

/// The head of an HTTP message.
fn greeting(stream: &TcpStream, until: Instant) -> io::Result<Vec<u8>> {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == GREETING {
            return Err(io::Error::other(format!("more than {GREETING} bytes")));
        }
        let mut byte = [0];
        read(stream, &mut byte, until)?;
        head.extend(byte);
    }
    Ok(head)
}

/// One binary WebSocket message (RFC 6455, section 5.2), as it is on the wire.
fn message(stream: &TcpStream, until: Instant) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 2];
    read(stream, &mut frame, until)?;
    let mask = if frame[1] & 0x80 == 0 { 0 } else { 4 };
    let length = match frame[1] & 0x7f {
        126 => {
            let mut long = [0; 2];
            read(stream, &mut long, until)?;
            frame.extend(long);
            u16::from_be_bytes(long).into()
        }
        127 => usize::MAX,
        short => short.into(),
    };
    if frame[0] != 0x82 || length > MESSAGE {
        let text = format!("not a binary message of at most {MESSAGE} bytes");
        return Err(io::Error::other(text));
    }
    let begun = frame.len();
    frame.resize(begun + mask + length, 0);
    read(stream, &mut frame[begun..], until)?;
    Ok(frame)
}

/// Fills a buffer in time.
fn read(mut stream: &TcpStream, mut buffer: &mut [u8], until: Instant) -> io::Result<()> {
    while !buffer.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => buffer = &mut buffer[count..],
        }
    }
    Ok(())
}
