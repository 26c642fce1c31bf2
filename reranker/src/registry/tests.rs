//! Registries of the fixtures' modules, killed and damaged in every place.

use std::fs;

use tempfile::TempDir;
use xenoglot_engine::Kind;
use xenoglot_engine::model::BackboneInfo;

use super::site::NEW;
use super::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/fixtures/modules/bert")
        .join(name)
}

fn base(fingerprint: &str) -> Base {
    Base {
        name: "mini-bert".into(),
        fingerprint: fingerprint.into(),
        model_type: "bert".into(),
        dim: 24,
        n_layers: 3,
        vocab_size: 475,
    }
}

fn info() -> BackboneInfo {
    let base = base("");
    BackboneInfo {
        name: base.name,
        model_type: base.model_type,
        dim: base.dim,
        n_layers: base.n_layers,
        vocab_size: base.vocab_size,
        ..BackboneInfo::default()
    }
}

/// A ranking module.
fn ranking(name: &str, id: &str) -> NewModule {
    NewModule {
        source: fixture(name),
        id: Some(id.into()),
        task: Task::Ranking,
        language: None,
        licence: None,
        replace: false,
    }
}

fn language(name: &str, id: &str, language: &str) -> NewModule {
    NewModule {
        task: Task::Language,
        language: Some(language.parse().unwrap()),
        ..ranking(name, id)
    }
}

fn replacing(new: NewModule) -> NewModule {
    NewModule {
        replace: true,
        ..new
    }
}

/// A registry in a folder of its own.
struct World(TempDir);

impl World {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// With the module `sw`, and the ranking module `rank`.
    fn filled() -> Self {
        let world = Self::new();
        world
            .add(&language("adapterhub/lang-a", "sw", "sw"))
            .unwrap();
        world.add(&ranking("adapterhub/rank", "rank")).unwrap();
        world
    }

    fn dir(&self) -> PathBuf {
        self.0.path().join("registry")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    fn add(&self, new: &NewModule) -> Result<Entry> {
        self.add_over(new, "0123456789abcdef")
    }

    fn add_over(&self, new: &NewModule, fingerprint: &str) -> Result<Entry> {
        add::add(&self.dir(), new, &base(fingerprint), &info())
    }

    fn refusal(&self, new: &NewModule) -> String {
        self.add(new).unwrap_err().to_string()
    }

    fn open(&self) -> Registry {
        Registry::open(&self.dir()).unwrap()
    }

    /// What is wrong, a line each.
    fn problems(&self) -> Vec<String> {
        let problems = self.open().verify().unwrap().into_iter();
        problems
            .map(|(id, error)| format!("{id}: {error}"))
            .collect()
    }

    /// Every id is there, its files are whole, and nothing else lies in the folder.
    #[track_caller]
    fn check_whole(&self, ids: &[&str]) {
        self.check_readable(ids);
        assert_eq!(self.problems(), [""; 0]);
        let mut expected: Vec<&str> = vec![".lock"];
        expected.extend(ids);
        expected.push("registry.json");
        let mut names = files::names(&self.dir()).unwrap();
        names.sort();
        expected.sort_unstable();
        assert_eq!(names, expected);
    }

    #[track_caller]
    fn check_readable(&self, ids: &[&str]) {
        let registry = self.open();
        let found: Vec<&str> = registry
            .entries()
            .iter()
            .map(|entry| entry.id.as_str())
            .collect();
        assert_eq!(found, ids);
        for id in ids {
            registry.module(id).unwrap();
        }
    }
}

#[test]
fn what_is_added_is_listed_and_read_again() {
    let world = World::filled();
    world.check_whole(&["rank", "sw"]);
    let registry = world.open();
    let entry = registry.entry("sw").unwrap();
    assert_eq!(entry.task, Task::Language);
    assert_eq!(entry.kind, "bottleneck adapter (Pfeiffer, invertible)");
    let names: Vec<&str> = entry.files.keys().map(String::as_str).collect();
    let source = files::names(&fixture("adapterhub/lang-a")).unwrap();
    assert_eq!(names, source);
    let published = Module::load(&fixture("adapterhub/lang-a")).unwrap();
    let module = registry.module("sw").unwrap();
    assert_eq!(module.n_parameters(), published.n_parameters());
    assert_eq!(module.path, world.path("sw"));
    let error = registry.module("fi").unwrap_err();
    assert_eq!(error.to_string(), "there is no module \"fi\"");
}

#[test]
fn languages_are_those_of_one_base() {
    let world = World::filled();
    let other = language("adapterhub/lang-b", "sw-other", "sw");
    world.add_over(&other, "fedcba9876543210").unwrap();
    let languages = |fingerprint| {
        let languages = world.open().languages(fingerprint).into_iter();
        languages
            .map(|(lang, id)| format!("{lang}: {id}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(languages("0123456789abcdef"), ["sw: sw"]);
    assert_eq!(languages("fedcba9876543210"), ["sw: sw-other"]);
    assert_eq!(languages("none"), [""; 0]);
}

#[test]
fn another_base_is_refused_with_both_names_and_fingerprints() {
    let entry = World::filled().open().entry("sw").unwrap().clone();
    entry.check_base(&base("0123456789abcdef")).unwrap();
    let other = Base {
        name: "mini-xlmr".into(),
        ..base("fedcba9876543210")
    };
    let error = entry.check_base(&other).unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    assert_eq!(
        error.to_string(),
        "module sw was made for mini-bert (fingerprint 01234567), and the backbone mini-xlmr is another (fingerprint \
         fedcba98)"
    );
}

#[test]
fn ids_are_names_of_folders_and_nothing_else() {
    for id in ["sw", "mad-x_2.0", "0"] {
        World::new().add(&ranking("adapterhub/rank", id)).unwrap();
    }
    for id in [
        "",
        ".",
        "..",
        ".sw",
        "Sw",
        "a/b",
        "a b",
        "ä",
        "a\\b",
        "registry.json",
    ] {
        let refusal = World::new().refusal(&ranking("adapterhub/rank", id));
        assert!(refusal.contains("is no id for a module"), "{id}: {refusal}");
    }
}

#[test]
fn the_directory_gives_the_id_in_lower_case() {
    let world = World::new();
    let source = world.0.path().join("MAD-X");
    files::copy(&fixture("adapterhub/rank"), &source).unwrap();
    let new = NewModule {
        source,
        id: None,
        ..ranking("", "")
    };
    assert_eq!(world.add(&new).unwrap().id.as_str(), "mad-x");
    let source = world.0.path().join("ÄÖ");
    fs::rename(world.0.path().join("MAD-X"), &source).unwrap();
    let refusal = world.refusal(&NewModule { source, ..new });
    assert!(refusal.contains("\"äö\""), "{refusal}");
}

#[test]
fn what_is_taken_gives_way_only_when_asked() {
    let world = World::filled();
    let same_id = ranking("adapterhub/houlsby", "rank");
    let refusal = world.refusal(&same_id);
    assert!(refusal.contains("has a module rank already"), "{refusal}");
    let same_language = language("adapterhub/lang-b", "swahili", "sw");
    let refusal = world.refusal(&same_language);
    let expected = "a language module for `sw` over mini-bert already, sw;";
    assert!(refusal.contains(expected), "{refusal}");
    world.check_whole(&["rank", "sw"]);
    world.add(&replacing(same_id)).unwrap();
    assert_eq!(
        world.open().entry("rank").unwrap().kind,
        "bottleneck adapter (Houlsby)"
    );
    world.add(&replacing(same_language)).unwrap();
    world.check_whole(&["rank", "swahili"]);
    // A ranking module may be for a language, and takes nobody's place.
    let ranking_in_sw = NewModule {
        language: Some("sw".parse().unwrap()),
        ..ranking("adapterhub/rank", "rank-sw")
    };
    world.add(&ranking_in_sw).unwrap();
    let no_language = NewModule {
        language: None,
        ..language("adapterhub/lang-b", "fi", "fi")
    };
    let refusal = world.refusal(&no_language);
    assert_eq!(
        refusal,
        "module fi is for a language, expected the code of which"
    );
}

#[test]
fn only_files_of_modules_are_copied() {
    let world = World::new();
    let source = world.0.path().join("published");
    files::copy(&fixture("adapterhub/rank"), &source).unwrap();
    for name in ["README.md", "LICENSE", "optimizer.pt", "notes.txt"] {
        fs::write(source.join(name), "…").unwrap();
    }
    let new = NewModule {
        source,
        ..ranking("", "rank")
    };
    let entry = world.add(&new).unwrap();
    let names = files::names(&world.path("rank")).unwrap();
    assert_eq!(names, entry.files.into_keys().collect::<Vec<_>>());
    assert!(names.contains(&"README.md".into()) && names.contains(&"LICENSE".into()));
    assert!(!names.contains(&"optimizer.pt".into()) && !names.contains(&"notes.txt".into()));
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let world = World::filled();
    let xlmr = ranking("../xlmr/adapterhub/rank", "other");
    let refusal = world.refusal(&xlmr);
    for part in ["xlm-roberta", "mini-bert", "bert"] {
        assert!(refusal.contains(part), "{refusal}");
    }
    world.check_whole(&["rank", "sw"]);
}

/// A changed byte, a missing file, a new one: what each is called.
#[test]
fn damage_is_found_before_a_module_is_read() {
    let weights = "pytorch_adapter.bin";
    type Damage<'a> = &'a dyn Fn(&World);
    let cases: [(Damage<'_>, &str); 5] = [
        (
            &|world| {
                let path = world.path("rank").join(weights);
                let mut bytes = fs::read(&path).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                fs::write(path, bytes).unwrap();
            },
            "rank/pytorch_adapter.bin is damaged: checksum",
        ),
        (
            &|world| fs::remove_file(world.path("rank").join(weights)).unwrap(),
            "rank/pytorch_adapter.bin is damaged: no such file",
        ),
        (
            &|world| fs::write(world.path("rank/adapter.safetensors"), "").unwrap(),
            "rank/adapter.safetensors is damaged: a file that was not added",
        ),
        (
            &|world| fs::remove_dir_all(world.path("rank")).unwrap(),
            "there is no such directory",
        ),
        (
            &|world| {
                let manifest = fs::read_to_string(world.path("registry.json")).unwrap();
                let hash = &world.open().entry("rank").unwrap().hash.clone();
                fs::write(world.path("registry.json"), manifest.replace(hash, "0")).unwrap();
            },
            "the manifest's `hash` is not that of `files`",
        ),
    ];
    for (damage, expected) in cases {
        let world = World::filled();
        damage(&world);
        let error = world.open().module("rank").unwrap_err();
        assert_eq!(error.kind(), Kind::Internal);
        assert!(error.to_string().contains(expected), "{error}");
        let problems = world.problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with("rank: ") && problems[0].contains(expected));
        // Added again, it is whole again.
        world
            .add(&replacing(ranking("adapterhub/rank", "rank")))
            .unwrap();
        world.check_whole(&["rank", "sw"]);
    }
}

#[test]
fn a_stray_folder_is_reported_and_stays() {
    let world = World::filled();
    fs::create_dir(world.path("mine")).unwrap();
    let problems = world.problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("mine: the manifest has no such module"));
    let refusal = world.refusal(&ranking("adapterhub/rank", "mine"));
    assert!(refusal.contains("mine: it is there"), "{refusal}");
    assert!(world.path("mine").is_dir());
}

/// Every instant at which an add of `id` may be killed, `gone` being whose place it takes: the steps that are done.
fn kill(world: &World, new: &NewModule, id: &str, gone: &[&str], steps: usize) {
    // What the finished add would leave, in a registry of its own.
    let after = World(TempDir::new().unwrap());
    copy_tree(&world.dir(), &after.dir());
    let entry = after.add(new).unwrap();
    let adding = world.path(&format!(".adding-{id}"));
    let building = world.path(".building-x");
    let step = |n: usize| n < steps;
    if step(0) {
        fs::create_dir(&building).unwrap();
        copy_tree(&after.path(id), &building.join(NEW));
    }
    if step(1) {
        fs::create_dir(building.join("before")).unwrap();
        let json = serde_json::to_string(&entry).unwrap();
        fs::write(building.join("entry.json"), json).unwrap();
        fs::rename(&building, &adding).unwrap();
    }
    for (n, gone) in gone.iter().enumerate() {
        if step(2 + n) {
            fs::rename(world.path(gone), adding.join("before").join(gone)).unwrap();
        }
    }
    if step(2 + gone.len()) {
        fs::rename(adding.join(NEW), world.path(id)).unwrap();
    }
    if step(3 + gone.len()) {
        fs::copy(after.path("registry.json"), world.path("registry.json")).unwrap();
    }
    if step(4 + gone.len()) {
        fs::rename(&adding, &building).unwrap();
        fs::remove_file(building.join("entry.json")).unwrap();
    }
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in files::names(from).unwrap() {
        let (from, to) = (from.join(&name), to.join(&name));
        match from.is_dir() {
            true => copy_tree(&from, &to),
            false => drop(fs::copy(from, to).unwrap()),
        }
    }
}

/// Kills `new` at every instant: readers see the modules `before` or `after`, and the next add leaves no trace of it.
#[track_caller]
fn check_kills(new: &NewModule, gone: &[&str], before: &[&str], after: &[&str]) {
    let id = new.id.clone().unwrap();
    let committed = 3 + gone.len();
    for steps in 0..=committed + 2 {
        let world = World::filled();
        kill(&world, new, &id, gone, steps);
        let expected = if steps > committed { after } else { before };
        world.check_readable(expected);
        world
            .add(&language("adapterhub/lang-b", "fi", "fi"))
            .unwrap();
        let mut ids = expected.to_vec();
        ids.push("fi");
        ids.sort_unstable();
        world.check_whole(&ids);
    }
}

#[test]
fn a_killed_add_leaves_the_registry_as_it_was_or_with_the_module() {
    let new = ranking("adapterhub/houlsby", "houlsby");
    check_kills(&new, &[], &["rank", "sw"], &["houlsby", "rank", "sw"]);
}

#[test]
fn a_killed_replacement_leaves_the_old_module_or_the_new_one() {
    let same = replacing(ranking("adapterhub/rank", "rank"));
    check_kills(&same, &["rank"], &["rank", "sw"], &["rank", "sw"]);
    let other = replacing(ranking("adapterhub/houlsby", "rank"));
    check_kills(&other, &["rank"], &["rank", "sw"], &["rank", "sw"]);
    // One takes the places of two.
    let both = replacing(language("adapterhub/lang-b", "rank", "sw"));
    check_kills(&both, &["rank", "sw"], &["rank", "sw"], &["rank"]);
}

#[test]
fn two_adds_at_once_do_not_lose_one() {
    let world = World::filled();
    let site = site::Site::claim(&world.dir()).unwrap();
    let error = world
        .add(&ranking("adapterhub/houlsby", "houlsby"))
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(
        error
            .to_string()
            .starts_with("another process is writing the registry")
    );
    drop(site);
    world
        .add(&ranking("adapterhub/houlsby", "houlsby"))
        .unwrap();
    world.check_whole(&["houlsby", "rank", "sw"]);
}

#[test]
fn manifests_of_other_formats_and_malformed_ones_are_refused_by_name() {
    let entry = |change: &dyn Fn(&mut serde_json::Value)| {
        let world = World::filled();
        let text = fs::read_to_string(world.path("registry.json")).unwrap();
        let mut manifest = serde_json::from_str(&text).unwrap();
        change(&mut manifest);
        fs::write(world.path("registry.json"), manifest.to_string()).unwrap();
        Registry::open(&world.dir()).unwrap_err().to_string()
    };
    type Change = fn(&mut serde_json::Value);
    let cases: [(Change, &str); 9] = [
        (
            |m| m["format"] = 2.into(),
            "a registry of format 2, and this program reads format 1",
        ),
        (|m| m["format"] = "1".into(), "field `format`"),
        (
            |m| m["modules"][1]["base"]["dim"] = (-1).into(),
            "field `modules[1].base.dim`",
        ),
        (
            |m| m["modules"][0]["task"] = "rank".into(),
            "field `modules[0].task`",
        ),
        (
            |m| m["modules"][0]["id"] = "../..".into(),
            "field `modules[0].id`",
        ),
        (
            |m| m["modules"][1]["language"] = "?".into(),
            "field `modules[1].language`",
        ),
        (
            |m| m["modules"][0]["files"]["../../x"] = "0".into(),
            "field `modules[0].files`",
        ),
        (
            |m| m["modules"][0]["id"] = "sw".into(),
            "id `sw` comes twice",
        ),
        (
            |m| {
                m["modules"][0]["task"] = "language".into();
                m["modules"][0]["language"] = "sw".into();
            },
            "one language module per language and base",
        ),
    ];
    for (change, expected) in cases {
        let refusal = entry(&change);
        assert!(refusal.contains("registry.json"), "{refusal}");
        assert!(refusal.contains(expected), "{refusal}");
    }
}

#[test]
fn what_is_no_registry_is_refused_and_not_written_to() {
    let world = World::new();
    let refusal = |dir: &Path| Registry::open(dir).unwrap_err().to_string();
    assert!(refusal(&world.dir()).contains("there is no such directory"));
    fs::create_dir(world.dir()).unwrap();
    assert!(refusal(&world.dir()).contains("it has no registry.json"));
    fs::write(world.path("thesis.tex"), "").unwrap();
    let found = world.refusal(&ranking("adapterhub/rank", "rank"));
    assert!(found.contains("it holds other files"), "{found}");
    assert_eq!(files::names(&world.dir()).unwrap(), ["thesis.tex"]);
}

#[test]
fn a_module_that_is_removed_is_gone_with_its_files() {
    let world = World::filled();
    Registry::remove(&world.dir(), "sw").unwrap();
    let registry = Registry::open(&world.dir()).unwrap();
    let ids: Vec<&str> = registry
        .entries()
        .iter()
        .map(|entry| entry.id.as_str())
        .collect();
    assert_eq!(ids, ["rank"]);
    assert!(registry.verify().unwrap().is_empty());
    assert!(!world.dir().join("sw").exists());
    let again = Registry::remove(&world.dir(), "sw").unwrap_err();
    assert_eq!(again.kind(), Kind::NotFound);
    // Its id and its language are free.
    world
        .add(&language("adapterhub/lang-a", "sw", "sw"))
        .unwrap();
}

#[test]
fn a_removal_that_was_killed_is_ended_by_the_next_who_writes() {
    // Before the manifest was written: nothing is gone.
    let world = World::filled();
    fs::create_dir(world.dir().join(".removing-sw")).unwrap();
    world.add(&ranking("adapterhub/rank", "other")).unwrap();
    let registry = Registry::open(&world.dir()).unwrap();
    assert_eq!(registry.entries().len(), 3);
    assert!(registry.verify().unwrap().is_empty());
    // After it: the files go.
    let world = World::filled();
    let stay: Vec<Entry> = {
        let registry = Registry::open(&world.dir()).unwrap();
        let others = registry
            .entries()
            .iter()
            .filter(|entry| entry.id.as_str() != "sw");
        others.cloned().collect()
    };
    manifest::write(&world.dir(), &stay).unwrap();
    fs::create_dir(world.dir().join(".removing-sw")).unwrap();
    world.add(&ranking("adapterhub/rank", "other")).unwrap();
    assert!(!world.dir().join("sw").exists());
    assert!(!world.dir().join(".removing-sw").exists());
    assert!(
        Registry::open(&world.dir())
            .unwrap()
            .verify()
            .unwrap()
            .is_empty()
    );
}
