//! `xenoglot doctor`: what is here, what works, and how to mend what does not.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use xenoglot_engine::model;
use xenoglot_engine::{Manifest, verify};

use crate::machine;
use crate::setup::{DEFAULT_INDEX, ModelArgs, runtime_search};
use crate::terminal::{BOLD, GREEN, RED, grouped, megabytes};

/// Show what was found (ONNX Runtime, model, index, machine) and how to mend what was not
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The index to look at
    #[arg(long, value_name = "DIR", env = "XENOGLOT_INDEX", default_value = DEFAULT_INDEX)]
    index: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
}

/// Runs `xenoglot doctor`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{BOLD}xenoglot {}{BOLD:#}", env!("CARGO_PKG_VERSION"))?;
    machine(&mut out)?;
    runtime(&mut out)?;
    encoder(&mut out, &args.model)?;
    index(&mut out, args)
}

fn machine(out: &mut impl Write) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    good(
        out,
        "cores",
        &format!("{cores}, {}", std::env::consts::ARCH),
    )?;
    match machine::memory_bytes() {
        Some((total, free)) => good(
            out,
            "memory",
            &format!("{} of {} free", megabytes(free), megabytes(total)),
        ),
        None => good(out, "memory", "this system does not say"),
    }
}

fn runtime(out: &mut impl Write) -> Result<()> {
    let info = match model::info(&runtime_search()) {
        Ok(info) => info,
        Err(error) => {
            bad(out, "ONNX Runtime", &chain(&error))?;
            let mend = "transformers need it: `make setup` fetches it, or set XENOGLOT_ORT_DYLIB to libonnxruntime.so; \
                        lexical search and token tables, the default model among them, work without";
            return hint(out, mend);
        }
    };
    let version = info
        .version
        .unwrap_or_else(|| "of a version its name does not say".into());
    good(
        out,
        "ONNX Runtime",
        &format!("{version}, {}", info.path.display()),
    )?;
    for provider in info.providers {
        match provider.problem {
            None => good(out, provider.name, "works")?,
            Some(problem) => {
                bad(out, provider.name, &problem)?;
                if provider.name == "CUDA" {
                    let mend = "for a GPU: pip install onnxruntime-gpu, and name its library in XENOGLOT_ORT_DYLIB";
                    hint(out, mend)?;
                }
            }
        }
    }
    Ok(())
}

fn encoder(out: &mut impl Write, model: &ModelArgs) -> Result<()> {
    match model.load() {
        Ok(encoder) => {
            let spec = encoder.spec();
            good(
                out,
                "model",
                &format!(
                    "{}, {} dimensions, fingerprint {}",
                    spec.name, spec.dim, spec.fingerprint
                ),
            )
        }
        Err(error) => {
            bad(out, "model", &chain(error.as_ref()))?;
            hint(
                out,
                "--model takes a Hugging Face directory; without it, the model inside this program is used",
            )
        }
    }
}

fn index(out: &mut impl Write, args: &Args) -> Result<()> {
    match verify(&args.index).and_then(|_| Manifest::read(&args.index)) {
        Ok(manifest) => {
            let n_docs = grouped(manifest.n_docs as u64);
            let size = megabytes(manifest.size_bytes());
            let languages = manifest.languages.len();
            let text = format!(
                "{}: {n_docs} documents, {languages} languages, {size}",
                args.index.display()
            );
            good(
                out,
                "index",
                &format!("{text}, encoder {}", manifest.settings.encoder.name),
            )
        }
        Err(error) => {
            bad(out, "index", &chain(&error))?;
            hint(
                out,
                "--index names another; `xenoglot demo` makes one to try",
            )
        }
    }
}

fn good(out: &mut impl Write, what: &str, found: &str) -> Result<()> {
    Ok(writeln!(out, "{GREEN}✓{GREEN:#} {what:<13} {found}")?)
}

fn bad(out: &mut impl Write, what: &str, problem: &str) -> Result<()> {
    Ok(writeln!(out, "{RED}✗{RED:#} {what:<13} {problem}")?)
}

fn hint(out: &mut impl Write, mend: &str) -> Result<()> {
    Ok(writeln!(out, "                {mend}")?)
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
