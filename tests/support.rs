//! What every test begins with: a folder, a model, a corpus, the program and a server.

mod command;
mod corpus;
mod model;
mod server;
mod terminal;
mod world;

pub(crate) use command::{Ran, Running, Xenoglot, in_time};
pub(crate) use corpus::{CORPUS, document, gzip, many, zstd};
pub(crate) use model::{TOY, bert, token_table};
pub(crate) use server::{Answer, Server, read_answer};
pub(crate) use terminal::on_a_terminal;
pub(crate) use world::{World, onnx_runtime, shared_data, workspace};
