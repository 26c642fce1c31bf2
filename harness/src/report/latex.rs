//! The tables of a report for a paper: `booktabs`, and nothing else that a plain article lacks.

use std::fmt::Write;

use super::number;
use super::sheet::{Entry, Sheet, sheets};
use super::summary::Summary;

const HEAD: &str = r"\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage[margin=2cm]{geometry}
\usepackage{booktabs}
\begin{document}
\setlength{\tabcolsep}{4pt}
";

/// With so many columns a table is set smaller.
const WIDE: usize = 8;

/// The whole file.
pub(super) fn page(summary: &Summary) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = fill(&mut page, summary);
    page
}

fn fill(page: &mut String, summary: &Summary) -> std::fmt::Result {
    let results = summary.results;
    let made = &results.provenance;
    writeln!(
        page,
        "% Made by `xenoglot eval report`, xenoglot {}.",
        comment(&made.version)
    )?;
    writeln!(
        page,
        "% Each table stands alone: copy it, and have \\usepackage{{booktabs}}."
    )?;
    writeln!(
        page,
        "% Names in other scripts than Latin want lualatex or xelatex, and a font that has them."
    )?;
    page.push_str(HEAD);
    writeln!(page, "\\section*{{{}}}", escape(&results.name))?;
    let date = number::date(made.finished_at);
    writeln!(
        page,
        "{}\n\n\\noindent {date}, xenoglot {}.",
        escape(&results.description),
        escape(&made.version)
    )?;
    for collection in &summary.collections {
        for sheet in sheets(summary, collection) {
            table(page, &sheet)?;
        }
        writeln!(page, "\\clearpage")?;
    }
    writeln!(page, "\\end{{document}}")
}

fn table(page: &mut String, sheet: &Sheet) -> std::fmt::Result {
    let n = sheet.columns.len();
    let size = if n > WIDE { "scriptsize" } else { "small" };
    writeln!(page, "\n\\begin{{table}}[htbp]\n\\centering\n\\{size}")?;
    writeln!(page, "\\caption{{{}.}}", escape(&sheet.title))?;
    let aligned = format!(
        "{}{}",
        "l".repeat(sheet.n_words),
        "r".repeat(n - sheet.n_words)
    );
    writeln!(page, "\\begin{{tabular}}{{@{{}}{aligned}@{{}}}}\n\\toprule")?;
    let columns: Vec<String> = sheet.columns.iter().map(|column| escape(column)).collect();
    writeln!(page, "{} \\\\\n\\midrule", columns.join(" & "))?;
    for (i, row) in sheet.rows.iter().enumerate() {
        if i == sheet.n_ours {
            writeln!(page, "\\midrule")?;
        }
        let entries: Vec<String> = row.iter().map(entry).collect();
        writeln!(page, "{} \\\\", entries.join(" & "))?;
    }
    writeln!(page, "\\bottomrule\n\\end{{tabular}}")?;
    if !sheet.note.is_empty() {
        writeln!(
            page,
            "\n\\smallskip\n\\parbox{{0.9\\textwidth}}{{\\footnotesize {}}}",
            escape(&sheet.note)
        )?;
    }
    writeln!(page, "\\end{{table}}")
}

fn entry(entry: &Entry) -> String {
    let text = escape(&entry.text);
    let text = if entry.is_bold {
        format!("\\textbf{{{text}}}")
    } else {
        text
    };
    let mark = match entry.mark {
        "" => String::new(),
        mark => format!("\\textsuperscript{{{}}}", escape(mark)),
    };
    let small = entry.small.as_deref();
    let small = small.map_or_else(String::new, |small| {
        format!(" {{\\tiny {}}}", escape(small))
    });
    format!("{text}{mark}{small}")
}

/// Text that is nothing but text.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '"' => escaped.push_str("\\textquotedbl{}"),
            '<' => escaped.push_str("\\textless{}"),
            '>' => escaped.push_str("\\textgreater{}"),
            '|' => escaped.push_str("\\textbar{}"),
            '−' => escaped.push_str("$-$"),
            '±' => escaped.push_str("$\\pm$"),
            '×' => escaped.push_str("$\\times$"),
            '→' => escaped.push_str("$\\rightarrow$"),
            '↓' => escaped.push_str("$\\downarrow$"),
            '†' => escaped.push_str("$\\dagger$"),
            '‡' => escaped.push_str("$\\ddagger$"),
            '–' => escaped.push_str("--"),
            '\u{202f}' => escaped.push_str("\\,"),
            // An empty line would end a paragraph, which a caption may not.
            '\n' | '\r' => escaped.push(' '),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                escaped.push('\\');
                escaped.push(char);
            }
            // A bracket after a line's end would be read as its length.
            '[' => escaped.push_str("{[}"),
            char => escaped.push(char),
        }
    }
    escaped
}

/// What may stand in a comment.
fn comment(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::super::synthetic;
    use super::*;

    #[test]
    fn text_is_nothing_but_text() {
        for (text, expected) in [
            ("100%_of {it}", "100\\%\\_of \\{it\\}"),
            ("\\input{x}", "\\textbackslash{}input\\{x\\}"),
            (
                "a & b # $5 ~ ^",
                "a \\& b \\# \\$5 \\textasciitilde{} \\textasciicircum{}",
            ),
            ("−.012 ‡", "$-$.012 $\\ddagger$"),
            ("[1", "{[}1"),
        ] {
            assert_eq!(escape(text), expected);
        }
    }

    #[test]
    fn every_row_has_the_columns_of_its_table() {
        let dir = tempfile::tempdir().unwrap();
        let mut results = synthetic::write(dir.path());
        results.collections[0].title = "a_b & 50% {c}".into();
        let page = page(&Summary::new(&results, dir.path()).unwrap());
        assert!(page.contains("a\\_b \\& 50\\% \\{c\\}"));
        let mut width = 0;
        for line in page.lines() {
            if let Some(aligned) = line.strip_prefix("\\begin{tabular}{@{}") {
                width = aligned.chars().take_while(|char| *char != '@').count();
            }
            if line.ends_with(" \\\\") {
                let n = line.replace("\\&", "").matches('&').count() + 1;
                assert_eq!(n, width, "{line}");
            }
        }
        for (open, close) in [("{table}", "{table}"), ("{tabular}", "{tabular}")] {
            let begins = page.matches(&format!("\\begin{open}")).count();
            assert_eq!(begins, page.matches(&format!("\\end{close}")).count());
            assert_eq!(begins, 15);
        }
    }
}
