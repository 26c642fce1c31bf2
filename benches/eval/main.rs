//! Evaluations that an experiment file cannot say: `cargo bench --bench eval -- NAME [--write]`.
//!
//! Corpora are put together from other files, or it is not retrieval that is measured. Everything else is a file for
//! `xenoglot eval run`: `benches/eval/*.toml`.
//!
//! Each prints its tables and fails when a figure is not the one that was kept in `benches/eval/NAME.tsv`; `--write` keeps
//! today's. They need the data beside the checkout, or at `XENOGLOT_SHARED`.

mod figures;
mod ground;

mod flores;
mod langid;
mod romanised;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let Some((name, args)) = args.split_first() else {
        bail!("expected the name of an evaluation: flores, romanised or langid");
    };
    match name.as_str() {
        "flores" => flores::run(args),
        "langid" => langid::run(args),
        "romanised" => romanised::run(args),
        _ => bail!("there is no evaluation {name:?}, expected flores, romanised or langid"),
    }
}
