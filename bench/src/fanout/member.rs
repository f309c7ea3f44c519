//! One who reads the room, and keeps a post under way if that is their part.

use anyhow::Context as _;
use rill_protocol::{ClientId, Code, FrameDecoder, RoomId, codec, limits::FRAME_BODY_BYTES_MAX, message::Post};
use std::{future::poll_fn, sync::Arc, time::Instant};
use tokio::sync::watch;

use super::{
    board::Board,
    check::Check,
    entry,
    seat::{FIRST_POST, Heard, Seat},
};
use crate::schedule;

/// How far posts may go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    /// Up to this number.
    Until(u32),
    Over,
}

/// What is posted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Saying {
    pub(crate) room: RoomId,
    pub(crate) text_bytes: usize,
}

pub(super) struct Member<S> {
    number: usize,
    seat: S,
    /// Nothing for one who only reads.
    saying: Option<Saying>,
    under_way: Option<UnderWay>,
    board: Arc<Board>,
    frames: FrameDecoder,
    check: Check,
    /// Posts that stand at another place for somebody else, or of no run.
    misplaced: u64,
    /// Read at once.
    taken: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    number: u32,
    is_answered: bool,
    is_read: bool,
}

/// What a member found wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    pub(super) duplicated: u64,
    pub(super) reordered: u64,
    pub(super) misplaced: u64,
}

impl<S: Seat> Member<S> {
    /// Reads the entries behind `base`.
    pub(super) fn new(number: usize, seat: S, base: u64, saying: Option<Saying>, board: Arc<Board>) -> Self {
        Self {
            number,
            seat,
            saying,
            under_way: None,
            board,
            frames: FrameDecoder::new(FRAME_BODY_BYTES_MAX),
            check: Check::behind(base),
            misplaced: 0,
            taken: Vec::new(),
        }
    }

    /// Takes part until it is over.
    pub(super) async fn run(mut self, mut phase: watch::Receiver<Phase>) -> anyhow::Result<Faults> {
        loop {
            let limit = match *phase.borrow_and_update() {
                Phase::Until(limit) => limit,
                Phase::Over => break,
            };
            self.go_on(limit);
            tokio::select! {
                biased;
                heard = poll_fn(|context| self.seat.poll_next(context)) => {
                    heard.and_then(|heard| self.heard(heard)).with_context(|| format!("member {}", self.number))?;
                }
                changed = phase.changed() => changed?,
            }
        }
        let Check { duplicated, reordered, .. } = self.check;
        Ok(Faults { duplicated, reordered, misplaced: self.misplaced })
    }

    /// Posts if nothing of this member is under way.
    fn go_on(&mut self, limit: u32) {
        let (Some(Saying { room, text_bytes }), None) = (self.saying, self.under_way) else { return };
        let Some(number) = self.board.draw(limit) else { return };
        let post = Post {
            request: FIRST_POST + number,
            room,
            client_id: client_id(number),
            text: schedule::text(number, text_bytes),
        };
        self.under_way = Some(UnderWay { number, is_answered: false, is_read: false });
        self.seat.post(codec::frame(&post));
    }

    fn heard(&mut self, heard: Heard) -> anyhow::Result<()> {
        match heard {
            Heard::Entries(bytes) => self.entries(&bytes),
            Heard::Accepted { request, seq } => {
                let under_way = self.of_request(request)?;
                under_way.is_answered = true;
                let number = under_way.number;
                self.misplaced += u64::from(!self.board.stands_at(number, seq));
                self.board.accepted();
                self.settle();
                Ok(())
            }
            Heard::Refused { request, code } => {
                self.of_request(request)?;
                eprintln!("rill-bench: a post was refused: {}", Code::from_number(code).map_or("?", Code::name));
                self.under_way = None;
                self.board.refused();
                Ok(())
            }
        }
    }

    fn of_request(&mut self, request: u32) -> anyhow::Result<&mut UnderWay> {
        let number = request.checked_sub(FIRST_POST);
        let found = self.under_way.as_mut().filter(|under_way| Some(under_way.number) == number);
        found.with_context(|| format!("an answer to request {request}, which nobody made"))
    }

    fn entries(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let now = Instant::now();
        self.frames.push(bytes);
        while let Some(frame) = self.frames.next_frame()? {
            let Some(entry) = entry::read(&frame)? else { continue };
            if !self.check.came(entry.seq)? {
                continue;
            }
            let Some(text) = entry.text else { continue };
            match schedule::message(text).filter(|number| self.board.stands_at(*number, entry.seq)) {
                Some(number) => self.taken.push(number),
                None => self.misplaced += 1,
            }
        }
        if self.taken.is_empty() {
            return Ok(());
        }
        self.board.read(self.number, &self.taken, now);
        if let Some(under_way) = &mut self.under_way
            && self.taken.contains(&under_way.number)
        {
            under_way.is_read = true;
            if !S::ANSWERS {
                under_way.is_answered = true;
                self.board.accepted();
            }
            self.settle();
        }
        self.taken.clear();
        Ok(())
    }

    /// A post is no longer under way once it is durable and its author has read it.
    fn settle(&mut self) {
        if self.under_way.is_some_and(|post| post.is_answered && post.is_read) {
            self.under_way = None;
        }
    }
}

/// Of one run on a store of its own, whose users have posted nothing else.
fn client_id(number: u32) -> ClientId {
    let mut random = [0; 10];
    random[6..].copy_from_slice(&number.to_be_bytes());
    ClientId::v7(0, random)
}
