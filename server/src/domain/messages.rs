//! Posting and reading.

use rill_protocol::{ClientId, RoomId, UserId, limits};
use rill_storage::{
    Store,
    model::{
        Access, Anchor, Appended, Body, Change, Fact, Head, Membership, Mentions, Message, MessagePage, NewBatch,
        NewEntry, NewPost,
    },
    planted::{self, Bug},
    port::{AppendRefused, log::Sight},
};
use std::{collections::HashSet, future::Future, sync::Arc};

use super::{DomainError, World, content, mentions, order::Order, visible::visible};

/// A page of what one user may see, oldest message first.
pub struct Page {
    pub head: Head,
    pub messages: Vec<Message>,
    /// The anchor's seq for the next page in the same direction.
    pub next: Option<u64>,
}

/// See the module.
pub struct Messages {
    pub(super) world: World,
}

impl Messages {
    pub(super) fn new(world: World) -> Self {
        Self { world }
    }

    /// Posts a text. A text that names nobody is queued before this returns: two calls, one
    /// after the other, are two entries in that order.
    pub fn post(
        &self,
        user: UserId,
        room: RoomId,
        client_id: ClientId,
        text: &str,
    ) -> impl Future<Output = Result<Appended, DomainError>> + Send + use<> {
        self.post_in(&Order::default(), (user, room), client_id, text)
    }

    /// The same for a sender whose posts stand in the log in the order of their calls, whomever
    /// they name.
    pub fn post_in(
        &self,
        order: &Order,
        (user, room): (UserId, RoomId),
        client_id: ClientId,
        text: &str,
    ) -> impl Future<Output = Result<Appended, DomainError>> + Send + use<> {
        let begun = content::text(text).map(|()| {
            let text: Arc<str> = text.into();
            let texts = vec![Arc::clone(&text)];
            let World { store, clock, .. } = self.world.clone();
            self.in_turn(order, (user, room), texts, move |mut mentions| {
                let digest = store.digest("post", &[text.as_bytes()]);
                let (at_ms, change) = (clock.now_ms(), Change::Post(text));
                let mentions = mentions.pop().unwrap_or_default();
                store.log.append(room, NewEntry { author: user, client_id, at_ms, digest, change, mentions })
            })
        });
        let store = self.world.store.clone();
        async move { answered(&store, user, room, begun?.await?.await?).await }
    }

    /// Posts several texts that stand in the log together, or none of them. Queued as
    /// [`Self::post_in`] is.
    pub fn post_batch(
        &self,
        order: &Order,
        (user, room): (UserId, RoomId),
        posts: &[(ClientId, &str)],
    ) -> impl Future<Output = Result<Vec<Appended>, DomainError>> + Send + use<> {
        let begun = check_batch(posts).map(|()| {
            let posts: Vec<(ClientId, Arc<str>)> = posts.iter().map(|(id, text)| (*id, (*text).into())).collect();
            let texts = posts.iter().map(|(_, text)| text.clone()).collect();
            let World { store, clock, .. } = self.world.clone();
            self.in_turn(order, (user, room), texts, move |mentions| {
                let post = |((client_id, text), mentions): ((ClientId, Arc<str>), Mentions)| NewPost {
                    client_id,
                    digest: store.digest("post", &[text.as_bytes()]),
                    text,
                    mentions,
                };
                let posts = posts.into_iter().zip(mentions).map(post).collect();
                store.log.append_batch(room, NewBatch { author: user, at_ms: clock.now_ms(), posts })
            })
        });
        let store = self.world.store.clone();
        async move { answered(&store, user, room, begun?.await?.await?).await }
    }

    /// Begins an append: at once where nobody is to be looked for and nobody is in front.
    fn in_turn<A, F>(
        &self,
        order: &Order,
        (user, room): (UserId, RoomId),
        texts: Vec<Arc<str>>,
        append: F,
    ) -> impl Future<Output = Result<A, DomainError>> + Send + use<A, F>
    where
        A: Send + 'static,
        F: FnOnce(Vec<Mentions>) -> A + Send + 'static,
    {
        let is_plain = !texts.iter().any(|text| mentions::may_name(text));
        let begun = match is_plain && order.is_free() {
            true => Ok(append(vec![Mentions::default(); texts.len()])),
            false => Err((order.queue(), append)),
        };
        let world = self.world.clone();
        async move {
            let (turn, append) = match begun {
                Ok(begun) => return Ok(begun),
                Err(waits) => waits,
            };
            let _turn = turn.await;
            let mut named = Vec::with_capacity(texts.len());
            for text in &texts {
                named.push(mentions::of(&world, user, room, text).await?);
            }
            Ok(append(named))
        }
    }

    /// Whom a text beside a file names.
    pub async fn mentions(&self, user: UserId, room: RoomId, text: &str) -> Result<Mentions, DomainError> {
        mentions::of(&self.world, user, room, text).await
    }

    /// A page of a room's history, for members.
    pub async fn page(&self, user: UserId, room: RoomId, anchor: Anchor, limit: usize) -> Result<Page, DomainError> {
        let store = &self.world.store;
        let limit = limit.clamp(1, limits::HISTORY_PAGE_MAX);
        let read = store.log.messages_for(user, room, anchor, limit, limits::HISTORY_PAGE_TEXT_BYTES_MAX).await?;
        let Some(Sight { mut membership, part }) = read else { return Err(absent(store, room).await?) };
        if planted::is(Bug::VisibleFromMemory) {
            membership = self.world.memory.membership(room, user).await?.map(|remembered| (*remembered).clone());
        }
        match seen(anchor, Sight { membership, part }) {
            Err(DomainError::NotAMember) => Err(shut(store, user, room).await?),
            other => other,
        }
    }

    /// The newest messages with files before a seq, for members.
    pub async fn files(&self, user: UserId, room: RoomId, before: u64, limit: usize) -> Result<Page, DomainError> {
        let limit = limit.clamp(1, limits::HISTORY_PAGE_MAX);
        let store = &self.world.store;
        let read = store.log.files_for(user, room, before, limit, limits::HISTORY_PAGE_TEXT_BYTES_MAX).await?;
        let Some(read) = read else { return Err(absent(store, room).await?) };
        match seen(Anchor::Before(before), read) {
            Err(DomainError::NotAMember) => Err(shut(store, user, room).await?),
            Ok(mut page) => {
                page.messages.retain(|message| message.body != Body::Erased);
                Ok(page)
            }
            Err(other) => Err(other),
        }
    }
}

/// What a member sees of a page: it is of one moment with the membership, so whoever left sees
/// none of what followed.
fn seen(anchor: Anchor, Sight { membership, part: mut page }: Sight<MessagePage>) -> Result<Page, DomainError> {
    let membership = membership.filter(Membership::is_active).ok_or(DomainError::NotAMember)?;
    let edge = match anchor {
        Anchor::Before(_) => page.messages.first(),
        Anchor::After(_) => page.messages.last(),
    };
    let next = edge.filter(|_| page.more).map(|message| message.seq);
    // What became of a file is told with its message, and so is that a message was removed.
    let is_line = |message: &Message| !matches!(message.fact, Fact::FileSettled { .. } | Fact::Deleted { .. });
    page.messages.retain(|message| is_line(message) && visible(&membership, message.seq, message.seq));
    Ok(Page { head: page.head, messages: page.messages, next })
}

/// Every text is one, and no id stands for two.
fn check_batch(posts: &[(ClientId, &str)]) -> Result<(), DomainError> {
    if posts.is_empty() {
        return Err(DomainError::EmptyText);
    }
    if posts.len() > limits::BATCH_POSTS_MAX {
        return Err(DomainError::TooManyPosts { count: posts.len(), max: limits::BATCH_POSTS_MAX });
    }
    posts.iter().try_for_each(|(_, text)| content::text(text))?;
    let ids: HashSet<ClientId> = posts.iter().map(|(id, _)| *id).collect();
    if ids.len() < posts.len() { Err(DomainError::KeyReused) } else { Ok(()) }
}

/// What a member may see of a room; nobody else reads it.
pub(crate) async fn member(store: &Store, user: UserId, room: RoomId) -> Result<Membership, DomainError> {
    match store.rooms.membership(room, user).await? {
        Some(membership) if membership.is_active() => Ok(membership),
        _ => Err(shut(store, user, room).await?),
    }
}

/// Why a room is not open to somebody who is no member: who was never in a room that is not
/// public, and is not invited, does not hear that there is one.
pub(crate) async fn shut(store: &Store, user: UserId, room: RoomId) -> Result<DomainError, DomainError> {
    let Some(Sight { membership, part }) = store.rooms.room_for(user, room).await? else {
        return absent(store, room).await;
    };
    let is_known =
        part.access == Access::Public || membership.is_some() || store.doors.invitation(room, user).await?.is_some();
    Ok(if is_known { DomainError::NotAMember } else { DomainError::NoSuchRoom })
}

/// Why there is nothing of a room.
pub(crate) async fn absent(store: &Store, room: RoomId) -> Result<DomainError, DomainError> {
    let is_deleted = store.rooms.is_deleted(room).await?;
    Ok(if is_deleted { DomainError::RoomDeleted } else { DomainError::NoSuchRoom })
}

/// What the appends of posts come to.
async fn answered<T>(
    store: &Store,
    user: UserId,
    room: RoomId,
    outcome: Result<T, AppendRefused>,
) -> Result<T, DomainError> {
    match outcome {
        Ok(made) => Ok(made),
        Err(AppendRefused::NotAMember) => Err(shut(store, user, room).await?),
        Err(refused) => Err(refusal(refused)),
    }
}

/// What a refused append means to the one who asked.
pub(crate) fn refusal(refused: AppendRefused) -> DomainError {
    match refused {
        AppendRefused::NoSuchRoom => DomainError::NoSuchRoom,
        AppendRefused::Deleted => DomainError::RoomDeleted,
        AppendRefused::NotAMember => DomainError::NotAMember,
        AppendRefused::RoomFull => DomainError::RoomFull,
        AppendRefused::KeysMixed => DomainError::KeyReused,
        AppendRefused::NotAllowed => DomainError::RoleNeeded,
        AppendRefused::Banned => DomainError::BannedFromRoom,
        AppendRefused::BadLink => DomainError::BadRoomLink,
        AppendRefused::NoSuchMember => DomainError::NoSuchMember,
        AppendRefused::OwnerStays => DomainError::OwnerStays,
        AppendRefused::Archived => DomainError::RoomArchived,
        AppendRefused::Closed => DomainError::RoomClosed,
        AppendRefused::TooSoon { wait_ms } => DomainError::SlowMode { wait_ms },
        AppendRefused::OneAtATime => DomainError::NoBatch,
        AppendRefused::TooManyOpen => DomainError::TooManyOpen,
        AppendRefused::NoSuchMessage => DomainError::NoSuchMessage,
        // `Unchanged` is an answer to joins and leaves, which handle it themselves.
        AppendRefused::TooManyKeys | AppendRefused::Unchanged => DomainError::Busy,
    }
}
