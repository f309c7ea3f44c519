//! What a session has not been told yet of marks. Where they are now it asks for itself.

use rill_protocol::{RoomId, UserId};
use std::collections::BTreeSet;

/// Marks that a session has not been told yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct MarksNews {
    /// Rooms in which the user may stand elsewhere.
    pub own: BTreeSet<RoomId>,
    pub in_view: InView,
    /// Private chats of which more may have arrived at the other one.
    pub arrivals: BTreeSet<RoomId>,
    /// Private chats that may have been closed or opened.
    pub closings: BTreeSet<RoomId>,
}

/// Whose marks have moved in the room in view.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum InView {
    #[default]
    Nobodys,
    These(RoomId, BTreeSet<UserId>),
    /// It has just come into view.
    All(RoomId),
}

impl MarksNews {
    /// More of the same kind, which came later.
    pub fn add(&mut self, mut later: Self) {
        self.own.append(&mut later.own);
        self.arrivals.append(&mut later.arrivals);
        self.closings.append(&mut later.closings);
        match (&mut self.in_view, later.in_view) {
            (_, InView::Nobodys) => {}
            (InView::All(room), InView::These(other, _)) if *room == other => {}
            (InView::These(room, users), InView::These(other, mut more)) if *room == other => users.append(&mut more),
            (in_view, later) => *in_view = later,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.in_view == InView::Nobodys && self.arrivals.is_empty() && self.closings.is_empty()
    }
}
