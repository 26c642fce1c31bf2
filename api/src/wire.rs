//! The JSON of requests and responses. Not the engine's types: either side may change without the other.

mod collections;
mod documents;
mod modules;
mod search;
mod server;
mod tar;
mod text;

pub(crate) use collections::{CollectionInfo, CollectionList, NewCollection};
pub(crate) use documents::{
    DeleteRequest, DeleteResponse, DocumentLine, DocumentResponse, LineResult, WriteOptions,
    WriteResponse,
};
pub(crate) use modules::{ModuleInfo, ModuleList, ModuleOptions};
pub(crate) use search::{
    Bm25Settings, Fallback, FeedbackSettings, FusionSettings, Highlight, Hit, Match, Mode,
    MultiSearchRequest, MultiSearchResponse, QueryInfo, Rerank, RerankStack, ScoredBy,
    SearchRequest, SearchResponse, SearchResult, StageInfo, StageScore,
};
pub(crate) use server::{Health, Reloaded, StackList};
pub(crate) use tar::Tar;
pub(crate) use text::{AnalyzeRequest, AnalyzeResponse, AnalyzedWord, ModelToken};
