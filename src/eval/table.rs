//! Tables as people read them, and what runs are called in them.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use unicode_width::UnicodeWidthStr;
use xenoglot_engine::eval::Run;

use crate::terminal::{BOLD, printable};

/// What stands where there is no number.
pub(super) const NOTHING: &str = "–";

/// Prints `rows` below `header`, the first column flush left and the others, which are numbers, flush right.
pub(super) fn print(
    out: &mut impl Write,
    header: &[&str],
    rows: &[Vec<String>],
) -> std::io::Result<()> {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.width()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    writeln!(out, "{BOLD}{}{BOLD:#}", line(header, &widths))?;
    for row in rows {
        writeln!(out, "{}", line(row, &widths))?;
    }
    Ok(())
}

fn line(cells: &[impl AsRef<str>], widths: &[usize]) -> String {
    let mut line = String::new();
    for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let cell = cell.as_ref();
        // Not `{:>}`, which counts characters and not columns.
        let space = " ".repeat(width.saturating_sub(cell.width()));
        match i {
            0 => line.extend([cell, &space]),
            _ => line.extend(["  ", &space, cell]),
        }
    }
    line.trim_end().to_owned()
}

/// What runs are called: by their tags where these tell them apart, otherwise by their files.
pub(super) fn names(paths: &[PathBuf], runs: &[Run]) -> Vec<String> {
    let tags: Vec<String> = runs.iter().map(|run| run.tag().to_owned()).collect();
    let files = paths.iter().map(|path| shown(path));
    let mut sorted: Vec<&String> = tags.iter().filter(|tag| !tag.is_empty()).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let names: Vec<String> = if sorted.len() == runs.len() {
        tags
    } else {
        files.collect()
    };
    names.iter().map(|name| printable(name)).collect()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Reads every run.
pub(super) fn read_runs(paths: &[PathBuf]) -> Result<Vec<Run>> {
    let runs = paths
        .iter()
        .map(|path| xenoglot_engine::eval::read_run(path));
    Ok(runs.collect::<Result<_, _>>()?)
}
