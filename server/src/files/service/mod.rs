//! The life of files: how they come in, what becomes of them, who may read them.
//!
//! A file is a message. Who may read it follows from the message alone ([`sight`]), never from
//! what a blob is called, and is decided anew each time. What spans a user's transfer, a room's
//! log and a content is several calls; each can be repeated. Absent: frames, streams, HTTP.

mod begin;
mod emoji;
mod error;
mod forget;
mod instant;
pub mod limits;
mod open;
mod pictures;
mod places;
mod previewable;
mod readable;
mod rules;
mod settle;
mod sight;
mod sweep;
mod upload;
mod used;
mod writers;

use rill_storage::{Store, blobs::Blobs};
use std::sync::Arc;

pub use begin::{Begun, NewUpload};
pub use error::FileError;
pub use pictures::PictureBytes;
pub use readable::{FileStream, Readable};
pub use rules::Rules;
pub use settle::Settled;
pub use sweep::Cursors;
pub use upload::Upload;

use super::{image::Images, render::Renderer};
use crate::{
    metrics::Metrics,
    runtime::{Clock, Entropy, Tasks},
};

/// What files need from outside.
pub struct Outside {
    pub store: Store,
    pub blobs: Blobs,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub tasks: Tasks,
    pub metrics: Arc<Metrics>,
}

/// See the module.
pub struct Files {
    store: Store,
    blobs: Blobs,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    tasks: Tasks,
    metrics: Arc<Metrics>,
    renderer: Renderer,
    images: Arc<Images>,
    rules: Rules,
    writers: writers::Writers,
    places: places::Places,
    used: used::Used,
}

impl Files {
    /// Over a store and the place where its files lie.
    pub fn new(outside: Outside, rules: Rules) -> Self {
        Self::with_images(outside, rules, Images::default())
    }

    /// The same by other threads that look at images.
    pub fn with_images(outside: Outside, rules: Rules, images: Images) -> Self {
        let Outside { store, blobs, clock, entropy, tasks, metrics } = outside;
        let images = Arc::new(images);
        Self {
            renderer: Renderer::new(blobs.clone(), images.clone()),
            images,
            store,
            blobs,
            clock,
            entropy,
            tasks,
            metrics,
            rules,
            writers: writers::Writers::default(),
            places: places::Places::default(),
            used: used::Used::default(),
        }
    }

    /// What is allowed.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }
}
