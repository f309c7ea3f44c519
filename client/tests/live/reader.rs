//! An application that only reads: what it was given of one room, checked as it comes.

use rill_client::{EntryKind, Event, Events, State};
use rill_protocol::{Code, Epoch, RoomId};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

pub(crate) struct Reader {
    events: Events,
    room: RoomId,
    epoch: Option<Epoch>,
    have: u64,
    pub(crate) texts: Vec<String>,
    /// Bases at which the tail began anew.
    pub(crate) bases: Vec<u64>,
    /// Why connections ended.
    pub(crate) endings: Vec<String>,
}

impl Reader {
    pub(crate) fn new(events: Events, room: RoomId) -> Self {
        Self { events, room, epoch: None, have: 0, texts: Vec::new(), bases: Vec::new(), endings: Vec::new() }
    }

    /// Reads until `count` messages of the room were given out.
    pub(crate) async fn read(&mut self, count: usize, seconds: u64) -> &[String] {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        while self.texts.len() < count {
            let Ok(event) = timeout_at(deadline, self.events.next()).await else {
                panic!("{} of {count} messages in {seconds} s; the last: {:?}", self.texts.len(), self.texts.last())
            };
            self.apply(event.expect("the client lives"));
        }
        &self.texts
    }

    /// That the server said goodbye: nobody has to find out by its silence.
    pub(crate) fn was_told_goodbye(&self) {
        let first = self.endings.first().expect("a connection that ended");
        assert!(first.starts_with(Code::GoingAway.sentence()), "{:?}", self.endings);
    }

    /// Reads for a while in which no further message may come.
    pub(crate) async fn read_nothing_more(&mut self, millis: u64) {
        let before = self.texts.len();
        let deadline = Instant::now() + Duration::from_millis(millis);
        while let Ok(Some(event)) = timeout_at(deadline, self.events.next()).await {
            self.apply(event);
        }
        assert_eq!(self.texts.len(), before, "a message too many: {:?}", self.texts.last());
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Tail { room, epoch, base, .. } if room == self.room => {
                (self.epoch, self.have) = (Some(epoch), base);
                self.bases.push(base);
            }
            Event::Entry(entry) if entry.room == self.room => {
                assert_eq!(Some(entry.epoch), self.epoch, "an entry of another log");
                assert_eq!(entry.seq, self.have + 1, "a gap or a repetition");
                self.have = entry.seq;
                if let EntryKind::Posted { text } = entry.kind {
                    self.texts.push(text);
                }
            }
            Event::State(State::Offline { reason, .. }) => self.endings.push(reason),
            _ => {}
        }
    }
}
