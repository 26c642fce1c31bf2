//! The benchmark harness: experiments over test collections, from one file to tables that can be trusted.
//!
//! An experiment names collections and systems; every system is run on every collection, for every pair of query and
//! document languages. What is unchanged since the last time is kept. Rankings, scores of every topic, times, sizes and
//! where everything came from lie in one directory, from which reports are made.

mod experiment;
mod workshop;

mod cell;
mod examples;
mod fingerprint;
mod indexes;
mod languages;
mod mteb;
mod run;
mod timing;

mod regression;
mod results;

pub mod report;

mod error;

pub use error::{Error, Result};
pub use experiment::{
    Collection, EncoderChoice, EncoderModel, Experiment, FirstStageName, IndexSettings, Pair,
    Pairs, QueryFile, QueryFiles, System, Systems,
};
pub use regression::{check_expected, write_expected};
pub use results::{
    Bias, Cell, CollectionInfo, EncoderInfo, Example, ExampleHit, ExampleRelevant, FileInfo,
    IndexInfo, N_RECALL_LEVELS, Percentiles, Provenance, Published, Results, SystemInfo,
    TopicValues,
};
pub use run::{Event, run};
pub use workshop::Tools;
