//! A server of one test, and how to ask it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::sync::mpsc::channel;
use std::thread::JoinHandle;

use serde_json::Value;
use ureq::http::{HeaderMap, Request, Response};
use ureq::{Agent, Body};

use super::command::{LIMIT, Xenoglot, wait};

/// `xenoglot serve`, ready to answer; dropped, it is killed.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    agent: Agent,
    stderr: Option<JoinHandle<String>>,
}

impl Server {
    /// Starts `program` and waits until it says that it listens.
    #[track_caller]
    pub(crate) fn start(program: Xenoglot) -> Self {
        let mut command = program.into_command();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let line = first_line(&mut child);
        let address = line
            .strip_prefix("listening on http://")
            .or_else(|| line.strip_prefix("listening on https://"))
            .and_then(|rest| rest.split_whitespace().next());
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let _ = child.kill();
            let _ = child.wait();
            panic!(
                "expected a line that names the address, got {line:?} and {}",
                stderr.join().unwrap()
            );
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(LIMIT));
        Self {
            child,
            address,
            agent: config.build().new_agent(),
            stderr: Some(stderr),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The answer to `request`, whose address is a path.
    #[track_caller]
    pub(crate) fn ask(&self, mut request: Request<Vec<u8>>) -> Answer {
        let address = format!("http://{}{}", self.address, request.uri());
        *request.uri_mut() = address.parse().unwrap();
        Answer::from(self.agent.run(request).unwrap())
    }

    /// The answer to `request`, if the server lives to give one.
    pub(crate) fn try_ask(&self, mut request: Request<Vec<u8>>) -> Option<Answer> {
        let address = format!("http://{}{}", self.address, request.uri());
        *request.uri_mut() = address.parse().unwrap();
        let response = self.agent.run(request).ok()?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.into_body().read_to_string().ok()?;
        Some(Answer {
            status,
            headers,
            text,
        })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Vec::new()).unwrap())
    }

    /// Posts `body`, as JSON.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        let request = Request::post(path).header("content-type", "application/json");
        self.ask(request.body(body.as_ref().to_vec()).unwrap())
    }

    /// The answer to a search, which must be one.
    #[track_caller]
    pub(crate) fn search(&self, request: &Value) -> Value {
        let answer = self.post("/v1/search", request.to_string());
        assert_eq!(answer.status, 200, "{request}: {}", answer.text);
        answer.json()
    }

    /// A bare connection, for what a well-behaved client does not say.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream
    }

    /// The answer to bytes that are no request of [`ureq`]'s.
    #[track_caller]
    pub(crate) fn tell(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect();
        // A server that has heard enough may close while we still talk.
        let _ = stream.write_all(request);
        read_answer(&mut BufReader::new(stream))
    }

    /// Asks it to stop, by its process id.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = std::process::Command::new("kill")
            .arg(format!("-{name}"))
            .arg(pid)
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end; returns its exit code and what it wrote to standard error.
    pub(crate) fn finish(mut self) -> (Option<i32>, String) {
        let status = wait(&mut self.child);
        (status.code(), self.stderr.take().unwrap().join().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first line of its standard output, without the line's end; nothing where it ends or hangs without one.
fn first_line(child: &mut Child) -> String {
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let (line, first) = channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stdout.read_line(&mut text);
        let _ = line.send(text.trim_end().to_owned());
        // Read on, so that nothing it prints ever blocks it.
        let _ = std::io::copy(&mut stdout, &mut std::io::sink());
    });
    first.recv_timeout(LIMIT).unwrap_or_default()
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The body, which must be JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The value of a header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// It is problem details (RFC 9457) of this status, with the members that everybody may rely on.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], status, "{problem}");
        for member in ["type", "title", "detail"] {
            assert!(
                problem[member]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{member}: {problem}"
            );
        }
        problem
    }
}

impl From<Response<Body>> for Answer {
    fn from(mut response: Response<Body>) -> Self {
        let body = response.body_mut().read_to_vec().unwrap();
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            // A snapshot is none, and is looked at by nobody.
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

/// Reads one answer of HTTP/1.1 whose length its header says.
#[track_caller]
pub(crate) fn read_answer(stream: &mut impl BufRead) -> Answer {
    let status = header_line(stream);
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
    let mut headers = HeaderMap::new();
    loop {
        let line = header_line(stream);
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        let name: ureq::http::HeaderName = name.parse().unwrap();
        headers.insert(name, value.trim().parse().unwrap());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.to_str().unwrap().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    Answer {
        status: status.expect("a status line"),
        headers,
        text: String::from_utf8(body).unwrap(),
    }
}

fn header_line(stream: &mut impl BufRead) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}
