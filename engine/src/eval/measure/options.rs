//! What a measure can be: its kind and its options.

use std::fmt;
use std::num::NonZeroUsize;

use super::number::Number;

/// How many grades may be given a number of their own: more than any test collection has.
const MAX_LEVELS: usize = 8;

/// What is measured; `docs/measures.md` says it in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Ap,
    ApFound,
    Ap11,
    P,
    RelativeP,
    R,
    Rprec,
    Rr,
    Success,
    IPrec,
    IPrecNearest,
    SetP,
    SetRelP,
    SetR,
    SetF,
    SetAp,
    Utility,
    Ndcg,
    Err,
    Rbp,
    Compat,
    Bpref,
    InfAp,
    Judged,
    Unjudged,
    RbpResidual,
    NumQ,
    NumRet,
    NumRel,
    NumRelRet,
    NumNonRelRet,
    Peer,
    Awrf,
    AlphaNdcg,
}

/// How a kind is measured; which options a kind takes stands in the table of spellings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Options {
    /// How many documents are looked at; all where it is `None`.
    pub(super) cutoff: Option<NonZeroUsize>,
    /// The grade from which a document is relevant: 1 where it is `None`, as in trec_eval.
    pub(super) rel: Option<i32>,
    /// Whether documents that nobody judged are taken out of the ranking first.
    pub(super) judged_only: bool,
    /// Whether the mean over topics is the geometric one.
    pub(super) geometric: bool,
    /// The one number that a kind may depend on: a persistence, a recall, a weight.
    pub(super) number: Option<Number>,
    pub(super) dcg: Dcg,
    /// Gains of grades, or weights of them.
    pub(super) gains: Levels,
}

/// What a grade that has no gain of its own gains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Dcg {
    /// The grade.
    #[default]
    Log2,
    /// 2 to the grade, less 1: Burges et al. (2005).
    ExpLog2,
}

/// Numbers that some grades were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Levels {
    /// By grade; the rest of the array is empty.
    pairs: [Option<(i32, Number)>; MAX_LEVELS],
}

impl Levels {
    /// `pairs` of a grade and its number, or nothing where they are too many, a grade comes twice, or a number is
    /// negative or not finite.
    pub fn new(mut pairs: Vec<(i32, f64)>) -> Option<Self> {
        pairs.sort_by_key(|(grade, _)| *grade);
        let is_repeated = pairs.windows(2).any(|pair| pair[0].0 == pair[1].0);
        if is_repeated || pairs.len() > MAX_LEVELS {
            return None;
        }
        let mut levels = Self::default();
        for (place, (grade, number)) in levels.pairs.iter_mut().zip(pairs) {
            let number = Number::new(number).filter(|number| number.get() >= 0.0)?;
            *place = Some((grade, number));
        }
        Some(levels)
    }

    /// The number of `grade`, if it was given one.
    pub fn get(&self, grade: i32) -> Option<f64> {
        let mut pairs = self.iter();
        pairs.find(|(level, _)| *level == grade).map(|(_, n)| n)
    }

    /// The grades that were given a number, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = (i32, f64)> {
        self.pairs
            .iter()
            .flatten()
            .map(|(grade, n)| (*grade, n.get()))
    }

    /// Whether no grade was given a number.
    pub fn is_empty(&self) -> bool {
        self.pairs[0].is_none()
    }
}

/// As in Python: `{0:0,1:1,3:3}`.
impl fmt::Display for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, (grade, number)) in self.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{grade}:{number}")?;
        }
        f.write_str("}")
    }
}
