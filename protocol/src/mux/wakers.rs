//! Who waits for which event. One waker an event: each half and each poll of a
//! connection has one owner.

use std::task::Waker;

use super::Event;

#[derive(Debug, Default)]
pub(super) struct Wakers(Vec<(Event, Waker)>);

impl Wakers {
    /// Replaces whoever waited for the event before.
    pub(super) fn register(&mut self, event: Event, waker: &Waker) {
        match self.0.iter_mut().find(|(waits_for, _)| *waits_for == event) {
            Some((_, known)) => known.clone_from(waker),
            None => self.0.push((event, waker.clone())),
        }
    }

    /// Moves whoever waits for the event to `woken`.
    pub(super) fn take(&mut self, event: Event, woken: &mut Vec<Waker>) {
        if event == Event::Closed {
            woken.extend(self.0.drain(..).map(|(_, waker)| waker));
        } else if let Some(at) = self.0.iter().position(|(waits_for, _)| *waits_for == event) {
            woken.push(self.0.swap_remove(at).1);
        }
    }
}
