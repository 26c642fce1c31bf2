//! The documents of a part that a filter means.

use std::sync::Mutex;

use fixedbitset::FixedBitSet;

use crate::error::Result;
use crate::filter::{Filter, Test, Values, means};

use super::failed;
use super::meta::Mark;
use super::part::LexicalPart;

/// How many filters a part remembers; users come back with the same few.
const MAX_MATCHED: usize = 16;

/// What was asked last, the latest at the end.
#[derive(Default)]
pub(super) struct Matched(Mutex<Vec<(String, FixedBitSet)>>);

impl Matched {
    fn get(&self, filter: &str) -> Option<FixedBitSet> {
        let mut known = self.lock();
        let at = known.iter().position(|(known, _)| known == filter)?;
        known[at..].rotate_left(1);
        known.last().map(|(_, docs)| docs.clone())
    }

    fn put(&self, filter: String, docs: FixedBitSet) {
        let mut known = self.lock();
        if known.len() == MAX_MATCHED {
            known.remove(0);
        }
        known.push((filter, docs));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(String, FixedBitSet)>> {
        // Whoever panicked here left a list that is whole.
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl LexicalPart {
    /// The documents of this part that `filter` means, by local ordinal: those for which [`Filter::matches`] holds.
    pub(crate) fn matching(&self, filter: &Filter) -> Result<FixedBitSet> {
        let key = filter.to_string();
        if let Some(docs) = self.matched.get(&key) {
            return Ok(docs);
        }
        let docs = self.holding(filter.test()).map_err(failed("be filtered"))?;
        self.matched.put(key, docs.clone());
        Ok(docs)
    }

    fn holding(&self, test: &Test) -> tantivy::Result<FixedBitSet> {
        let mut docs = FixedBitSet::with_capacity(self.n_docs());
        match test {
            Test::All(tests) => {
                docs.insert_range(..);
                for test in tests {
                    docs.intersect_with(&self.holding(test)?);
                }
            }
            Test::Any(tests) => {
                for test in tests {
                    docs.union_with(&self.holding(test)?);
                }
            }
            Test::Not(test) => {
                docs = self.holding(test)?;
                docs.toggle_range(..);
            }
            Test::Language(wanted) => {
                for lang in self.languages().filter(|lang| means(*wanted, *lang)) {
                    self.find_marked(Mark::Language(lang), &mut docs)?;
                }
            }
            Test::Field { name, values } => match values {
                Values::Present => self.find_marked(Mark::Present(name), &mut docs)?,
                Values::Keyword(keyword) => {
                    self.find_marked(Mark::Keyword(name, keyword), &mut docs)?;
                }
                Values::Bool(value) => self.find_marked(Mark::Bool(name, *value), &mut docs)?,
                Values::Range { kind, keys } => {
                    self.numbers().find(*kind, name, *keys, &mut docs);
                }
            },
        }
        Ok(docs)
    }
}
