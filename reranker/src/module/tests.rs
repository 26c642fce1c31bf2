//! Modules of the libraries themselves, and made-up ones that are broken in one place each.

mod adapterhub;
mod fits;
mod peft;

use std::fs;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView, serialize_to_file};
use serde_json::{Value, json};
use tempfile::TempDir;
use xenoglot_engine::model::Activation;
use xenoglot_engine::model::insertions::{Residual, Style};

use xenoglot_engine::model::BackboneInfo;

use super::*;

/// A module in a directory of its own.
struct Made {
    config: Value,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    config_file: &'static str,
    weights_file: &'static str,
}

impl Made {
    /// The same number everywhere in the tensor `name`.
    fn with(mut self, name: &str, shape: &[usize], number: f32) -> Self {
        let numbers = vec![number; shape.iter().product()];
        self.tensors
            .insert(name.to_owned(), (shape.to_vec(), numbers));
        self
    }

    fn without(mut self, part: &str) -> Self {
        self.tensors.retain(|name, _| !name.contains(part));
        self
    }

    fn set(mut self, pointer: &str, value: Value) -> Self {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        self.config.pointer_mut(parent).unwrap()[field] = value;
        self
    }

    fn unset(mut self, field: &str) -> Self {
        self.config.as_object_mut().unwrap().remove(field);
        self
    }

    fn renamed(mut self, from: &str, to: &str) -> Self {
        let tensors = std::mem::take(&mut self.tensors).into_iter();
        self.tensors = tensors
            .map(|(name, tensor)| (name.replace(from, to), tensor))
            .collect();
        self
    }

    fn write(&self, dir: &Path) {
        let bytes: Vec<(&String, &Vec<usize>, Vec<u8>)> = self
            .tensors
            .iter()
            .map(|(name, (shape, numbers))| {
                (
                    name,
                    shape,
                    numbers.iter().flat_map(|x| x.to_le_bytes()).collect(),
                )
            })
            .collect();
        let views = bytes.iter().map(|(name, shape, bytes)| {
            (
                *name,
                TensorView::new(Dtype::F32, (*shape).clone(), bytes).unwrap(),
            )
        });
        fs::write(dir.join(self.config_file), self.config.to_string()).unwrap();
        serialize_to_file(views, None, &dir.join(self.weights_file)).unwrap();
    }

    fn load(&self) -> Result<Module> {
        let dir = TempDir::new().unwrap();
        self.write(dir.path());
        Module::load(dir.path())
    }

    /// What is said where it is refused.
    fn refusal(&self) -> String {
        self.load().unwrap_err().to_string()
    }
}

/// Asserts that `made` is refused with a sentence that has all of `parts`.
fn check_refused(made: Made, parts: &[&str]) {
    let refusal = made.refusal();
    for part in parts {
        assert!(refusal.contains(part), "{refusal:?} lacks {part:?}");
    }
}

/// The golden modules of both families, if they are at hand.
fn golden() -> Vec<PathBuf> {
    let shared = std::env::var_os("XENOGLOT_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let families = ["bert", "xlmr"].map(|family| shared.join("golden").join(family));
    let there: Vec<PathBuf> = families.into_iter().filter(|path| path.is_dir()).collect();
    if there.is_empty() {
        println!("skipped: {} is absent", shared.display());
    }
    there
}

#[test]
fn golden_modules_load_as_what_they_are() {
    let pfeiffer = "bottleneck adapter (Pfeiffer)";
    let rows = [
        ("adapterhub/houlsby", "bottleneck adapter (Houlsby)", false),
        (
            "adapterhub/lang-de",
            "bottleneck adapter (Pfeiffer, invertible)",
            false,
        ),
        (
            "adapterhub/lang-sw",
            "bottleneck adapter (Pfeiffer, invertible)",
            false,
        ),
        ("adapterhub/lang-tr-noinv", pfeiffer, false),
        ("adapterhub/lora", "LoRA", false),
        (
            "adapterhub/parallel",
            "bottleneck adapter (parallel)",
            false,
        ),
        ("adapterhub/rank", pfeiffer, true),
        ("adapterhub/rank-leaveout", pfeiffer, true),
        ("peft/dora", "DoRA", true),
        ("peft/ia3", "(IA)³", true),
        ("peft/lora", "LoRA", true),
        ("peft/rslora-all", "LoRA", true),
        ("sft/lang-de", "sparse mask", false),
        ("sft/lang-sw", "sparse mask", false),
        ("sft/rank", "sparse mask", true),
    ];
    for family in golden() {
        for (name, kind, has_head) in rows {
            let module = Module::load(&family.join(name)).unwrap();
            assert_eq!(module.kind(), kind, "{name}");
            assert!(module.n_parameters() > 100, "{name}");
            if has_head {
                assert!(
                    module
                        .tensors
                        .keys()
                        .any(|name| name.starts_with("classifier.")),
                    "{name}"
                );
            }
            assert!(
                !module.tensors.keys().any(|name| name.starts_with("cls")),
                "{name}"
            );
        }
    }
}

#[test]
fn golden_modules_fit_their_own_backbone_and_no_other() {
    let backbones: Vec<BackboneInfo> = golden().iter().map(|family| facts(family)).collect();
    for (i, family) in golden().iter().enumerate() {
        for kind in ["adapterhub", "peft", "sft"] {
            for entry in fs::read_dir(family.join(kind)).unwrap() {
                let module = Module::load(&entry.unwrap().path()).unwrap();
                for (j, backbone) in backbones.iter().enumerate() {
                    let answer = module.fits(backbone);
                    assert_eq!(
                        answer.is_ok(),
                        i == j,
                        "{}: {answer:?}",
                        module.path.display()
                    );
                }
            }
        }
    }
}

/// What there is to know of the backbone of a golden family.
fn facts(family: &Path) -> BackboneInfo {
    let base = family.join("base");
    let config: Value =
        serde_json::from_slice(&fs::read(base.join("config.json")).unwrap()).unwrap();
    let bytes = fs::read(base.join("model.safetensors")).unwrap();
    let weights = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let number = |field: &str| config[field].as_u64().unwrap() as usize;
    let tensors = weights.iter();
    BackboneInfo {
        name: base.display().to_string(),
        stated_name: None,
        model_type: config["model_type"].as_str().unwrap().into(),
        dim: number("hidden_size"),
        n_layers: number("num_hidden_layers"),
        vocab_size: number("vocab_size"),
        tensors: tensors
            .map(|(name, view)| (tensors::bare(name).1.to_owned(), view.shape().to_vec()))
            .collect(),
        ..BackboneInfo::default()
    }
}

#[test]
fn golden_numbers_are_where_they_belong() {
    let Some(bert) = golden().into_iter().find(|family| family.ends_with("bert")) else {
        return;
    };
    let load = |name: &str| Module::load(&bert.join(name)).unwrap();

    let Content::Adapter(adapter) = load("adapterhub/rank-leaveout").content else {
        panic!("not an adapter");
    };
    let layers = &adapter.bottleneck.layers;
    assert_eq!(layers[0], Default::default());
    assert_eq!(layers[2].output.as_ref().unwrap().down.dim(), (32, 64));
    assert_eq!(adapter.left_out, [0].into());

    // A scale of 2, next to the same numbers as they lie in the file.
    let file = bert.join("adapterhub/parallel/pytorch_adapter.bin");
    let file = xenoglot_engine::checkpoint::Checkpoint::open(&file).unwrap();
    let stored = file.numbers("bert.encoder.layer.1.output.adapters.parallel.adapter_up.weight");
    let stored = stored
        .unwrap()
        .into_dimensionality::<ndarray::Ix2>()
        .unwrap();
    let Content::Adapter(adapter) = load("adapterhub/parallel").content else {
        panic!("not an adapter");
    };
    assert!(adapter.bottleneck.style.is_parallel);
    assert_eq!(
        adapter.bottleneck.layers[1].output.as_ref().unwrap().up,
        &stored * 2.0
    );

    let Content::LowRank(layers) = load("peft/rslora-all").content else {
        panic!("not LoRA");
    };
    assert_eq!(
        layers["encoder.layer.0.attention.self.query"].a.dim(),
        (2, 64)
    );
    assert_eq!(layers["pooler.dense"].b.dim(), (64, 3));

    let Content::Scales(scales) = load("peft/ia3").content else {
        panic!("not (IA)³");
    };
    assert!(matches!(&scales["encoder.layer.0.output.dense"], Scale::Input(x) if x.len() == 128));
    assert!(
        matches!(&scales["encoder.layer.0.attention.self.key"], Scale::Output(x) if x.len() == 64)
    );

    let Content::Mask(mask) = load("sft/rank").content else {
        panic!("not a mask");
    };
    assert!(mask.values().any(|tensor| tensor.matrix.n_entries() > 0));
}

/// What `expected.json` of a family of fixtures says of its modules.
#[derive(serde::Deserialize)]
struct Expected {
    refused: Vec<Refused>,
}

#[derive(serde::Deserialize)]
struct Refused {
    module: String,
    word: String,
}

#[test]
fn fixtures_load_and_fit_unless_they_are_meant_to_be_refused() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/modules");
    for family in ["bert", "xlmr"].map(|family| fixtures.join(family)) {
        let Ok(expected) = fs::read(family.join("expected.json")) else {
            println!("skipped: {} is absent", family.display());
            continue;
        };
        let expected: Expected = serde_json::from_slice(&expected).unwrap();
        let backbone = facts(&family);
        for kind in ["adapterhub", "peft", "sft"] {
            for entry in fs::read_dir(family.join(kind)).unwrap() {
                let path = entry.unwrap().path();
                let answer = Module::load(&path).and_then(|module| module.fits(&backbone));
                let mut refused = expected.refused.iter();
                let refused = refused.find(|refused| path.ends_with(&refused.module));
                // A gate over tokens has no place at a linear layer here.
                let is_gated = path.ends_with("adapterhub/lora-gating");
                let word = match refused {
                    Some(refused) => refused.word.as_str(),
                    None if is_gated => "use_gating",
                    None => {
                        answer.unwrap();
                        continue;
                    }
                };
                let refusal = answer.unwrap_err().to_string().to_lowercase();
                assert!(
                    refusal.contains(&word.to_lowercase()),
                    "{refusal:?} lacks {word:?}"
                );
            }
        }
    }
}
