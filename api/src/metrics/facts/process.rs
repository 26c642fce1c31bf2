//! What the system says of this process (Linux; elsewhere little), under the names that Prometheus's own clients use.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

/// Adds what is known.
pub(super) fn register(registry: &mut Registry, started: SystemTime) {
    let started = started.duration_since(UNIX_EPOCH).unwrap_or_default();
    registry.register_with_unit(
        "process_start_time",
        "When the server started, since 1970",
        Unit::Seconds,
        ConstGauge::new(started.as_secs_f64()),
    );
    if let Some(bytes) = resident_bytes() {
        registry.register_with_unit(
            "process_resident_memory",
            "Memory that the process holds, with what it has read of mapped files",
            Unit::Bytes,
            ConstGauge::new(bytes),
        );
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        registry.register(
            "process_open_fds",
            "Files and connections that are open",
            ConstGauge::new(open.count() as i64),
        );
    }
}

fn resident_bytes() -> Option<i64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
