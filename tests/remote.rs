//! Training on devices that a server lends.

use crate::support::{check_failure, json, program, succeed};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;
use tempfile::tempdir;

const FLAGS: &str = "train --dataset mnist --limit 1500 --hidden 40 --epochs 3 --batch-size 50 --chains 70 \
                     --momentum 0.5 --evaluate-every 40 --no-report";

mod hostile;

/// A server that is stopped when it goes out of scope.
struct Server {
    child: Child,
    device: String,
    log: PathBuf,
}

impl Server {
    fn start(dir: &Path, flags: &str) -> Self {
        let log = dir.join("server.log");
        let file = std::fs::File::options()
            .append(true)
            .create(true)
            .open(&log);
        let mut child = program(dir, &format!("serve --json {flags}"))
            .env("RBM_TOKEN", "secret")
            .stderr(file.unwrap())
            // One thread is enough, and must be: the command itself takes none of the pool.
            .env("RAYON_NUM_THREADS", "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut text = String::new();
        let mut output = child.stdout.take().unwrap();
        let mut byte = [0];
        while serde_json::from_str::<serde_json::Value>(&text).is_err() {
            output.read_exact(&mut byte).expect("an address");
            text.push(byte[0].into());
        }
        let device = json(&text)["device"].as_str().unwrap().to_string();
        Self { child, device, log }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the program as a client with a token.
fn client(dir: &Path, token: &str, arguments: &str) -> std::process::Output {
    program(dir, arguments)
        .env("RBM_TOKEN", token)
        .output()
        .unwrap()
}

/// Models and metrics of two runs, which must have the same bytes.
fn assert_same_results(a: &Path, b: &Path) {
    let mut names = vec!["metrics.csv".to_string(), "model.safetensors".into()];
    for entry in std::fs::read_dir(a.join("snapshots")).unwrap() {
        names.push(format!(
            "snapshots/{}",
            entry.unwrap().file_name().to_string_lossy()
        ));
    }
    for name in names {
        let [x, y] = [a, b].map(|run| std::fs::read(run.join(&name)).unwrap());
        assert!(x == y, "{name} differs");
    }
}

#[test]
fn a_lent_device_gives_the_bytes_of_a_local_one() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let server = Server::start(dir, "--device flex --bind 127.0.0.1:0");
    succeed(dir, &format!("{FLAGS} --out local"));
    for command in [
        format!("{FLAGS} --device {} --out lent", server.device),
        format!(
            "{FLAGS} --device {} --stop-after 1 --out parts",
            server.device
        ),
        "resume parts --no-report".into(),
        "sample lent --gibbs-steps 5 --chains 4 --out samples".into(),
        "evaluate lent --temperatures 100 --ais-chains 20 --json".into(),
    ] {
        let output = client(dir, "secret", &command);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {message}");
    }
    for run in ["lent", "parts"] {
        assert_same_results(&dir.join("local"), &dir.join(run));
    }
    let arguments = format!("{FLAGS} --device {} --out refused", server.device);
    let output = client(dir, "guess", &arguments);
    check_failure(
        &output,
        &arguments,
        1,
        &["rejected the credential", "RBM_TOKEN"],
    );
    assert!(!dir.join("refused").exists());
}

#[test]
fn iroh_lends_a_device_too() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let port = std::net::UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let server = Server::start(
        dir,
        &format!("--device flex --iroh {port} --key server.key"),
    );
    let device = server.device.replace("HOST", "127.0.0.1");
    succeed(dir, &format!("{FLAGS} --stop-after 1 --out local"));
    let output = client(
        dir,
        "secret",
        &format!("{FLAGS} --stop-after 1 --device {device} --out lent"),
    );
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    assert_same_results(&dir.join("local"), &dir.join("lent"));
}

/// Updates of so many hidden values that the processor takes them in blocks.
#[test]
fn large_updates_have_the_bytes_of_local_ones() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let flags = "train --dataset mnist --limit 900 --hidden 700 --epochs 1 --batch-size 450 --chains 400 --no-report";
    let server = Server::start(dir, "--device flex --bind 127.0.0.1:0");
    succeed(dir, &format!("{flags} --out local"));
    let output = client(
        dir,
        "secret",
        &format!("{flags} --device {} --out lent", server.device),
    );
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    assert_same_results(&dir.join("local"), &dir.join("lent"));
}

#[test]
fn a_server_has_a_part_of_a_divided_run() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let server = Server::start(dir, "--device flex --bind 127.0.0.1:0");
    let lent = &server.device;
    succeed(dir, &format!("{FLAGS} --device flex,flex --out local"));
    for command in [
        format!("{FLAGS} --device flex,{lent} --out half"),
        format!("{FLAGS} --device {lent},flex --out home"),
        format!("{FLAGS} --device flex,{lent} --stop-after 1 --out parts"),
        format!("resume parts --device {lent},{lent} --no-report"),
        "evaluate home --temperatures 100 --ais-chains 20 --json".into(),
    ] {
        let output = client(dir, "secret", &command);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {message}");
    }
    // The server's kernels are those of this machine.
    for run in ["half", "home", "parts"] {
        assert_same_results(&dir.join("local"), &dir.join(run));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_port_listens_beyond_loopback() {
    let dir = tempdir().unwrap();
    let server = Server::start(dir.path(), "--device flex --bind 127.0.0.1:0");
    let descriptors = format!("/proc/{}/fd", server.child.id());
    let sockets: Vec<String> = std::fs::read_dir(descriptors)
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.replace(']', "")))
        .collect();
    let mut listening = 0;
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let text = std::fs::read_to_string(format!("/proc/net/{table}")).unwrap();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if sockets.iter().any(|socket| socket == fields[9]) {
                listening += 1;
                assert!(fields[1].starts_with("0100007F:"), "{table}: {line}");
            }
        }
    }
    assert_eq!(listening, 1);
}

/// Ends a server while a run is at work on `device` (`{}` being the server's), which must say so in
/// `words`, and goes on with it on `local`: the results are those of a run that was there from the start.
fn outlives_its_server(device: &str, local: &str, end: fn(&mut Server), words: &[&str]) {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let flags = format!("{FLAGS} --checkpoint-seconds 0");
    succeed(dir, &format!("{flags} --device {local} --out local"));
    let mut server = Server::start(dir, "--device flex --bind 127.0.0.1:0");
    let device = device.replace("{}", &server.device);
    let arguments = format!("{flags} --device {device} --out lent");
    let child = program(dir, &arguments)
        .env("RBM_TOKEN", "secret")
        .env("RBM_SERVER_TIMEOUT", "5")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !dir
        .join("lent/snapshots/step-00000010.safetensors")
        .exists()
    {
        std::thread::sleep(Duration::from_millis(2));
    }
    end(&mut server);
    let output = child.wait_with_output().unwrap();
    check_failure(&output, &arguments, 1, words);
    drop(server);
    succeed(dir, &format!("resume lent --device {local} --no-report"));
    assert_same_results(&dir.join("local"), &dir.join("lent"));
}

#[test]
fn a_server_that_dies_leaves_a_run_that_goes_on_elsewhere() {
    let kill = |server: &mut Server| server.child.kill().unwrap();
    outlives_its_server("{}", "flex", kill, &["server was lost", "rbm-train resume"]);
}

#[test]
fn a_divided_run_outlives_a_server_that_had_a_part_of_it() {
    let kill = |server: &mut Server| server.child.kill().unwrap();
    let words = ["server was lost", "rbm-train resume"];
    outlives_its_server("flex,{}", "flex,flex", kill, &words);
}

#[test]
fn a_sweep_over_two_servers_outlives_one_of_them() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let flags = "sweep --dataset mnist --limit 1500 --hidden 20,40 --replicas 3 --epochs 3 --batch-size 50 \
                 --chains 70 --checkpoint-seconds 0";
    succeed(dir, &format!("{flags} --out local"));
    let servers = [(); 2].map(|()| Server::start(dir, "--device flex --bind 127.0.0.1:0"));
    let [first, second] = servers;
    let over = format!("{},{}", first.device, second.device);
    let child = program(dir, &format!("{flags} --over {over} --out lent"))
        .env("RBM_TOKEN", "secret")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = |run: &str| {
        dir.join(format!(
            "lent/runs/{run}/snapshots/step-00000010.safetensors"
        ))
    };
    while !begun("hidden-20,seed-1").exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
    drop(first);
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    assert!(message.contains("is lost"), "{message}");
    let runs: Vec<_> = std::fs::read_dir(dir.join("local/runs")).unwrap().collect();
    assert_eq!(runs.len(), 6);
    for run in runs {
        let name = run.unwrap().file_name();
        assert_same_results(
            &dir.join("local/runs").join(&name),
            &dir.join("lent/runs").join(&name),
        );
    }
}
