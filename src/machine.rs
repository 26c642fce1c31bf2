//! What the system says of memory (Linux; elsewhere nothing).

/// The most memory this process ever held.
pub(crate) fn peak_memory_bytes() -> Option<u64> {
    field("/proc/self/status", "VmHWM:")
}

/// Memory of the machine, in all and free.
pub(crate) fn memory_bytes() -> Option<(u64, u64)> {
    Some((
        field("/proc/meminfo", "MemTotal:")?,
        field("/proc/meminfo", "MemAvailable:")?,
    ))
}

fn field(file: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value
        .trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()
        .map(|kib| kib * 1024)
}
