//! Evaluations on collections of the field: `cargo bench --bench eval -- NAME [--write]`.
//!
//! Each prints its tables and fails when a figure is not the one that was kept in `benches/eval/NAME.tsv`; `--write` keeps
//! today's. They need the data beside the checkout, or at `XENOGLOT_SHARED`.

mod figures;
mod ground;
mod paired;

mod flores;
mod langid;
mod lexical;
mod romanised;
mod xquad;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let Some((name, args)) = args.split_first() else {
        bail!("expected the name of an evaluation: xquad, lexical, flores, romanised or langid");
    };
    match name.as_str() {
        "flores" => flores::run(args),
        "xquad" => xquad::run(args),
        "langid" => langid::run(args),
        "romanised" => romanised::run(args),
        "lexical" => lexical::run(args),
        _ => bail!(
            "there is no evaluation {name:?}, expected xquad, lexical, flores, romanised or langid"
        ),
    }
}
