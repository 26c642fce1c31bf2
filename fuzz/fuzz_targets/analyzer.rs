//! Any string in any language: analysing it ends, without a panic, an empty term or one that the index cannot take, and a
//! query's words have the terms of a document's.
//!
//! ```sh
//! cargo install cargo-fuzz
//! RUSTC_BOOTSTRAP=1 cargo fuzz run analyzer -s none -- -max_total_time=600 -max_len=4096 -rss_limit_mb=2048
//! ```
//!
//! The first byte chooses the language.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use xenoglot_engine::analyzer::{Analyzer, table};

/// What tantivy takes.
const MAX_TERM_BYTES: usize = 65_530;

static CODES: LazyLock<Vec<&str>> = LazyLock::new(|| table().iter().map(|row| row.code).collect());

fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    let code = CODES[usize::from(choice) % CODES.len()];
    let analyzer = Analyzer::new(code.parse().expect("a row has a code"));
    let terms = analyzer.terms(text);
    for term in &terms {
        assert!(!term.is_empty() && term.len() <= MAX_TERM_BYTES);
    }
    let of_words = analyzer.words(text).into_iter().flat_map(|word| word.terms);
    assert!(of_words.eq(terms));
});
