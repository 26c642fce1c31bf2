//! Which languages come to the top of a list over documents in many.

use std::collections::{BTreeMap, HashMap};

use xenoglot_engine::eval::{
    Averaged, LanguageShare, Languages, Qrels, Run, Topic, language_shares, score,
};
use xenoglot_engine::{DocId, Lang, Searcher};

use crate::error::Result;
use crate::results::Bias;

/// How far down lists are looked at, as NeuCLIR's main measure does.
const CUTOFF: usize = 20;

/// The languages of the documents that `run` found or `qrels` judge, as far as the index has them.
pub(crate) fn languages(searcher: &Searcher, run: &Run, qrels: &Qrels) -> Languages {
    let found = run.topics().flat_map(|(_, ranking)| ranking);
    let found = found.map(|retrieved| &retrieved.doc);
    let judged = qrels.topics().flat_map(|(_, grades)| grades.iter());
    let judged = judged.map(|(doc, _)| doc);
    let mut languages = Languages::default();
    for doc in found.chain(judged) {
        if let Some(lang) = searcher.language_of(doc) {
            languages.insert(doc.clone(), lang);
        }
    }
    languages
}

/// How the lists of `run` treat languages, `qrels` knowing those of its documents.
///
/// # Errors
/// When no topic counts.
pub(crate) fn bias(run: &Run, qrels: &Qrels, topics: &[Topic], depth: usize) -> Result<Bias> {
    let cutoff = CUTOFF.min(depth);
    let measure = format!("PEER@{cutoff}").parse()?;
    let peer = score(qrels, run, &[measure], Averaged::Answered)?.all()[0];
    let shares = language_shares(run, qrels, qrels.languages(), cutoff);
    let by_code = |share: fn(&LanguageShare) -> f64| -> BTreeMap<String, f64> {
        let known = shares.iter().filter(|of| of.lang != Lang::UNKNOWN);
        known.map(|of| (of.lang.to_string(), share(of))).collect()
    };
    Ok(Bias {
        peer,
        cutoff,
        share: by_code(|of| of.at_cutoff),
        relevant_share: by_code(|of| of.of_relevant),
        own_language_first: own_language_first(run, qrels.languages(), topics),
    })
}

/// The share of topics whose first document is in the language of the query.
fn own_language_first(run: &Run, languages: &Languages, topics: &[Topic]) -> f64 {
    let firsts: HashMap<&str, &DocId> = run
        .topics()
        .filter_map(|(topic, ranking)| Some((topic, &ranking.first()?.doc)))
        .collect();
    let is_own = |topic: &&Topic| {
        let first = firsts.get(topic.id.as_str());
        first.is_some_and(|doc| languages.of(doc).without_script() == topic.lang.without_script())
    };
    let n_own = topics.iter().filter(is_own).count();
    n_own as f64 / topics.len().max(1) as f64
}
