//! A build that is killed, interrupted, or runs out of disk: the index that was there goes on answering, and nothing that
//! is not an index looks like one.

use std::fs::File;
use std::io::Write;
use std::process::Command;

use crate::support::{Ran, Running, World, document, in_time, many, on_a_terminal};

/// Starts a build in `index/` and feeds it 5,000 documents; its input stays open.
///
/// They are several times what a pipe holds: when the last byte is in it, the program has long begun to read.
fn begin_build(world: &World) -> Running {
    let documents = many("new", 5_000);
    assert!(documents.len() > 4 << 16);
    let mut build = world.xenoglot("index - --index index").start();
    build.input().write_all(documents.as_bytes()).unwrap();
    build
}

/// The index of the usual corpus answers, and nothing else does.
#[track_caller]
fn the_old_index_answers(world: &World) {
    assert_eq!(
        world.ids("--index index --mode dense --depth 1", "Schach"),
        ["chess-ru"]
    );
    assert_eq!(
        world.ids("--index index --mode lexical", "sailors"),
        ["tides-en"]
    );
    let found = world.ids("--index index --depth 1000", "bread loaf");
    assert!(!found.iter().any(|id| id.starts_with("new-")), "{found:?}");
}

/// No command takes `index/` for an index.
#[track_caller]
fn nothing_answers(world: &World) {
    world
        .xenoglot("search moon --index index")
        .fails()
        .says("index");
    world
        .xenoglot("search moon --index index --mode lexical")
        .fails()
        .says("index");
    world
        .xenoglot("serve --index index --bind 127.0.0.1:0")
        .fails()
        .says("index");
}

/// The next build succeeds, and leaves as little behind as one that nothing came before.
#[track_caller]
fn the_next_build_succeeds_and_cleans_up(world: &World) {
    world
        .xenoglot("index corpus.jsonl --index index")
        .succeeds();
    the_old_index_answers(world);
    let clean = World::indexed();
    assert_eq!(
        world.names("index").len(),
        clean.names("index").len(),
        "{:?}",
        world.names("index")
    );
}

#[test]
fn a_first_build_that_is_killed_leaves_nothing_that_looks_like_an_index() {
    let world = World::new();
    let build = begin_build(&world);
    build.signal("KILL");
    assert_eq!(build.finish().code(), None);
    nothing_answers(&world);
    the_next_build_succeeds_and_cleans_up(&world);
}

#[test]
fn a_killed_build_leaves_the_previous_index_answering() {
    let world = World::indexed();
    let build = begin_build(&world);
    the_old_index_answers(&world);
    build.signal("KILL");
    assert_eq!(build.finish().code(), None);
    the_old_index_answers(&world);
    the_next_build_succeeds_and_cleans_up(&world);
}

/// The size in blocks of 512 bytes at which a file is full, from nothing to more than the largest file of an index of
/// eight documents: each stops a build in another place, the last but one while the index is being put in its place.
const LIMITS: [u32; 9] = [0, 1, 2, 3, 4, 5, 6, 8, 64];

/// Builds over `index/` with files that end at `limit` blocks. What happens then is up to `trap`.
fn build_within(world: &World, limit: u32, trap: &str) -> Ran {
    // Output goes to pipes, which have no size.
    let script = format!("{trap} ulimit -c 0; ulimit -f {limit}; exec \"$0\" \"$@\"");
    world.shell(&script, "index new.jsonl --index index").run()
}

#[test]
fn a_build_killed_at_any_write_leaves_the_previous_index_answering() {
    let mut n_killed = 0;
    for limit in LIMITS {
        let world = World::indexed();
        world.write("new.jsonl", many("new", 8));
        // Nobody catches the signal of a file that has grown too large: it kills in the middle of a write.
        let ran = build_within(&world, limit, "");
        if ran.code() == Some(0) {
            assert_eq!(
                world.ids("--index index --mode dense", "bread").len(),
                8,
                "{limit}"
            );
            continue;
        }
        n_killed += 1;
        the_old_index_answers(&world);
        the_next_build_succeeds_and_cleans_up(&world);
    }
    assert!(
        (3..LIMITS.len()).contains(&n_killed),
        "{n_killed} of the limits hit"
    );
}

#[test]
fn a_first_build_killed_at_any_write_leaves_nothing_that_looks_like_an_index() {
    let mut n_killed = 0;
    for limit in LIMITS {
        let world = World::new();
        world.write("new.jsonl", many("new", 8));
        if build_within(&world, limit, "").code() == Some(0) {
            continue;
        }
        n_killed += 1;
        nothing_answers(&world);
        the_next_build_succeeds_and_cleans_up(&world);
    }
    assert!(
        (3..LIMITS.len()).contains(&n_killed),
        "{n_killed} of the limits hit"
    );
}

#[test]
fn a_full_disk_is_a_clear_message_and_leaves_the_previous_index_as_it_was() {
    let mut n_full = 0;
    for limit in LIMITS {
        let world = World::indexed();
        world.write("new.jsonl", many("new", 8));
        let before = world.files("index");
        // Who ignores the signal gets an error from the write instead, as on a full disk.
        let ran = build_within(&world, limit, "trap '' XFSZ;");
        if ran.code() == Some(0) {
            continue;
        }
        n_full += 1;
        let ran = ran.has_code(1).explained();
        // What could not be written, and why.
        assert!(
            ran.stderr.contains("index") && ran.stderr.contains("too large"),
            "{limit}: {ran}"
        );
        assert!(
            world.files("index") == before,
            "{limit}: {:?}",
            world.names("index")
        );
        the_old_index_answers(&world);
    }
    assert!(
        (3..LIMITS.len()).contains(&n_full),
        "{n_full} of the limits hit"
    );
}

#[test]
fn a_full_disk_at_a_first_build_leaves_nothing() {
    for limit in [0, 2, 4] {
        let world = World::new();
        world.write("new.jsonl", many("new", 8));
        build_within(&world, limit, "trap '' XFSZ;")
            .has_code(1)
            .explained();
        assert!(
            !world.path("index").exists(),
            "{limit}: {:?}",
            world.names("index")
        );
    }
}

#[test]
fn a_full_disk_leaves_the_previous_run_as_it_was() {
    let world = World::indexed();
    world.write(
        "topics.tsv",
        (0..50).map(|i| format!("q{i}\tmoon\n")).collect::<String>(),
    );
    world.write("run.trec", "what was there\n");
    let args = "search --topics topics.tsv --run run.trec --index index --mode dense";
    let ran = world
        .shell("trap '' XFSZ; ulimit -f 2; exec \"$0\" \"$@\"", args)
        .fails();
    ran.says("run.trec");
    assert_eq!(world.read("run.trec"), "what was there\n");
    assert_eq!(
        world.names("."),
        ["corpus.jsonl", "index", "model", "run.trec", "topics.tsv"]
    );
}

#[test]
fn ctrl_c_ends_a_build_with_a_message_and_leaves_the_previous_index_as_it_was() {
    for signal in ["INT", "TERM"] {
        let world = World::indexed();
        let before = world.files("index");
        let mut build = begin_build(&world);
        build.signal(signal);
        // Documents without end: only the signal can stop this.
        while build
            .input()
            .write_all(many("more", 200).as_bytes())
            .is_ok()
        {}
        build.finish().has_code(1).explained().says("interrupted");
        assert!(
            world.files("index") == before,
            "{signal}: {:?}",
            world.names("index")
        );
        the_old_index_answers(&world);
    }
}

#[test]
fn ctrl_c_ends_a_build_that_waits_for_its_input() {
    let world = World::indexed();
    let before = world.files("index");
    let mut build = world.xenoglot("index - --index index").start();
    // Blank lines are read and make no work: whatever stage is looked at, it waits, or soon will.
    let line = document("new-0", "Ein Brot", "de");
    let input = line + &"\n".repeat(1 << 20);
    build.input().write_all(input.as_bytes()).unwrap();
    build.signal("INT");
    let ran = build.finish_with_open_input();
    ran.has_code(1).explained().says("interrupted");
    assert!(world.files("index") == before, "{:?}", world.names("index"));
}

#[test]
fn ctrl_c_at_a_first_build_leaves_nothing() {
    let world = World::new();
    let mut build = begin_build(&world);
    build.signal("INT");
    while build
        .input()
        .write_all(many("more", 200).as_bytes())
        .is_ok()
    {}
    build.finish().has_code(1).says("interrupted");
    assert!(!world.path("index").exists(), "{:?}", world.names("index"));
}

#[test]
fn two_builds_of_one_index_do_not_meet() {
    let world = World::indexed();
    let mut first = begin_build(&world);
    world
        .xenoglot("index corpus.jsonl --index index")
        .fails()
        .says("index")
        .says("another process");
    // The one that was refused has not spoilt the one that was first, nor the index that is there.
    the_old_index_answers(&world);
    first
        .input()
        .write_all(document("new-last", "Ein Brot", "de").as_bytes())
        .unwrap();
    first.finish().has_code(0);
    assert_eq!(
        world.ids("--index index --mode lexical --lang de", "ein"),
        ["new-last"]
    );
}

#[test]
fn a_server_answers_from_its_index_while_another_takes_its_place() {
    let world = World::indexed();
    let server = world.serve();
    let build = begin_build(&world);
    assert_eq!(server.get("/v1/documents/chess-ru").status, 200);
    build.finish().has_code(0);
    assert_eq!(server.get("/v1/documents/chess-ru").status, 200);
    let found =
        server.search(&serde_json::json!({ "query": "Schach", "mode": "dense", "depth": 1 }));
    assert_eq!(found["hits"][0]["id"], "chess-ru");
    assert_eq!(world.serve().get("/v1/documents/new-0").status, 200);
}

#[test]
fn a_search_whose_index_is_replaced_while_it_opens_answers_from_the_new_one() {
    let world = World::indexed();
    world.write("new.jsonl", document("new-0", "Ein Brot", "de"));
    let manifest = world.path("index/xenoglot.json");
    let old = std::fs::read(&manifest).unwrap();
    // A pipe in the place of the manifest: the search that has opened it reads no more than it is given.
    std::fs::remove_file(&manifest).unwrap();
    let made = Command::new("mkfifo").arg(&manifest).status().unwrap();
    assert!(made.success());
    let search = world
        .xenoglot("search Brot --index index --json --mode dense --depth 1")
        .start();
    let pipe = manifest.clone();
    let mut pipe = in_time(move || File::options().write(true).open(pipe).unwrap());
    // Everybody else sees a file again, and one of them replaces the index.
    world.write("index/.put-back", &old);
    std::fs::rename(world.path("index/.put-back"), &manifest).unwrap();
    world.xenoglot("index new.jsonl --index index").succeeds();
    // Now the search learns of files that are gone.
    pipe.write_all(&old).unwrap();
    drop(pipe);
    let found = search.finish().has_code(0);
    assert_eq!(found.json_lines()[0]["id"], "new-0");
}

#[test]
fn a_build_off_a_terminal_speaks_in_plain_lines() {
    let world = World::new();
    let built = world
        .xenoglot("index corpus.jsonl --index index")
        .succeeds();
    assert!(!built.stderr.contains(['\u{1b}', '\r']), "{built}");
    assert!(built.stderr.lines().count() > 1, "{built}");
}

#[test]
fn a_build_on_a_terminal_shows_documents_a_second_and_the_time_left() {
    let world = World::new();
    world.write("long.jsonl", many("new", 20_000));
    let Some(build) = on_a_terminal(world.xenoglot("index long.jsonl --index index")) else {
        return;
    };
    let shown = build.succeeds();
    assert!(
        shown.stdout.contains('\r') && shown.stdout.contains("\u{1b}["),
        "{shown}"
    );
    for said in ["documents", "/s", "left"] {
        assert!(shown.stdout.contains(said), "nothing of {said:?}: {shown}");
    }
}
