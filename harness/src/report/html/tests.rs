use super::super::synthetic;
use super::*;

#[test]
fn everything_there_is_has_its_section() {
    let dir = tempfile::tempdir().unwrap();
    let mut results = synthetic::write(dir.path());
    let full = page(&Summary::new(&results, dir.path()).unwrap());
    for section in [
        "results",
        "comparison",
        "languages",
        "precision",
        "topics",
        "cost",
        "bias",
        "examples",
        "provenance",
    ] {
        assert!(
            full.contains(&format!("<section id=\"{section}\"")),
            "{section}"
        );
        assert!(full.contains(&format!("href=\"#{section}\"")), "{section}");
    }
    // Five systems, four of them less the baseline, and one map of systems.
    assert_eq!(full.matches("<table class=\"map\"").count(), 5 + 4 + 1);
    assert_eq!(full.matches("class=\"waterfall\"").count(), 2 * 4);

    results.baseline = None;
    results.examples.clear();
    results.cells.iter_mut().for_each(|cell| cell.bias = None);
    let bare = page(&Summary::new(&results, dir.path()).unwrap());
    for section in ["comparison", "topics", "bias", "examples"] {
        assert!(!bare.contains(&format!("id=\"{section}\"")), "{section}");
    }
    assert!(!bare.contains('†'), "a mark against nothing");
}

#[test]
fn nothing_is_fetched_and_nothing_foreign_runs() {
    let dir = tempfile::tempdir().unwrap();
    let mut results = synthetic::write(dir.path());
    let hostile = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    results.name = hostile.into();
    results.description = hostile.into();
    results.collections[0].title = hostile.into();
    for example in &mut results.examples {
        example.query = hostile.into();
        example.queries = hostile.into();
        example.head[0].text = hostile.into();
        example.head[0].doc = hostile.into();
    }
    results.published[0].source = hostile.into();
    results.systems[0].settings = serde_json::json!({ hostile: hostile });
    let cell = &results.cells[0];
    let scores = dir.path().join(&cell.folder).join("scores.tsv");
    let text = std::fs::read_to_string(&scores).unwrap();
    std::fs::write(scores, text.replace("q000", hostile)).unwrap();
    let page = page(&Summary::new(&results, dir.path()).unwrap());
    assert_eq!(page.matches("<script").count(), 1, "only our own");
    assert!(!page.contains("<img"));
    for fetched in ["src=", "href=\"http", "url(", "@import", "<link"] {
        let tags = page.replace("&quot;", "").replace("&lt;img src=x", "");
        assert!(!tags.contains(fetched), "{fetched}");
    }
    assert!(page.contains("dir=\"rtl\""));
}

/// A page's marks are those of the numbers they stand beside.
#[test]
fn marks_agree_with_the_comparison() {
    let dir = tempfile::tempdir().unwrap();
    let results = synthetic::write(dir.path());
    let summary = Summary::new(&results, dir.path()).unwrap();
    for collection in &summary.collections {
        let mut best = Vec::new();
        for (row, system) in collection.main.rows.iter().zip(&collection.systems) {
            assert_eq!(row.name, system.info.name);
            let figure = row.figures[0].as_ref().unwrap();
            let mean = results.mean(&collection.info.name, &row.name, 0).unwrap();
            assert!((figure.value - mean).abs() < 1e-12);
            if figure.is_best {
                best.push(row.name.as_str());
            }
            let Some(contrast) = &system.contrast else {
                assert!(system.is_baseline && figure.mark.sign().is_empty());
                continue;
            };
            // Every pair has the same topics, so that both ways to average agree.
            let difference = figure.difference.unwrap();
            assert!((difference - contrast.comparison.difference).abs() < 1e-9);
            let expected = match contrast.p_holm {
                p if p < 0.01 => "‡",
                p if p < 0.05 => "†",
                _ => "",
            };
            assert_eq!(figure.mark.sign(), expected, "{}", row.name);
            assert!(contrast.p_holm >= contrast.comparison.p_randomisation);
            assert!(
                contrast
                    .topics
                    .is_sorted_by(|a, b| a.difference() >= b.difference())
            );
        }
        assert_eq!(best, ["hybrid+rerank"]);
    }
}

#[test]
fn a_system_of_fewer_pairs_is_not_the_best() {
    let dir = tempfile::tempdir().unwrap();
    let mut results = synthetic::write(dir.path());
    results
        .cells
        .retain(|cell| cell.system != "hybrid+rerank" || cell.queries == cell.documents);
    let summary = Summary::new(&results, dir.path()).unwrap();
    let rows = &summary.collections[0].main.rows;
    let partial = rows.iter().find(|row| row.name == "hybrid+rerank").unwrap();
    assert!(
        partial
            .figures
            .iter()
            .flatten()
            .all(|figure| !figure.is_best)
    );
    let page = page(&summary);
    assert!(page.contains("11 pairs"), "how many it was run on");
}
