//! Modules through the whole program: what they are, the registry that keeps them, and its damage.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use ureq::http::Request;

use crate::support::{Ran, Server, World, Xenoglot, onnx_runtime, workspace};

/// Where the tiny modules lie.
fn fixture(name: &str) -> PathBuf {
    workspace().join("tests/fixtures/modules").join(name)
}

/// Runs `module inspect` on a fixture.
fn inspect(world: &World, name: &str) -> Xenoglot {
    world.xenoglot("module inspect").arg(fixture(name))
}

/// A world whose registry is in `registry/`, over the BERT; nothing where ONNX Runtime is absent.
struct Modules {
    world: World,
    runtime: PathBuf,
}

impl Modules {
    fn new() -> Option<Self> {
        Some(Self {
            runtime: onnx_runtime()?,
            world: World::new(),
        })
    }

    /// With the language modules `lang-a` (Swahili) and `lang-b` (Finnish), and the ranking module `rank`.
    fn filled() -> Option<Self> {
        let modules = Self::new()?;
        for (name, task) in [
            ("adapterhub/lang-a", "language --lang sw"),
            ("adapterhub/lang-b", "language --lang fi"),
            ("adapterhub/rank", "ranking"),
        ] {
            modules.add(name, &format!("--task {task}")).succeeds();
        }
        Some(modules)
    }

    fn run(&self, args: &str) -> Xenoglot {
        self.world
            .xenoglot(args)
            .env("XENOGLOT_REGISTRY", "registry")
            .env("XENOGLOT_BACKBONE", fixture("bert/base"))
            .env("XENOGLOT_ORT_DYLIB", &self.runtime)
    }

    /// `module add` of a BERT's module.
    fn add(&self, name: &str, args: &str) -> Xenoglot {
        let module = fixture("bert").join(name);
        self.run("module add").arg(module).words(args)
    }

    fn list(&self) -> Vec<Value> {
        self.run("module list --json").succeeds().json_lines()
    }

    fn ids(&self) -> Vec<String> {
        let ids = self.list().into_iter();
        ids.map(|entry| entry["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[test]
fn inspect_says_what_each_kind_of_module_is() {
    let world = World::new();
    for (name, expected) in [
        (
            "bert/adapterhub/lang-a",
            &[
                "bottleneck adapter (Pfeiffer, invertible)",
                "parameters      2,160",
                "architecture    bert",
                "hidden size     24",
                "layers          0, 1, 2",
                "left out        none",
                "widths          12",
                "activation      relu",
                "invertible      yes",
                "no head of its own",
            ][..],
        ),
        (
            "bert/adapterhub/lang-leave-out",
            &["layers          1, 2", "left out        0"],
        ),
        (
            "bert/adapterhub/two-labels",
            &["invertible      no", "labels          2"],
        ),
        ("bert/adapterhub/flex-two-labels", &["labels          2"]),
        ("bert/adapterhub/houlsby", &["(Houlsby)", "silu"]),
        ("bert/adapterhub/lora", &["LoRA", "widths          4"]),
        ("bert/adapterhub/dora", &["DoRA"]),
        ("bert/adapterhub/ia3", &["(IA)³", "widths          none"]),
        (
            "bert/adapterhub/prefix",
            &["prefix tuning", "widths          5"],
        ),
        (
            "bert/peft/layers",
            &["made for        base", "layers          1\n"],
        ),
        (
            "bert/peft/saved-layers",
            &["encoder.layer.0.output.LayerNorm.bias", "pooler.dense.bias"],
        ),
        (
            "bert/sft/rank",
            &["sparse mask", "parameters      1,488", "classifier.weight"],
        ),
        ("bert/sft/lang-empty", &["layers          none"]),
        ("xlmr/adapterhub/rank", &["architecture    xlm-roberta"]),
        ("xlmr/sft/rank", &["architecture    roberta"]),
    ] {
        let mut ran = inspect(&world, name).succeeds();
        for words in expected {
            ran = ran.prints(words);
        }
    }
}

#[test]
fn inspect_prints_one_json_object() {
    let world = World::new();
    let ran = inspect(&world, "bert/adapterhub/lang-leave-out")
        .arg("--json")
        .succeeds();
    let card = ran.json_lines().remove(0);
    assert_eq!(card["kind"], "bottleneck adapter (Pfeiffer, invertible)");
    assert_eq!(card["layers"], serde_json::json!([1, 2]));
    assert_eq!(card["left_out"], serde_json::json!([0]));
    assert_eq!(card["dimensions"], 24);
    assert_eq!(card["labels"], Value::Null);
    assert_eq!(card.get("fits"), None);
}

#[test]
fn inspect_says_whether_a_module_fits_a_backbone() {
    let Some(modules) = Modules::new() else {
        return;
    };
    let of = |name: &str, args: &str| modules.run("module inspect").arg(fixture(name)).words(args);
    of("bert/adapterhub/rank", "")
        .succeeds()
        .prints("fits            yes");
    let ran = of("xlmr/adapterhub/rank", "").fails();
    ran.prints("fits            no")
        .says("`xlm-roberta`")
        .says("`bert`");
    let ran = of("xlmr/adapterhub/rank", "--json").fails();
    assert_eq!(ran.json_lines()[0]["fits"], false);
}

#[test]
fn what_is_no_module_is_refused_with_the_word_for_it() {
    let world = World::new();
    let modules = Modules::new();
    for family in ["bert", "xlmr"] {
        let text = std::fs::read(fixture(family).join("expected.json")).unwrap();
        let expected: Value = serde_json::from_slice(&text).unwrap();
        for refused in expected["refused"].as_array().unwrap() {
            let name = refused["module"].as_str().unwrap();
            let word = refused["word"].as_str().unwrap().to_lowercase();
            let mut ran = inspect(&world, &format!("{family}/{name}")).run();
            // Some show only when a backbone is there to compare them with.
            if ran.code() == Some(0) {
                let Some(modules) = &modules else {
                    continue;
                };
                ran = modules.add(name, "--task ranking").run();
            }
            let ran = ran.has_code(1).explained();
            let said = ran.stderr.to_lowercase();
            assert!(said.contains(&word), "{name}: nothing of {word}: {ran}");
        }
    }
    if let Some(modules) = modules {
        modules.run("module list").fails();
    }
}

#[test]
fn a_pickle_that_would_run_something_is_refused_by_name() {
    let world = World::new();
    let config = std::fs::read(fixture("bert/adapterhub/rank/adapter_config.json")).unwrap();
    world.write("evil/adapter_config.json", &config);
    let script = b"cos\nsystem\n(S'true'\ntR.";
    let protocol_2 = [b"\x80\x02", &script[..]].concat();
    for weights in ["pytorch_adapter.bin", "pytorch_diff.bin"] {
        let file = format!("evil/{weights}");
        world.write(&file, script);
        world
            .xenoglot("module inspect evil")
            .fails()
            .says(&file)
            .says("it begins like no checkpoint");
        world.write(&file, &protocol_2);
        world
            .xenoglot("module inspect evil")
            .fails()
            .says(&file)
            .says("`os.system`");
    }
}

#[test]
fn a_directory_without_a_module_says_what_was_expected() {
    let world = World::new();
    let not_there = world.xenoglot("module inspect nowhere").fails();
    not_there.says("nowhere").says("there is no such directory");
    let none = world.xenoglot("module inspect model").fails();
    none.says("adapter_config.json").says("pytorch_diff.bin");
    let cut = std::fs::read(fixture("bert/adapterhub/rank/adapter_config.json")).unwrap();
    world.write("cut/adapter_config.json", &cut[..cut.len() / 2]);
    world
        .xenoglot("module inspect cut")
        .fails()
        .says("cut/adapter_config.json");
}

#[test]
fn what_is_added_is_listed_and_verified() {
    let Some(modules) = Modules::filled() else {
        return;
    };
    let licence = "--task ranking --id HOULSBY --licence Apache-2.0";
    modules
        .add("adapterhub/houlsby", licence)
        .fails()
        .says("\"HOULSBY\" is no id for a module");
    modules
        .add("adapterhub/houlsby", &licence.to_lowercase())
        .succeeds()
        .says("houlsby added: bottleneck adapter (Houlsby), 1,908 parameters, over base");
    let list = modules.list();
    assert_eq!(modules.ids(), ["houlsby", "lang-a", "lang-b", "rank"]);
    assert_eq!(list[0]["licence"], "apache-2.0");
    assert_eq!(list[1]["task"], "language");
    assert_eq!(list[1]["language"], "sw");
    assert_eq!(list[1]["base"]["model_type"], "bert");
    assert_eq!(list[1]["base"]["dim"], 24);
    assert_eq!(list[3].get("language"), None);
    assert_eq!(list[3]["parameters"], 954);
    let table = modules.run("module list").succeeds();
    let lines: Vec<&str> = table.stdout.lines().collect();
    assert_eq!(lines.len(), 5);
    assert!(lines[0].starts_with("id       task      language"));
    assert!(lines[2].starts_with("lang-a   language  sw        bottleneck adapter"));
    let ran = modules.run("module verify").succeeds();
    assert_eq!(
        ran.stdout,
        "houlsby  whole\nlang-a  whole\nlang-b  whole\nrank  whole\n"
    );
    // What a registry holds is a module's directory like any other.
    let ran = modules.run("module inspect registry/rank").succeeds();
    ran.prints("fits            yes");
}

#[test]
fn verify_names_the_damaged_file() {
    let Some(modules) = Modules::filled() else {
        return;
    };
    let name = "registry/rank/pytorch_adapter.bin";
    let mut bytes = std::fs::read(modules.world.path(name)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    modules.world.write(name, &bytes);
    std::fs::create_dir(modules.world.path("registry/mine")).unwrap();
    modules
        .run("module verify")
        .fails()
        .says("the registry registry has 2 problems")
        .prints("lang-a  whole")
        .prints("rank  registry/rank/pytorch_adapter.bin is damaged: checksum")
        .prints("mine  registry/mine: the manifest has no such module");
    std::fs::remove_dir(modules.world.path("registry/mine")).unwrap();
    modules
        .add("adapterhub/rank", "--task ranking --replace")
        .succeeds();
    modules.run("module verify").succeeds();
}

#[test]
fn a_module_of_another_family_is_refused_and_both_are_named() {
    let Some(modules) = Modules::filled() else {
        return;
    };
    let xlmr = modules
        .run("module add --task ranking --id other")
        .arg(fixture("xlmr/adapterhub/rank"));
    xlmr.fails()
        .says("xlmr/adapterhub/rank was made for `xlm-roberta`")
        .says("the backbone base is `bert`");
    let mask = modules
        .run("module add --task ranking --id other")
        .arg(fixture("xlmr/sft/rank"));
    mask.fails().says("`roberta` and its kin").says("`bert`");
    assert_eq!(modules.ids(), ["lang-a", "lang-b", "rank"]);
}

#[test]
fn a_name_or_a_language_that_is_taken_gives_way_only_to_replace() {
    let Some(modules) = Modules::filled() else {
        return;
    };
    modules
        .add("adapterhub/rank", "--task ranking")
        .fails()
        .says("has a module rank already");
    let swahili = "--task language --lang sw --id swahili";
    modules
        .add("adapterhub/lang-b", swahili)
        .fails()
        .says("a language module for `sw` over base already, lang-a");
    modules
        .add("adapterhub/lang-b", &format!("{swahili} --replace"))
        .succeeds();
    assert_eq!(modules.ids(), ["lang-b", "rank", "swahili"]);
    assert_eq!(
        modules.world.names("registry"),
        [".lock", "lang-b", "rank", "registry.json", "swahili"]
    );
    // Over another base the language is free.
    let xlmr = modules
        .run("module add --task language --lang sw --id sw-xlmr")
        .arg(fixture("xlmr/adapterhub/lang-a"))
        .arg("--backbone")
        .arg(fixture("xlmr/base"));
    xlmr.succeeds();
    assert_eq!(modules.ids(), ["lang-b", "rank", "sw-xlmr", "swahili"]);
}

#[test]
fn wrong_usage_is_told_from_work_that_failed() {
    let world = World::new();
    let run = |args: &str| world.xenoglot(args);
    let add = "module add DIR --registry registry --backbone base";
    run(&format!("{add} --task language"))
        .misused()
        .says("--lang");
    run(&format!("{add} --task reading"))
        .misused()
        .says("expected language or ranking");
    run(&format!("{add} --task language --lang 123")).misused();
    run("module list").misused().says("--registry");
    run("module add DIR --registry registry --task ranking")
        .misused()
        .says("--backbone");
    run("module list --registry registry")
        .fails()
        .says("registry is not a registry of modules: there is no such directory");
    run("module verify --registry model")
        .fails()
        .says("it has no registry.json");
    world.write("registry/registry.json", r#"{"format": 7}"#);
    run("module list --registry registry")
        .fails()
        .says("format 7");
    world.write(
        "registry/registry.json",
        r#"{"format": 1, "modules": [{}]}"#,
    );
    run("module list --registry registry")
        .fails()
        .says("field `modules[0]`");
}

#[test]
fn a_directory_with_other_files_is_not_written_to() {
    let Some(modules) = Modules::new() else {
        return;
    };
    let ran: Ran = modules
        .add("adapterhub/rank", "--task ranking --registry model")
        .fails();
    ran.says("it holds other files");
    let names = modules.world.names("model");
    assert!(!names.iter().any(|name| name.starts_with('.')), "{names:?}");
    assert!(!Path::new(&modules.world.path("registry")).exists());
}

/// The files of a BERT's module, as one sends them.
fn archive(name: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    builder
        .append_dir_all("module", fixture("bert").join(name))
        .unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn modules_are_added_and_removed_while_a_server_runs() {
    let Some(modules) = Modules::new() else {
        return;
    };
    modules.add("adapterhub/rank", "--task ranking").succeeds();
    let corpus = "index corpus.jsonl --index index";
    modules.world.xenoglot(corpus).succeeds();
    let stack = format!(
        "backbone = {:?}\nregistry = \"registry\"\nranking = \"rank\"\n",
        fixture("bert/base")
    );
    modules.world.write("stack.toml", stack);
    let serve = "serve --index index --rerank stack.toml --bind 127.0.0.1:0";
    let server = Server::start(modules.run(serve));
    let ask = |method: &str, path: &str, body: Vec<u8>| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/x-tar");
        server.ask(request.body(body).unwrap())
    };
    // What reads the German document about the moon.
    let modules_of_german = || {
        let request = json!({ "query": "moon", "rerank": { "depth": 8 }, "explain": true });
        let answer = server.search(&request);
        let hits = answer["hits"].as_array().unwrap().iter();
        let hit = hits.clone().find(|hit| hit["id"] == "tides-de").unwrap();
        let stages = hit["explain"].as_array().unwrap();
        stages.last().unwrap()["modules"].clone()
    };
    assert_eq!(modules_of_german(), json!(["rank"]));
    let added = ask(
        "PUT",
        "/v1/modules/german?task=language&lang=de",
        archive("adapterhub/lang-b"),
    );
    assert_eq!(added.status, 201, "{}", added.text);
    assert_eq!(
        (&added.json()["id"], &added.json()["lang"]),
        (&"german".into(), &"de".into())
    );
    assert_eq!(modules_of_german(), json!(["german", "rank"]));
    let listed = server.get("/v1/modules").json();
    assert_eq!(listed["modules"].as_array().unwrap().len(), 2);

    let again = "/v1/modules/german?task=language&lang=de";
    ask("PUT", again, archive("adapterhub/lang-b")).is_problem(409);
    ask("PUT", "/v1/modules/x?task=ranking", b"no tar".to_vec()).is_problem(422);
    ask(
        "PUT",
        "/v1/modules/x?task=cooking",
        archive("adapterhub/rank"),
    )
    .is_problem(422);
    ask(
        "PUT",
        "/v1/modules/..%2Fx?task=ranking",
        archive("adapterhub/rank"),
    )
    .is_problem(422);
    assert_eq!(modules.ids(), ["german", "rank"]);

    assert_eq!(ask("DELETE", "/v1/modules/german", Vec::new()).status, 204);
    assert_eq!(modules_of_german(), json!(["rank"]));
    ask("DELETE", "/v1/modules/german", Vec::new()).is_problem(404);
    // The stack cannot do without this one: it stays.
    ask("DELETE", "/v1/modules/rank", Vec::new()).is_problem(409);
    assert_eq!(modules_of_german(), json!(["rank"]));
    assert_eq!(modules.ids(), ["rank"]);
}
