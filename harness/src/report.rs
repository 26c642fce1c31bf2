//! Reports: what an experiment found, to be looked at.
//!
//! Numbers are computed once, in `summary`, and know of no format; every format is a way to print them.

mod number;
mod provenance;
mod sheet;
mod summary;

mod html;
mod latex;
mod markdown;

#[cfg(test)]
mod synthetic;

use std::path::{Path, PathBuf};

use xenoglot_engine::whole_file;

use crate::error::{Error, Result};
use crate::results::Results;
use summary::Summary;

/// What a report may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One page that fetches nothing.
    Html,
    /// Tables for a repository.
    Markdown,
    /// Tables for a paper.
    Latex,
}

impl Format {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Html, Self::Markdown, Self::Latex];

    fn file(self) -> &'static str {
        match self {
            Self::Html => "report.html",
            Self::Markdown => "report.md",
            Self::Latex => "report.tex",
        }
    }

    fn render(self, summary: &Summary) -> String {
        match self {
            Self::Html => html::page(summary),
            Self::Markdown => markdown::page(summary),
            Self::Latex => latex::page(summary),
        }
    }
}

/// Writes reports of what lies in `dir` to `out`, which is made if need be, and returns their paths.
///
/// # Errors
/// When `results` disagree with themselves, scores of a cell cannot be read, or a report cannot be written.
pub fn write(
    results: &Results,
    dir: &Path,
    out: &Path,
    formats: &[Format],
) -> Result<Vec<PathBuf>> {
    let summary = Summary::new(results, dir)?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| Error::Write { path, source }
    };
    std::fs::create_dir_all(out).map_err(failed(out))?;
    let write = |format: &Format| {
        let path = out.join(format.file());
        let text = format.render(&summary);
        whole_file::write(&path, ".report-", |file| file.write_all(text.as_bytes()))
            .map_err(failed(&path))?;
        Ok(path)
    };
    formats.iter().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_file_per_format() {
        let dir = tempfile::tempdir().unwrap();
        let results = synthetic::write(dir.path());
        // To look at it: XENOGLOT_REPORT=DIR.
        let out = std::env::var_os("XENOGLOT_REPORT");
        let out = out.map_or_else(|| dir.path().join("new/report"), PathBuf::from);
        let paths = write(&results, dir.path(), &out, &Format::ALL).unwrap();
        let names = ["report.html", "report.md", "report.tex"];
        assert_eq!(paths, names.map(|name| out.join(name)));
        for path in paths {
            let text = std::fs::read_to_string(path).unwrap();
            for system in &results.systems {
                assert!(text.contains(&system.name), "{}", system.name);
            }
        }
    }

    #[test]
    fn results_that_disagree_with_themselves_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let sound = synthetic::write(dir.path());
        let mut short = sound.clone();
        short.cells[0].values.pop();
        let mut stranger = sound.clone();
        stranger.cells[0].system = "nobody".into();
        let mut unmeasured = sound;
        unmeasured.measures.clear();
        for (results, expected) in [
            (short, "expected 4 values"),
            (stranger, "`nobody`"),
            (unmeasured, "no measure"),
        ] {
            let error = write(&results, dir.path(), dir.path(), &[]).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
