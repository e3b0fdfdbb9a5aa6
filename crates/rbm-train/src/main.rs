//! The `rbm-train` command.

fn main() -> std::process::ExitCode {
    rbm_train::command_line()
}
