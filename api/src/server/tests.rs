//! Connections over real sockets, to handlers that watch what becomes of their work.

use std::sync::Mutex;

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::*;

/// Longer than anything here takes: a bound for what hangs.
const LIMIT: Duration = Duration::from_secs(20);
/// What slow clients are given here.
const SHORT: Duration = Duration::from_millis(300);

/// What became of a handler's work.
#[derive(Debug, PartialEq)]
enum Work {
    Began,
    Done,
    Dropped,
}

/// Says that work was dropped, unless it was done.
struct Watch(UnboundedSender<Work>, bool);

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.send(if self.1 { Work::Done } else { Work::Dropped });
    }
}

struct Server {
    address: SocketAddr,
    work: UnboundedReceiver<Work>,
    // Dropped, every slow handler goes on.
    release: watch::Sender<bool>,
}

/// A server with `/slow`, which works until it is released, `/echo`, which reads, and `/flood`, which writes without end.
async fn start(timeouts: Timeouts) -> Server {
    let (sender, work) = unbounded_channel();
    let (release, released) = watch::channel(false);
    let slow = move || {
        let (sender, mut released) = (sender.clone(), released.clone());
        async move {
            let _ = sender.send(Work::Began);
            let mut watch = Watch(sender, false);
            let _ = released.wait_for(|released| *released).await;
            watch.1 = true;
            "done"
        }
    };
    let flood = || async {
        let chunk = axum::body::Bytes::from(vec![b'x'; 64 << 10]);
        let chunks = futures_util::stream::repeat_with(move || Ok::<_, io::Error>(chunk.clone()));
        Body::from_stream(chunks)
    };
    let echo = |body: Result<axum::body::Bytes, axum::extract::rejection::BytesRejection>| async {
        body.unwrap_or_else(|_| "refused".into())
    };
    let host = Host {
        metrics: Metrics::new(),
        router: Router::new()
            .route("/slow", get(slow.clone()).post(slow))
            .route("/echo", post(echo))
            .route("/flood", get(flood)),
        tls: None,
        timeouts,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (_stop, stopped) = watch::channel(false);
        accept(
            listener,
            Arc::new(host),
            100,
            &GracefulShutdown::new(),
            stopped,
        )
        .await;
    });
    Server {
        address,
        work,
        release,
    }
}

impl Server {
    async fn ask(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn work(&mut self) -> Work {
        timeout(LIMIT, self.work.recv()).await.unwrap().unwrap()
    }
}

/// Everything that comes until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let _ = timeout(LIMIT, stream.read_to_end(&mut text)).await.unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

const GET_SLOW: &str = "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n";
const POST_SLOW: &str = "POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn a_client_that_closes_its_side_gets_its_answer() {
    for request in [GET_SLOW, POST_SLOW, "GET /slow HTTP/1.0\r\n\r\n"] {
        let mut server = start(Timeouts::default()).await;
        let mut stream = server.ask(request).await;
        stream.shutdown().await.unwrap();
        assert_eq!(server.work().await, Work::Began);
        // Long enough for the server to have looked more than once whether it is gone.
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.release.send_replace(true);
        assert_eq!(server.work().await, Work::Done, "{request}");
        let answer = rest(&mut stream).await;
        let answer = answer
            .strip_prefix("HTTP/1.1 100 Continue\r\n\r\n")
            .unwrap_or(&answer);
        assert!(answer.starts_with("HTTP/1."), "{answer}");
        assert!(answer.contains(" 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\ndone"), "{answer}");
    }
}

#[tokio::test]
async fn the_work_of_a_client_that_leaves_is_dropped() {
    for request in [GET_SLOW, POST_SLOW] {
        let mut server = start(Timeouts::default()).await;
        let stream = server.ask(request).await;
        assert_eq!(server.work().await, Work::Began);
        drop(stream);
        assert_eq!(server.work().await, Work::Dropped, "{request}");
    }
}

#[tokio::test]
async fn requests_that_come_together_are_answered_in_order() {
    let mut server = start(Timeouts::default()).await;
    server.release.send_replace(true);
    let mut stream = server.ask(&GET_SLOW.repeat(20)).await;
    stream.shutdown().await.unwrap();
    let answer = rest(&mut stream).await;
    assert_eq!(answer.matches("\r\n\r\ndone").count(), 20, "{answer}");
    assert_eq!(server.work().await, Work::Began);
}

#[tokio::test]
async fn a_head_that_does_not_end_is_not_waited_for() {
    let server = start(Timeouts {
        head: SHORT,
        ..Timeouts::default()
    })
    .await;
    let mut stream = server.ask("GET /slow HTTP/1.1\r\nhost: x\r\n").await;
    let began = tokio::time::Instant::now();
    // A byte now and then does not help.
    let (mut reading, mut writing) = stream.split();
    let drip = async {
        while writing.write_all(b"a").await.is_ok() {
            tokio::time::sleep(SHORT / 6).await;
        }
        std::future::pending::<()>().await;
    };
    let mut text = Vec::new();
    tokio::select! {
        _ = timeout(LIMIT, reading.read_to_end(&mut text)) => {}
        () = drip => {}
    }
    assert!(began.elapsed() >= SHORT && began.elapsed() < LIMIT);
    assert_eq!(text, b"");
}

#[tokio::test]
async fn a_connection_rests_for_so_long_and_no_longer() {
    let server = start(Timeouts {
        idle: SHORT,
        ..Timeouts::default()
    })
    .await;
    server.release.send_replace(true);
    // Before the first request, and after one.
    for request in ["", GET_SLOW] {
        let began = tokio::time::Instant::now();
        let answer = rest(&mut server.ask(request).await).await;
        assert_eq!(answer.contains("done"), !request.is_empty());
        assert!(began.elapsed() >= SHORT && began.elapsed() < LIMIT);
    }
}

#[tokio::test]
async fn work_may_take_longer_than_any_client_may() {
    let mut server = start(Timeouts {
        idle: SHORT,
        head: SHORT,
        body: SHORT,
        write: SHORT,
        linger: SHORT,
    })
    .await;
    let mut stream = server.ask(GET_SLOW).await;
    assert_eq!(server.work().await, Work::Began);
    tokio::time::sleep(4 * SHORT).await;
    server.release.send_replace(true);
    assert_eq!(server.work().await, Work::Done);
    assert!(rest(&mut stream).await.ends_with("done"));
}

#[tokio::test]
async fn a_body_must_keep_coming() {
    let server = start(Timeouts {
        body: SHORT,
        ..Timeouts::default()
    })
    .await;
    let head = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n";
    let mut stream = server.ask(&format!("{head}12345")).await;
    // The handler says what it likes of it; what counts is that it is told, and that the connection ends.
    assert!(rest(&mut stream).await.ends_with("refused"));
    let mut stream = server.ask(&format!("{head}1234567890")).await;
    let mut answer = [0; 1 << 10];
    let n = stream.read(&mut answer).await.unwrap();
    assert!(answer[..n].ends_with(b"1234567890"));
}

#[tokio::test]
async fn whose_body_nobody_reads_is_told_to_send_no_more() {
    let server = start(Timeouts::default()).await;
    server.release.send_replace(true);
    let request = "POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n";
    let mut stream = server.ask(request).await;
    let mut answer = [0; 1 << 10];
    let n = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..n]);
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn an_answer_must_be_taken() {
    let server = start(Timeouts {
        write: SHORT,
        ..Timeouts::default()
    })
    .await;
    let mut stream = server.ask("GET /flood HTTP/1.1\r\nhost: x\r\n\r\n").await;
    tokio::time::sleep(4 * SHORT).await;
    // What lies in the system's buffers is all that ever comes.
    let mut text = Vec::new();
    let _ = timeout(LIMIT, stream.read_to_end(&mut text)).await.unwrap();
    assert!(!text.is_empty());
}

#[tokio::test]
async fn what_nobody_reads_does_not_cost_the_answer() {
    let server = start(Timeouts::default()).await;
    let body = "x".repeat(8 << 20);
    let head = format!(
        "POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = server.ask(&head).await;
    // All of it, before the first look at the answer.
    stream.write_all(body.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let host = Host {
        metrics: Metrics::new(),
        router: Router::new().route("/", get(|| async { "here" })),
        tls: None,
        timeouts: Timeouts::default(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (_stop, stopped) = watch::channel(false);
        accept(
            listener,
            Arc::new(host),
            1,
            &GracefulShutdown::new(),
            stopped,
        )
        .await;
    });
    let mut first = TcpStream::connect(address).await.unwrap();
    first
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(first.read(&mut [0; 1 << 10]).await.unwrap() > 0);
    let answer = rest(&mut TcpStream::connect(address).await.unwrap()).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    drop(first);
    // Its place is free in a moment.
    let served = async {
        loop {
            let mut next = TcpStream::connect(address).await.unwrap();
            let asked = next.write_all(b"GET / HTTP/1.0\r\n\r\n").await;
            if asked.is_ok() && rest(&mut next).await.ends_with("here") {
                break;
            }
        }
    };
    timeout(LIMIT, served).await.unwrap();
}

#[test]
fn reloads_go_on_after_one_that_fails() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let part = |name: &'static str, fails: bool| -> (&'static str, ReloadWork) {
        let order = Arc::clone(&order);
        let work = move || {
            order.lock().unwrap().push(name);
            match fails {
                true => Err(format!("no {name}").into()),
                false => Ok(()),
            }
        };
        (name, Arc::new(work))
    };
    let parts = vec![part("modules", true), part("tables", false)];
    let reload = Reload::new(&Gate::open(), None, parts);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    assert!(runtime.block_on(reload.run()).is_err());
    assert_eq!(*order.lock().unwrap(), ["modules", "tables"]);
}
