//! Encoders whose vectors are cut.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::encoder::{Embeddings, Encoder, EncoderSpec, Role, TokenModel};
use crate::error::{Error, Result};

/// An encoder that keeps the first numbers of another's vectors; see [`Embeddings::truncated`].
pub struct TruncatedEncoder {
    spec: EncoderSpec,
    inner: Arc<dyn Encoder>,
}

impl TruncatedEncoder {
    /// The first `dim` numbers of what `inner` gives.
    ///
    /// # Errors
    /// When it gives fewer.
    pub fn new(inner: Arc<dyn Encoder>, dim: NonZeroUsize) -> Result<Self> {
        let whole = inner.spec();
        if dim.get() > whole.dim {
            return Err(Error::TooManyDimensions {
                model: whole.name.clone(),
                given: dim.get(),
                max: whole.dim,
            });
        }
        let spec = EncoderSpec {
            dim: dim.get(),
            ..whole.clone()
        };
        Ok(Self { spec, inner })
    }
}

impl Encoder for TruncatedEncoder {
    fn spec(&self) -> &EncoderSpec {
        &self.spec
    }

    fn n_tokens(&self, text: &str) -> Result<usize> {
        self.inner.n_tokens(text)
    }

    fn call_tokens(&self) -> usize {
        self.inner.call_tokens()
    }

    fn token_model(&self) -> Option<&dyn TokenModel> {
        self.inner.token_model()
    }

    fn encode(&self, texts: &[&str], role: Role) -> Result<Embeddings> {
        Ok(self.inner.encode(texts, role)?.truncated(self.spec.dim))
    }
}
