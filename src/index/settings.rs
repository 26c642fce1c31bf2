//! What is fixed when an index is made; every command that makes one takes these.

use xenoglot_engine::passage::PassageSettings;
use xenoglot_engine::{
    Bm25, EncoderSpec, GraphBuilder, HnswParams, IndexSettings, LexicalSettings, VectorPrecision,
};

use crate::setup::Bm25Args;

/// What is fixed when an index is made.
#[derive(Debug, clap::Args)]
pub(super) struct SettingsArgs {
    #[command(flatten)]
    bm25: Bm25Args,
    /// Let words in Latin letters find documents in other scripts, and the reverse; makes the index larger
    #[arg(long)]
    romanised: bool,
    /// Split documents in passages of at most N tokens of the encoder, whole sentences where they fit; a document is then as near
    /// to a query as its nearest passage [default: one vector for a whole document]
    #[arg(long, value_name = "N")]
    passage_tokens: Option<usize>,
    /// Tokens from the beginning of a passage to that of the next [default: as many as a passage has]
    #[arg(long, value_name = "M", requires = "passage_tokens")]
    stride: Option<usize>,
    /// How vectors are kept beside the bytes that are searched first: fp32, fp16, or not at all (int8)
    #[arg(long, value_name = "fp32|fp16|int8", default_value = "fp32")]
    vectors: VectorPrecision,
    /// Neighbours of a document in the graph; more find more and take more memory
    #[arg(long, value_name = "M", default_value_t = HnswParams::default().m)]
    hnsw_m: usize,
    /// Candidates considered for a new document's neighbours; more find more and take longer to build
    #[arg(long, value_name = "N", default_value_t = HnswParams::default().ef_construction)]
    ef_construction: usize,
    /// What builds the graph: native, or the library hnsw_rs, which is slower
    #[arg(long, value_name = "native|hnsw_rs", default_value = "native", value_parser = builder)]
    graph_builder: GraphBuilder,
}

fn builder(text: &str) -> Result<GraphBuilder, String> {
    match text {
        "native" => Ok(GraphBuilder::Native),
        "hnsw_rs" => Ok(GraphBuilder::HnswRs),
        _ => Err("expected native or hnsw_rs".into()),
    }
}

impl SettingsArgs {
    /// What was typed, for vectors of `encoder`.
    pub(super) fn settings(&self, encoder: &EncoderSpec) -> IndexSettings {
        IndexSettings {
            encoder: encoder.clone(),
            vectors: self.vectors,
            hnsw: HnswParams {
                m: self.hnsw_m,
                ef_construction: self.ef_construction,
                builder: self.graph_builder,
            },
            lexical: LexicalSettings {
                bm25: self.bm25.over(Bm25::default()),
                romanised: self.romanised,
            },
            passages: self.passage_tokens.map(|tokens| PassageSettings {
                tokens,
                stride: self.stride.unwrap_or(tokens),
            }),
        }
    }
}
