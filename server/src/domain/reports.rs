//! What users tell the administrators of each other, and what comes of it.
//!
//! A report holds what the message said when it was reported, so that who removes it afterwards
//! takes no evidence away; administrators alone read it, and it is forgotten when the report is
//! closed.

use rill_protocol::{
    ClientId, RoomId, UserId,
    limits::{REPORT_REASON_CHARS_MAX, TEXT_BYTES_MAX},
};
use rill_storage::{
    limits::AUDIT_DETAIL_BYTES_MAX,
    model::{Anchor, Body, Closed, Membership, NewReport, Quote, Report, ReportOutcome, Reported, ReportsOf},
    planted::{self, Bug},
    port::log::Sight,
};

use super::{
    DomainError, World,
    accounts::{Actor, Part},
    audit::name,
    characters,
    messages::{absent, shut},
    visible::visible,
};

/// Reports of one page at most: each may quote a long message.
const PAGE_MAX: usize = 50;
/// Length of what an administrator notes, in characters: each of at most 4 bytes.
pub const NOTE_CHARS_MAX: usize = AUDIT_DETAIL_BYTES_MAX / 4;

/// What somebody reports.
#[derive(Clone, Debug)]
pub struct Complaint<'a> {
    pub user: UserId,
    pub message: Option<(RoomId, u64)>,
    pub reason: &'a str,
}

/// A report with the names of now.
#[derive(Clone, Debug)]
pub struct ReportView {
    pub report: Report,
    pub reporter_name: Option<String>,
    pub user_name: Option<String>,
    pub room_name: Option<String>,
    /// Of who closed it; nothing for the operator of the machine too.
    pub closed_by_name: Option<String>,
}

/// See the module.
pub struct Reports {
    world: World,
}

/// A text of somebody, trimmed, of so many characters at most; lines may end in it.
fn told(text: &str, chars_max: usize) -> Option<String> {
    let text = text.trim();
    let is_odd = |c: char| characters::is_invisible(c) && !matches!(c, '\n' | '\u{200C}' | '\u{200D}' | '\u{FE0F}');
    (text.chars().count() <= chars_max && !text.chars().any(is_odd)).then(|| text.to_owned())
}

impl Reports {
    pub(super) fn new(world: World) -> Self {
        Self { world }
    }

    /// Tells the administrators. The same again is one report.
    pub async fn report(&self, user: UserId, client_id: ClientId, what: &Complaint<'_>) -> Result<(), DomainError> {
        let store = &self.world.store;
        let reason = told(what.reason, REPORT_REASON_CHARS_MAX).filter(|reason| !reason.is_empty());
        let reason = reason.ok_or(DomainError::BadReason { max: REPORT_REASON_CHARS_MAX })?;
        if what.user == user {
            return Err(DomainError::Oneself);
        }
        if store.users.profile(what.user).await?.is_none() {
            return Err(DomainError::NoSuchPerson);
        }
        let quote = match what.message {
            Some(at) => Some(self.quoted(user, what.user, at).await?),
            None => None,
        };
        let (room, seq) = what.message.unwrap_or_default();
        let parts = [&what.user.0[..], &room.0, &seq.to_le_bytes(), reason.as_bytes()];
        let new = NewReport {
            reporter: user,
            client_id,
            digest: store.digest("report", &parts),
            at_ms: self.world.clock.now_ms(),
            user: what.user,
            message: what.message,
            reason,
            quote,
        };
        match store.reports.report(new).await? {
            Reported::Made(number) => {
                tracing::info!(number, "somebody was reported");
                Ok(())
            }
            Reported::Same(_) => Ok(()),
            Reported::Different => Err(DomainError::KeyReused),
            Reported::TooMany => Err(DomainError::TooManyReports),
        }
    }

    /// What a message says that the reporter may see, and the other wrote.
    async fn quoted(&self, reporter: UserId, author: UserId, (room, seq): (RoomId, u64)) -> Result<Quote, DomainError> {
        let store = &self.world.store;
        let anchor = Anchor::Before(seq.saturating_add(1));
        let sight = store.log.messages_for(reporter, room, anchor, 1, TEXT_BYTES_MAX).await?;
        let Some(Sight { membership, part }) = sight else { return Err(absent(store, room).await?) };
        let Some(membership) = membership.filter(Membership::is_active) else {
            return Err(shut(store, reporter, room).await?);
        };
        let may_see = visible(&membership, seq, seq);
        let is_it = |message: &rill_storage::model::Message| {
            may_see && message.seq == seq && message.author == author && message.fact.is_post()
        };
        let message = part.messages.into_iter().find(is_it).ok_or(DomainError::NoSuchMessage)?;
        match &message.body {
            Body::Text(text) => Ok(Quote { text: text.to_string(), file: message.file.map(|file| file.name.clone()) }),
            Body::None | Body::Erased => Err(DomainError::NoSuchMessage),
        }
    }

    /// A page of them, for administrators.
    pub async fn page(&self, of: ReportsOf, limit: usize) -> Result<Part<ReportView>, DomainError> {
        let limit = limit.clamp(1, PAGE_MAX);
        let mut found = self.world.store.reports.page(of, limit + 1).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let mut items = Vec::with_capacity(found.len());
        for report in found {
            items.push(self.view(report).await?);
        }
        Ok(Part { items, more })
    }

    async fn view(&self, mut report: Report) -> Result<ReportView, DomainError> {
        if planted::is(Bug::QuoteOfNow)
            && let (Some(quote), Some((room, seq))) = (&mut report.quote, report.message)
            && let Some(part) = self.world.store.log.messages(room, Anchor::Before(seq + 1), 1, TEXT_BYTES_MAX).await?
        {
            let now = part.messages.into_iter().find(|message| message.seq == seq).map(|message| message.body);
            quote.text = if let Some(Body::Text(text)) = now { text.to_string() } else { String::new() };
        }
        let world = &self.world;
        let room = match report.message {
            Some((room, _)) => world.memory.room(room).await?,
            None => None,
        };
        Ok(ReportView {
            reporter_name: name(world, Some(report.reporter)).await?,
            user_name: name(world, Some(report.user)).await?,
            room_name: room.map(|room| room.name.clone()),
            closed_by_name: name(world, report.closed.as_ref().map(|closed| closed.by)).await?,
            report,
        })
    }

    /// Closes one, and says what was done; one that is closed already stays as it is.
    pub async fn close(
        &self,
        actor: &Actor,
        number: u64,
        (outcome, note): (ReportOutcome, &str),
    ) -> Result<ReportView, DomainError> {
        let note = told(note, NOTE_CHARS_MAX).ok_or(DomainError::BadNote { max: NOTE_CHARS_MAX })?;
        let closed = Closed { by: actor.id(), at_ms: self.world.clock.now_ms(), outcome, note };
        let closed = self.world.store.reports.close(number, closed).await?;
        self.view(closed.ok_or(DomainError::NoSuchReport)?).await
    }
}
