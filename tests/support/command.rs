//! The program: how it is run, watched, and what came of it.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

/// What a program may take before the test gives it up: a bound for one that hangs, not a measure.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A program that is about to run.
pub(crate) struct Xenoglot {
    command: Command,
    input: Vec<u8>,
}

impl Xenoglot {
    /// `program` in `dir`, without a setting that the tester's own environment might hold.
    pub(crate) fn new(program: &str, dir: &Path) -> Self {
        let mut command = Command::new(program);
        command.current_dir(dir);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let colours = ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "ORT_DYLIB_PATH"];
            if text.starts_with("XENOGLOT_") || colours.contains(&&*text) {
                command.env_remove(name);
            }
        }
        Self {
            command,
            input: Vec::new(),
        }
    }

    /// More arguments, separated by spaces.
    pub(crate) fn words(mut self, args: &str) -> Self {
        self.command.args(args.split_whitespace());
        self
    }

    /// One more argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// A variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Without a variable of the environment: what [`World`](super::World) sets is gone.
    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// What it reads from its standard input.
    pub(crate) fn input(mut self, input: impl AsRef<[u8]>) -> Self {
        self.input = input.as_ref().to_owned();
        self
    }

    /// Where its standard output goes, in place of the test.
    pub(crate) fn output(mut self, file: std::fs::File) -> Self {
        self.command.stdout(file);
        self
    }

    /// Program and arguments, for another program to run.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    /// Starts it, its output caught and its input open.
    #[track_caller]
    pub(crate) fn start(mut self) -> Running {
        self.command.stdin(Stdio::piped()).stderr(Stdio::piped());
        self.command.stdout(Stdio::piped());
        self.spawn()
    }

    /// Runs it to its end.
    #[track_caller]
    pub(crate) fn run(mut self) -> Ran {
        let input = std::mem::take(&mut self.input);
        let mut running = self.start();
        // Whoever ends without reading its input closes it, which is no failure of the test.
        let _ = running.input().write_all(&input);
        running.finish()
    }

    /// Runs it to an end of code 0.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Ran {
        self.run().has_code(0)
    }

    /// Runs it to an end of code 1: the work failed.
    #[track_caller]
    pub(crate) fn fails(self) -> Ran {
        self.run().has_code(1).explained()
    }

    /// Runs it to an end of code 2: it was used wrongly.
    #[track_caller]
    pub(crate) fn misused(self) -> Ran {
        self.run().has_code(2).explained()
    }

    /// Runs it with its standard output in `file`.
    #[track_caller]
    pub(crate) fn run_into(mut self, file: std::fs::File) -> Ran {
        self = self.output(file);
        self.command.stdin(Stdio::null()).stderr(Stdio::piped());
        self.spawn().finish()
    }

    #[track_caller]
    fn spawn(mut self) -> Running {
        let mut child = self.command.spawn().unwrap();
        Running {
            stdin: child.stdin.take(),
            stdout: child.stdout.take().map(caught),
            stderr: child.stderr.take().map(caught),
            child,
        }
    }
}

/// Reads all of `from` beside the test.
fn caught(mut from: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is all there is.
        let _ = from.read_to_end(&mut bytes);
        bytes
    })
}

/// A program that runs; dropped, it is killed.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
}

impl Running {
    /// Its standard input.
    pub(crate) fn input(&mut self) -> &mut ChildStdin {
        self.stdin.as_mut().unwrap()
    }

    /// Sends it a signal, by its process id.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits for its end, its input still open: a program that ends does so for another reason.
    #[track_caller]
    pub(crate) fn finish_with_open_input(mut self) -> Ran {
        let stdin = self.stdin.take();
        let ran = self.finish();
        drop(stdin);
        ran
    }

    /// Closes its input and waits for its end.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Ran {
        drop(self.stdin.take());
        let status = wait(&mut self.child);
        let text = |caught: Option<JoinHandle<Vec<u8>>>| {
            let bytes = caught.map(|thread| thread.join().unwrap());
            String::from_utf8(bytes.unwrap_or_default()).unwrap()
        };
        Ran {
            status,
            stdout: text(self.stdout.take()),
            stderr: text(self.stderr.take()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The end of `child`, or its end by our hand after [`LIMIT`].
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let watch = Watch::over(child.id());
    let status = child.wait().unwrap();
    drop(watch);
    status
}

/// Kills a process when [`LIMIT`] has passed; dropped, it lets it live.
struct Watch(Option<(Sender<()>, JoinHandle<()>)>);

impl Watch {
    fn over(pid: u32) -> Self {
        let (ended, end) = channel();
        let watcher = std::thread::spawn(move || {
            if end.recv_timeout(LIMIT) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                signal(pid, "KILL");
            }
        });
        Self(Some((ended, watcher)))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some((ended, watcher)) = self.0.take() {
            drop(ended);
            let _ = watcher.join();
        }
    }
}

/// The result of `work`, which must not take longer than [`LIMIT`].
#[track_caller]
pub(crate) fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = channel();
    std::thread::spawn(move || done.send(work()));
    result
        .recv_timeout(LIMIT)
        .expect("nothing happened in time")
}

fn signal(pid: u32, name: &str) {
    let mut kill = Command::new("kill");
    let sent = kill.arg(format!("-{name}")).arg(pid.to_string()).status();
    assert!(sent.unwrap().success(), "cannot send SIG{name} to {pid}");
}

/// What came of a program.
#[derive(Debug)]
pub(crate) struct Ran {
    status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The exit code; none where a signal ended it, our own at the limit among them.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    #[track_caller]
    pub(crate) fn has_code(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "{self}");
        self
    }

    /// Its standard error says what is wrong: some sentence, plain where no terminal is, and no panic.
    #[track_caller]
    pub(crate) fn explained(self) -> Self {
        assert!(!self.stderr.trim().is_empty(), "no word why: {self}");
        assert!(!self.stderr.contains("panicked at"), "{self}");
        assert!(!self.stderr.contains('\u{1b}'), "{self}");
        self
    }

    /// Its standard error has `words` somewhere.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "nothing of {words:?}: {self}");
        self
    }

    /// Its standard output has `words` somewhere.
    #[track_caller]
    pub(crate) fn prints(self, words: &str) -> Self {
        assert!(self.stdout.contains(words), "nothing of {words:?}: {self}");
        self
    }

    /// Its standard output as JSON, one value a line.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}: {self}"));
        self.stdout.lines().map(parse).collect()
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            status,
            stdout,
            stderr,
        } = self;
        write!(f, "{status}\n--- stdout\n{stdout}--- stderr\n{stderr}---")
    }
}
