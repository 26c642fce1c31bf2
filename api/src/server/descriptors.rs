//! Files that the process may have open: every connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the index, logs and everything else need beside connections.
const OTHERS: u64 = 512;

/// Asks for as many open files as the system grants, and returns how many of `connections` have room among them.
pub(super) fn room_for(connections: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let granted = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    // None is no limit.
    let room = granted.map_or(u64::MAX, |n| n.saturating_sub(OTHERS).max(n / 2));
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if room < connections {
        tracing::warn!(
            open_files = granted,
            connections = room,
            "the system grants fewer open files than connections are allowed"
        );
    }
    connections.min(room)
}
