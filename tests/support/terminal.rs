//! A terminal, which only Python can make without a library: `make test` asks for it anyway.

use std::process::Command;

use super::command::Xenoglot;

/// A pseudo-terminal around a program; it ends with the program's code.
const SCRIPT: &str =
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// `program` on a terminal of its own. Its standard output and error both come out as standard output. Where there is no
/// Python, says what is skipped.
pub(crate) fn on_a_terminal(program: Xenoglot) -> Option<Xenoglot> {
    if !Command::new("python3")
        .arg("--version")
        .output()
        .is_ok_and(|ran| ran.status.success())
    {
        eprintln!("skipped: a terminal needs python3");
        return None;
    }
    let command = program.into_command();
    let dir = command.get_current_dir().unwrap();
    let mut terminal = Xenoglot::new("python3", dir)
        .arg("-c")
        .arg(SCRIPT)
        .arg(command.get_program());
    for arg in command.get_args() {
        terminal = terminal.arg(arg);
    }
    for (name, value) in command.get_envs() {
        if let (Some(name), Some(value)) = (name.to_str(), value) {
            terminal = terminal.env(name, value);
        }
    }
    Some(terminal.env("TERM", "xterm"))
}
