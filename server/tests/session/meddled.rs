//! A store in which a test can have something happen between two reads of the server,
//! where otherwise only chance would put it.

use parking_lot::Mutex;
use rill_storage::Store;
use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use crate::{
    between::{Between, Call, wrapped},
    dice::Dice,
};

type Happening = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What happens when the server comes by: one thing each time, as long as there are any.
#[derive(Default)]
pub(crate) struct Hook(Mutex<VecDeque<Happening>>);

impl Hook {
    pub(crate) fn next(&self, happening: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().push_back(Box::pin(happening));
    }

    async fn happen(&self, dawdler: &OnceLock<Dice>) {
        if let Some(dice) = dawdler.get() {
            dice.dawdle().await;
        }
        let happening = self.0.lock().pop_front();
        if let Some(happening) = happening {
            happening.await;
        }
    }
}

/// The places where a test can put itself in between.
#[derive(Default)]
pub(crate) struct Hooks {
    /// A part of a log was read for somebody, and the reader has not been told.
    pub(crate) after_sight: Hook,
    /// An entry is durable, and whoever appended it has not been told.
    pub(crate) after_append: Hook,
    /// Set, it makes all of them take time.
    pub(crate) dawdler: OnceLock<Dice>,
}

/// The same store, with hooks.
pub(crate) fn meddled(store: Store, hooks: Arc<Hooks>) -> Store {
    wrapped(store, hooks)
}

impl Between for Hooks {
    async fn before(&self, _call: Call) {}

    async fn after(&self, call: Call) {
        let hook = match call {
            Call::Sight => &self.after_sight,
            Call::Append => &self.after_append,
            Call::Other => return,
        };
        hook.happen(&self.dawdler).await;
    }
}
