//! The process of one client.

use anyhow::bail;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

/// The command of a session, which prints its address on its standard output.
pub type Start = dyn Fn() -> io::Result<Command> + Send + Sync;

/// This program with other arguments, in an address space of so many GiB if that is limited.
pub fn command(arguments: &[String], memory: Option<u64>) -> io::Result<Command> {
    let program = std::env::current_exe()?;
    let mut command = match memory {
        // Only a shell can set the limit without unsafe code; it is in KiB.
        Some(gib) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", "ulimit -v \"$0\" && exec \"$@\""]);
            shell.arg((gib << 20).to_string()).arg(program);
            shell
        }
        None => Command::new(program),
    };
    command.args(arguments);
    Ok(command)
}

/// Ends this process, a session, when the one that started it has ended or wants it to.
pub fn end_with_input() {
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
}

/// A process that serves one client; it ends when its standard input does.
pub struct Session {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Session {
    /// Starts the process.
    pub fn start(start: &Start) -> anyhow::Result<Self> {
        let mut command = start()?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        match line.trim().parse() {
            Ok(address) => Ok(Self { child, address }),
            Err(_) => {
                let _ = child.kill();
                let status = child.wait()?;
                bail!("{status}");
            }
        }
    }

    /// Ends the process, and says how where it had failed by itself.
    pub fn end(mut self) -> Option<ExitStatus> {
        drop(self.child.stdin.take());
        for _ in 0..100 {
            if let Ok(Some(status)) = self.child.try_wait() {
                return (!status.success()).then_some(status);
            }
            thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
