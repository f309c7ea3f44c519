//! Reports and the log of what administrators do.

use async_trait::async_trait;
use rill_protocol::{
    ClientId, UserId,
    limits::{IDEMPOTENCY_DAYS, REPORTS_OPEN_PER_USER_MAX},
};

use super::{
    Ports, Slot, Substrate,
    log::body::{joined, rows},
};
use crate::{
    StoreError,
    embedded::{
        keys::{self, Span},
        read::Read,
        stored,
        tx::Tx,
        view::View,
    },
    engine::Direction,
    limits::{AUDIT_DETAIL_BYTES_MAX, READ_ROWS_MAX, REPORT_REASON_BYTES_MAX, REPORTS_KNOWN_PER_USER_MAX},
    model::{
        Act, ActOutcome, AuditEntry, Body, Closed, NewAct, NewReport, Quote, Report, ReportOutcome, Reported, ReportsOf,
    },
    port::{Audit, Reports},
};

const KNOWN_MS: u64 = IDEMPOTENCY_DAYS as u64 * 24 * 60 * 60 * 1_000;

// One read sees all of a user's.
const _: () = assert!(REPORTS_KNOWN_PER_USER_MAX < READ_ROWS_MAX);

fn too_long(what: &str) -> StoreError {
    StoreError::Engine(format!("{what} is longer than there is room for"))
}

/// Two enums that say the same.
macro_rules! same {
    ($($name:ident { $($variant:ident,)* })*) => {$(
        impl From<stored::$name> for $name {
            fn from(value: stored::$name) -> Self {
                match value { $(stored::$name::$variant => Self::$variant,)* }
            }
        }

        impl From<$name> for stored::$name {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => Self::$variant,)* }
            }
        }
    )*};
}

same! {
    Act {
        AccountMade, AccountDisabled, AccountEnabled, PasswordReset, RoleGiven, RoleTaken, LoginsEnded,
        InvitationMade, InvitationRevoked, AvatarRemoved, MessageRemoved, ReportClosed, RoomDeleted,
    }
    ActOutcome { Begun, Done, Failed, }
    ReportOutcome { Nothing, MessageRemoved, AccountDisabled, Other, }
}

/// Appends to the audit log; its seq.
fn append(tx: &mut Tx<'_>, act: NewAct, outcome: ActOutcome) -> Result<u64, StoreError> {
    if act.detail.len() > AUDIT_DETAIL_BYTES_MAX {
        return Err(too_long("the detail of an act"));
    }
    let mut desk = tx.get(&keys::desk())?.unwrap_or_default();
    desk.acts += 1;
    // Time never runs backwards within a log.
    desk.at_ms = desk.at_ms.max(act.at_ms);
    let NewAct { by, act, user, room, number, detail, .. } = act;
    let row = stored::AuditEntry {
        at_ms: desk.at_ms,
        by,
        act: act.into(),
        user,
        room,
        number,
        detail,
        outcome: outcome.into(),
    };
    tx.put(keys::act(desk.acts), &row)?;
    tx.put(keys::desk(), &desk)?;
    Ok(desk.acts)
}

fn end(tx: &mut Tx<'_>, seq: u64, outcome: ActOutcome, user: Option<UserId>) -> Result<(), StoreError> {
    let row = tx.need(&keys::act(seq))?;
    if row.outcome != stored::ActOutcome::Begun {
        return Ok(());
    }
    tx.put(keys::act(seq), &stored::AuditEntry { outcome: outcome.into(), user: row.user.or(user), ..row })
}

fn entry(seq: u64, row: stored::AuditEntry) -> AuditEntry {
    let stored::AuditEntry { at_ms, by, act, user, room, number, detail, outcome } = row;
    let act = NewAct { by, at_ms, act: act.into(), user, room, number, detail };
    AuditEntry { seq, act, outcome: outcome.into() }
}

fn report(tx: &mut Tx<'_>, new: &NewReport) -> Result<Reported, StoreError> {
    if new.reason.len() > REPORT_REASON_BYTES_MAX {
        return Err(too_long("the reason of a report"));
    }
    // Whatever is not at hand of both is fetched at once.
    let known = tx.collect(&keys::report_keys(new.reporter), Direction::Forward, READ_ROWS_MAX, |key, row| {
        key.user()?;
        Ok((key.take().map(ClientId)?, row))
    });
    let (known, desk) = (known, tx.get(&keys::desk()));
    let (known, mut desk) = (known?, desk?.unwrap_or_default());
    if let Some((_, row)) = known.iter().find(|(client_id, _)| *client_id == new.client_id) {
        return Ok(if row.digest == new.digest.0 { Reported::Same(row.number) } else { Reported::Different });
    }
    let is_old = |row: &stored::ReportKey| !row.is_open && row.at_ms.saturating_add(KNOWN_MS) < new.at_ms;
    let open = known.iter().filter(|(_, row)| row.is_open).count();
    let kept = known.iter().filter(|(_, row)| !is_old(row)).count();
    if open >= REPORTS_OPEN_PER_USER_MAX || kept >= REPORTS_KNOWN_PER_USER_MAX {
        return Ok(Reported::TooMany);
    }
    for (client_id, _) in known.iter().filter(|(_, row)| is_old(row)) {
        tx.delete(keys::report_key(new.reporter, *client_id))?;
    }
    desk.reports += 1;
    let number = desk.reports;
    tx.put(keys::desk(), &desk)?;
    if let Some(quote) = &new.quote {
        for (part, row) in (0..).zip(rows(&quote.text)?) {
            tx.put(keys::report_part(number, part), &row)?;
        }
    }
    let row = stored::Report {
        at_ms: new.at_ms,
        reporter: new.reporter,
        client_id: new.client_id,
        user: new.user,
        message: new.message,
        reason: new.reason.clone(),
        is_quoted: new.quote.is_some(),
        file: new.quote.as_ref().and_then(|quote| quote.file.clone()),
        closed: None,
    };
    tx.put(keys::open_report(number), &row)?;
    let key = stored::ReportKey { number, digest: new.digest.0, at_ms: new.at_ms, is_open: true };
    tx.put(keys::report_key(new.reporter, new.client_id), &key)?;
    Ok(Reported::Made(number))
}

fn reported(number: u64, row: stored::Report, text: Option<String>) -> Report {
    let stored::Report { at_ms, reporter, user, message, reason, file, closed, .. } = row;
    let quote = text.map(|text| Quote { text, file });
    let closed =
        closed.map(|stored::Closed { by, at_ms, outcome, note }| Closed { by, at_ms, outcome: outcome.into(), note });
    Report { number, at_ms, reporter, user, message, reason, quote, closed }
}

/// What a report quotes.
fn quoted(read: &impl Read, number: u64, row: &stored::Report) -> Result<Option<String>, StoreError> {
    if !row.is_quoted {
        return Ok(None);
    }
    match joined(read, |part| keys::report_part(number, part))? {
        Body::Text(text) => Ok(Some(text.to_string())),
        Body::None | Body::Erased => Ok(None),
    }
}

fn page(view: &View<'_>, of: ReportsOf, limit: usize) -> Result<Vec<Report>, StoreError> {
    let limit = limit.min(READ_ROWS_MAX);
    let read = |span: &Span<stored::Report>, direction| {
        view.collect(span, direction, limit, |key, row| Ok((key.number()?, row)))
    };
    let found = match of {
        ReportsOf::Open { after } => read(&keys::open_reports().behind(&[&after.to_be_bytes()]), Direction::Forward)?,
        ReportsOf::Closed { before } => {
            read(&keys::closed_reports().before(&[&before.to_be_bytes()]), Direction::Reverse)?
        }
    };
    let first = |(number, row): &(u64, stored::Report)| row.is_quoted.then(|| keys::report_part(*number, 0).bytes);
    view.foresee(&mut found.iter().filter_map(first));
    let report = |(number, row): (u64, stored::Report)| {
        let text = quoted(view, number, &row)?;
        Ok(reported(number, row, text))
    };
    found.into_iter().map(report).collect()
}

fn close(tx: &mut Tx<'_>, number: u64, closed: &Closed) -> Result<Option<Report>, StoreError> {
    if closed.note.len() > AUDIT_DETAIL_BYTES_MAX {
        return Err(too_long("the note of a report"));
    }
    // Whatever is not at hand of both is fetched at once.
    let (open, before) = (tx.get(&keys::open_report(number)), tx.get(&keys::closed_report(number)));
    let (open, before) = (open?, before?);
    let Some(row) = open else { return Ok(before.map(|row| reported(number, row, None))) };
    if row.is_quoted {
        let first = tx.need(&keys::report_part(number, 0))?;
        let stored::Body::Text { parts, .. } = first else { return Err(too_long("a quote that is none")) };
        (0..parts).try_for_each(|part| tx.delete(keys::report_part(number, part)))?;
    }
    let Closed { by, at_ms, outcome, ref note } = *closed;
    let closed = stored::Closed { by, at_ms, outcome: outcome.into(), note: note.clone() };
    let row = stored::Report { is_quoted: false, file: None, closed: Some(closed), ..row };
    tx.delete(keys::open_report(number))?;
    tx.put(keys::closed_report(number), &row)?;
    let key = keys::report_key(row.reporter, row.client_id);
    if let Some(known) = tx.get(&key)? {
        tx.put(key, &stored::ReportKey { is_open: false, ..known })?;
    }
    let act = NewAct {
        by,
        at_ms,
        act: Act::ReportClosed,
        user: Some(row.user),
        room: row.message.map(|(room, _)| room),
        number: Some(number),
        detail: note.clone(),
    };
    append(tx, act, ActOutcome::Done)?;
    Ok(Some(reported(number, row, None)))
}

#[async_trait]
impl<S: Substrate> Reports for Ports<S> {
    async fn report(&self, new: NewReport) -> Result<Reported, StoreError> {
        self.write(Slot::Desk, move |tx| report(tx, &new)).await
    }

    async fn page(&self, of: ReportsOf, limit: usize) -> Result<Vec<Report>, StoreError> {
        self.read(Slot::Desk, |view| page(view, of, limit)).await
    }

    async fn close(&self, number: u64, closed: Closed) -> Result<Option<Report>, StoreError> {
        self.write(Slot::Desk, move |tx| close(tx, number, &closed)).await
    }
}

#[async_trait]
impl<S: Substrate> Audit for Ports<S> {
    async fn begin(&self, act: NewAct) -> Result<u64, StoreError> {
        self.write(Slot::Desk, move |tx| append(tx, act.clone(), ActOutcome::Begun)).await
    }

    async fn end(&self, seq: u64, outcome: ActOutcome, user: Option<UserId>) -> Result<(), StoreError> {
        self.write(Slot::Desk, move |tx| end(tx, seq, outcome, user)).await
    }

    async fn page(&self, before: u64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(Slot::Desk, |view| {
            let span = keys::acts().before(&[&before.to_be_bytes()]);
            let limit = limit.min(READ_ROWS_MAX);
            view.collect(&span, Direction::Reverse, limit, |key, row| Ok(entry(key.number()?, row)))
        })
        .await
    }
}
