//! Compositions against the libraries that modules come from.
//!
//! `tests/fixtures/modules` and `$XENOGLOT_SHARED/golden` hold small models with what the reference libraries say of them.
//! A test whose needs are absent says so in a line and passes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ndarray::Array2;
use serde::Deserialize;
use xenoglot_engine::model::{
    Backbone, Device, LoadOptions, ModelDir, RuntimeSearch, TokenPair, locate,
};

use xenoglot_engine::{Deadline, DocId, Document, Meta, Query, Reranker};

use crate::module::Module;
use crate::{AdapterStack, ComposeOptions, Composer, CrossEncoder, ModuleId, Result, relevance};

/// Cases that no module of ours can take part in, and the word that says why.
const REFUSED_HERE: [(&str, &str); 1] = [("lora-gating", "use_gating")];

/// Agreement that is asked for in 32-bit numbers.
const TOLERANCE: f32 = 1e-4;

#[derive(Deserialize)]
struct Expected {
    tokens: Vec<Tokens>,
    cases: Vec<Case>,
    #[serde(default)]
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Tokens {
    query: String,
    document: String,
    input_ids: Vec<u32>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    modules: Vec<String>,
    base: Option<String>,
    split: Option<Split>,
    #[serde(default = "yes")]
    invertible: bool,
    #[serde(default)]
    skip_layers: BTreeSet<usize>,
    logits: Vec<Logits>,
    scores: Option<Vec<f32>>,
}

#[derive(Deserialize)]
struct Split {
    query: String,
    document: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Logits {
    One(f32),
    Several(Vec<f32>),
}

#[derive(Deserialize)]
struct Refused {
    module: String,
    word: String,
}

fn yes() -> bool {
    true
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn options() -> LoadOptions {
    LoadOptions {
        device: Device::Cpu,
        threads: NonZeroUsize::new(2),
        runtime: RuntimeSearch {
            explicit: std::env::var_os("XENOGLOT_ORT_DYLIB").map(PathBuf::from),
            working_dir: Some(project()),
            ..RuntimeSearch::default()
        },
        ..LoadOptions::default()
    }
}

/// A base model with modules and what is expected of them.
struct World {
    dir: PathBuf,
    expected: Expected,
    /// What merging, which adds up in another order, may change: more where weights are larger.
    merged_tolerance: f32,
}

/// Every world that is present.
fn worlds() -> Vec<World> {
    let shared = std::env::var_os("XENOGLOT_SHARED")
        .map_or_else(|| project().join("../shared"), PathBuf::from);
    let roots = [
        shared.join("golden"),
        project().join("tests/fixtures/modules"),
    ];
    let families = |root: &PathBuf| ["bert", "xlmr"].map(|family| root.join(family));
    let dirs: Vec<PathBuf> = roots.iter().flat_map(families).collect();
    if locate(&options().runtime).is_empty() {
        println!("skipped: ONNX Runtime is absent");
        return Vec::new();
    }
    let mut worlds = Vec::new();
    for dir in dirs {
        match fs::read(dir.join("expected.json")) {
            Ok(bytes) => worlds.push(World {
                expected: serde_json::from_slice(&bytes).unwrap(),
                merged_tolerance: if dir.starts_with(&roots[0]) {
                    1e-5
                } else {
                    3e-5
                },
                dir,
            }),
            Err(_) => println!("skipped: {} is absent", dir.display()),
        }
    }
    worlds
}

impl World {
    fn backbone(&self, base: &str) -> Arc<Backbone> {
        let dir = ModelDir::open(&self.dir.join(base)).unwrap();
        Arc::new(Backbone::load(&dir, &options()).unwrap())
    }

    fn composer(
        &self,
        backbone: &Arc<Backbone>,
        cases: &[&Case],
        options: &ComposeOptions,
    ) -> Result<Composer> {
        let names = cases.iter().flat_map(|case| {
            let split = case
                .split
                .iter()
                .flat_map(|split| [&split.query, &split.document]);
            case.modules.iter().chain(split)
        });
        let modules: BTreeMap<ModuleId, Arc<Module>> = names
            .map(|name| {
                let module = Module::load(&self.dir.join(name))?;
                Ok((ModuleId::from(name.as_str()), Arc::new(module)))
            })
            .collect::<Result<_>>()?;
        let composer = Composer::new(Arc::clone(backbone), modules, options.clone())?;
        let stacks: Vec<AdapterStack> = cases.iter().map(|case| case.stack(&composer)).collect();
        Ok(composer.with_bank(stacks.iter().flat_map(|stack| stack.language.modules())))
    }

    /// The logits of every pair under the stack of `case`.
    fn logits(&self, backbone: &Arc<Backbone>, case: &Case, merge: bool) -> Result<Array2<f32>> {
        let composer = self.composer(backbone, &[case], &case.options(merge))?;
        let pairs = self.pairs(&composer);
        let stack = case.stack(&composer);
        let pairs: Vec<_> = pairs.iter().map(|pair| (pair, &stack)).collect();
        composer.logits(&pairs)
    }

    fn pairs(&self, composer: &Composer) -> Vec<TokenPair> {
        let pair = |tokens: &Tokens| {
            let query = composer.tokens(&tokens.query).unwrap();
            let document = composer.tokens(&tokens.document).unwrap();
            let pair = composer
                .backbone()
                .pair(&query, &document, usize::MAX)
                .unwrap();
            assert_eq!(pair.ids(), tokens.input_ids, "{}", tokens.query);
            pair
        };
        self.expected.tokens.iter().map(pair).collect()
    }
}

impl Case {
    fn stack(&self, composer: &Composer) -> AdapterStack {
        let ids: Vec<ModuleId> = self
            .modules
            .iter()
            .map(|name| name.as_str().into())
            .collect();
        let sides = |split: &Split| {
            [&split.query, &split.document].map(|name| ModuleId::from(name.as_str()))
        };
        composer.stack(&ids, self.split.as_ref().map(sides))
    }

    fn options(&self, merge: bool) -> ComposeOptions {
        ComposeOptions {
            invertible: self.invertible,
            skip_layers: self.skip_layers.clone(),
            merge,
        }
    }

    /// What is wrong with `logits`, one row per pair.
    fn problems(&self, logits: &Array2<f32>) -> impl Iterator<Item = String> {
        logits
            .rows()
            .into_iter()
            .enumerate()
            .filter_map(|(i, row)| {
                let distance = self.distance(i, row);
                if let Some(scores) = &self.scores {
                    let score = relevance(row, None).unwrap();
                    assert!((score - scores[i]).abs() < TOLERANCE, "{}", self.name);
                }
                let is_near = distance <= TOLERANCE;
                (!is_near).then(|| format!("pair {i} is {distance} off"))
            })
    }

    /// How far `row` is from what is expected of pair `i`.
    fn distance(&self, i: usize, row: ndarray::ArrayView1<'_, f32>) -> f32 {
        let expected = match &self.logits[i] {
            Logits::One(logit) => std::slice::from_ref(logit),
            Logits::Several(logits) => logits,
        };
        assert_eq!(row.len(), expected.len(), "{}", self.name);
        let distances = row.iter().zip(expected).map(|(a, b)| (a - b).abs());
        distances.fold(0.0, f32::max)
    }
}

#[test]
fn every_case_agrees_with_the_library_it_comes_from() {
    let mut problems = Vec::new();
    for world in worlds() {
        let mut backbones: BTreeMap<&str, Arc<Backbone>> = BTreeMap::new();
        for case in &world.expected.cases {
            let base = case.base.as_deref().unwrap_or("base");
            let backbone = backbones
                .entry(base)
                .or_insert_with(|| world.backbone(base));
            let about = format!("{}: {}", world.dir.display(), case.name);
            let both = [false, true].map(|merge| world.logits(backbone, case, merge));
            let refused = REFUSED_HERE.iter().find(|(name, _)| case.name == *name);
            match (both, refused) {
                ([Ok(beside), Ok(merged)], None) => {
                    problems.extend(
                        case.problems(&beside)
                            .map(|what| format!("{about}: {what}")),
                    );
                    let apart = largest_difference(&beside, &merged);
                    if apart > world.merged_tolerance {
                        problems.push(format!("{about}: {apart} from beside to merged"));
                    }
                }
                ([Err(error), _], Some((_, word))) if error.to_string().contains(word) => {}
                ([beside, merged], _) => {
                    let errors =
                        [beside.err(), merged.err()].map(|error| error.map(|e| e.to_string()));
                    problems.push(format!("{about}: {errors:?}"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn pairs_of_all_stacks_in_one_request_score_as_alone() {
    for world in worlds() {
        let backbone = world.backbone("base");
        let is_usual = |case: &&Case| {
            let options = case.options(false);
            case.base.is_none()
                && options == ComposeOptions::default()
                && matches!(case.logits[0], Logits::One(_))
                && REFUSED_HERE.iter().all(|(name, _)| case.name != *name)
        };
        let cases: Vec<&Case> = world.expected.cases.iter().filter(is_usual).collect();
        let options = ComposeOptions::default();
        let composer = world.composer(&backbone, &cases, &options).unwrap();
        let pairs = world.pairs(&composer);
        let stacks: Vec<AdapterStack> = cases.iter().map(|case| case.stack(&composer)).collect();
        let mixed: Vec<(&TokenPair, &AdapterStack)> = pairs
            .iter()
            .flat_map(|pair| stacks.iter().map(move |stack| (pair, stack)))
            .collect();
        let logits = composer.logits(&mixed).unwrap();
        for (n, row) in logits.rows().into_iter().enumerate() {
            let (i, case) = (n / cases.len(), cases[n % cases.len()]);
            let distance = case.distance(i, row);
            assert!(
                distance <= TOLERANCE,
                "{}: pair {i} is {distance} off",
                case.name
            );
        }
        assert!(composer.n_resident() <= crate::DEFAULT_RESIDENT);
    }
}

#[test]
fn what_is_no_module_is_refused_by_name() {
    for world in worlds() {
        let backbone = world.backbone("base");
        for Refused { module, word } in &world.expected.refused {
            let refusal = Module::load(&world.dir.join(module))
                .and_then(|module| module.fits(backbone.info()));
            let message = refusal.expect_err(module).to_string();
            let found = message.to_lowercase().contains(&word.to_lowercase());
            assert!(found, "{module}: {message}, expected a word of {word}");
        }
    }
}

#[derive(Deserialize)]
struct CrossEncoders {
    models: Vec<CrossEncoderModel>,
}

#[derive(Deserialize)]
struct CrossEncoderModel {
    name: String,
    pairs: Vec<CrossEncoderPair>,
}

#[derive(Deserialize)]
struct CrossEncoderPair {
    query: String,
    document: String,
    input_ids: Vec<u32>,
    logits: Vec<f32>,
    score: Score,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Score {
    One(f32),
    /// Of several labels sentence-transformers gives them all.
    Several(Vec<f32>),
}

#[test]
fn cross_encoders_of_sentence_transformers_score_as_there() {
    let dir = project().join("tests/fixtures/modules/cross-encoder");
    if locate(&options().runtime).is_empty() {
        println!("skipped: ONNX Runtime is absent");
        return;
    }
    let expected = fs::read(dir.join("expected.json")).unwrap();
    let expected: CrossEncoders = serde_json::from_slice(&expected).unwrap();
    for model in expected.models {
        let base = ModelDir::open(&dir.join(&model.name)).unwrap();
        let backbone = Arc::new(Backbone::load(&base, &options()).unwrap());
        let composer = Composer::new(backbone, BTreeMap::new(), ComposeOptions::default()).unwrap();
        let stack = AdapterStack::default();
        let tokens: Vec<TokenPair> = model
            .pairs
            .iter()
            .map(|pair| {
                let [query, document] =
                    [&pair.query, &pair.document].map(|text| composer.tokens(text).unwrap());
                composer.pair(&query, &document, &stack).unwrap()
            })
            .collect();
        let pairs: Vec<_> = tokens.iter().map(|tokens| (tokens, &stack)).collect();
        let logits = composer.logits(&pairs).unwrap();
        let activation = composer.backbone().info().activation;
        for ((pair, tokens), row) in model.pairs.iter().zip(&tokens).zip(logits.rows()) {
            let about = format!("{}: {:?}", model.name, pair.query);
            assert_eq!(tokens.ids(), pair.input_ids, "{about}");
            for (found, expected) in row.iter().zip(&pair.logits) {
                assert!(
                    (found - expected).abs() <= TOLERANCE,
                    "{about}: {found}, expected {expected}"
                );
            }
            let score = relevance(row, activation).unwrap();
            match &pair.score {
                Score::One(expected) => assert!((score - expected).abs() <= TOLERANCE, "{about}"),
                Score::Several(all) => assert_eq!(all.len(), row.len(), "{about}"),
            }
        }
    }
}

#[test]
fn when_time_runs_out_the_first_candidates_are_scored_and_no_others() {
    let dir = project().join("tests/fixtures/modules/cross-encoder/bert-sigmoid");
    if locate(&options().runtime).is_empty() {
        println!("skipped: ONNX Runtime is absent");
        return;
    }
    let reranker = CrossEncoder::open(&dir, &options()).unwrap();
    let document = |i: usize| Document {
        id: DocId(i.to_string()),
        lang: "en".parse().unwrap(),
        title: String::new(),
        text: format!("The bridge was finished in {i}, after nine years of work."),
        meta: Meta::default(),
    };
    let docs: Vec<Document> = (0..4_000).map(document).collect();
    let query = Query {
        text: "When was the bridge finished?".into(),
        lang: "en".parse().unwrap(),
    };
    let all = reranker
        .rerank(&query, &docs[..40], &Deadline::default())
        .unwrap()
        .scores;
    let some = |deadline| {
        reranker
            .rerank(&query, &docs, &Deadline::at(Some(deadline)))
            .unwrap()
            .scores
    };
    assert!(some(Instant::now()).is_empty());
    // Long enough for a few, whatever the machine, and far too short for all.
    let scores = some(Instant::now() + Duration::from_millis(30));
    assert!(scores.len() < docs.len(), "{}", scores.len());
    for (found, expected) in scores.iter().zip(&all) {
        assert!((found - expected).abs() < 1e-6);
    }
}

#[test]
fn searches_side_by_side_compose_each_stack_once_and_agree() {
    for world in worlds() {
        let backbone = world.backbone("base");
        let is_mask = |case: &&Case| {
            case.base.is_none()
                && case.modules.iter().any(|module| module.starts_with("sft/"))
                && matches!(case.logits[0], Logits::One(_))
        };
        let cases: Vec<&Case> = world
            .expected
            .cases
            .iter()
            .filter(is_mask)
            .take(6)
            .collect();
        let composer = world
            .composer(&backbone, &cases, &ComposeOptions::default())
            .unwrap();
        // Fewer than there are, so that they displace each other.
        let composer = composer.with_resident(2);
        let pairs = world.pairs(&composer);
        std::thread::scope(|scope| {
            for n in 0..4 {
                let (composer, pairs, cases) = (&composer, &pairs, &cases);
                scope.spawn(move || {
                    for case in cases.iter().cycle().skip(n).take(2 * cases.len()) {
                        let stack = case.stack(composer);
                        let pairs: Vec<_> = pairs.iter().map(|pair| (pair, &stack)).collect();
                        let logits = composer.logits(&pairs).unwrap();
                        let problems: Vec<String> = case.problems(&logits).collect();
                        assert!(problems.is_empty(), "{}: {problems:?}", case.name);
                    }
                });
            }
        });
        assert_eq!(composer.n_resident(), 2);
    }
}

fn largest_difference(a: &Array2<f32>, b: &Array2<f32>) -> f32 {
    assert_eq!(a.dim(), b.dim());
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f32::max)
}

/// The logits of every pair under each of `stacks`, all in one request.
fn together(world: &World, stacks: &[&[&str]], merge: bool) -> Vec<Array2<f32>> {
    let backbone = world.backbone("base");
    let cases: Vec<Case> = stacks
        .iter()
        .map(|modules| Case {
            name: modules.join(", "),
            modules: modules.iter().map(|name| (*name).to_owned()).collect(),
            base: None,
            split: None,
            invertible: true,
            skip_layers: BTreeSet::new(),
            logits: Vec::new(),
            scores: None,
        })
        .collect();
    let cases: Vec<&Case> = cases.iter().collect();
    let composer = world
        .composer(&backbone, &cases, &cases[0].options(merge))
        .unwrap();
    let pairs = world.pairs(&composer);
    let stacks: Vec<AdapterStack> = cases.iter().map(|case| case.stack(&composer)).collect();
    let mixed: Vec<_> = stacks
        .iter()
        .flat_map(|stack| pairs.iter().map(move |pair| (pair, stack)))
        .collect();
    let logits = composer.logits(&mixed).unwrap();
    let of_stack = logits.axis_chunks_iter(ndarray::Axis(0), pairs.len());
    of_stack.map(|rows| rows.to_owned()).collect()
}

/// The fixtures of BERT, if they can run.
fn bert() -> Option<World> {
    let of_fixtures = |world: &World| world.dir.ends_with("tests/fixtures/modules/bert");
    worlds().into_iter().find(of_fixtures)
}

#[test]
fn a_pairs_score_does_not_depend_on_its_neighbours_stacks() {
    let Some(world) = bert() else { return };
    let rank = "adapterhub/rank";
    let [a, b, plain, parallel] = ["lang-a", "lang-b", "lang-plain", "lang-parallel"]
        .map(|name| format!("adapterhub/{name}"));
    let check = |stacks: &[&[&str]]| {
        let all = together(&world, stacks, false);
        for (stack, found) in stacks.iter().zip(&all) {
            let alone = &together(&world, &[stack], false)[0];
            let apart = largest_difference(found, alone);
            assert!(apart <= 1e-5, "{stack:?} among {stacks:?}: {apart}");
        }
    };
    check(&[&[rank], &[&parallel, rank], &["adapterhub/parallel", rank]]);
    check(&[
        &[rank],
        &[&a, rank],
        &["adapterhub/lang-legacy", rank],
        &[&b, rank],
        &[&plain, rank],
    ]);
    check(&[
        &[&a],
        &[&a, rank],
        &["adapterhub/lang-leave-out", rank],
        &[&plain, rank],
    ]);
    check(&[
        &[],
        &["sft/rank"],
        &[&a, rank],
        &["adapterhub/lang-leave-out", rank],
    ]);
}

#[test]
fn modules_of_several_kinds_on_one_weight_score_alike_beside_and_merged() {
    let Some(world) = bert() else { return };
    for stack in [
        &["peft/ia3-default", "peft/lora"][..],
        &["adapterhub/ia3", "peft/lora"],
        &["peft/ia3-default", "peft/all-linear-dora"],
        &["peft/ia3-feedforward", "peft/lora"],
        &["peft/lora", "peft/all-linear-dora"],
        &["peft/lora", "adapterhub/dora"],
        &["sft/rank", "peft/ia3-feedforward", "peft/all-linear-dora"],
        &["peft/saved-layers", "adapterhub/dora"],
        &["peft/saved-layers", "peft/all-linear"],
        &["peft/bias-all", "adapterhub/dora"],
        &["sft/lang-linear", "adapterhub/dora"],
    ] {
        let [beside, merged] = [false, true].map(|merge| together(&world, &[stack], merge));
        let apart = largest_difference(&beside[0], &merged[0]);
        assert!(apart <= TOLERANCE, "{stack:?}: {apart}");
    }
}

#[test]
fn of_several_heads_the_topmost_counts_and_what_brings_none_takes_none_away() {
    let Some(world) = bert() else { return };
    let logits = |stack: &[&str]| together(&world, &[stack], false).remove(0);
    let flexible = "adapterhub/flex-two-labels";
    assert_eq!(logits(&[flexible, "sft/lang-biases"]).ncols(), 2);
    assert_eq!(logits(&["sft/rank", flexible]).ncols(), 2);
    assert_eq!(logits(&[flexible, "peft/bias-all"]).ncols(), 1);
    assert_eq!(logits(&[flexible, "adapterhub/rank"]).ncols(), 1);
}
