//! How measures are written: `Name(flag,option=value)@cutoff`, as ir_measures writes them.

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;

use super::Measure;
use super::number::Number;
use super::options::{Dcg, Kind, Levels, Options};

/// What may be asked for, for people who asked for something else.
pub(super) const KNOWN: &str = "AP, AP@k, nDCG, nDCG@k, P@k, R@k, RR, RR@k, Rprec, Success@k, bpref, infAP, \
     RBP(p=0.8,rel=1), RBPresidual, ERR@k, IPrec@recall, AP(11pt), AP(found), Judged@k, Unjudged@k, Compat(p=0.95), \
     SetP, SetR, SetF(beta=1), SetAP, Utility, PEER@k, AWRF@k, alpha_nDCG@k, NumQ, NumRet, NumRel, NumRelRet, \
     NumNonRelRet; a grade from which documents are relevant goes before the cutoff, as in AP(rel=2)@100, gains of \
     grades too, as in nDCG(gains={1:1,2:3})@10; nDCG' looks at judged documents alone, GMAP is a geometric mean; \
     trec_eval's names (map, ndcg_cut_10, P_5, …) are understood";

/// A kind, and how it is written.
struct Spelling {
    kind: Kind,
    name: &'static str,
    /// What else it is called.
    alias: &'static str,
    /// The word in parentheses that tells it from a kind of the same name.
    flag: Option<&'static str>,
    at: At,
    takes: &'static [Takes],
    number: Option<Parameter>,
}

/// What stands behind the `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Nothing,
    PerhapsCutoff,
    Cutoff,
    /// The kind's number.
    Number,
}

/// An option in parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Rel,
    JudgedOnly,
    Dcg,
    Gains,
    Weights,
}

/// The number of a kind.
struct Parameter {
    name: &'static str,
    /// What it is where nobody says; required where there is none.
    default: Option<f64>,
    range: RangeInclusive<f64>,
}

const fn spelling(kind: Kind, name: &'static str, at: At, takes: &'static [Takes]) -> Spelling {
    Spelling {
        kind,
        name,
        alias: "",
        flag: None,
        at,
        takes,
        number: None,
    }
}

impl Spelling {
    const fn alias(self, alias: &'static str) -> Self {
        Self { alias, ..self }
    }

    const fn flag(self, flag: &'static str) -> Self {
        Self {
            flag: Some(flag),
            ..self
        }
    }

    const fn number(
        self,
        name: &'static str,
        default: Option<f64>,
        range: RangeInclusive<f64>,
    ) -> Self {
        let number = Some(Parameter {
            name,
            default,
            range,
        });
        // A struct update would drop the old range at compile time, which a const function may not.
        Self {
            kind: self.kind,
            name: self.name,
            alias: self.alias,
            flag: self.flag,
            at: self.at,
            takes: self.takes,
            number,
        }
    }
}

const BINARY: &[Takes] = &[Takes::Rel, Takes::JudgedOnly];
const REL: &[Takes] = &[Takes::Rel];
const JUDGED: &[Takes] = &[Takes::JudgedOnly];

/// Every kind once; where names are equal, the plain one first.
static SPELLINGS: [Spelling; 34] = [
    spelling(Kind::Ap, "AP", At::PerhapsCutoff, BINARY).alias("MAP"),
    spelling(Kind::ApFound, "AP", At::PerhapsCutoff, BINARY).flag("found"),
    spelling(Kind::Ap11, "AP", At::Nothing, BINARY).flag("11pt"),
    spelling(
        Kind::Ndcg,
        "nDCG",
        At::PerhapsCutoff,
        &[Takes::Dcg, Takes::Gains, Takes::JudgedOnly],
    ),
    spelling(Kind::P, "P", At::Cutoff, BINARY).alias("Precision"),
    spelling(Kind::RelativeP, "P", At::Cutoff, BINARY).flag("relative"),
    spelling(Kind::R, "R", At::Cutoff, BINARY).alias("Recall"),
    spelling(Kind::Rr, "RR", At::PerhapsCutoff, BINARY).alias("MRR"),
    spelling(Kind::Rprec, "Rprec", At::Nothing, BINARY).number("multiple", Some(1.0), 0.0..=1e6),
    spelling(Kind::Success, "Success", At::Cutoff, BINARY),
    spelling(Kind::Bpref, "bpref", At::Nothing, REL),
    spelling(Kind::InfAp, "infAP", At::Nothing, REL),
    spelling(Kind::Rbp, "RBP", At::PerhapsCutoff, BINARY).number("p", Some(0.8), 0.0..=1.0),
    spelling(Kind::RbpResidual, "RBPresidual", At::PerhapsCutoff, &[]).number(
        "p",
        Some(0.8),
        0.0..=1.0,
    ),
    spelling(Kind::Err, "ERR", At::PerhapsCutoff, JUDGED),
    spelling(Kind::Compat, "Compat", At::Nothing, REL).number("p", Some(0.95), 0.0..=1.0),
    spelling(Kind::IPrec, "IPrec", At::Number, BINARY).number("recall", None, 0.0..=1.0),
    spelling(Kind::IPrecNearest, "IPrec", At::Number, BINARY)
        .flag("nearest")
        .number("recall", None, 0.0..=1.0),
    spelling(Kind::Judged, "Judged", At::PerhapsCutoff, &[]),
    spelling(Kind::Unjudged, "Unjudged", At::PerhapsCutoff, &[]),
    spelling(Kind::SetP, "SetP", At::Nothing, BINARY),
    spelling(Kind::SetRelP, "SetP", At::Nothing, BINARY)
        .flag("relative")
        .alias("SetRelP"),
    spelling(Kind::SetR, "SetR", At::Nothing, REL),
    spelling(Kind::SetF, "SetF", At::Nothing, BINARY).number("beta", Some(1.0), 0.0..=1e6),
    spelling(Kind::SetAp, "SetAP", At::Nothing, BINARY),
    spelling(Kind::Utility, "Utility", At::Nothing, REL),
    spelling(Kind::NumQ, "NumQ", At::Nothing, &[]),
    spelling(Kind::NumRet, "NumRet", At::Nothing, &[]),
    spelling(Kind::NumRel, "NumRel", At::Nothing, REL),
    spelling(Kind::NumRelRet, "NumRelRet", At::Nothing, REL),
    spelling(Kind::NumNonRelRet, "NumNonRelRet", At::Nothing, REL),
    spelling(Kind::Peer, "PEER", At::Cutoff, &[Takes::Weights]),
    spelling(Kind::Awrf, "AWRF", At::Cutoff, REL),
    spelling(Kind::AlphaNdcg, "alpha_nDCG", At::PerhapsCutoff, REL).number(
        "alpha",
        Some(0.5),
        0.0..=1.0,
    ),
];

/// Whether a grade from which documents are relevant means something to `kind`.
pub(super) fn takes_rel(kind: Kind) -> bool {
    of(kind).is_some_and(|spelling| spelling.takes.contains(&Takes::Rel))
}

fn of(kind: Kind) -> Option<&'static Spelling> {
    SPELLINGS.iter().find(|spelling| spelling.kind == kind)
}

/// The measure that `given` names in our own spelling; case is forgiven.
pub(super) fn parse(given: &str) -> Option<Measure> {
    let (head, at) = match given.rsplit_once('@') {
        Some((head, at)) => (head, Some(at)),
        None => (given, None),
    };
    let (name, arguments) = match head.split_once('(') {
        Some((name, arguments)) => (name, split(arguments.strip_suffix(')')?)?),
        None => (head, Vec::new()),
    };
    let (name, mut judged_only) = match name.strip_suffix(['\'', '′']) {
        Some(name) => (name, true),
        None => (name, false),
    };
    let mut flags = Vec::new();
    let mut pairs = Vec::new();
    for argument in arguments {
        match argument {
            Argument::Flag("judged_only") => judged_only = true,
            Argument::Flag(flag) => flags.push(flag),
            Argument::Pair(key, value) => pairs.push((key, value)),
        }
    }
    let mut spelling = named(name, &flags)?;
    // ir_measures counts relevant documents by this name too.
    if spelling.kind == Kind::NumRet && pairs.iter().any(|(key, _)| *key == "rel") {
        spelling = of(Kind::NumRelRet)?;
    }
    let mut options = Options {
        judged_only: judged_only && spelling.accepts(Takes::JudgedOnly)?,
        ..Options::default()
    };
    for (key, value) in pairs {
        spelling.set(&mut options, key, value)?;
    }
    spelling.set_at(&mut options, at)?;
    if let (None, Some(parameter)) = (options.number, &spelling.number) {
        options.number = Number::new(parameter.default?);
    }
    let kind = spelling.kind;
    // One measure has one value: for RBP, a grade of 1 is not the same as none.
    if kind != Kind::Rbp && options.rel == Some(1) {
        options.rel = None;
    }
    Some(Measure { kind, options })
}

/// The kind of that name or alias whose flag is the only one given.
fn named(name: &str, flags: &[&str]) -> Option<&'static Spelling> {
    let flag_of = |spelling: &Spelling| spelling.flag.map(|flag| vec![flag]).unwrap_or_default();
    let mut spellings = SPELLINGS.iter();
    spellings.find(|spelling| {
        let by_name = spelling.name.eq_ignore_ascii_case(name) && flag_of(spelling) == flags;
        by_name
            || (flags.is_empty() && spelling.alias.eq_ignore_ascii_case(name) && !name.is_empty())
    })
}

impl Spelling {
    fn accepts(&self, option: Takes) -> Option<bool> {
        self.takes.contains(&option).then_some(true)
    }

    /// Takes `key=value` in, unless this kind has no such option.
    fn set(&self, options: &mut Options, key: &str, value: &str) -> Option<()> {
        if self
            .number
            .as_ref()
            .is_some_and(|number| number.name == key)
        {
            options.number = Some(self.parse_number(value)?);
            return Some(());
        }
        match key {
            "rel" => {
                self.accepts(Takes::Rel)?;
                options.rel = Some(value.parse().ok().filter(|rel| *rel >= 1)?);
            }
            "dcg" => {
                self.accepts(Takes::Dcg)?;
                options.dcg = match value.trim_matches(['\'', '"']) {
                    "log2" => Dcg::Log2,
                    "exp-log2" => Dcg::ExpLog2,
                    _ => return None,
                };
            }
            "gains" => {
                self.accepts(Takes::Gains)?;
                options.gains = parse_levels(value)?;
            }
            "weights" => {
                self.accepts(Takes::Weights)?;
                options.gains = parse_levels(value)?;
            }
            "mean" => {
                options.geometric = value.trim_matches(['\'', '"']) == "geometric";
                let can = options.geometric && self.kind.is_averaged();
                can.then_some(())?;
            }
            "cutoff" => self.set_at(options, Some(value))?,
            _ => return None,
        }
        Some(())
    }

    /// Takes in what stands behind the `@`.
    fn set_at(&self, options: &mut Options, at: Option<&str>) -> Option<()> {
        match (self.at, at) {
            (At::Nothing | At::PerhapsCutoff, None) => {}
            (At::PerhapsCutoff | At::Cutoff, Some(at)) => {
                options.cutoff = Some(at.parse::<NonZeroUsize>().ok()?);
            }
            (At::Number, Some(at)) => options.number = Some(self.parse_number(at)?),
            (At::Cutoff, None) => {
                options.cutoff?;
            }
            (At::Number, None) => {
                options.number?;
            }
            (At::Nothing, Some(_)) => return None,
        }
        Some(())
    }

    fn parse_number(&self, given: &str) -> Option<Number> {
        let range = &self.number.as_ref()?.range;
        let number = given.parse().ok().filter(|number| range.contains(number))?;
        Number::new(number)
    }
}

impl Kind {
    /// Whether the value over topics is a plain mean, which may be made a geometric one.
    fn is_averaged(self) -> bool {
        !matches!(
            self,
            Self::ApFound
                | Self::Utility
                | Self::NumQ
                | Self::NumRet
                | Self::NumRel
                | Self::NumRelRet
                | Self::NumNonRelRet
        )
    }
}

/// What stands between commas in parentheses.
enum Argument<'a> {
    Flag(&'a str),
    Pair(&'a str, &'a str),
}

/// The arguments between commas, of which those in braces do not count; `flag=True` is the flag.
fn split(arguments: &str) -> Option<Vec<Argument<'_>>> {
    let mut in_braces = false;
    let pieces = arguments.split(|character| {
        in_braces = (in_braces || character == '{') && character != '}';
        character == ',' && !in_braces
    });
    let mut split = Vec::new();
    for piece in pieces.map(str::trim) {
        match piece
            .split_once('=')
            .map(|(key, value)| (key.trim(), value.trim()))
        {
            _ if piece.is_empty() => return None,
            None => split.push(Argument::Flag(piece)),
            Some((_, "False")) => {}
            Some((key, "True")) => split.push(Argument::Flag(key)),
            Some((key, value)) => split.push(Argument::Pair(key, value)),
        }
    }
    Some(split)
}

/// Reads `{0:0,1:1,3:3}`.
fn parse_levels(given: &str) -> Option<Levels> {
    let pairs = given.strip_prefix('{')?.strip_suffix('}')?.split(',');
    let pairs = pairs.map(|pair| {
        let (grade, number) = pair.split_once(':')?;
        Some((grade.trim().parse().ok()?, number.trim().parse().ok()?))
    });
    Levels::new(pairs.collect::<Option<_>>()?)
}

/// Writes `measure` so that it can be read again.
pub(super) fn print(measure: &Measure, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(spelling) = of(measure.kind) else {
        return Ok(());
    };
    let options = &measure.options;
    let mut arguments: Vec<String> = spelling
        .flag
        .iter()
        .map(|flag| (*flag).to_owned())
        .collect();
    let number = options.number.zip(spelling.number.as_ref());
    if let Some((number, parameter)) = number
        && spelling.at != At::Number
        && parameter.default != Some(number.get())
    {
        arguments.push(format!("{}={number}", parameter.name));
    }
    if options.dcg == Dcg::ExpLog2 {
        arguments.push("dcg='exp-log2'".to_owned());
    }
    if !options.gains.is_empty() {
        let is_weights = spelling.takes.contains(&Takes::Weights);
        let key = if is_weights { "weights" } else { "gains" };
        arguments.push(format!("{key}={}", options.gains));
    }
    arguments.extend(options.rel.map(|rel| format!("rel={rel}")));
    if options.geometric {
        arguments.push("mean=geometric".to_owned());
    }
    f.write_str(spelling.name)?;
    if options.judged_only {
        f.write_str("'")?;
    }
    if !arguments.is_empty() {
        write!(f, "({})", arguments.join(","))?;
    }
    match (spelling.at, options.cutoff, options.number) {
        (At::Number, _, Some(number)) => write!(f, "@{number}"),
        (_, Some(cutoff), _) => write!(f, "@{cutoff}"),
        _ => Ok(()),
    }
}

#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SPELLINGS.iter().map(|spelling| spelling.name)
}
