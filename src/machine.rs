//! What the system says of itself (Linux; elsewhere nothing), and of this program.

use std::path::Path;

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

/// What the processor calls itself.
pub(crate) fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// BLAKE3 of a file.
pub(crate) fn blake3(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(std::fs::File::open(path)?)?;
    Ok(hasher.finalize().to_string())
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
