//! The table of languages in the documentation is the one in the code.

use std::fs;
use std::path::Path;

use xenoglot_engine::analyzer;

const BEGIN: &str = "<!-- Written by tests/languages.rs: XENOGLOT_WRITE=1 cargo test --workspace --test e2e languages -->\n";
const END: &str = "<!-- End of what is written. -->\n";

#[test]
fn the_documented_table_of_languages_is_what_the_code_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/languages.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{BEGIN}{}{END}{after}", rows());
    if std::env::var_os("XENOGLOT_WRITE").is_some() {
        fs::write(&path, &expected).unwrap();
    } else {
        assert_eq!(
            text, expected,
            "run the command in docs/languages.md to write it anew"
        );
    }
}

fn rows() -> String {
    let mut table = String::from(
        "\n| | language | script | normalisation | words | stemming | stop words |\n|---|---|---|---|---|---|--:|\n",
    );
    for row in analyzer::table() {
        table += &format!(
            "| `{}` | {} | {} | {} | {} | {} | {} |\n",
            row.code,
            row.name,
            row.scripts,
            row.normalization,
            row.segmentation,
            row.stemming,
            row.n_stop_words
        );
    }
    table + "\n"
}
