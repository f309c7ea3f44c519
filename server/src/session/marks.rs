//! How far people have read: requests, and what is told of marks on the control stream. Where
//! the store is away nothing else waits for it.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use rill_protocol::{
    RoomId, codec, limits,
    message::{GetReceipts, MarkRead, MarkUnread, Marked, ReadState, ReadStates, Receipt, ReceiptPage, Receipts},
};
use rill_storage::model::{self, NewMark, Reading};
use std::{collections::BTreeSet, sync::Arc};

use super::{Session, dispatch::failed, people, private};
use crate::{
    domain::DomainError,
    hub::marks_news::{InView, MarksNews},
    limits::READ_STATES_AT_ONCE_MAX,
    wire::number,
};

pub(super) fn state(room: RoomId, reading: &Reading) -> ReadState {
    let Reading { mark_seq, version, as_of, unread, mentions } = *reading;
    ReadState { room, mark: number(mark_seq), version: number(version), as_of: number(as_of), unread, mentions }
}

/// At most as many as a `Resume` has cursors; nothing where there are none.
pub(super) fn of_these(states: Vec<ReadState>) -> Bytes {
    if states.is_empty() { Bytes::new() } else { codec::frame(&ReadStates { states }) }
}

fn receipt(model::Receipt { user, seq }: model::Receipt) -> Receipt {
    Receipt { user, seq: number(seq) }
}

pub(super) async fn read(session: Arc<Session>, body: MarkRead) -> Bytes {
    set(&session, body.request, body.room, NewMark::Read(body.seq.get())).await
}

pub(super) async fn unread(session: Arc<Session>, body: MarkUnread) -> Bytes {
    let mark = NewMark::Unread { seq: body.seq.get(), client_id: body.client_id };
    set(&session, body.request, body.room, mark).await
}

async fn set(session: &Session, request: u32, room: RoomId, mark: NewMark) -> Bytes {
    match session.services.domain.marks.set(session.identity.user, room, mark).await {
        Ok(reading) => codec::frame(&Marked { request, state: state(room, &reading) }),
        Err(error) => failed(request, error),
    }
}

pub(super) async fn receipts(session: Arc<Session>, body: GetReceipts) -> Bytes {
    let GetReceipts { request, room, after, limit } = body;
    let marks = &session.services.domain.marks;
    match marks.receipts(session.identity.user, room, after, limit as usize).await {
        Ok(page) => {
            let receipts = page.receipts.into_iter().map(receipt).collect();
            codec::frame(&ReceiptPage { request, receipts, next: page.next })
        }
        Err(error) => failed(request, error),
    }
}

/// What a session still has to be told of marks.
#[derive(Default)]
pub(super) struct Told {
    doubted: MarksNews,
    asking: Option<BoxFuture<'static, (Vec<Bytes>, MarksNews)>>,
    /// The store could not be asked: not again before something is heard.
    is_away: bool,
}

impl Told {
    /// Something was heard.
    pub(super) fn doubt(&mut self, session: &Session) {
        self.doubted.add(session.inbox.take_marks());
        self.is_away = false;
    }

    /// Whether there is something to ask for.
    pub(super) fn is_behind(&self) -> bool {
        self.asking.is_some() || !self.is_away && !self.doubted.is_empty()
    }

    /// Asks where some of the marks are. Cancel safe.
    pub(super) async fn frames(&mut self, session: &Arc<Session>) -> Vec<Bytes> {
        let doubted = &mut self.doubted;
        let asking = self.asking.get_or_insert_with(|| {
            let mut news = std::mem::take(doubted);
            doubted.own = rest_of(&mut news.own);
            doubted.arrivals = rest_of(&mut news.arrivals);
            doubted.closings = rest_of(&mut news.closings);
            Box::pin(ask(session.clone(), news))
        });
        let (frames, mut missed) = asking.await;
        self.asking = None;
        self.is_away = !missed.is_empty();
        // What was heard meanwhile came later.
        missed.add(std::mem::take(&mut self.doubted));
        self.doubted = missed;
        frames
    }
}

/// What is asked for later.
fn rest_of(rooms: &mut BTreeSet<RoomId>) -> BTreeSet<RoomId> {
    let next = rooms.iter().nth(READ_STATES_AT_ONCE_MAX).copied();
    next.map(|next| rooms.split_off(&next)).unwrap_or_default()
}

/// What there is to say, and what the store could not be asked for.
async fn ask(session: Arc<Session>, mut news: MarksNews) -> (Vec<Bytes>, MarksNews) {
    let mut frames = Vec::new();
    let outcome: Result<(), DomainError> = async {
        let mut states = Vec::new();
        for room in news.own.clone() {
            let reading = session.services.domain.marks.reading(session.identity.user, room).await?;
            states.extend(reading.map(|reading| state(room, &reading)));
        }
        news.own = BTreeSet::new();
        frames.extend(Some(of_these(states)).filter(|frame| !frame.is_empty()));
        frames.append(&mut in_view(&session, &news.in_view).await?);
        news.in_view = InView::Nobodys;
        while let Some(room) = news.closings.first().copied() {
            frames.extend(Some(private::detail(&session, room).await?).filter(|frame| !frame.is_empty()));
            news.closings.remove(&room);
        }
        let mut delivered = Vec::new();
        for room in news.arrivals.clone() {
            delivered.extend(private::delivered(&session, room).await?);
        }
        news.arrivals = BTreeSet::new();
        frames.extend(Some(private::of_these(delivered)).filter(|frame| !frame.is_empty()));
        Ok(())
    }
    .await;
    if let Err(error) = outcome {
        tracing::debug!(%error, "how far somebody has read cannot be asked");
    }
    (frames, news)
}

/// Receipts of the room in view, for who is a member when they are asked for.
async fn in_view(session: &Session, news: &InView) -> Result<Vec<Bytes>, DomainError> {
    let (room, users) = match news {
        InView::Nobodys => return Ok(Vec::new()),
        InView::These(room, users) => (*room, Some(users)),
        InView::All(room) => (*room, None),
    };
    let (marks, user) = (&session.services.domain.marks, session.identity.user);
    if !marks.are_pushed(room).await? {
        if users.is_none() {
            people::count_online(session, room).await?;
        }
        return Ok(Vec::new());
    }
    let found = match users {
        // A room that is pushed has one page of members.
        None => marks.receipts(user, room, None, limits::RECEIPT_PAGE_MAX).await.map(|page| page.receipts),
        Some(users) => marks.receipts_of(user, room, users).await,
    };
    match found {
        Ok(receipts) if receipts.is_empty() => Ok(Vec::new()),
        Ok(receipts) => {
            Ok(vec![codec::frame(&Receipts { room, receipts: receipts.into_iter().map(receipt).collect() })])
        }
        // The room is in view of somebody who may not see it, or not any more.
        Err(DomainError::NotAMember | DomainError::NoSuchRoom | DomainError::RoomDeleted) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
