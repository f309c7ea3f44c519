//! A store whose reads and answers take time, so that others come in between.

use rill_storage::Store;
use std::sync::Arc;

use crate::{
    between::{Between, Call, wrapped},
    mood::Mood,
};

/// The same store, late.
pub(crate) fn late(store: Store, mood: Arc<Mood>) -> Store {
    wrapped(store, mood)
}

impl Between for Mood {
    async fn before(&self, _call: Call) {
        self.read().await;
    }

    async fn after(&self, _call: Call) {
        self.read().await;
    }
}
