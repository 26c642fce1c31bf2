//! A power cut after any sync: what was not synced is gone.

use std::collections::{BTreeMap, HashMap};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use super::world::{World, doc, options};
use crate::collection::{Collection, LiveOptions, Write};
use crate::whole_file::observer::observe;

/// What a disk is sure to hold: contents of files as of their last sync, names as of the last sync of their directory.
#[derive(Default, Clone)]
struct Disk {
    contents: HashMap<Node, Vec<u8>>,
    names: HashMap<Node, BTreeMap<String, Entry>>,
}

#[derive(Clone, Copy)]
struct Entry {
    node: Node,
    is_dir: bool,
}

/// A file or a directory, whatever it is called: its number, which others had before, and when it was made.
type Node = (u64, SystemTime);

fn node(metadata: &Metadata) -> Node {
    (metadata.ino(), metadata.created().unwrap())
}

impl Disk {
    /// `path`, a file or a directory, was synced.
    fn sync(&mut self, path: &Path) {
        if !path.is_dir() {
            let node = node(&std::fs::metadata(path).unwrap());
            self.contents.insert(node, std::fs::read(path).unwrap());
            return;
        }
        let mut names = BTreeMap::new();
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            // A file may be gone between the two looks.
            if let Ok(metadata) = entry.metadata() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let entry = Entry {
                    node: node(&metadata),
                    is_dir: metadata.is_dir(),
                };
                names.insert(name, entry);
            }
        }
        self.names
            .insert(node(&std::fs::metadata(path).unwrap()), names);
    }

    /// Writes what is left of the directory `dir` to `to`.
    fn restore(&self, dir: Node, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        let names = self.names.get(&dir);
        for (name, entry) in names.into_iter().flatten() {
            let path = to.join(name);
            if entry.is_dir {
                self.restore(entry.node, &path);
            } else {
                let contents = self.contents.get(&entry.node);
                std::fs::write(path, contents.map_or(&[][..], Vec::as_slice)).unwrap();
            }
        }
    }
}

#[test]
fn a_power_cut_after_any_sync_loses_nothing_that_was_acknowledged() {
    let world = World::new();
    Collection::create(world.dir(), world.settings()).unwrap();
    let root = node(&std::fs::metadata(world.dir()).unwrap());
    let disk = Arc::new(Mutex::new(Disk::default()));
    disk.lock().unwrap().sync(world.dir());
    disk.lock()
        .unwrap()
        .sync(&world.dir().join("xenoglot.json"));
    // After every sync, what the disk holds, and how many rounds were acknowledged before.
    let cuts: Arc<Mutex<Vec<(usize, Disk)>>> = Arc::default();
    let acknowledged = Arc::new(Mutex::new(0));
    let (dir, seen, rounds, all) = (
        world.dir().to_owned(),
        Arc::clone(&disk),
        Arc::clone(&acknowledged),
        Arc::clone(&cuts),
    );
    observe(move |path| {
        if path.starts_with(&dir) {
            let mut disk = seen.lock().unwrap();
            disk.sync(path);
            all.lock()
                .unwrap()
                .push((*rounds.lock().unwrap(), disk.clone()));
        }
    });

    // Round `i` writes document `i`, and deletes `i - 3`.
    let collection = Collection::open(
        world.dir(),
        world.encoder().spec(),
        LiveOptions {
            merge_factor: 3,
            ..options()
        },
    )
    .unwrap();
    const ROUNDS: usize = 12;
    for round in 0..ROUNDS {
        let mut writes = vec![world.put(doc(&format!("d{round}"), "tide"))];
        if round >= 3 {
            writes.push(Write::Delete(format!("d{}", round - 3).as_str().into()));
        }
        collection.write(writes).unwrap();
        *acknowledged.lock().unwrap() = round + 1;
        if round % 2 == 1 {
            collection.refresh().unwrap();
        }
        if round == 7 {
            collection.compact().unwrap();
        }
    }
    drop(collection);

    let cuts = cuts.lock().unwrap();
    assert!(cuts.len() > 100, "{} syncs", cuts.len());
    for (nth, (n_rounds, disk)) in cuts.iter().enumerate() {
        let after = World::at(&world.path(&format!("cut-{nth}")));
        disk.restore(root, after.dir());
        let opened = Collection::open(after.dir(), after.encoder().spec(), options());
        let collection = opened.unwrap_or_else(|error| panic!("after sync {nth}: {error}"));
        // A round whose log was synced and that nobody was told of yet may be there too.
        let n_docs = collection.snapshot().manifest.n_docs;
        let state = |rounds: usize| -> Vec<_> {
            (rounds.saturating_sub(3)..rounds)
                .map(|i| doc(&format!("d{i}"), "tide"))
                .collect()
        };
        let has_next = collection
            .snapshot()
            .find(&format!("d{n_rounds}").as_str().into())
            .is_some();
        let expected = state(n_rounds + usize::from(has_next));
        assert_eq!(
            n_docs,
            expected.len(),
            "after sync {nth}, {n_rounds} rounds"
        );
        world.check(&collection, &expected);
        drop(collection);
        std::fs::remove_dir_all(after.dir()).unwrap();
    }
}
