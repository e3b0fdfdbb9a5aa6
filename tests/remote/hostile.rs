//! Servers whose clients mean no good, and clients whose server says nothing any more.

use super::{FLAGS, Server, assert_same_results, client, outlives_its_server};
use crate::support::{check_failure, program, succeed};
use burn::remote::RemoteHost;
use burn::tensor::{Device, Tensor, TensorData};
use rbm_model::ops::{Sweeps, gibbs_sweeps};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::tempdir;

const SERVE: &str = "--device flex --bind 127.0.0.1:0";
const GREETING: &str = "GET /session HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// The device of a server, which lets this process in.
fn lent(server: &Server) -> Device {
    let address = server.device.strip_prefix("remote:").unwrap();
    lent_at(address)
}

fn lent_at(address: &str) -> Device {
    let host = RemoteHost::websocket(address).with_credential("secret");
    Device::remote_options(&host).init().unwrap()
}

/// A connection over which `text` has been sent.
fn connection(server: &Server, text: &str) -> TcpStream {
    let address = server.device.strip_prefix("remote:ws://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// What the server still says before it ends a connection, which it must do in time.
fn last_words(mut stream: &TcpStream, seconds: u64) -> String {
    let patience = Duration::from_secs(seconds);
    stream.set_read_timeout(Some(patience)).unwrap();
    let mut text = vec![];
    match stream.read_to_end(&mut text) {
        Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => {
            panic!("still open after {seconds} s: {error}")
        }
        _ => String::from_utf8_lossy(&text).into(),
    }
}

#[test]
fn before_the_token_a_server_takes_little_for_a_short_time() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), SERVE);
    // A message of 700 MB is refused by its length alone.
    let mut large = connection(&server, GREETING);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let mut byte = [0];
        large.read_exact(&mut byte).unwrap();
        head.push(byte[0].into());
    }
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    let length = 700_000_000_u64.to_be_bytes();
    large.write_all(&[0x82, 0xff]).unwrap();
    large.write_all(&length).unwrap();
    last_words(&large, 8);
    let endless = connection(&server, &"GET /session ".repeat(800));
    last_words(&endless, 8);
    // Tensors of others, which Burn hands out without a token.
    let data = connection(&server, &GREETING.replace("/session", "/data"));
    assert!(last_words(&data, 8).starts_with("HTTP/1.1 404"));

    // Who says nothing is not waited for, and only so many are.
    let silent: Vec<TcpStream> = (0..20).map(|_| connection(&server, "")).collect();
    last_words(&silent[19], 8);
    last_words(&silent[0], 20);
    last_words(&silent[15], 20);
    lent(&server);
    let log = std::fs::read_to_string(&server.log).unwrap();
    for part in [
        "at most 4096 bytes",
        "more than 8192 bytes",
        "too many connections",
    ] {
        assert!(log.contains(part), "{part}: {log}");
    }
}

#[test]
fn a_session_that_takes_too_much_ends_alone() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    succeed(dir, &format!("{FLAGS} --out local"));
    let server = Server::start(dir, &format!("{SERVE} --memory 8"));
    let arguments = format!(
        "{FLAGS} --checkpoint-seconds 0 --device {} --out lent",
        server.device
    );
    let child = program(dir, &arguments)
        .env("RBM_TOKEN", "secret")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !dir
        .join("lent/snapshots/step-00000010.safetensors")
        .exists()
    {
        std::thread::sleep(Duration::from_millis(2));
    }
    // 4 TiB, which no machine has, and 12 GiB, which this one may have. Burn opens one session for
    // each spelling of an address.
    let first = server.device.strip_prefix("remote:").unwrap();
    let second = first.replace("127.0.0.1", "localhost");
    for (address, shape) in [
        (first, [1_usize << 20, 1 << 20]),
        (&second, [1 << 16, 3 << 14]),
    ] {
        let zeros = Tensor::<2>::zeros(shape, &lent_at(address));
        let read = AssertUnwindSafe(|| zeros.slice([0..1, 0..1]).into_data());
        assert!(catch_unwind(read).is_err(), "{shape:?}");
    }
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    assert_same_results(&dir.join("local"), &dir.join("lent"));
    let log = std::fs::read_to_string(&server.log).unwrap();
    assert_eq!(log.matches("others go on").count(), 2, "{log}");
}

/// Processes that `parent` has started and that are not done.
#[cfg(target_os = "linux")]
fn children(parent: u32) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let stats = processes.filter_map(|p| std::fs::read_to_string(p.path().join("stat")).ok());
    stats
        .filter_map(|stat| {
            let (_, rest) = stat.rsplit_once(')')?;
            let mut fields = rest.split_whitespace();
            let (state, of) = (fields.next()?, fields.next()?);
            (state != "Z" && of == parent.to_string()).then_some(())
        })
        .count()
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_goes_on_for_a_client_that_has_left() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let server = Server::start(dir, SERVE);
    let endless =
        "train --dataset mnist --limit 500 --hidden 300 --gibbs-steps 1000000000 --no-report";
    let mut child = program(
        dir,
        &format!("{endless} --device {} --out lent", server.device),
    )
    .env("RBM_TOKEN", "secret")
    .stderr(Stdio::null())
    .spawn()
    .unwrap();
    while !std::fs::read_to_string(&server.log)
        .unwrap()
        .contains("is served")
    {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(2));
    assert!(child.try_wait().unwrap().is_none());
    assert_eq!(children(server.child.id()), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    let begun = std::time::Instant::now();
    while children(server.child.id()) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// More sweeps than one operation makes go in pieces, which draw the same bits.
#[test]
fn sweeps_in_pieces_have_the_bits_of_sweeps_in_one() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), SERVE);
    let [local, lent] = [
        rbm_model::device::parse_device("flex").unwrap(),
        lent(&server),
    ]
    .map(|device| {
        let of = |data: [f32; 3]| Tensor::<1>::from_data(TensorData::from(data), &device);
        let weight = Tensor::from_data(
            TensorData::from([[0.5_f32, -1.0], [0.1, 0.7], [-0.3, 0.2]]),
            &device,
        );
        let hidden = Tensor::from_data(TensorData::from([[0.0_f32, 1.0], [1.0, 1.0]]), &device);
        let sweeps = Sweeps {
            seed: 1,
            stream: 2,
            first_step: 3,
            count: (1 << 17) + 5,
            first_row: 0,
        };
        let biases = [of([0.1, -0.2, 0.3]), of([0.2, -0.1, 0.0]).narrow(0, 0, 2)];
        let [visible, hidden_bias] = biases;
        let result = gibbs_sweeps(weight, visible, hidden_bias, hidden, sweeps);
        [result.visible, result.hidden, result.hidden_probabilities].map(Tensor::into_data)
    });
    assert_eq!(local, lent);
}

#[test]
fn refusals_are_logged_and_tokens_are_not() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    std::fs::write(dir.join("token"), "from-a-file\n").unwrap();
    let server = Server::start(dir, &format!("{SERVE} --token-file token"));
    let arguments = format!("{FLAGS} --stop-after 1 --device {}", server.device);
    let output = client(dir, "from-a-file", &format!("{arguments} --out lent"));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    check_failure(
        &client(dir, "guess", &format!("{arguments} --out refused")),
        &arguments,
        1,
        &["rejected the credential"],
    );
    let log = || std::fs::read_to_string(&server.log).unwrap();
    let refusal = |line: &&str| line.starts_with("127.0.0.1:");
    let log_text = log();
    let refused = log_text
        .lines()
        .filter(refusal)
        .find(|line| line.contains("wrong token"));
    assert!(refused.is_some(), "{log_text}");
    assert!(
        !log_text.contains("guess") && !log_text.contains("from-a-file"),
        "{log_text}"
    );

    let shown = Server::start(dir, &format!("{SERVE} --token shown"));
    assert!(log().contains("use --token-file or RBM_TOKEN"), "{}", log());
    let arguments = format!(
        "{FLAGS} --stop-after 1 --device {} --out shown",
        shown.device
    );
    let output = client(dir, "shown", &arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
}

/// Stops a server as Ctrl-Z does: its connections stay.
fn suspend(server: &mut Server) {
    let id = server.child.id().to_string();
    let status = Command::new("kill").args(["-STOP", &id]).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_run_whose_server_is_stopped_ends_and_goes_on_elsewhere() {
    let words = [
        "ws://127.0.0.1:",
        "not answered for 5 seconds",
        "rbm-train resume",
    ];
    outlives_its_server("{}", "flex", suspend, &words);
}

#[test]
fn a_server_that_is_stopped_is_not_waited_for() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let mut server = Server::start(dir, SERVE);
    suspend(&mut server);
    let arguments = format!("{FLAGS} --device {} --out lent", server.device);
    let output = program(dir, &arguments)
        .env("RBM_TOKEN", "secret")
        .env("RBM_SERVER_TIMEOUT", "2")
        .output()
        .unwrap();
    check_failure(&output, &arguments, 1, &["not answered for 2 seconds"]);
}
