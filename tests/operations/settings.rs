//! `--config` and `xenoglot config`.

use crate::support::{Ran, Server, World, workspace};

/// What `config show` prints with `file`.
fn show(world: &World, file: &str) -> Ran {
    world.write("file.toml", file);
    world
        .xenoglot("config show --config file.toml")
        .without_env("XENOGLOT_MODEL")
        .run()
}

#[test]
fn a_file_counts_less_than_the_environment_and_that_less_than_flags() {
    let world = World::new();
    world.write(
        "file.toml",
        "refresh-ms = 1\nmerge-factor = 4\nindex = 'a'\nwritable = true\n",
    );
    let shown = world
        .xenoglot("config show --config file.toml --refresh-ms 3")
        .env("XENOGLOT_REFRESH_MS", "2")
        .env("XENOGLOT_MERGE_FACTOR", "5")
        .succeeds();
    for line in [
        "index = \"a\"  # file",
        "model = \"model\"  # environment, XENOGLOT_MODEL",
        "bind = \"127.0.0.1:8080\"  # default",
        "# max-searches is not set",
        "writable = true  # file",
        "refresh-ms = 3  # flag",
        "merge-factor = 5  # environment, XENOGLOT_MERGE_FACTOR",
    ] {
        assert!(
            shown.stdout.lines().any(|own| own == line),
            "no {line:?}: {shown}"
        );
    }
}

#[test]
fn what_is_shown_is_a_file_that_says_the_same() {
    let world = World::new();
    let values = |ran: &Ran| -> Vec<String> {
        let lines = ran.stdout.lines();
        lines
            .map(|line| line.split("  #").next().unwrap().to_owned())
            .collect()
    };
    let first = show(
        &world,
        "rerank = ['passages']\nindex = \"a \\\"quoted\\\" name\"\nrefresh-ms = 7\n",
    )
    .has_code(0);
    let second = show(&world, &first.stdout).has_code(0);
    assert_eq!(values(&first), values(&second));
    assert!(
        values(&second).contains(&"rerank = [\"passages\"]".to_owned()),
        "{second}"
    );
}

#[test]
fn faults_of_a_file_name_its_line_and_what_was_expected() {
    let world = World::new();
    for (file, fault) in [
        (
            "bind = 5",
            "file.toml:1: `bind`: got a whole number, expected a string",
        ),
        (
            "\nbind = 'x'",
            "file.toml:2: `bind`: invalid value 'x': invalid socket address syntax",
        ),
        (
            "blind = 'x'",
            "file.toml:1: `blind`: there is no such setting; expected one of index",
        ),
        (
            "# none\nmax-searches = 0",
            "file.toml:2: `max-searches`: invalid value '0': 0 is not in 1..=100000",
        ),
        (
            "rerank = 'passages'",
            "file.toml:1: `rerank`: got a string, expected an array of strings",
        ),
        (
            "writable = 1",
            "file.toml:1: `writable`: got a whole number, expected true or false",
        ),
        (
            "log-format = 'xml'",
            "file.toml:1: `log-format`: invalid value 'xml' [possible values: human, json]",
        ),
        ("log = 'loud'=", "file.toml:1:"),
        (
            "[server]",
            "file.toml:1: `server`: there is no such setting",
        ),
    ] {
        let ran = show(&world, file).has_code(2).explained();
        assert!(ran.stderr.contains(fault), "{file}: no {fault:?}: {ran}");
    }
    let ran = world.xenoglot("serve --config none.toml").misused();
    ran.says("cannot read the settings in none.toml");
}

#[test]
fn a_wrong_flag_is_told_of_before_the_file_repeats_it() {
    let world = World::new();
    world.write("file.toml", "max-searches = 3\n");
    let ran = world
        .xenoglot("serve --max-searches none --config file.toml")
        .misused();
    ran.says("invalid value 'none' for '--max-searches <N>'");
}

#[test]
fn the_example_s_defaults_are_accepted() {
    let world = World::new();
    let example = world.xenoglot("config example").succeeds().stdout;
    let settings = example.lines().filter_map(|line| line.strip_prefix('#'));
    let settings: Vec<&str> = settings
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()) && !line.contains("= <"))
        .collect();
    assert!(settings.len() > 10, "{example}");
    show(&world, &settings.join("\n")).has_code(0);
    show(&world, &example).has_code(0);
}

#[test]
fn the_files_that_we_hand_out_are_accepted() {
    let world = World::new();
    let packaged = std::fs::read_to_string(workspace().join("packaging/xenoglot.toml")).unwrap();
    show(&world, &packaged).has_code(0);
    let docs = std::fs::read_to_string(workspace().join("docs/operations.md")).unwrap();
    let blocks: Vec<&str> = docs.split("```toml\n").skip(1).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        show(&world, block.split("```").next().unwrap()).has_code(0);
    }
}

#[test]
fn a_server_takes_its_settings_from_a_file() {
    let world = World::indexed();
    world.write(
        "file.toml",
        "index = 'index'\nbind = '127.0.0.1:0'\nmodel = 'model'\nwritable = true\n",
    );
    let program = world
        .xenoglot("serve")
        .without_env("XENOGLOT_MODEL")
        .env("XENOGLOT_CONFIG", "file.toml");
    let server = Server::start(program);
    assert_eq!(server.get("/health").status, 200);
    let written = server.post("/v1/documents", r#"{"id": "a", "text": "b"}"#);
    assert_eq!(written.status, 200, "{written:?}");
}
