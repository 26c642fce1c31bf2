//! Random operations, compared with a map in memory.

use std::collections::BTreeMap;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::world::{World, doc, options};
use crate::collection::{LiveOptions, Outcome, Write, verify};
use crate::document::Document;

const OPERATIONS: usize = 20_000;
const WORDS: [&str; 8] = [
    "tide", "bread", "tea", "moon", "chess", "rain", "salt", "bell",
];

/// `XENOGLOT_MODEL_SEED` and `XENOGLOT_MODEL_OPERATIONS` repeat a run, and make it longer.
#[test]
fn twenty_thousand_operations_do_what_a_map_does() {
    let setting = |name: &str, usual: usize| {
        let given = std::env::var(name).ok();
        given.map_or(usual, |given| given.parse().unwrap())
    };
    let seed = setting("XENOGLOT_MODEL_SEED", 7);
    let operations = setting("XENOGLOT_MODEL_OPERATIONS", OPERATIONS);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed as u64);
    let world = World::new();
    let mut options = LiveOptions {
        merge_factor: 4,
        ..options()
    };
    let mut collection = world.open_with(options);
    let mut truth: BTreeMap<String, Document> = BTreeMap::new();
    let mut done = 0;
    while done < operations {
        let batch = random.random_range(1..=40);
        let mut writes = Vec::new();
        let mut expected = Vec::new();
        for _ in 0..batch {
            let id = format!("d{}", random.random_range(0..400));
            if random.random_bool(0.4) {
                expected.push(match truth.remove(&id) {
                    Some(_) => Outcome::Deleted,
                    None => Outcome::Missing,
                });
                writes.push(Write::Delete(id.as_str().into()));
            } else {
                let words: Vec<&str> = (0..random.random_range(1..6))
                    .map(|_| WORDS[random.random_range(0..WORDS.len())])
                    .collect();
                let doc = doc(&id, &words.join(" "));
                expected.push(match truth.insert(id, doc.clone()) {
                    Some(_) => Outcome::Updated,
                    None => Outcome::Created,
                });
                writes.push(world.put(doc));
            }
        }
        done += batch;
        assert_eq!(
            collection.write(writes).unwrap(),
            expected,
            "seed {seed}, operation {done}"
        );
        match random.random_range(0..100) {
            0..25 => collection.refresh().unwrap(),
            25..28 => collection.compact().unwrap(),
            28..32 => {
                drop(collection);
                options.buffer_bytes = random.random_range(2_000..200_000);
                collection = world.open_with(options);
            }
            32..36 => {
                // A process that is killed.
                world.write_and_die(collection, Vec::new());
                collection = world.open_with(options);
            }
            36..42 => {
                collection.refresh().unwrap();
                let docs: Vec<Document> = truth.values().cloned().collect();
                world.check(&collection, &docs);
            }
            _ => {}
        }
    }
    collection.compact().unwrap();
    let docs: Vec<Document> = truth.values().cloned().collect();
    world.check(&collection, &docs);
    drop(collection);
    verify(world.dir()).unwrap();
}
