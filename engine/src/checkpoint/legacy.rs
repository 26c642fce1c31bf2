//! PyTorch's format before 1.6: a magic number, a version, facts about the machine, the object and the list of its
//! storages, each a pickle of its own; then every storage, behind its length.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::file::quoted;
use super::machine::{Limits, Program, Storage};
use super::{Found, Object};

const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const VERSION: i64 = 1001;

/// The object in `bytes`, and where its storages lie.
pub(super) fn read(bytes: &[u8]) -> Found<(Object, Vec<Range<usize>>)> {
    let limits = Limits::of_file(bytes.len());
    let magic = Program::run(bytes, 0, limits)?;
    if magic.long() != Some(&MAGIC) {
        return Err("it is a pickle without the magic number of PyTorch, expected one that `torch.save` wrote".into());
    }
    let mut at = magic.end();
    let mut next = || -> Found<(Object, Vec<Storage<'_>>)> {
        let program = Program::run(bytes, at, limits)?;
        at = program.end();
        program.into_object()
    };
    let (version, _) = next()?;
    if version.as_int() != Some(VERSION) {
        let found = version
            .as_int()
            .map_or(version.kind().into(), |n| n.to_string());
        return Err(format!(
            "the version of its format is {found}, expected {VERSION}"
        ));
    }
    let (machine, _) = next()?;
    if machine.get("little_endian").and_then(Object::as_bool) != Some(true) {
        return Err("its byte order is not little-endian, expected that it is".into());
    }
    let (root, storages) = next()?;
    let (keys, _) = next()?;
    let places = places(bytes, at, &keys, &storages)?;
    Ok((root, places))
}

/// Where each of `storages` lies. They come in the order of `keys`, from `at` on.
fn places(
    bytes: &[u8],
    mut at: usize,
    keys: &Object,
    storages: &[Storage<'_>],
) -> Found<Vec<Range<usize>>> {
    let keys = keys.as_list().ok_or("its list of storages is none")?;
    let by_key: HashMap<&str, usize> = storages
        .iter()
        .map(|storage| storage.key)
        .zip(0..)
        .collect();
    let mut places = vec![0..0; storages.len()];
    let mut found = HashSet::new();
    for key in keys {
        let key = key.as_text().ok_or("a storage is not named by a text")?;
        let index = by_key
            .get(key)
            .copied()
            .filter(|index| found.insert(*index));
        let known = index.and_then(|index| storages.get(index).zip(places.get_mut(index)));
        let (storage, place) = known.ok_or_else(|| {
            format!(
                "its storage {} belongs to nothing, or comes twice",
                quoted(key)
            )
        })?;
        let start = at + 8;
        let count = bytes.get(at..start).and_then(|count| count.first_chunk());
        let count = count.map(|count| u64::from_le_bytes(*count));
        if count != Some(storage.count as u64) {
            let found = count.map_or("cut off".into(), |count| format!("{count} numbers long"));
            let (key, expected) = (quoted(key), storage.count);
            return Err(format!(
                "its storage {key} is {found}, expected {expected} numbers"
            ));
        }
        let end = start.checked_add(storage.size_bytes);
        at = end.filter(|end| *end <= bytes.len()).ok_or_else(|| {
            format!(
                "its storage {} reaches beyond the file; it may be cut short",
                quoted(key)
            )
        })?;
        *place = start..at;
    }
    if let Some(missing) = (0..storages.len()).find(|index| !found.contains(index)) {
        let key = storages.get(missing).map_or("", |storage| storage.key);
        return Err(format!("its storage {} is missing", quoted(key)));
    }
    if at != bytes.len() {
        return Err(format!(
            "{} bytes lie behind its last storage, expected none",
            bytes.len() - at
        ));
    }
    Ok(places)
}
