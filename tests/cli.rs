//! The command line: what it takes, what it prints where, and how it ends.

use serde_json::Value;

use crate::support::{World, document, on_a_terminal};

#[test]
fn help_and_version_are_answers() {
    let world = World::new();
    let help = world.xenoglot("--help").succeeds();
    for command in [
        "demo", "doctor", "index", "search", "serve", "embed", "eval",
    ] {
        assert!(help.stdout.contains(command), "{command}: {help}");
        world
            .xenoglot(command)
            .arg("--help")
            .succeeds()
            .prints("Usage: xenoglot");
    }
    world
        .xenoglot("--version")
        .succeeds()
        .prints(env!("CARGO_PKG_VERSION"));
}

#[test]
fn wrong_usage_is_a_2_and_does_nothing() {
    let world = World::indexed();
    let before = world.files("index");
    for args in [
        "",
        "find tides",
        "index",
        "index corpus.jsonl --index index --lang klingon",
        "index corpus.jsonl --index index --on-error ignore",
        "index corpus.jsonl --index index --format tablet",
        "index corpus.jsonl --index index --device abacus",
        "search --index index",
        "search tides --index index --mode fuzzy",
        "search tides --index index --lang klingon",
        "search tides --index index --depth 0",
        "search tides --index index --depth ten",
        "search tides --index index --rerank nothing-of-ours",
        "search tides --index index --nonsense",
        "search --index index --topics topics.tsv",
        "search tides --index index --topics topics.tsv --run run.trec",
        "serve --index index --bind somewhere",
        "embed --format tablet",
        "embed --role oracle",
        "embed --input tape",
        "embed corpus.jsonl model/config.json",
        "eval",
        "eval score --run run.trec",
        "eval score --qrels qrels.txt",
        "eval score --qrels qrels.txt --run run.trec -m nDCG@0",
        "eval score --qrels qrels.txt --run run.trec -m charm",
        "eval run",
        "eval ablate --system",
    ] {
        let ran = world.xenoglot(args).run();
        assert_eq!(ran.code(), Some(2), "{args}: {ran}");
        assert_eq!(ran.stdout, "", "{args}");
        ran.explained();
    }
    assert!(world.files("index") == before);
}

#[test]
fn every_path_option_is_also_read_from_the_environment() {
    let world = World::new();
    let mut lacking = Vec::new();
    for (command, paths) in [
        ("index", &["--index", "--model"][..]),
        ("search", &["--index", "--model", "--topics", "--run"]),
        ("serve", &["--index", "--model"]),
        ("embed", &["--model", "--output"]),
        ("doctor", &["--index", "--model"]),
        ("demo", &["--dir", "--model"]),
        ("eval run", &["--out", "--data"]),
        ("eval score", &["--qrels", "--run"]),
    ] {
        let help = world.xenoglot(command).arg("--help").succeeds().stdout;
        for path in paths {
            let options = help.split("\nOptions:").nth(1).unwrap();
            let option = options
                .split("\n  ")
                .skip_while(|line| !line.contains(&format!("{path} <")))
                .take_while(|line| line.contains(path) || !line.trim_start().starts_with('-'))
                .collect::<String>();
            // Help wraps where the terminal ends.
            let option = option.split_whitespace().collect::<Vec<_>>().join(" ");
            if !option.contains("[env: XENOGLOT_") {
                lacking.push(format!("{command} {path}"));
            }
        }
    }
    assert!(lacking.is_empty(), "{lacking:?}");
}

#[test]
fn the_environment_names_index_and_model() {
    let world = World::new();
    world
        .xenoglot("index corpus.jsonl")
        .env("XENOGLOT_INDEX", "from-env")
        .succeeds();
    let asked = world
        .xenoglot("search mwezi --mode dense --depth 1 --json")
        .env("XENOGLOT_INDEX", "from-env");
    assert_eq!(asked.succeeds().json_lines()[0]["id"], "tides-en");
    // What is typed goes before.
    world
        .xenoglot("search mwezi --index elsewhere")
        .env("XENOGLOT_INDEX", "from-env")
        .fails()
        .says("elsewhere");
}

#[test]
fn an_index_goes_to_standard_error_and_a_search_to_standard_output() {
    let world = World::new();
    let built = world
        .xenoglot("index corpus.jsonl --index index")
        .succeeds();
    assert_eq!(built.stdout, "");
    let found = world
        .xenoglot("search moon --index index --json")
        .succeeds();
    assert!(!found.json_lines().is_empty());
    let nothing = world
        .xenoglot("search zyzzyva --index index --mode lexical --json")
        .succeeds();
    assert_eq!(nothing.stdout, "");
}

#[test]
fn each_stage_of_a_build_says_how_long_it_took() {
    let world = World::new();
    let built = world
        .xenoglot("index corpus.jsonl --index index")
        .succeeds();
    for said in ["8 documents", "encode", "lexical", "graph", "/s", "memory"] {
        assert!(built.stderr.contains(said), "nothing of {said:?}: {built}");
    }
}

#[test]
fn a_search_crosses_languages_by_meaning_and_by_translated_words() {
    let world = World::indexed();
    // Swahili, in an index that has none.
    let found = world.ids(
        "--index index --mode dense --depth 2 --lang sw",
        "mwezi na bahari",
    );
    assert_eq!(found, ["tides-en", "tides-de"]);
    let lexical = "--index index --mode lexical --lang sw";
    let mut translated = world.ids(lexical, "mwezi na bahari");
    translated.sort();
    assert_eq!(translated, ["tides-de", "tides-en"]);
    let untranslated = format!("{lexical} --lexicon none");
    assert_eq!(world.ids(&untranslated, "mwezi na bahari"), [""; 0]);
    assert_eq!(
        world.ids("--index index --mode dense --depth 1", "luna")[0],
        "tides-en"
    );
    assert_eq!(
        world.ids("--index index --mode dense --depth 1", "Schach"),
        ["chess-ru"]
    );
}

#[test]
fn a_lexical_search_finds_words_in_every_script() {
    let world = World::indexed();
    for (query, id) in [
        ("sailors", "tides-en"),
        ("zweimal", "tides-de"),
        ("horno", "bread-es"),
        ("Шахматы", "chess-ru"),
        ("الماء", "rain-ar"),
        ("音乐", "music-zh"),
        ("お茶", "tea-ja"),
    ] {
        assert_eq!(
            world.ids("--index index --mode lexical --depth 1", query),
            [id],
            "{query}"
        );
    }
}

/// What the ranks of a hit in both first stages add up to, by Cormack, Clarke & Büttcher (2009) with k = 60.
fn reciprocal_ranks(hit: &Value) -> f64 {
    let stages = hit["explain"].as_array().unwrap().iter();
    let first =
        stages.filter(|stage| ["lexical", "dense"].contains(&stage["stage"].as_str().unwrap()));
    first
        .map(|stage| 1.0 / (60.0 + stage["rank"].as_f64().unwrap()))
        .sum()
}

#[track_caller]
fn is_fused(hit: &Value) {
    let (score, expected) = (hit["score"].as_f64().unwrap(), reciprocal_ranks(hit));
    assert!((score - expected).abs() < 1e-6, "{expected}: {hit}");
}

#[test]
fn rrf_adds_reciprocal_ranks_with_k_60_from_1() {
    let world = World::indexed();
    // Words of three languages: of none in particular.
    let args = "--index index --mode hybrid --fusion rrf --explain";
    let hits = world.hits(args, "moon horno mond");
    assert!(hits.len() >= 3, "{hits:?}");
    hits.iter().for_each(is_fused);
}

#[test]
fn hybrid_is_what_nobody_has_to_ask_for() {
    let world = World::indexed();
    assert_eq!(
        world.ids(
            "--index index --mode hybrid --fusion z-score",
            "moon horno mond"
        ),
        world.ids("--index index", "moon horno mond")
    );
}

#[test]
fn rrf_of_documents_in_the_querys_language_is_reciprocal_ranks() {
    let world = World::indexed();
    let args = "--index index --fusion rrf --explain --lang en";
    let hits = world.hits(args, "sailors keep the iron moon");
    let english: Vec<&Value> = hits.iter().filter(|hit| hit["lang"] == "en").collect();
    assert_eq!(english.len(), 2, "{hits:?}");
    english.into_iter().for_each(is_fused);
}

#[test]
fn a_hit_in_json_says_all_of_it() {
    let world = World::indexed();
    let hits = world.hits("--index index --depth 3", "moon and sea");
    assert_eq!(hits.len(), 3);
    for (hit, rank) in hits.iter().zip(1..) {
        assert_eq!(hit["rank"], rank);
        assert!(
            hit["score"].is_number() && hit["id"].is_string() && hit["lang"].is_string(),
            "{hit}"
        );
        assert!(hit.get("explain").is_none(), "{hit}");
    }
    assert_eq!(
        (&hits[0]["id"], &hits[0]["lang"], &hits[0]["title"]),
        (&"tides-en".into(), &"en".into(), &"Tides".into())
    );
    assert!(
        hits[0]["snippet"]
            .as_str()
            .unwrap()
            .contains("The moon lifts the sea twice a day."),
        "{}",
        hits[0]
    );
    let scores: Vec<f64> = hits
        .iter()
        .map(|hit| hit["score"].as_f64().unwrap())
        .collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
}

#[test]
fn an_explanation_says_what_each_stage_made_of_a_hit() {
    let world = World::indexed();
    let hits = world.hits("--index index --explain --depth 1", "the moon");
    let stages: Vec<&str> = hits[0]["explain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| stage["stage"].as_str().unwrap())
        .collect();
    assert!(
        stages.contains(&"lexical") && stages.contains(&"dense"),
        "{stages:?}"
    );
    let text = world
        .xenoglot("search moon --index index --depth 1 --explain")
        .succeeds();
    text.prints("lexical").prints("dense").explained();
}

#[test]
fn depth_bounds_the_hits() {
    let world = World::indexed();
    for depth in [1, 2, 5] {
        assert_eq!(
            world
                .ids(
                    &format!("--index index --mode dense --depth {depth}"),
                    "sea moon"
                )
                .len(),
            depth
        );
    }
    assert!(world.ids("--index index --depth 1000", "sea moon").len() <= 8);
}

#[test]
fn reranking_scores_the_head_once_more() {
    let world = World::indexed();
    let hits = world.hits("--index index --rerank passages --explain", "sea");
    let stages = hits[0]["explain"].as_array().unwrap();
    assert_eq!(stages.last().unwrap()["stage"], "rerank");
    assert!(
        ["tides-en", "tides-de"].contains(&hits[0]["id"].as_str().unwrap()),
        "{hits:?}"
    );
}

#[test]
fn the_same_search_has_the_same_answer() {
    let world = World::indexed();
    let first = world.ids("--index index --depth 100", "moon, bread and music");
    // The index is built anew, too.
    world
        .xenoglot("index corpus.jsonl --index index")
        .succeeds();
    assert_eq!(
        world.ids("--index index --depth 100", "moon, bread and music"),
        first
    );
}

#[test]
fn a_query_without_a_known_word_finds_nothing_and_is_no_failure() {
    let world = World::indexed();
    for query in ["???", "🌍🌎", "\u{200b}", "-42", "\u{fffd}"] {
        for mode in ["hybrid", "dense", "lexical"] {
            let ran = world
                .xenoglot("search --json --index index --mode")
                .arg(mode)
                .arg("--")
                .arg(query);
            ran.succeeds();
        }
    }
}

#[test]
fn an_empty_query_is_refused() {
    let world = World::indexed();
    for query in ["", " \t "] {
        let ran = world.xenoglot("search --index index").arg(query).run();
        assert_ne!(ran.code(), Some(0), "{ran}");
        ran.explained().says("query");
    }
}

#[test]
fn hits_for_people_are_whole_and_plain_where_no_terminal_is() {
    let world = World::indexed();
    for (query, parts) in [
        (
            "المطر",
            ["المطر", "ينزل المطر على الجبال في الشتاء", "rain-ar"],
        ),
        (
            "音乐",
            ["古琴", "古琴是一种有三千年历史的音乐乐器。", "music-zh"],
        ),
        (
            "お茶",
            ["お茶の歴史", "お茶は中国から日本に伝わった。", "tea-ja"],
        ),
    ] {
        let ran = world
            .xenoglot("search --index index --mode lexical")
            .arg(query)
            .succeeds();
        for part in parts {
            assert!(ran.stdout.contains(part), "{part}: {ran}");
        }
        assert!(!ran.stdout.contains(['\u{1b}', '\u{2068}', '\r']), "{ran}");
        assert!(!ran.stderr.contains(['\u{1b}', '\r']), "{ran}");
    }
}

#[cfg(unix)]
#[test]
fn hits_on_a_terminal_have_colours_and_right_to_left_texts_stay_apart() {
    let world = World::indexed();
    let Some(ran) = on_a_terminal(
        world
            .xenoglot("search --index index --mode lexical")
            .arg("المطر"),
    ) else {
        return;
    };
    let ran = ran.succeeds();
    assert!(ran.stdout.contains("\u{1b}["), "{ran}");
    // Between isolates, so that the identifier beside it does not jump to its other side.
    assert!(ran.stdout.contains("\u{2068}المطر\u{2069}"), "{ran}");
    let json = on_a_terminal(world.xenoglot("search --index index --json moon"))
        .unwrap()
        .succeeds();
    assert!(!json.stdout.contains('\u{1b}'), "{json}");
}

#[cfg(unix)]
#[test]
fn nothing_in_a_document_commands_the_terminal() {
    let world = World::new();
    let text = "Bread\u{1b}[2J\u{1b}]0;title\u{7} and \u{202e}butter\r\u{9b}31m";
    world.write("odd.jsonl", document("odd", text, "en"));
    world.xenoglot("index odd.jsonl --index index").succeeds();
    let Some(shown) = on_a_terminal(world.xenoglot("search bread --index index")) else {
        return;
    };
    let shown = shown.succeeds();
    assert!(
        shown.stdout.contains("odd") && shown.stdout.contains("and"),
        "{shown}"
    );
    for command in ["\u{1b}[2J", "\u{1b}]0;", "\u{7}", "\u{9b}"] {
        assert!(!shown.stdout.contains(command), "{command:?}: {shown}");
    }
    // Programs get what the corpus has.
    let json = world.hits("--index index", "bread");
    assert!(
        json[0]["snippet"].as_str().unwrap().contains("butter"),
        "{json:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_full_output_is_a_failure() {
    let world = World::indexed();
    let full = || std::fs::File::options().write(true).open("/dev/full");
    if full().is_err() {
        eprintln!("skipped: this system has no /dev/full");
        return;
    }
    for args in [
        "search moon --index index",
        "search moon --index index --json",
        "doctor --index index",
        "embed corpus.jsonl",
        "embed corpus.jsonl --format npy",
        "embed corpus.jsonl --format arrow",
    ] {
        let ran = world.xenoglot(args).run_into(full().unwrap());
        ran.has_code(1).explained();
    }
}

#[cfg(unix)]
#[test]
fn a_reader_who_has_enough_is_no_failure() {
    let world = World::indexed();
    let ran = world
        .shell(
            "{ \"$0\" \"$@\"; echo \"code $?\" >&2; } | true",
            "search moon --index index",
        )
        .succeeds();
    ran.says("code 0");
}

#[test]
fn doctor_says_what_it_found_and_how_to_mend_the_rest() {
    let world = World::indexed();
    let lacking = world
        .xenoglot("doctor --index nowhere")
        .env("XENOGLOT_ORT_DYLIB", "no-such-library");
    let lacking = lacking.succeeds();
    for said in [
        "cores",
        "memory",
        "ONNX Runtime",
        "no-such-library",
        "make setup",
        "model",
        "toy",
        "nowhere",
        "xenoglot demo",
    ] {
        assert!(
            lacking.stdout.contains(said),
            "nothing of {said:?}: {lacking}"
        );
    }
    let found = world.xenoglot("doctor --index index").succeeds();
    found.prints("8 documents").prints("8 dimensions");
    let foreign = world.xenoglot("doctor --model corpus.jsonl").succeeds();
    foreign.prints("corpus.jsonl").prints("--model");
}
