//! Language bias: whether a list over documents of many languages prefers some of them.
//!
//! PEER asks whether documents of a grade stand at the same ranks whatever their language, AWRF whether languages get
//! the attention that their relevant documents deserve, alpha-nDCG rewards the first relevant documents of each
//! language, and shares say who stands at the top.

mod languages;
mod ranked;

mod alpha_ndcg;
mod awrf;
mod peer;

mod shares;

pub use languages::{Languages, read_languages};
pub use ranked::RankedLanguages;
pub use shares::{LanguageShare, language_shares};

pub(super) use alpha_ndcg::alpha_ndcg;
pub(super) use awrf::awrf;
pub(super) use peer::peer;
