//! Who says what and when, for as long as it takes, and how a text names its message.

use std::time::{Duration, Instant};

/// Prepared messages are numbered below this, said ones from here on.
const SAID_FROM: u32 = 1 << 31;
/// The most that can be prepared.
pub(crate) const PREPARED_MAX: u32 = 10_000_000;
const DIGITS: usize = 8;
const TEXT_BYTES: usize = 100;

/// One message of a run; equal texts are the same message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Message(u32);

impl Message {
    /// One that was in the store before.
    pub(crate) const fn prepared(number: u32) -> Self {
        Self(number)
    }

    /// One that was said in the run.
    pub(crate) const fn said(number: u32) -> Self {
        Self(SAID_FROM + number)
    }

    /// The number of a message that was said in the run.
    pub(crate) fn said_number(self) -> Option<u32> {
        self.0.checked_sub(SAID_FROM)
    }

    pub(crate) fn text(self) -> String {
        let mut text = format!("{:0DIGITS$x} ", self.0);
        text.extend(std::iter::repeat_n('.', TEXT_BYTES - text.len()));
        text
    }

    /// The message whose whole text this is.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let message = Self(u32::from_str_radix(text.get(..DIGITS)?, 16).ok()?);
        (text == message.text()).then_some(message)
    }
}

/// Said message `n` is due `n / rate` after the start and is said by speaker `n mod
/// speakers`. There is no last one.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) start: Instant,
    pub(crate) rate: f64,
    pub(crate) speakers: usize,
}

impl Plan {
    /// When a said message is due.
    pub(crate) fn due(&self, number: u32) -> Instant {
        self.start + Duration::from_secs_f64(f64::from(number) / self.rate)
    }

    /// Who says it.
    pub(crate) fn speaker(&self, number: u32) -> usize {
        number as usize % self.speakers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_its_message_and_a_cut_one_none() {
        for message in [Message::prepared(0), Message::prepared(99_999), Message::said(0), Message::said(70_000)] {
            let text = message.text();
            assert_eq!((text.len(), Message::of_text(&text)), (TEXT_BYTES, Some(message)));
            assert_eq!(Message::of_text(&text[..50]), None);
        }
        for odd in ["", "hello", "技术交流技术交流"] {
            assert_eq!(Message::of_text(odd), None, "{odd}");
        }
        assert_eq!(Message::said(7).said_number(), Some(7));
        assert_eq!(Message::prepared(7).said_number(), None);
    }

    #[test]
    fn messages_are_due_evenly_and_said_in_turn() {
        let plan = Plan { start: Instant::now(), rate: 50.0, speakers: 7 };
        assert_eq!(plan.due(150) - plan.due(100), Duration::from_secs(1));
        assert_eq!((plan.speaker(6), plan.speaker(7)), (6, 0));
    }
}
