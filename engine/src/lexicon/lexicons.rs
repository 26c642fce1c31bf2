//! One direction's table, and the set of them all.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::error::Result;
use crate::language::Lang;

use super::file::LexiconFile;
use super::table::Table;
use super::trained;
use super::translator::{Translator, Way};

/// The language that nearly all parallel text has on one side.
const FIRST_PIVOT: &str = "en";

/// Translations from one language into another.
#[derive(Debug)]
pub struct Lexicon {
    languages: (Lang, Lang),
    /// In words. The aligner makes tables of single words.
    longest_source: usize,
    contents: Contents,
}

#[derive(Debug)]
enum Contents {
    Read(Table),
    /// Inside the program, and unpacked when first asked: who never needs it pays nothing.
    Embedded {
        bytes: &'static [u8],
        table: OnceLock<Table>,
    },
}

impl Lexicon {
    pub(super) fn new(languages: (Lang, Lang), table: Table) -> Self {
        Self {
            languages,
            longest_source: table.longest_source(),
            contents: Contents::Read(table),
        }
    }

    /// A trained and compressed table that the program carries inside itself.
    ///
    /// Its owner promises that [`verify`](Self::verify) passes, and tests it: a table that cannot be read translates
    /// nothing.
    pub fn embedded(source: Lang, target: Lang, bytes: &'static [u8]) -> Self {
        Self {
            languages: (source, target),
            longest_source: 1,
            contents: Contents::Embedded {
                bytes,
                table: OnceLock::new(),
            },
        }
    }

    /// Whose words are translated.
    pub fn source(&self) -> Lang {
        self.languages.0
    }

    /// Into which language.
    pub fn target(&self) -> Lang {
        self.languages.1
    }

    /// How many translations it holds.
    pub fn n_translations(&self) -> usize {
        self.table().n_entries()
    }

    /// Reads an embedded table to its last line.
    ///
    /// # Errors
    /// When it is damaged, of other languages than its owner says, or made with another analyzer than this program's.
    pub fn verify(&self) -> Result<()> {
        match &self.contents {
            Contents::Read(_) => Ok(()),
            Contents::Embedded { bytes, .. } => {
                trained::verify_embedded(&self.name(), bytes, self.languages)
            }
        }
    }

    /// How many words its longest source has.
    pub(super) fn longest_source(&self) -> usize {
        self.longest_source
    }

    pub(super) fn table(&self) -> &Table {
        match &self.contents {
            Contents::Read(table) => table,
            Contents::Embedded { bytes, table } => table.get_or_init(|| {
                let read = trained::read_embedded(&self.name(), bytes);
                read.unwrap_or_else(|error| {
                    tracing::error!(%error, "an embedded lexicon translates nothing");
                    Table::default()
                })
            }),
        }
    }

    /// What an embedded table is called in messages.
    fn name(&self) -> PathBuf {
        let (source, target) = self.languages;
        format!("lexicons/{source}-{target}.tsv.zst").into()
    }
}

/// Tables between languages. Where several translate the same word, the first one does it.
#[derive(Debug, Default)]
pub struct Lexicons {
    lexicons: Vec<Lexicon>,
    /// Where in `lexicons` the tables between two languages are; scripts choose no analyzer, and no table.
    places: HashMap<(Lang, Lang), Vec<usize>>,
}

impl Lexicons {
    /// These tables, those that come first having the first word.
    pub fn new(lexicons: Vec<Lexicon>) -> Self {
        let mut places: HashMap<_, Vec<usize>> = HashMap::new();
        for (place, lexicon) in lexicons.iter().enumerate() {
            let (source, target) = lexicon.languages;
            let languages = (source.without_script(), target.without_script());
            places.entry(languages).or_default().push(place);
        }
        Self { lexicons, places }
    }

    /// The tables in `files`, of whichever format.
    ///
    /// # Errors
    /// When a file cannot be read, when a line is not what its format asks for, when nobody says between which languages
    /// it is, or when it was trained with another analyzer.
    pub fn open(files: &[LexiconFile]) -> Result<Self> {
        let lexicons: Result<Vec<_>> = files.iter().map(LexiconFile::open).collect();
        Ok(Self::new(lexicons?.into_iter().flatten().collect()))
    }

    /// These tables, and `others` for what these do not know.
    pub fn followed_by(self, others: Self) -> Self {
        Self::new(self.lexicons.into_iter().chain(others.lexicons).collect())
    }

    /// Every table.
    pub fn iter(&self) -> impl Iterator<Item = &Lexicon> {
        self.lexicons.iter()
    }

    /// What translates from `source` to `target`; nothing where there is no table, not even through a third language.
    pub fn between(&self, source: Lang, target: Lang) -> Option<Translator<'_>> {
        if source.primary() == target.primary() {
            return None;
        }
        let direct = self.tables(source, target);
        let ways: Vec<Way<'_>> = std::iter::once(Way::Direct(direct))
            .chain(self.pivots(source).into_iter().map(|pivot| Way::Through {
                first: self.tables(source, pivot),
                second: self.tables(pivot, target),
            }))
            .filter(|way| !way.is_blocked())
            .collect();
        (!ways.is_empty()).then(|| Translator::new(ways, target))
    }

    fn tables(&self, source: Lang, target: Lang) -> Vec<&Lexicon> {
        let places = self
            .places
            .get(&(source.without_script(), target.without_script()));
        let lexicons = places.into_iter().flatten();
        lexicons.map(|place| &self.lexicons[*place]).collect()
    }

    /// The languages that a word of `source` may go through, English first.
    fn pivots(&self, source: Lang) -> Vec<Lang> {
        let source = source.without_script();
        let from_here = self.places.keys().filter(|(from, _)| *from == source);
        let pivots: BTreeSet<Lang> = from_here.map(|(_, pivot)| *pivot).collect();
        let mut pivots: Vec<Lang> = pivots.into_iter().collect();
        pivots.sort_by_key(|lang| (lang.code() != FIRST_PIVOT, *lang));
        pivots
    }
}
