//! Avatars and emoji that change at another node: whoever shows them here looks again.

use rill_storage::{Store, port::Changed};
use std::time::Duration;
use tokio::{sync::Notify, task::coop::consume_budget, time::sleep};

use super::bus::{Channel, Event};
use crate::{
    hub::Hub,
    limits::{PICTURES_DOUBT_PAUSE_MS, PICTURES_LOOK_MS, PICTURES_LOOK_PARTS},
    memory::Memory,
};

const PAUSE: Duration = Duration::from_millis(PICTURES_LOOK_MS / PICTURES_LOOK_PARTS);
const SHORT_PAUSE: Duration = Duration::from_millis(PICTURES_DOUBT_PAUSE_MS);

/// Takes what the bus says. What was said before a channel was heard was said to nobody here.
pub(super) fn hear(hub: &Hub, doubt: &Notify, event: &Event) {
    match event {
        Event::Message { channel: Channel::Change(place), .. } | Event::Heard(Channel::Change(place)) => {
            hub.picture_changed(*place);
        }
        Event::Missed | Event::Away => doubt.notify_one(),
        Event::Message { .. } | Event::Heard(_) => {}
    }
}

/// Goes round all that is shown here, whatever was heard, and faster where something was missed.
pub(super) struct Look<'a> {
    pub(super) hub: &'a Hub,
    pub(super) memory: &'a Memory,
    pub(super) store: &'a Store,
    pub(super) doubt: &'a Notify,
}

impl Look<'_> {
    /// Never returns.
    pub(super) async fn run(&self) {
        let (mut pause, mut emoji) = (PAUSE, None);
        'round: loop {
            self.emoji(&mut emoji).await;
            for part in 0..PICTURES_LOOK_PARTS {
                while !self.avatars(part).await {
                    sleep(PAUSE).await;
                }
                tokio::select! {
                    biased;
                    () = self.doubt.notified(), if pause == PAUSE => {
                        pause = SHORT_PAUSE;
                        continue 'round;
                    }
                    () = sleep(pause) => {}
                }
            }
            pause = PAUSE;
        }
    }

    /// Those that no hint spoke of.
    async fn emoji(&self, seen: &mut Option<u64>) {
        match self.store.emoji.version().await {
            Ok(version) if seen.replace(version) != Some(version) => {
                self.memory.rung(Changed::Emoji);
                self.hub.picture_changed(Changed::Emoji);
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "whether the emoji are others cannot be asked"),
        }
    }

    /// Asks once for all sessions that show somebody; returns whether it could.
    async fn avatars(&self, part: u64) -> bool {
        for user in self.hub.presence.part((part, PICTURES_LOOK_PARTS)) {
            if let Err(error) = self.memory.profile(user).await {
                tracing::debug!(%error, "what somebody looks like cannot be asked");
                return false;
            }
            self.hub.picture_changed(Changed::User(user));
            consume_budget().await;
        }
        true
    }
}
