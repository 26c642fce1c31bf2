//! End to end: the real binary, real HTTP, real files.
//!
//! Every test has a folder and a server of its own, and most have a model of their own: a token table of a few dozen
//! words, small enough to know what it should find. What needs the encoder inside the program says so, and what needs
//! data that is not in the repository says what it skips.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed, and says what it skips"
)]

mod support;

mod cli;
mod collections;
mod corpora;
mod first_stage;
mod topics;
mod words;

mod bad_input;
#[cfg(unix)]
mod durability;
#[cfg(unix)]
mod live;

mod dialects;
mod http;
mod operations;

#[cfg(unix)]
mod faults;

mod embed;

mod eval;
mod experiments;

mod lexicon;

mod demo;
mod models;
mod stacks;

mod modules;
mod rerank;

mod languages;
mod layering;
