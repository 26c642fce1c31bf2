//! Who stands at the top: shares of languages.

use std::collections::BTreeMap;

use super::Languages;
use crate::eval::{Qrels, Run};
use crate::language::Lang;

/// How much of the lists, and of what they were made from, is in one language; each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LanguageShare {
    /// Which language; [`Lang::UNKNOWN`] for documents of which nobody said it.
    pub lang: Lang,
    /// Of the first documents of a topic, up to the cutoff; the mean over topics.
    pub at_cutoff: f64,
    /// Of topics, those whose first document is in this language.
    pub at_top: f64,
    /// Of the relevant documents of a topic; the mean over topics that have any.
    pub of_relevant: f64,
    /// The base rate: of all documents whose language is known.
    pub of_known: f64,
}

/// The shares of each language in the topics of `run` that have judgments, in the order of codes.
///
/// A document is relevant from grade 1 on. The base rate is that of the collection if `languages` know all of it.
pub fn language_shares(
    run: &Run,
    qrels: &Qrels,
    languages: &Languages,
    cutoff: usize,
) -> Vec<LanguageShare> {
    let (mut head, mut top, mut relevant) = (Means::default(), Means::default(), Means::default());
    for (topic, ranking) in run.topics() {
        let Some(grades) = qrels.topic(topic) else {
            continue;
        };
        let ranked = || ranking.iter().map(|retrieved| languages.of(&retrieved.doc));
        head.add(ranked().take(cutoff));
        top.add(ranked().take(1));
        let judged = grades.iter().filter(|(_, grade)| *grade >= 1);
        relevant.add(judged.map(|(doc, _)| languages.of(doc)));
    }
    let mut known = Means::default();
    known.add(languages.iter().map(|(_, lang)| lang));
    let all = [&head, &top, &relevant, &known];
    let langs = all.iter().flat_map(|means| means.sums.keys());
    let langs: std::collections::BTreeSet<Lang> = langs.copied().collect();
    let share = |lang| LanguageShare {
        lang,
        at_cutoff: head.of(lang),
        at_top: top.of(lang),
        of_relevant: relevant.of(lang),
        of_known: known.of(lang),
    };
    langs.into_iter().map(share).collect()
}

/// Shares of languages, their mean over lists that are not empty.
#[derive(Default)]
struct Means {
    sums: BTreeMap<Lang, f64>,
    n_lists: usize,
}

impl Means {
    fn add(&mut self, list: impl Iterator<Item = Lang>) {
        let mut counts: BTreeMap<Lang, usize> = BTreeMap::new();
        for lang in list {
            *counts.entry(lang).or_default() += 1;
        }
        let all: usize = counts.values().sum();
        self.n_lists += usize::from(all > 0);
        for (lang, n) in counts {
            *self.sums.entry(lang).or_default() += n as f64 / all as f64;
        }
    }

    fn of(&self, lang: Lang) -> f64 {
        let sum = self.sums.get(&lang).copied().unwrap_or(0.0);
        if self.n_lists == 0 {
            0.0
        } else {
            sum / self.n_lists as f64
        }
    }
}
