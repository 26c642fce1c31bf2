//! The tables of a report for a repository.

use std::fmt::Write;

use super::number;
use super::provenance::{facts, settings};
use super::sheet::{Entry, Sheet, sheets};
use super::summary::Summary;
use crate::results::{Example, ExampleHit};

/// The whole file.
pub(super) fn page(summary: &Summary) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = fill(&mut page, summary);
    page
}

fn fill(page: &mut String, summary: &Summary) -> std::fmt::Result {
    let results = summary.results;
    writeln!(page, "# {}\n", escape(&results.name))?;
    if !results.description.is_empty() {
        writeln!(page, "{}\n", escape(&results.description))?;
    }
    for collection in &summary.collections {
        let title = escape(&collection.info.title);
        writeln!(page, "## {title}\n\n{}\n", collection.extent())?;
        for sheet in sheets(summary, collection) {
            table(page, &sheet)?;
        }
    }
    if !results.examples.is_empty() {
        writeln!(page, "## Topics to look at\n")?;
        for item in &results.examples {
            example(page, item)?;
        }
    }
    writeln!(page, "## Provenance\n")?;
    for (name, fact) in facts(summary) {
        writeln!(page, "- {name}: {}", escape(&fact))?;
    }
    writeln!(page, "\nSettings, by system:\n")?;
    for (name, values) in settings(&results.systems) {
        let systems = results.systems.iter().zip(values);
        let set = systems.filter_map(|(system, value)| {
            Some(format!("{} {}", escape(&system.name), escape(&value?)))
        });
        writeln!(
            page,
            "- `{}`: {}",
            name.replace('`', ""),
            set.collect::<Vec<_>>().join("; ")
        )?;
    }
    writeln!(page, "\nFiles, by BLAKE3:\n")?;
    for (name, file) in &results.provenance.files {
        let size = number::bytes(file.size_bytes);
        writeln!(page, "- {}, {size}: {}", escape(name), escape(&file.blake3))?;
    }
    Ok(())
}

fn table(page: &mut String, sheet: &Sheet) -> std::fmt::Result {
    writeln!(page, "**{}**\n", escape(&sheet.title))?;
    let columns: Vec<String> = sheet.columns.iter().map(|column| escape(column)).collect();
    writeln!(page, "| {} |", columns.join(" | "))?;
    let align = |i: usize| if i < sheet.n_words { ":--" } else { "--:" };
    let aligned: Vec<&str> = (0..columns.len()).map(align).collect();
    writeln!(page, "| {} |", aligned.join(" | "))?;
    for row in &sheet.rows {
        let entries: Vec<String> = row.iter().map(entry).collect();
        writeln!(page, "| {} |", entries.join(" | "))?;
    }
    match sheet.note.as_str() {
        "" => writeln!(page),
        note => writeln!(page, "\n{}\n", escape(note)),
    }
}

fn entry(entry: &Entry) -> String {
    let text = escape(&entry.text);
    let text = if entry.is_bold {
        format!("**{text}**")
    } else {
        text
    };
    let small = entry.small.as_deref();
    let small = small.map_or_else(String::new, |small| format!(" <sub>{small}</sub>"));
    format!("{text}{}{small}", entry.mark)
}

fn example(page: &mut String, example: &Example) -> std::fmt::Result {
    writeln!(
        page,
        "**{}** ({}, {}→{}, topic {}): {} → {} with {}\n",
        escape(&example.query),
        escape(&example.collection),
        escape(&example.queries),
        escape(&example.documents),
        escape(&example.topic),
        number::value(example.baseline_value),
        number::value(example.value),
        escape(&example.system),
    )?;
    for (who, hits) in [
        ("Baseline", &example.baseline_head),
        ("System", &example.head),
    ] {
        writeln!(page, "{who}:\n")?;
        for (hit, rank) in hits.iter().zip(1..) {
            writeln!(page, "{rank}. {}", document(hit))?;
        }
        writeln!(page)?;
    }
    Ok(())
}

fn document(hit: &ExampleHit) -> String {
    let grade = hit
        .grade
        .map_or_else(|| "?".to_owned(), |grade| grade.to_string());
    format!("\\[{grade}\\] {} ({})", escape(&hit.text), escape(&hit.doc))
}

/// Text that is nothing but text, also within a table.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' | '\r' => escaped.push(' '),
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '#' | '~' | '$' => {
                escaped.push('\\');
                escaped.push(char);
            }
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::synthetic;
    use super::*;

    #[test]
    fn text_is_nothing_but_text() {
        for (text, expected) in [
            ("a|b", "a\\|b"),
            ("<script>x & y", "&lt;script>x &amp; y"),
            ("*a* _b_ `c`", "\\*a\\* \\_b\\_ \\`c\\`"),
            ("two\nlines", "two lines"),
        ] {
            assert_eq!(escape(text), expected);
        }
    }

    #[test]
    fn every_row_has_the_columns_of_its_head() {
        let dir = tempfile::tempdir().unwrap();
        let mut results = synthetic::write(dir.path());
        results.collections[0].title = "pipes | and\nlines".into();
        results.published[0].source = "a|b".into();
        let page = page(&Summary::new(&results, dir.path()).unwrap());
        let columns = |line: &str| line.replace("\\|", "").matches('|').count();
        let mut n_tables = 0;
        let mut width = None;
        for line in page.lines() {
            match (line.starts_with('|'), width) {
                (true, None) => {
                    n_tables += 1;
                    width = Some(columns(line));
                }
                (true, Some(width)) => assert_eq!(columns(line), width, "{line}"),
                (false, _) => width = None,
            }
        }
        // Main, groups, published, comparison, five maps, cost; main, comparison, one map, cost, bias.
        assert_eq!(n_tables, 15);
    }
}
