//! The encoder that the program carries inside itself.

use xenoglot_engine::model::{EmbeddedFile, ModelDir};

macro_rules! embedded {
    ($name:literal) => {
        EmbeddedFile {
            name: $name,
            bytes: include_bytes!(concat!("../models/xenoglot-static/", $name)),
        }
    };
}

static FILES: &[EmbeddedFile] = &[
    embedded!("config.json"),
    embedded!("tokenizer.json"),
    embedded!("model.safetensors"),
    embedded!("golden.json"),
];

/// `models/xenoglot-static`: a multilingual token table, trained by `training/`.
pub(crate) fn default_model() -> ModelDir {
    ModelDir::embedded("xenoglot-static", FILES)
}
