//! Models small enough to know what they should find: directories as Hugging Face lays them out, written by hand.
//!
//! Each knows the words of [`TOY`], a few concepts in a few languages: words of one concept have one vector, so that a
//! query in one language finds a document in another although they share no word.

use std::path::Path;

use serde_json::{Map, Value, json};

/// Concepts, each with its words in lower case. A word that is not here means nothing to the models.
pub(crate) const TOY: &[&[&str]] = &[
    &[
        "sea", "meer", "mar", "море", "bahari", "tides", "tide", "flut", "marea",
    ],
    &["moon", "mond", "luna", "луна", "mwezi"],
    &["bread", "brot", "pan", "хлеб", "mkate"],
    &["chess", "schach", "ajedrez", "шахматы", "sataranji"],
    &["rain", "regen", "lluvia", "дождь", "المطر", "mvua"],
    &["music", "musik", "música", "музыка", "muziki"],
    &["iron", "eisen", "hierro", "железо", "chuma"],
];

/// Numbers per vector, one per concept and one to spare.
const DIM: usize = 8;
/// Before the words: padding, unknown words, and the marks around a text.
const SPECIAL: [&str; 4] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];

/// Writes a static encoder that knows `concepts` into `dir`.
pub(crate) fn token_table(dir: &Path, concepts: &[&[&str]]) {
    let config = json!({
        "model_type": "static", "name": "toy", "dim": DIM, "ignored_token_ids": [0, 1, 2, 3],
    });
    let table = rows(concepts);
    let shape = [table.len() / DIM, DIM];
    write(
        dir,
        &config,
        concepts,
        &[("embedding.weight".into(), shape.to_vec(), table)],
    );
}

/// Writes a BERT of one layer that knows the same into `dir`. The layer stirs so little that words still decide.
pub(crate) fn bert(dir: &Path, concepts: &[&[&str]]) {
    let table = rows(concepts);
    let vocab_size = table.len() / DIM;
    let config = json!({
        "model_type": "bert", "architectures": ["BertModel"], "vocab_size": vocab_size, "hidden_size": DIM,
        "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 2 * DIM, "hidden_act": "gelu",
        "max_position_embeddings": 64, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0,
    });
    let mut noise = Noise(1);
    let mut tensors = vec![
        (
            "embeddings.word_embeddings.weight".to_owned(),
            vec![vocab_size, DIM],
            table,
        ),
        noise.tensor("embeddings.position_embeddings.weight", &[64, DIM]),
        noise.tensor("embeddings.token_type_embeddings.weight", &[2, DIM]),
    ];
    tensors.extend(norm("embeddings.LayerNorm"));
    let layer = "encoder.layer.0";
    for part in [
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
    ] {
        tensors.extend(noise.linear(&format!("{layer}.{part}"), DIM, DIM));
    }
    tensors.extend(norm(&format!("{layer}.attention.output.LayerNorm")));
    tensors.extend(noise.linear(&format!("{layer}.intermediate.dense"), DIM, 2 * DIM));
    tensors.extend(noise.linear(&format!("{layer}.output.dense"), 2 * DIM, DIM));
    tensors.extend(norm(&format!("{layer}.output.LayerNorm")));
    write(dir, &config, concepts, &tensors);
}

/// Name, shape and values.
type Tensor = (String, Vec<usize>, Vec<f32>);

/// One row per special token and word: the axis of its concept.
fn rows(concepts: &[&[&str]]) -> Vec<f32> {
    let mut rows = vec![0.0; SPECIAL.len() * DIM];
    for (axis, words) in concepts.iter().enumerate() {
        for _ in *words {
            rows.extend((0..DIM).map(|i| if i == axis { 1.0 } else { 0.0 }));
        }
    }
    rows
}

/// Ones and zeros: a normalisation and no more.
fn norm(name: &str) -> [Tensor; 2] {
    [
        (format!("{name}.weight"), vec![DIM], vec![1.0; DIM]),
        (format!("{name}.bias"), vec![DIM], vec![0.0; DIM]),
    ]
}

/// Small numbers that are the same every time.
struct Noise(u64);

impl Noise {
    fn linear(&mut self, name: &str, from: usize, to: usize) -> [Tensor; 2] {
        [
            self.tensor(&format!("{name}.weight"), &[to, from]),
            self.tensor(&format!("{name}.bias"), &[to]),
        ]
    }

    fn tensor(&mut self, name: &str, shape: &[usize]) -> Tensor {
        let values = (0..shape.iter().product()).map(|_| self.next()).collect();
        (name.to_owned(), shape.to_vec(), values)
    }

    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32 * 0.02 - 0.01
    }
}

fn write(dir: &Path, config: &Value, concepts: &[&[&str]], tensors: &[Tensor]) {
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(dir.join("config.json"), config.to_string()).unwrap();
    std::fs::write(dir.join("tokenizer.json"), tokenizer(concepts).to_string()).unwrap();
    std::fs::write(dir.join("model.safetensors"), safetensors(tensors)).unwrap();
}

/// Lower case, whole words.
fn tokenizer(concepts: &[&[&str]]) -> Value {
    let words = SPECIAL.iter().chain(concepts.iter().copied().flatten());
    let vocab: Map<String, Value> = words
        .enumerate()
        .map(|(id, word)| ((*word).to_owned(), id.into()))
        .collect();
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "decoder": null,
        "normalizer": { "type": "Lowercase" },
        "pre_tokenizer": { "type": "Whitespace" },
        "post_processor": { "type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2] },
        "model": { "type": "WordLevel", "vocab": vocab, "unk_token": "[UNK]" },
    })
}

/// The file format: the length of a header, the header (names, types, shapes, places), the values.
fn safetensors(tensors: &[Tensor]) -> Vec<u8> {
    let mut header = Map::new();
    let mut values = Vec::new();
    for (name, shape, numbers) in tensors {
        let start = values.len();
        values.extend(numbers.iter().flat_map(|x| x.to_le_bytes()));
        let entry =
            json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, values.len()] });
        header.insert(name.clone(), entry);
    }
    let mut header = Value::Object(header).to_string();
    // Values begin at a multiple of eight.
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend(values);
    file
}
