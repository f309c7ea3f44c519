//! Rights to connect once: those at hand, and where more come from.

use rill_protocol::{Code, Ticket};

use crate::{Error, Failure, http::Api, limits::TICKETS_AT_ONCE};

/// A session's tickets.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    at_hand: Vec<Ticket>,
    /// The login that can ask for more.
    token: Option<String>,
    /// Whether the last one given out was asked for just before.
    was_fresh: bool,
}

impl Tickets {
    pub(crate) fn new(at_hand: Vec<Ticket>, token: Option<String>) -> Self {
        Self { at_hand, token, was_fresh: false }
    }

    /// One to use now; whatever comes of it, it is used up.
    pub(crate) async fn take(&mut self, api: Option<&Api>) -> Result<Ticket, Error> {
        self.was_fresh = false;
        if let Some(ticket) = self.at_hand.pop() {
            return Ok(ticket);
        }
        let (Some(api), Some(token)) = (api, &self.token) else {
            return Err(Failure::new(Code::BadTicket).into());
        };
        self.at_hand = api.tickets(token, TICKETS_AT_ONCE).await?;
        self.was_fresh = true;
        self.at_hand.pop().ok_or_else(|| Error::Api("no ticket in the answer".to_owned()))
    }

    /// `Welcome` brought the one for the next connection.
    pub(crate) fn keep(&mut self, ticket: Ticket) {
        self.at_hand.push(ticket);
    }

    /// The last one was refused; returns whether another kind may be tried.
    pub(crate) fn refused(&mut self) -> bool {
        !self.was_fresh && (!self.at_hand.is_empty() || self.token.is_some())
    }
}
