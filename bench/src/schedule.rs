//! When each message is due, who says it, and how a text names its message.

use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Digits of a message's number in front of its text.
const DIGITS: usize = 8;
/// The number and a space.
pub(crate) const TEXT_BYTES_MIN: usize = DIGITS + 1;

/// How long a load is kept up that may be too high.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Patience {
    /// Whoever has so many posts without an ack waits with the next one.
    pub(crate) backlog_max: usize,
    /// What was not said so long after the last message was due stays unsaid.
    pub(crate) late_max: Duration,
}

/// All messages of a run, in order: message `i` is due `i / rate` after the start and
/// is said by speaker `i mod speakers`; in unison a round of them is due with its first.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    start: Instant,
    rate: f64,
    pub(crate) users: usize,
    pub(crate) rooms: usize,
    speakers: usize,
    in_unison: bool,
    /// Messages before this one do not count.
    pub(crate) counted_from: u32,
    /// The first message of each further phase.
    later_phases: Vec<u32>,
    /// All messages.
    pub(crate) total: u32,
    text_bytes: usize,
    /// What the text of message 0 says.
    first_number: u32,
    /// See [`Self::giving_up`].
    pub(crate) patience: Option<Patience>,
}

impl Schedule {
    pub(crate) fn new(
        start: Instant,
        rate: f64,
        (users, rooms): (usize, usize),
        (warm_up, phases): (Duration, &[Duration]),
        text_bytes: usize,
    ) -> Self {
        let messages = |span: Duration| (span.as_secs_f64() * rate).round() as u32;
        let counted_from = messages(warm_up);
        let mut total = counted_from;
        let mut ends: Vec<u32> = Vec::with_capacity(phases.len());
        for phase in phases {
            total += messages(*phase).max(1);
            ends.push(total);
        }
        ends.pop();
        let (speakers, in_unison) = (users, false);
        Self {
            start,
            rate,
            users,
            rooms,
            speakers,
            in_unison,
            counted_from,
            later_phases: ends,
            total,
            text_bytes,
            first_number: 0,
            patience: None,
        }
    }

    /// Only the first users say something, in turn or all at the same instants.
    pub(crate) fn said_by(self, speakers: usize, in_unison: bool) -> Self {
        Self { speakers, in_unison, ..self }
    }

    /// Texts go on behind those of an earlier run in the same rooms.
    pub(crate) fn numbered_from(self, first_number: u32) -> Self {
        Self { first_number, ..self }
    }

    /// For rates that may be too high.
    pub(crate) fn giving_up(self, patience: Patience) -> Self {
        Self { patience: Some(patience), ..self }
    }

    /// When what is still to be said stays unsaid.
    pub(crate) fn gives_up_at(&self) -> Option<Instant> {
        self.patience.map(|patience| self.end() + patience.late_max)
    }

    /// Messages of a later run in the same rooms may have this number and higher ones.
    pub(crate) fn next_number(&self) -> Option<u32> {
        self.first_number.checked_add(self.total)
    }

    /// Those who may say something.
    pub(crate) fn speakers(&self) -> usize {
        self.speakers
    }

    /// How many messages count.
    pub(crate) fn counted(&self) -> u64 {
        u64::from(self.total - self.counted_from)
    }

    /// When a message is due.
    pub(crate) fn due(&self, message: u32) -> Instant {
        let of_round = if self.in_unison { message % self.speakers as u32 } else { 0 };
        self.start + Duration::from_secs_f64(f64::from(message - of_round) / self.rate)
    }

    /// When messages begin to count.
    pub(crate) fn counted_start(&self) -> Instant {
        self.due(self.counted_from)
    }

    /// How many phases the counted messages have.
    pub(crate) fn phases(&self) -> usize {
        self.later_phases.len() + 1
    }

    /// The phase of a counted message.
    pub(crate) fn phase(&self, message: u32) -> usize {
        self.later_phases.partition_point(|first| *first <= message)
    }

    /// The phase of a moment, in which there may be no message.
    pub(crate) fn phase_at(&self, moment: Instant) -> usize {
        (1..self.phases()).take_while(|phase| self.phase_start(*phase) <= moment).count()
    }

    /// When a phase begins.
    pub(crate) fn phase_start(&self, phase: usize) -> Instant {
        self.due(phase.checked_sub(1).map_or(self.counted_from, |at| self.later_phases[at]))
    }

    /// When the last message is due.
    pub(crate) fn end(&self) -> Instant {
        self.due(self.total)
    }

    /// Who says it.
    pub(crate) fn author(&self, message: u32) -> usize {
        message as usize % self.speakers
    }

    /// The messages of one user, in order.
    pub(crate) fn of_user(&self, user: usize) -> impl Iterator<Item = u32> + use<> {
        let end = if user < self.speakers { self.total } else { 0 };
        (user as u32..end).step_by(self.speakers)
    }

    /// The room of a user.
    pub(crate) fn room(&self, user: usize) -> usize {
        user % self.rooms
    }

    /// How many are in a room.
    pub(crate) fn members(&self, room: usize) -> u64 {
        ((self.users - room).div_ceil(self.rooms)) as u64
    }

    pub(crate) fn is_counted(&self, message: u32) -> bool {
        message >= self.counted_from
    }

    /// What is said.
    pub(crate) fn text(&self, message: u32) -> String {
        text(self.first_number + message, self.text_bytes)
    }

    /// Which message a text is, if it is one of this run.
    pub(crate) fn message(&self, text: &str) -> Option<u32> {
        message(text)?.checked_sub(self.first_number).filter(|message| *message < self.total)
    }
}

/// A text that names its message, and has so many bytes.
pub(crate) fn text(message: u32, bytes: usize) -> String {
    let mut text = format!("{message:0DIGITS$x} ");
    text.extend(std::iter::repeat_n('.', bytes.saturating_sub(text.len())));
    text
}

/// Which message a text names.
pub(crate) fn message(text: &str) -> Option<u32> {
    u32::from_str_radix(text.get(..DIGITS)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(users: usize, rooms: usize) -> Schedule {
        let spans = (Duration::from_secs(2), &[Duration::from_secs(10)][..]);
        Schedule::new(Instant::now(), 50.0, (users, rooms), spans, 40)
    }

    #[test]
    fn messages_are_due_evenly_and_said_in_turn() {
        let schedule = schedule(7, 3);
        assert_eq!((schedule.counted_from, schedule.total), (100, 600));
        assert_eq!(schedule.due(50) - schedule.due(0), Duration::from_secs(1));
        assert_eq!(schedule.end() - schedule.counted_start(), Duration::from_secs(10));
        let mut all: Vec<u32> = (0..7).flat_map(|user| schedule.of_user(user)).collect();
        all.sort_unstable();
        assert_eq!(all, (0..600).collect::<Vec<_>>());
        assert!(schedule.of_user(3).all(|message| schedule.author(message) == 3));
    }

    #[test]
    fn every_counted_message_is_in_one_phase() {
        let phases = [2, 3, 1].map(Duration::from_secs);
        let schedule = Schedule::new(Instant::now(), 10.0, (4, 2), (Duration::from_secs(1), &phases), 40);
        assert_eq!((schedule.counted_from, schedule.total, schedule.phases()), (10, 70, 3));
        for (message, phase) in [(10, 0), (29, 0), (30, 1), (59, 1), (60, 2), (69, 2)] {
            assert_eq!(schedule.phase(message), phase, "{message}");
        }
        assert_eq!(schedule.phase_start(0), schedule.counted_start());
        assert_eq!(schedule.phase_start(2), schedule.due(60));
        let just_before = schedule.due(60) - Duration::from_millis(1);
        assert_eq!([schedule.due(10), just_before, schedule.due(60)].map(|at| schedule.phase_at(at)), [0, 1, 2]);
    }

    #[test]
    fn in_unison_all_speakers_have_one_message_at_each_instant() {
        let spans = (Duration::from_secs(1), &[Duration::from_secs(2)][..]);
        // Four rounds a second, of five speakers among eight users.
        let schedule = Schedule::new(Instant::now(), 20.0, (8, 1), spans, 40).said_by(5, true);
        assert_eq!((schedule.counted_from, schedule.total), (20, 60));
        for round in 0..12u32 {
            let due: Vec<Instant> = (0..5).map(|speaker| schedule.due(round * 5 + speaker)).collect();
            assert!(due.iter().all(|at| *at == due[0]), "{round}");
            assert_eq!(due[0] - schedule.due(0), Duration::from_millis(250) * round);
        }
        assert_eq!(schedule.of_user(4).count(), 12);
        assert_eq!(schedule.of_user(5).count(), 0);
    }

    #[test]
    fn every_user_is_in_one_room() {
        for (users, rooms) in [(7, 3), (50, 1), (5, 5), (100, 7)] {
            let schedule = schedule(users, rooms);
            for room in 0..rooms {
                let counted = (0..users).filter(|user| schedule.room(*user) == room).count() as u64;
                assert_eq!(schedule.members(room), counted, "{users} users, room {room} of {rooms}");
            }
        }
    }

    #[test]
    fn a_text_names_its_message() {
        let schedule = schedule(2, 1);
        let text = schedule.text(599);
        assert_eq!((text.len(), schedule.message(&text)), (40, Some(599)));
        for odd in ["", "hello", "ffffffff x", "0000025", "技术交流"] {
            assert_eq!(schedule.message(odd), None, "{odd}");
        }
        let later = schedule.clone().numbered_from(schedule.next_number().unwrap());
        assert_eq!((later.message(&text), later.message(&later.text(0))), (None, Some(0)));
        assert_eq!(schedule.message(&later.text(0)), None);
        assert_eq!(later.numbered_from(u32::MAX).next_number(), None);
    }
}
