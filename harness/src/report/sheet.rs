//! Tables as text: what Markdown and LaTeX both print, each in its manner.

use super::number;
use super::summary::stages_of;
use super::summary::{Collection, Contrast, Figure, Matrix, RowKind, Summary, System, Table};

/// A table.
pub(super) struct Sheet {
    pub(super) title: String,
    pub(super) columns: Vec<String>,
    /// So many columns are words, and stand at the left; the rest are numbers.
    pub(super) n_words: usize,
    pub(super) rows: Vec<Vec<Entry>>,
    /// From this row on it is somebody else's.
    pub(super) n_ours: usize,
    pub(super) note: String,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) text: String,
    pub(super) is_bold: bool,
    /// `†`, `‡` or nothing.
    pub(super) mark: &'static str,
    /// What stands beside it in small type.
    pub(super) small: Option<String>,
}

impl Entry {
    fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_bold: false,
            mark: "",
            small: None,
        }
    }

    fn value(figure: Option<&Figure>) -> Self {
        let plain = Self::plain(number::optional(figure.map(|figure| figure.value)));
        match figure {
            None => plain,
            Some(figure) => Self {
                is_bold: figure.is_best,
                mark: figure.mark.sign(),
                small: figure.difference.map(number::difference),
                ..plain
            },
        }
    }
}

/// Every table about a collection, in the order in which they are read.
pub(super) fn sheets(summary: &Summary, collection: &Collection) -> Vec<Sheet> {
    let measure = summary.main_measure();
    let title = &collection.info.title;
    let mut sheets = vec![of_table(
        &collection.main,
        title.clone(),
        marks(summary, collection),
    )];
    if let Some(groups) = &collection.groups {
        let title = format!("{title}: {measure} by pairs of languages, query→document");
        sheets.push(of_table(groups, title, String::new()));
    }
    sheets.extend(beside(collection));
    if let Some(baseline) = summary.baseline() {
        sheets.extend(comparison(collection, measure, baseline));
    }
    for (system, matrix) in collection.matrices() {
        let title = format!("{title}: {measure} of {}", system.info.name);
        sheets.push(of_matrix(matrix, title, "queries ↓ documents →"));
    }
    if let Some(matrix) = &collection.by_query_language {
        let title = format!("{title}: {measure} by query language");
        sheets.push(of_matrix(matrix, title, "System"));
    }
    sheets.push(cost(collection, measure));
    sheets.extend(bias(collection));
    sheets
}

fn marks(summary: &Summary, collection: &Collection) -> String {
    let mut note = format!("Means over {}.", collection.extent());
    if let Some(baseline) = summary.baseline() {
        let averaged = match collection.n_pairs {
            1 => "",
            _ => ", each averaged over pairs of languages first",
        };
        note.push_str(&format!(
            " Bold: best of its column. Small: difference to {baseline}. † p < .05, ‡ p < .01: two-sided randomisation \
             test over topics{averaged}, after Holm over the systems of a column."
        ));
    }
    note
}

fn of_table(table: &Table, title: String, note: String) -> Sheet {
    let name = |name: &str, kind: &RowKind| match kind {
        RowKind::Baseline => format!("{name} (baseline)"),
        RowKind::Ours { partial: None } => name.to_owned(),
        RowKind::Ours {
            partial: Some(asked),
        } => format!("{name} ({asked})"),
        RowKind::Published { source } => format!("{name} (published: {source})"),
    };
    let is_ours = |kind: &RowKind| !matches!(kind, RowKind::Published { .. });
    let rows = table.rows.iter().map(|row| {
        let figures = row
            .figures
            .iter()
            .map(|figure| Entry::value(figure.as_ref()));
        std::iter::once(Entry::plain(name(&row.name, &row.kind)))
            .chain(figures)
            .collect()
    });
    Sheet {
        title,
        columns: headed(["System"], table.columns.iter().cloned()),
        n_words: 1,
        rows: rows.collect(),
        n_ours: table.rows.iter().filter(|row| is_ours(&row.kind)).count(),
        note,
    }
}

fn beside(collection: &Collection) -> Option<Sheet> {
    let rows: Vec<Vec<Entry>> = collection
        .beside
        .iter()
        .map(|row| {
            let theirs = row.published;
            let words = [
                format!("{} ({})", theirs.system, theirs.source),
                format!("{}→{}", theirs.queries, theirs.documents),
                theirs.measure.clone(),
                number::value(theirs.value),
            ];
            let ours = row.ours.iter().map(|value| number::optional(*value));
            words.into_iter().chain(ours).map(Entry::plain).collect()
        })
        .collect();
    let names = collection
        .systems
        .iter()
        .map(|system| system.info.name.clone());
    (!rows.is_empty()).then(|| Sheet {
        title: format!(
            "{}: published figures, and ours for the same languages",
            collection.info.title
        ),
        columns: headed(["Published", "Languages", "Measure", "Theirs"], names),
        n_words: 3,
        n_ours: rows.len(),
        rows,
        note: String::new(),
    })
}

fn comparison(collection: &Collection, measure: &str, baseline: &str) -> Option<Sheet> {
    let row = |(system, contrast): (&System, &Contrast)| {
        let compared = &contrast.comparison;
        let (low, high) = compared.interval;
        let texts = [
            system.info.name.clone(),
            number::difference(compared.difference),
            format!(
                "[{}, {}]",
                number::difference(low),
                number::difference(high)
            ),
            number::probability(compared.p_randomisation),
            number::probability(contrast.p_holm),
            number::optional(compared.effect),
            format!("{}/{}/{}", compared.wins, compared.ties, compared.losses),
        ];
        texts.map(Entry::plain).into()
    };
    let rows: Vec<Vec<Entry>> = collection.contrasts().map(row).collect();
    let columns = [
        "System",
        "Difference",
        "95 % interval",
        "p",
        "Holm",
        "d",
        "Topics +/=/−",
    ];
    (!rows.is_empty()).then(|| Sheet {
        title: format!("{}: {measure} less that of {baseline}, over topics", collection.info.title),
        columns: headed(columns, std::iter::empty()),
        n_words: 1,
        n_ours: rows.len(),
        rows,
        note: "Interval: bootstrap over topics. p: two-sided randomisation test; Holm: adjusted for the number of systems. \
               d: mean of the differences over their standard deviation."
            .into(),
    })
}

fn of_matrix(matrix: &Matrix, title: String, corner: &str) -> Sheet {
    let texts = |name: &str, values: &mut dyn Iterator<Item = Option<f64>>| -> Vec<Entry> {
        let values = values.map(number::optional);
        std::iter::once(name.to_owned())
            .chain(values)
            .map(Entry::plain)
            .collect()
    };
    let rows = matrix.rows.iter().enumerate().map(|(i, name)| {
        let values = matrix.values[i].iter().copied();
        texts(name, &mut values.chain([matrix.row_mean(i)]))
    });
    let means = (0..matrix.columns.len()).map(|column| matrix.column_mean(column));
    let last = texts("mean", &mut means.chain([matrix.mean()]));
    let columns = matrix.columns.iter().cloned().chain(["mean".to_owned()]);
    Sheet {
        title,
        columns: headed([corner], columns),
        n_words: 1,
        n_ours: matrix.rows.len(),
        rows: rows.chain([last]).collect(),
        note: String::new(),
    }
}

fn cost(collection: &Collection, measure: &str) -> Sheet {
    let stages = stages_of(collection);
    let row = |system: &System| -> Vec<Entry> {
        let cost = &system.cost;
        let ms = |ms: Option<f64>| ms.map_or_else(|| number::NONE.to_owned(), number::milliseconds);
        let latency = cost.latency_ms;
        let mut texts = vec![system.info.name.clone(), number::value(system.mean)];
        texts.extend([
            ms(latency.map(|time| time.p50)),
            ms(latency.map(|time| time.p95)),
            ms(latency.map(|time| time.p99)),
        ]);
        texts.extend(
            stages
                .iter()
                .map(|stage| ms(cost.stages_ms.get(*stage).copied())),
        );
        texts.extend([
            number::count(cost.n_docs),
            number::bytes(cost.size_bytes),
            number::seconds(cost.build_seconds),
        ]);
        texts.into_iter().map(Entry::plain).collect()
    };
    let stages = stages.iter().map(|stage| (*stage).to_owned());
    let index = ["Documents", "Index", "Built in"].map(str::to_owned);
    Sheet {
        title: format!("{}: what quality costs", collection.info.title),
        columns: headed(["System", measure, "p50", "p95", "p99"], stages.chain(index)),
        n_words: 1,
        n_ours: collection.systems.len(),
        rows: collection.systems.iter().map(row).collect(),
        note: "Milliseconds of a query, one at a time: percentiles, then the median of every stage; medians over pairs of \
               languages. Sizes and times of all indexes that a system searched."
            .into(),
    }
}

fn bias(collection: &Collection) -> Option<Sheet> {
    let languages: Vec<&String> = collection.biases().next()?.1.shares.keys().collect();
    let percent = |share: Option<f64>| {
        share.map_or_else(
            || number::NONE.to_owned(),
            |share| format!("{:.0}", share * 100.0),
        )
    };
    let mut rows: Vec<Vec<Entry>> = Vec::new();
    for (system, bias) in collection.biases() {
        let shares = languages.iter().map(|language| bias.shares.get(*language));
        let shares = shares.map(|share| percent(share.map(|share| share.retrieved)));
        let name = system.info.name.clone();
        let texts = [
            name,
            number::value(bias.peer),
            number::value(bias.own_language_first),
        ];
        rows.push(texts.into_iter().chain(shares).map(Entry::plain).collect());
    }
    let n_ours = rows.len();
    if let Some((_, bias)) = collection.biases().next() {
        let shares = bias
            .shares
            .values()
            .map(|share| percent(Some(share.relevant)));
        let texts = [
            "relevant".to_owned(),
            number::NONE.into(),
            number::NONE.into(),
        ];
        rows.push(texts.into_iter().chain(shares).map(Entry::plain).collect());
    }
    Some(Sheet {
        title: format!("{}: language bias", collection.info.title),
        columns: headed(
            ["System", "PEER", "Own first"],
            languages.into_iter().cloned(),
        ),
        n_words: 1,
        rows,
        n_ours,
        note:
            "Percent of the head of the list that is in a language, and of the relevant documents."
                .into(),
    })
}

fn headed<const N: usize>(first: [&str; N], rest: impl Iterator<Item = String>) -> Vec<String> {
    first.map(str::to_owned).into_iter().chain(rest).collect()
}
