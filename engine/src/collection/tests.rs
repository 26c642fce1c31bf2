//! Collections that are written, killed, damaged, and compared with what they should be.

mod crash;
mod damage;
mod model;
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use world::{World, doc, options};

use crate::collection::{
    Collection, IndexWriter, LiveOptions, Manifest, Outcome, Write, export, import, verify,
};
use crate::encoder::{Encoder, HashEncoder};
use crate::error::Error;
use crate::filter::Filter;
use crate::ingest::embed;
use crate::passage::PassageSettings;
use crate::query::{FirstStage, Plan, Query};
use crate::search::Searcher;
use crate::segment::IndexSettings;

#[test]
fn what_is_written_is_found_after_a_refresh_and_an_opening() {
    let world = World::new();
    let collection = world.open();
    let outcomes = collection.write(world.puts(&[doc("a", "tide"), doc("b", "bread")]));
    assert_eq!(outcomes.unwrap(), [Outcome::Created, Outcome::Created]);
    collection.refresh().unwrap();
    world.check(&collection, &[doc("a", "tide"), doc("b", "bread")]);
    let changes = vec![
        Write::Delete("b".into()),
        world.put(doc("a", "moon")),
        Write::Delete("c".into()),
        world.put(doc("d", "tea")),
        Write::Delete("d".into()),
    ];
    assert_eq!(
        collection.write(changes).unwrap(),
        [
            Outcome::Deleted,
            Outcome::Updated,
            Outcome::Missing,
            Outcome::Created,
            Outcome::Deleted
        ]
    );
    collection.refresh().unwrap();
    world.check(&collection, &[doc("a", "moon")]);
    drop(collection);
    world.check(&world.open(), &[doc("a", "moon")]);
}

#[test]
fn a_write_is_found_soon_without_being_asked_for() {
    let world = World::new();
    let options = LiveOptions {
        refresh: Duration::from_millis(20),
        ..options()
    };
    let collection = world.open_with(options);
    collection.write(world.puts(&[doc("a", "tide")])).unwrap();
    let start = Instant::now();
    while collection.snapshot().find(&"a".into()).is_none() {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_search_sees_one_moment_from_its_beginning_to_its_end() {
    let world = World::new();
    let collection = Arc::new(world.open());
    collection
        .write(world.puts(&[doc("a", "tide"), doc("b", "tide")]))
        .unwrap();
    collection.refresh().unwrap();
    let searcher = Searcher::live(Arc::clone(&collection), world.encoder());
    let query = Query {
        text: "tide".into(),
        lang: "en".parse().unwrap(),
    };
    let answer = searcher.search(&query, &Plan::default()).unwrap();
    collection
        .write(vec![Write::Delete("a".into()), Write::Delete("b".into())])
        .unwrap();
    collection.refresh().unwrap();
    collection.compact().unwrap();
    // Its documents are gone from the collection, and their segment from the disk.
    let ids: Vec<String> = answer
        .documents()
        .unwrap()
        .into_iter()
        .map(|found| found.doc.id.0)
        .collect();
    assert_eq!(ids, ["a", "b"]);
    assert!(
        searcher
            .search(&query, &Plan::default())
            .unwrap()
            .ranking
            .is_empty()
    );
}

#[test]
fn many_segments_are_merged_behind_the_scenes_and_stay_in_order() {
    let world = World::new();
    let collection = world.open_with(LiveOptions {
        merge_factor: 3,
        ..options()
    });
    let docs: Vec<_> = (0..40).map(|i| doc(&format!("d{i}"), "tide")).collect();
    for one in &docs {
        collection
            .write(world.puts(std::slice::from_ref(one)))
            .unwrap();
        collection.refresh().unwrap();
    }
    let start = Instant::now();
    while collection.snapshot().parts.len() > 3 {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{}",
            collection.snapshot().parts.len()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    world.check(&collection, &docs);
    // Documents of equal score stand in the order in which they were written, however segments were merged.
    assert_eq!(
        world.find(&collection, FirstStage::Lexical, "tide"),
        docs.iter().map(|doc| doc.id.0.clone()).collect::<Vec<_>>()
    );
    collection.compact().unwrap();
    assert_eq!(collection.snapshot().parts.len(), 1);
    world.check(&collection, &docs);
}

#[test]
fn what_is_deleted_while_segments_are_merged_stays_deleted() {
    let world = World::new();
    let collection = Arc::new(world.open());
    let docs: Vec<_> = (0..200).map(|i| doc(&format!("d{i}"), "tide")).collect();
    for docs in docs.chunks(20) {
        collection.write(world.puts(docs)).unwrap();
        collection.refresh().unwrap();
    }
    std::thread::scope(|scope| {
        scope.spawn(|| (0..5).for_each(|_| collection.compact().unwrap()));
        for one in docs.iter().step_by(2) {
            collection
                .write(vec![Write::Delete(one.id.clone())])
                .unwrap();
            collection.refresh().unwrap();
        }
    });
    let left: Vec<_> = docs.iter().skip(1).step_by(2).cloned().collect();
    world.check(&collection, &left);
    collection.compact().unwrap();
    world.check(&collection, &left);
    let snapshot = collection.snapshot();
    assert_eq!(snapshot.parts[0].segment.inventory.n_docs, 100);
}

#[test]
fn writers_side_by_side_are_all_acknowledged_and_none_is_lost() {
    let world = World::new();
    let collection = world.open_with(LiveOptions {
        refresh: Duration::from_millis(5),
        ..options()
    });
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (world, collection) = (&world, &collection);
            scope.spawn(move || {
                for i in 0..50 {
                    let id = format!("t{thread}-{i}");
                    let outcome = collection.write(world.puts(&[doc(&id, "tide")])).unwrap();
                    assert_eq!(outcome, [Outcome::Created]);
                }
            });
        }
    });
    drop(collection);
    assert_eq!(world.open().snapshot().manifest.n_docs, 200);
}

#[test]
fn the_buffer_is_bounded_and_writers_wait_for_it() {
    let world = World::new();
    let collection = world.open_with(LiveOptions {
        buffer_bytes: 4_000,
        ..options()
    });
    for i in 0..60 {
        collection
            .write(world.puts(&[doc(&format!("d{i}"), &"tide ".repeat(40))]))
            .unwrap();
    }
    // Nobody asked for a refresh and the time for one never comes: writers that waited did.
    let n_docs = collection.snapshot().manifest.n_docs;
    // One buffer may be full, and another about to be a segment.
    assert!(n_docs >= 40, "{n_docs}");
}

#[test]
fn one_process_writes_and_others_read() {
    let world = World::new();
    let collection = world.open();
    assert!(matches!(
        Collection::open(world.dir(), world.encoder().spec(), options()),
        Err(Error::Locked { .. })
    ));
    collection.write(world.puts(&[doc("a", "tide")])).unwrap();
    collection.refresh().unwrap();
    let searcher = Searcher::open(world.dir(), world.encoder()).unwrap();
    assert_eq!(searcher.manifest().n_docs, 1);
    let other = HashEncoder::new(8);
    drop(collection);
    assert!(matches!(
        Collection::open(world.dir(), other.spec(), options()),
        Err(Error::EncoderMismatch { .. })
    ));
}

#[test]
fn a_rebuild_takes_the_place_of_a_collection_and_of_its_log() {
    let world = World::new();
    let collection = world.open();
    collection.write(world.puts(&[doc("a", "tide")])).unwrap();
    collection.refresh().unwrap();
    world.write_and_die(collection, vec![world.put(doc("b", "bread"))]);
    let encoder = world.encoder();
    let mut writer = IndexWriter::create(world.dir(), world.settings()).unwrap();
    writer
        .add(&embed(vec![doc("c", "tea")], &*encoder, None).unwrap())
        .unwrap();
    writer.commit().unwrap();
    world.check(&world.open(), &[doc("c", "tea")]);
}

#[test]
fn exports_are_whole_and_imports_are_checked() {
    let world = World::new();
    let collection = world.open();
    collection
        .write(world.puts(&[doc("a", "tide"), doc("b", "bread")]))
        .unwrap();
    collection.refresh().unwrap();
    collection.write(vec![Write::Delete("b".into())]).unwrap();
    let (as_dir, as_tar) = (world.path("copy"), world.path("copy.tar"));
    // What is acknowledged is in it, refreshed or not.
    collection.export(&as_dir).unwrap();
    export(world.dir(), &as_tar).unwrap();
    collection.write(world.puts(&[doc("late", "tea")])).unwrap();
    for from in [&as_dir, &as_tar] {
        let world = World::at(&world.path(&format!("again-{}", from.extension().is_some())));
        import(from, world.dir()).unwrap();
        world.check(&world.open(), &[doc("a", "tide")]);
        // Nothing is taken in twice, or over what is there.
        assert!(matches!(
            import(from, world.dir()),
            Err(Error::DirectoryInUse { .. })
        ));
    }
    assert!(collection.export(&as_dir).is_err());
    verify(&as_dir).unwrap();
}

#[test]
fn a_filter_deletes_and_passages_speak_for_their_documents() {
    let world = World::new();
    let settings = IndexSettings {
        passages: Some(PassageSettings {
            tokens: 8,
            stride: 8,
        }),
        ..world.settings()
    };
    let world = World::with(settings);
    let collection = Arc::new(world.open());
    let long = format!(
        "{} The moon lifts the sea. {}",
        "Nothing is said here at all. ".repeat(6),
        "Nor is it here. ".repeat(6)
    );
    let mut docs = vec![
        doc("long", &long),
        doc("short", "Bread is baked from flour."),
    ];
    docs[1].meta.insert("year".into(), 1999.into());
    collection.write(world.puts(&docs)).unwrap();
    collection.refresh().unwrap();
    let snapshot = collection.snapshot();
    assert!(snapshot.parts[0].segment.inventory.n_vectors > 4);
    let searcher = Searcher::live(Arc::clone(&collection), world.encoder());
    let query = Query {
        text: "the moon lifts the sea".into(),
        lang: "en".parse().unwrap(),
    };
    let plan = Plan {
        first_stage: FirstStage::Dense,
        ..Plan::default()
    };
    let check = || {
        let answer = searcher.search(&query, &plan).unwrap();
        let found = answer.documents().unwrap();
        assert_eq!(found[0].doc.id.0, "long");
        assert!(found[0].nearest_text().contains("The moon lifts the sea."));
        assert!(found[0].nearest_text().len() < 80);
    };
    check();
    let filter = Filter::parse(&serde_json::json!({ "year": { "lt": 2000 } })).unwrap();
    let ids = collection.matching(&filter).unwrap();
    assert_eq!(ids, ["short".into()]);
    collection
        .write(ids.into_iter().map(Write::Delete).collect())
        .unwrap();
    collection.refresh().unwrap();
    world.check(&collection, &docs[..1]);
    collection.compact().unwrap();
    check();
}

#[test]
fn an_index_of_another_format_is_refused_by_name() {
    let world = World::new();
    drop(world.open());
    let path = world.dir().join("xenoglot.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"format\": 3", "\"format\": 2")).unwrap();
    let error = Manifest::read(world.dir()).unwrap_err();
    assert!(error.to_string().contains("format 2"), "{error}");
}
