//! Whether what nodes show of rooms is as new as they promise: at once where the bus says
//! everything, and by the age of what is remembered where it does not.

use parking_lot::Mutex;
use rill_protocol::{RoomId, UserId};
use rill_server::limits::REMEMBERED_ROOM_MS;
use rill_storage::{
    Store, StoreError,
    model::Membership,
    port::{ChangeObserver, Changed},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::Instant;

use crate::{server::Server, witness::Witness};

/// From a change to where it is heard of, if nothing is in between.
const AT_ONCE: Duration = Duration::from_millis(50);
const AGE: Duration = Duration::from_millis(REMEMBERED_ROOM_MS);

/// When the store's rooms changed.
#[derive(Default)]
pub(crate) struct Freshness(Mutex<BTreeMap<RoomId, Instant>>);

impl ChangeObserver for Freshness {
    fn changed(&self, changed: Changed) {
        if let Changed::Room(room) = changed {
            self.0.lock().insert(room, Instant::now());
        }
    }
}

/// What is shown of a room: how many are in, and whether somebody is.
type Shown = (u32, bool);

async fn truth(store: &Store, user: UserId, room: RoomId) -> Result<Option<Shown>, StoreError> {
    let membership = store.rooms.membership(room, user).await?;
    let is_in = membership.as_ref().is_some_and(Membership::is_active);
    Ok(store.rooms.get(room).await?.map(|room| (room.members, is_in)))
}

impl Freshness {
    pub(crate) fn watch(store: &Store) -> Arc<Self> {
        let freshness = Arc::<Self>::default();
        store.changes.observe(freshness.clone());
        freshness
    }

    /// Looks at a room as a node shows it, beside what is true. Since `quiet` the bus says
    /// everything, unless it does not now.
    pub(crate) async fn look(
        &self,
        witness: &Witness,
        store: &Store,
        server: &Server,
        (user, room): (UserId, RoomId),
        quiet: Option<Instant>,
    ) -> Result<(), StoreError> {
        let begun = Instant::now();
        let before = truth(store, user, room).await?;
        let Ok(view) = server.services.domain.rooms.view(user, room).await else { return Ok(()) };
        let shown = (view.room.members, view.joined);
        // Nothing that was asked for before the bus said everything is told any more.
        let is_quiet = quiet.is_some_and(|since| since + AGE + AT_ONCE < begun);
        let is_settled = server.cut_at().is_none_or(|cut_at| cut_at + AT_ONCE < begun);
        let may_be_old = if is_quiet && is_settled { AT_ONCE } else { AGE };
        let changed = self.0.lock().get(&room).copied();
        let stood = changed.is_none_or(|changed| changed + may_be_old < begun);
        if stood && before == truth(store, user, room).await? && before != Some(shown) {
            let old = changed.map(|changed| begun - changed);
            witness.violated(format!("a room is shown as {shown:?}, and is {before:?} for {old:?}"));
        }
        Ok(())
    }
}
