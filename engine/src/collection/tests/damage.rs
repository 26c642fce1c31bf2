//! Files that are not as they were written: cut, flipped, missing.

use std::path::{Path, PathBuf};

use super::world::{World, copy_dir, doc, options};
use crate::collection::log::{self, Log};
use crate::collection::{Collection, Write, import, verify};
use crate::error::{Error, Result};

/// The newest file of the log in `dir`.
fn newest_log(dir: &Path) -> PathBuf {
    log::files(dir).unwrap().pop().unwrap().1
}

/// A collection with two acknowledged records in its log, of which nothing is in a segment, and its process dead.
fn with_a_log() -> World {
    let world = World::new();
    let collection = world.open();
    collection
        .write(world.puts(&[doc("a", "tide"), doc("b", "bread")]))
        .unwrap();
    let last = vec![
        world.put(doc("c", &"tea ".repeat(400))),
        Write::Delete("a".into()),
    ];
    world.write_and_die(collection, last);
    world
}

fn try_open(world: &World) -> Result<Collection> {
    Collection::open(world.dir(), world.encoder().spec(), options())
}

/// The sizes of the heads and bodies of the log's records, in bytes: where each record ends.
fn ends(path: &Path) -> Vec<usize> {
    let bytes = std::fs::read(path).unwrap();
    let mut at = 8;
    let mut ends = Vec::new();
    while at < bytes.len() {
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        at += 28 + length as usize;
        ends.push(at);
    }
    assert_eq!(at, bytes.len());
    ends
}

#[test]
fn a_log_cut_at_any_byte_of_its_last_record_loses_that_record_alone() {
    let world = with_a_log();
    let path = newest_log(world.dir());
    let whole = std::fs::read(&path).unwrap();
    let ends = ends(&path);
    assert_eq!(ends.len(), 2);
    let kept = world.path("kept-log");
    copy_dir(world.dir(), &kept);
    for end in ends[0]..=ends[1] {
        let mut cuts = vec![whole[..end].to_vec()];
        if ends[1] - end >= 1_024 {
            // The file had grown before its contents were there.
            let mut bytes = whole[..end].to_vec();
            bytes.resize(whole.len(), 0);
            cuts.push(bytes);
        }
        for bytes in cuts {
            std::fs::write(&path, &bytes).unwrap();
            let is_whole = end == ends[1];
            let is_filled = bytes.len() > end;
            let replayed = log::replay(world.dir(), 0, |_, _| Ok(())).unwrap();
            assert_eq!(replayed.next, if is_whole { 3 } else { 2 }, "cut at {end}");
            let at_end = is_whole || (end == ends[0] && !is_filled);
            let torn = replayed.torn.map(|(_, at)| at as usize);
            assert_eq!(torn, (!at_end).then_some(ends[0]), "cut at {end}");
            if end % 60 != 0 && !at_end {
                continue;
            }
            std::fs::remove_dir_all(world.dir()).unwrap();
            copy_dir(&kept, world.dir());
            std::fs::write(&path, &bytes).unwrap();
            let mut expected = match is_whole {
                true => vec![doc("b", "bread"), doc("c", &"tea ".repeat(400))],
                false => vec![doc("a", "tide"), doc("b", "bread")],
            };
            let collection = try_open(&world).unwrap();
            world.check(&collection, &expected);
            // And goes on from there.
            collection.write(world.puts(&[doc("d", "rain")])).unwrap();
            drop(collection);
            expected.push(doc("d", "rain"));
            world.check(&try_open(&world).unwrap(), &expected);
            std::fs::remove_dir_all(world.dir()).unwrap();
            copy_dir(&kept, world.dir());
        }
    }
}

#[test]
fn any_flipped_bit_of_a_log_is_damage_that_is_named() {
    let world = with_a_log();
    let path = newest_log(world.dir());
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&path, bytes).unwrap();
        let named = |error: Error| error.to_string().contains("log-");
        assert!(verify(world.dir()).is_err_and(named), "byte {at}");
        if at % 40 == 0 {
            assert!(try_open(&world).is_err_and(named), "byte {at}");
        }
    }
    std::fs::write(&path, &whole).unwrap();
    world.check(
        &try_open(&world).unwrap(),
        &[doc("b", "bread"), doc("c", &"tea ".repeat(400))],
    );
}

#[test]
fn a_missing_log_is_damage_that_is_named() {
    let world = with_a_log();
    // A file whose records nobody has, as if those before it were lost.
    drop(Log::create(world.dir(), 99).unwrap());
    assert!(matches!(try_open(&world), Err(Error::Damaged { .. })));
}

#[test]
fn any_flipped_bit_of_a_segment_or_the_manifest_is_found_and_named() {
    let world = World::new();
    let collection = world.open();
    let docs: Vec<_> = (0..30).map(|i| doc(&format!("d{i}"), "tide")).collect();
    collection.write(world.puts(&docs)).unwrap();
    collection.refresh().unwrap();
    collection.write(vec![Write::Delete("d3".into())]).unwrap();
    collection.refresh().unwrap();
    drop(collection);
    verify(world.dir()).unwrap();
    let files = files_below(world.dir());
    assert!(files.len() > 12, "{files:?}");
    let tar = world.path("good.tar");
    crate::collection::export(world.dir(), &tar).unwrap();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == ".lock" || name.starts_with("log-") {
            continue;
        }
        let whole = std::fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(1 + whole.len() / 7) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            std::fs::write(&path, bytes).unwrap();
            let error = verify(world.dir()).unwrap_err().to_string();
            assert!(
                error.contains(&name) || name == "xenoglot.json",
                "{name}, byte {at}: {error}"
            );
        }
        std::fs::remove_file(&path).unwrap();
        let error = verify(world.dir()).unwrap_err().to_string();
        assert!(error.contains(&name), "{name}: {error}");
        std::fs::write(&path, whole).unwrap();
    }
    verify(world.dir()).unwrap();

    // Of a snapshot too, wherever it is flipped; a byte between the files of a tar says nothing.
    let whole = std::fs::read(&tar).unwrap();
    let mut n_refused = 0;
    for at in (0..whole.len()).step_by(97) {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        let bad = world.path("bad.tar");
        std::fs::write(&bad, bytes).unwrap();
        let to = World::at(&world.path("imported"));
        match import(&bad, to.dir()) {
            Ok(_) => {
                to.check(&try_open(&to).unwrap(), &[&docs[..3], &docs[4..]].concat());
                std::fs::remove_dir_all(to.dir()).unwrap();
            }
            Err(_) => {
                n_refused += 1;
                assert!(!to.dir().exists(), "byte {at}");
            }
        }
    }
    assert!(n_refused > whole.len() / 97 / 4, "{n_refused}");
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files
}
