use std::time::Duration;

use super::facts::{CollectionFacts, Facts, WorkFacts};
use super::{Format, Metrics, Written};
use crate::batching::BatchFigures;

/// Metrics after a little of everything.
fn busy() -> Metrics {
    let metrics = Metrics::new();
    let request = || metrics.request("POST", "/v1/search");
    request().answered(200, Duration::from_millis(3));
    request().answered(429, Duration::from_millis(1));
    drop(metrics.request("GET", "/v1/snapshot"));
    metrics.wrote(Written::Created, 5);
    metrics.waited("search", Duration::from_millis(2));
    drop(metrics.connection());
    metrics
}

fn facts() -> Facts {
    Facts {
        collections: vec![CollectionFacts {
            name: "a \"name\"\\with\nall".to_owned(),
            n_docs: 7,
            size_bytes: 1_000,
            n_segments: 2,
            generation: 9,
        }],
        works: vec![WorkFacts {
            work: "search",
            running: 2,
            waiting: 3,
            n_rejected: 4,
        }],
        encoder: BatchFigures {
            batches: 5,
            cache_hits: 6,
            ..BatchFigures::default()
        },
    }
}

#[test]
fn what_happened_is_counted() {
    let text = busy().render(&facts(), Format::Prometheus).unwrap();
    for line in [
        "xenoglot_http_requests_total{method=\"POST\",route=\"/v1/search\",status=\"200\"} 1",
        "xenoglot_http_requests_total{method=\"POST\",route=\"/v1/search\",status=\"429\"} 1",
        // Its client went away.
        "xenoglot_http_requests_total{method=\"GET\",route=\"/v1/snapshot\",status=\"499\"} 1",
        "xenoglot_http_request_duration_seconds_count{route=\"/v1/search\"} 2",
        "xenoglot_http_requests_in_flight 0",
        "xenoglot_documents_written_total{outcome=\"created\"} 5",
        "xenoglot_waiting_duration_seconds_count{work=\"search\"} 1",
        "xenoglot_open_connections 0",
        "xenoglot_running_requests{work=\"search\"} 2",
        "xenoglot_waiting_requests{work=\"search\"} 3",
        "xenoglot_rejected_requests_total{work=\"search\"} 4",
        "xenoglot_encoder_calls_total 5",
        "xenoglot_query_cache_lookups_total{result=\"hit\"} 6",
        "xenoglot_collection_documents{collection=\"a \\\"name\\\"\\\\with\\nall\"} 7",
    ] {
        assert!(
            text.lines().any(|own| own == line),
            "{line} is not in\n{text}"
        );
    }
}

#[test]
fn what_lives_is_held_in_a_gauge() {
    let metrics = Metrics::new();
    let holds = |n: usize| {
        let text = metrics.render(&facts(), Format::Prometheus).unwrap();
        text.contains(&format!("xenoglot_open_connections {n}\n"))
    };
    let (one, two) = (metrics.connection(), metrics.clone().connection());
    assert!(holds(2));
    drop((one, two));
    assert!(holds(0));
}

#[test]
fn every_sample_stands_below_its_kind_and_no_kind_comes_twice() {
    for format in [Format::Prometheus, Format::OpenMetrics] {
        let text = busy().render(&facts(), format).unwrap();
        let mut known = Vec::new();
        for line in text.lines() {
            if let Some(typed) = line.strip_prefix("# TYPE ") {
                let (name, kind) = typed.split_once(' ').unwrap();
                let kinds = ["counter", "gauge", "histogram", "info"];
                assert!(kinds.contains(&kind), "{line}");
                assert!(!known.contains(&name), "{name} comes twice");
                known.push(name);
            } else if !line.starts_with('#') {
                let family = known.last().unwrap();
                assert!(line.starts_with(family), "{line} below {family}");
                let value = line.rsplit(' ').next().unwrap();
                assert!(value.parse::<f64>().is_ok(), "{line}");
            }
        }
        assert!(text.ends_with('\n') && known.len() > 20, "{text}");
        assert_eq!(text.ends_with("# EOF\n"), format == Format::OpenMetrics);
    }
}
