//! Checkpoints out of any bytes: reading them and every number in them ends, without a panic and in bounded memory.
//!
//! ```sh
//! cargo install cargo-fuzz
//! mkdir -p fuzz/corpus/checkpoint && cp tests/fixtures/checkpoints/*.bin fuzz/corpus/checkpoint/
//! RUSTC_BOOTSTRAP=1 cargo fuzz run checkpoint -s none -- -max_total_time=600 -max_len=8192 -rss_limit_mb=2048
//! ```
//!
//! RUSTC_BOOTSTRAP stands for a nightly toolchain. A bare pickle is also read as the pickle of an archive: most mutations of
//! an archive break its directory, and the machine behind it would seldom be reached.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use xenoglot_engine::checkpoint::{Checkpoint, Object, Pickle};

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    if bytes.first() == Some(&0x80) {
        read(&archive(bytes));
    }
});

fn read(bytes: &[u8]) {
    let path = Path::new("fuzzed");
    if let Ok(checkpoint) = Checkpoint::from_bytes(path, bytes.to_vec()) {
        for name in checkpoint.names() {
            if let Ok(numbers) = checkpoint.numbers(name) {
                assert_eq!(Some(numbers.shape()), checkpoint.shape(name));
                assert!(numbers.iter().all(|x| x.is_finite()));
            }
        }
    }
    if let Ok(pickle) = Pickle::from_bytes(path, bytes.to_vec()) {
        read_tensors(&pickle, pickle.root());
    }
}

fn read_tensors(pickle: &Pickle, object: &Object) {
    if let Some(tensor) = object.as_tensor() {
        let _ = pickle.numbers(tensor);
    }
    for (key, value) in object.entries().unwrap_or_default() {
        read_tensors(pickle, key);
        read_tensors(pickle, value);
    }
    for value in object.as_list().unwrap_or_default() {
        read_tensors(pickle, value);
    }
}

/// An archive of PyTorch around `pickle`, with storages of the first sizes.
fn archive(pickle: &[u8]) -> Vec<u8> {
    let storages = [("a/data/0", 0), ("a/data/1", 8), ("a/data/2", 24), ("a/data/3", 48)];
    let zeros = [0; 48];
    let storages = storages.iter().map(|(name, len)| (*name, &zeros[..*len]));
    let (mut bytes, mut directory, mut n) = (Vec::new(), Vec::new(), 0_u16);
    for (name, data) in std::iter::once(("a/data.pkl", pickle)).chain(storages) {
        let start = (bytes.len() as u32).to_le_bytes();
        let size = (data.len() as u32).to_le_bytes();
        let name_len = (name.len() as u16).to_le_bytes();
        let fields = [&[0; 14], &size[..], &size, &name_len, &[0, 0]].concat();
        bytes.extend([b"PK\x03\x04", &fields[..], name.as_bytes(), data].concat());
        directory.extend([b"PK\x01\x02\0\0", &fields[..], &[0; 10], &start, name.as_bytes()].concat());
        n += 1;
    }
    let (start, size) = (bytes.len() as u32, directory.len() as u32);
    bytes.extend(directory);
    bytes.extend([b"PK\x05\x06\0\0\0\0", &n.to_le_bytes()[..], &n.to_le_bytes()].concat());
    bytes.extend([&size.to_le_bytes()[..], &start.to_le_bytes(), &[0, 0]].concat());
    bytes
}
