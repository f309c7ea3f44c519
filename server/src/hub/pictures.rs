//! That avatars and emoji may have changed, told to the sessions that show them: those that watch
//! a user, and the user's own. What they are now each session asks for itself; being told once
//! too often costs a look at what the node remembers.

use rill_protocol::UserId;
use rill_storage::{
    planted::{self, Bug},
    port::{ChangeObserver, Changed},
};
use std::sync::Arc;

use super::{Hub, Inbox};

impl ChangeObserver for Hub {
    fn changed(&self, changed: Changed) {
        self.picture_changed(changed);
    }
}

impl Hub {
    /// What is recorded of this may be another. Rooms say so in their logs.
    pub fn picture_changed(&self, changed: Changed) {
        match changed {
            Changed::Room(_) => {}
            Changed::User(_) if planted::is(Bug::PictureUntold) => {}
            Changed::User(user) => {
                self.presence.avatar_changed(user);
                for inbox in self.users.lock().get(&user).into_iter().flatten() {
                    inbox.show_avatar(user);
                }
            }
            Changed::Emoji => self.attached().iter().for_each(|inbox| inbox.show_emoji()),
        }
    }

    /// Every session, in an order that stays.
    fn attached(&self) -> Vec<Arc<Inbox>> {
        let users = self.users.lock();
        let mut ids: Vec<UserId> = users.keys().copied().collect();
        ids.sort_unstable();
        ids.iter().filter_map(|user| users.get(user)).flatten().cloned().collect()
    }
}
