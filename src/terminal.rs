//! What people see: hits, counts, errors. Colours appear on a terminal only, which `anstream` sees to.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;
use xenoglot_engine::{Candidate, Document, Fallback, StageScore};

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();

/// One hit, as the terminal shows it.
pub(crate) struct HitView<'a> {
    pub(crate) rank: usize,
    pub(crate) candidate: Candidate,
    pub(crate) doc: &'a Document,
    pub(crate) snippet: &'a str,
}

/// Prints a hit in two or more lines: rank, language, title, score and id, then the snippet.
pub(crate) fn print_hit(out: &mut impl Write, hit: &HitView<'_>) -> std::io::Result<()> {
    let HitView {
        rank,
        candidate,
        doc,
        snippet,
    } = hit;
    let title = printable(if doc.title.is_empty() {
        &doc.id.0
    } else {
        &doc.title
    });
    writeln!(
        out,
        "{DIM}{rank:>3}{DIM:#}  {GREEN}{:<7}{GREEN:#} {BOLD}{}{BOLD:#}  {DIM}{:.4}  {}{DIM:#}",
        doc.lang.code(),
        isolated(&title),
        candidate.score,
        doc.id
    )?;
    for line in wrapped(&printable(snippet), 92) {
        writeln!(out, "             {}", isolated(line))?;
    }
    Ok(())
}

/// Prints what each stage made of a hit.
pub(crate) fn print_explanation(
    out: &mut impl Write,
    scores: &[StageScore],
) -> std::io::Result<()> {
    for at in scores {
        let StageScore {
            stage, rank, score, ..
        } = at;
        write!(
            out,
            "             {DIM}{stage:<8} rank {rank:<4} score {score:.4}"
        )?;
        if let Some(by) = &at.scored_by {
            let modules = by.modules.join(" + ");
            write!(out, "   by {}", printable(&modules))?;
            for Fallback { wanted, used } in &by.fallbacks {
                match used {
                    Some(used) => write!(out, "   {used} stands in for {wanted}")?,
                    None => write!(out, "   nothing stands in for {wanted}")?,
                }
            }
        }
        writeln!(out)?;
        for found in &at.matches {
            let (word, terms) = (printable(&found.word), found.terms.join(" "));
            write!(out, "                      {word}")?;
            if word != terms {
                write!(out, " → {}", printable(&terms))?;
            }
            if found.probability < 1.0 {
                write!(out, " ({:.2})", found.probability)?;
            }
            writeln!(out, " × {}   {:.4}", found.frequency, found.score)?;
        }
        write!(out, "{DIM:#}")?;
    }
    Ok(())
}

/// Prints an error and its causes to standard error, each once.
pub(crate) fn report(error: &anyhow::Error) {
    let mut err = anstream::stderr().lock();
    // Nothing is left to do for somebody who closed standard error.
    let _ = writeln!(err, "{RED}error:{RED:#} {error}");
    for cause in error.chain().skip(1) {
        let _ = writeln!(err, "  because: {cause}");
    }
}

/// `text` in one line, without what would command the terminal instead of being shown by it.
pub(crate) fn printable(text: &str) -> String {
    let spaced = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c });
    spaced.filter(|c| !c.is_control()).collect()
}

/// On a terminal, `text` in marks that keep a right-to-left text from reordering what stands beside it
/// (FIRST STRONG ISOLATE, POP DIRECTIONAL ISOLATE; UAX #9). Elsewhere, `text` alone.
fn isolated(text: &str) -> String {
    if std::io::stdout().is_terminal() {
        format!("\u{2068}{text}\u{2069}")
    } else {
        text.to_owned()
    }
}

/// Cuts `text` into lines of at most `columns`, at spaces where there are some: wide characters count two columns.
fn wrapped(text: &str, columns: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text.trim();
    while rest.width() > columns {
        let mut end = 0;
        let mut width = 0;
        let mut space = None;
        for (at, c) in rest.char_indices() {
            width += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
            if width > columns {
                break;
            }
            end = at + c.len_utf8();
            if c == ' ' {
                space = Some(at);
            }
        }
        let (line, tail) = rest.split_at(space.unwrap_or(end));
        lines.push(line.trim_end());
        rest = tail.trim_start();
    }
    lines.push(rest);
    lines
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%".contains(c);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// 1234567 → `1,234,567`.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let first = digits.len() % 3;
    let mut groups: Vec<&str> = if first > 0 {
        vec![&digits[..first]]
    } else {
        Vec::new()
    };
    groups.extend(
        (first..digits.len())
            .step_by(3)
            .map(|at| &digits[at..at + 3]),
    );
    groups.join(",")
}

/// Bytes as people read them: `12.3 MB`.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_threes() {
        for (n, expected) in [
            (0, "0"),
            (12, "12"),
            (123, "123"),
            (1234, "1,234"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(n), expected);
        }
    }

    #[test]
    fn nothing_in_a_text_commands_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\nc\u{9b}d"), "a[31mb cd");
    }

    #[test]
    fn lines_break_at_spaces_or_between_wide_characters() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("月亮与潮汐", 4), ["月亮", "与潮", "汐"]);
        assert_eq!(wrapped("", 8), [""]);
    }
}
