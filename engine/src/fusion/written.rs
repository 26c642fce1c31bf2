//! Fusion as it is written: in files of settings, in requests and on the command line.

use std::fmt;
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::error::Error;

use super::{Fusion, Normalisation};

/// What a place in a ranking is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FusionMethod {
    /// Reciprocal rank fusion: 1 / (`k` + rank), ranks from 1 (Cormack, Clarke & Büttcher 2009).
    ReciprocalRank {
        /// Larger means that the first ranks stand out less.
        k: f32,
    },
    /// The score, normalised.
    Sum(Normalisation),
}

/// The k of reciprocal rank fusion's authors.
const USUAL_K: f32 = 60.0;

impl FusionMethod {
    /// What methods are called.
    pub const NAMES: [&'static str; 5] = [
        "rrf",
        "min-max",
        "theoretical-min-max",
        "z-score",
        "distribution",
    ];

    /// What the method is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ReciprocalRank { .. } => "rrf",
            Self::Sum(Normalisation::MinMax) => "min-max",
            Self::Sum(Normalisation::TheoreticalMinMax) => "theoretical-min-max",
            Self::Sum(Normalisation::ZScore) => "z-score",
            Self::Sum(Normalisation::Distribution) => "distribution",
        }
    }
}

impl FusionMethod {
    /// The method that is `named`, or else the usual one; a `k` alone names reciprocal ranks.
    ///
    /// # Errors
    /// When another method is given a `k`.
    pub fn of(named: Option<Self>, k: Option<f32>) -> Result<Self, Error> {
        match (named, k) {
            (named, None) => Ok(named.unwrap_or_default()),
            (None | Some(Self::ReciprocalRank { .. }), Some(k)) => Ok(Self::ReciprocalRank { k }),
            (Some(Self::Sum(_)), Some(k)) => Err(Error::Setting {
                name: "k",
                got: k.to_string(),
                expected: "nothing, for rrf alone has a k",
            }),
        }
    }
}

impl Default for FusionMethod {
    /// Scores in deviations from the mean: on every collection that was measured, better than reciprocal ranks.
    fn default() -> Self {
        Self::Sum(Normalisation::ZScore)
    }
}

impl FromStr for FusionMethod {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "rrf" => Self::ReciprocalRank { k: USUAL_K },
            "min-max" => Self::Sum(Normalisation::MinMax),
            "theoretical-min-max" => Self::Sum(Normalisation::TheoreticalMinMax),
            "z-score" => Self::Sum(Normalisation::ZScore),
            "distribution" => Self::Sum(Normalisation::Distribution),
            _ => {
                return Err(Error::Setting {
                    name: "fusion",
                    got: name.to_owned(),
                    expected: "rrf, min-max, theoretical-min-max, z-score or distribution",
                });
            }
        })
    }
}

/// The table of a fusion; what is not said is as in the default.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lexical_weight: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_language: Option<bool>,
}

impl TryFrom<Table> for Fusion {
    type Error = Error;

    fn try_from(table: Table) -> Result<Self, Error> {
        let default = Self::default();
        let named = table.method.as_deref().map(FusionMethod::from_str);
        let method = FusionMethod::of(named.transpose()?, table.k)?;
        let fusion = Self {
            method,
            lexical_weight: table.lexical_weight.unwrap_or(default.lexical_weight),
            per_language: table.per_language.unwrap_or(default.per_language),
        };
        fusion.check().map(|()| fusion)
    }
}

impl Serialize for Fusion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let k = match self.method {
            FusionMethod::ReciprocalRank { k } => Some(k),
            FusionMethod::Sum(_) => None,
        };
        let table = Table {
            method: Some(self.method.name().to_owned()),
            k,
            lexical_weight: Some(self.lexical_weight),
            per_language: Some(self.per_language),
        };
        table.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Fusion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrTable)
    }
}

struct NameOrTable;

impl<'de> Visitor<'de> for NameOrTable {
    type Value = Fusion;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fusion's name, or a table of method, k, lexical_weight and per_language")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Fusion, E> {
        let method = name.parse().map_err(E::custom)?;
        Ok(Fusion {
            method,
            ..Fusion::default()
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Fusion, A::Error> {
        let table = Table::deserialize(MapAccessDeserializer::new(map))?;
        table.try_into().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Serialize)]
    struct File {
        fusion: Fusion,
    }

    fn read(written: &str) -> Result<Fusion, String> {
        let file = toml::from_str::<File>(&format!("fusion = {written}"));
        file.map(|file| file.fusion)
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_fusion_is_a_name_or_a_table() {
        let of = |method, lexical_weight, per_language| Fusion {
            method,
            lexical_weight,
            per_language,
        };
        let rrf = FusionMethod::ReciprocalRank { k: 10.0 };
        let z_score = FusionMethod::Sum(Normalisation::ZScore);
        for (written, expected) in [
            ("\"z-score\"", Fusion::default()),
            ("{}", Fusion::default()),
            ("\"z-score\"", of(z_score, 0.5, false)),
            ("{ method = \"rrf\", k = 10 }", of(rrf, 0.5, false)),
            ("{ k = 10.0, per_language = true }", of(rrf, 0.5, true)),
            (
                "{ method = \"z-score\", lexical_weight = 0.25, per_language = true }",
                of(z_score, 0.25, true),
            ),
        ] {
            assert_eq!(read(written), Ok(expected), "{written}");
            let json = serde_json::to_string(&expected).unwrap();
            assert_eq!(serde_json::from_str::<Fusion>(&json).unwrap(), expected);
        }
        for name in FusionMethod::NAMES {
            assert_eq!(name.parse::<FusionMethod>().unwrap().name(), name);
        }
    }

    #[test]
    fn what_is_written_wrong_is_refused_by_name() {
        for (written, says) in [
            ("\"best\"", "fusion is best, expected rrf, min-max"),
            ("{ method = \"z\" }", "fusion is z"),
            ("{ weight = 0.3 }", "unknown field `weight`"),
            ("{ lexical_weight = 1.5 }", "lexical_weight is 1.5"),
            ("{ k = -1 }", "k is -1"),
            ("{ method = \"z-score\", k = 1 }", "rrf alone has a k"),
            ("3", "a fusion's name, or a table"),
        ] {
            let error = read(written).unwrap_err();
            assert!(error.contains(says), "{written}: {error}");
        }
    }
}
