//! What is reported to the administrators, and what they read of it.

use rill_protocol::{ClientId, Code, RoomId};
use rill_server::domain::{accounts::Actor, removing::Remover, reports::Complaint};
use rill_storage::{
    Store, StoreError,
    model::{Anchor, Body, Fact, Message, Quote, Report, ReportOutcome, ReportsOf},
};
use std::{collections::BTreeSet, sync::Arc};

use super::{
    anybody,
    facts::{Facts, Told},
    is_fair, removal,
};
use crate::{dice::Dice, operation::text, world::World};

/// Of the newest so many messages.
const NEWEST: usize = 12;
const PAGE: usize = 50;

/// What is heard where nothing can be reported, or where enough was.
const REFUSALS: [Code; 4] = [Code::NoSuchMessage, Code::NotAMember, Code::NoSuchRoom, Code::TooManyReports];

/// Reports a message, which may be removed in the same instant; does not wait for it.
pub(super) async fn begin(world: &Arc<World>, room: RoomId, dice: &mut Dice, is_removed: bool) {
    let Some(server) = world.server() else { return };
    let reporter = anybody(world, dice);
    let read = server.services.domain.messages.page(reporter, room, Anchor::Before(u64::MAX), NEWEST).await;
    let Ok(page) = read else { return };
    let is_of_another = |message: &&Message| message.fact == Fact::Posted && message.author != reporter;
    let said = page.messages.iter().filter(is_of_another).filter_map(|message| match &message.body {
        Body::Text(text) => Some((message.seq, message.author, text.to_string())),
        Body::None | Body::Erased => None,
    });
    let said: Vec<_> = said.collect();
    if said.is_empty() {
        return;
    }
    let (seq, user, said) = said[dice.below(said.len() as u64) as usize].clone();
    let (at, client_id, reason) = ((room, seq), ClientId(dice.bytes()), text(dice, 16));
    world.tell(format_args!("-- {reporter} reports {seq} of {room}"));
    let asked = {
        let mut talks = world.witness.talks.lock();
        let told = Told { reporter, user, at, text: said, is_acked: false, may_be_closed: false };
        talks.reports.insert(reason.clone(), told);
        talks.now()
    };
    let (reporting, running, again) = (world.clone(), server.clone(), dice.one_in(4));
    let task = world.tasks.spawn(async move {
        let world = reporting;
        for _ in 0..1 + usize::from(again) {
            let complaint = Complaint { user, message: Some(at), reason: &reason };
            match running.services.domain.reports.report(reporter, client_id, &complaint).await {
                Ok(()) => {
                    let mut talks = world.witness.talks.lock();
                    talks.lived.reported += 1;
                    let was_gone = talks.was_removed_before(at, asked);
                    if let Some(told) = talks.reports.get_mut(&reason) {
                        told.is_acked = true;
                    }
                    drop(talks);
                    if was_gone {
                        world.witness.violated(format!("{seq} of {room} is reported, and was removed before"));
                    }
                }
                Err(error) => is_fair(&world, "a report", error, &REFUSALS),
            }
        }
    });
    server.owns(task.abort_handle());
    if is_removed {
        removal::remove(world, at, Remover::Member(user, ClientId(dice.bytes())), false);
    }
}

/// An administrator closes a report.
pub(super) async fn close(world: &World, dice: &mut Dice) {
    let Some(server) = world.server() else { return };
    let reports = &server.services.domain.reports;
    let Ok(open) = reports.page(ReportsOf::Open { after: 0 }, PAGE).await else { return };
    if open.items.is_empty() {
        return;
    }
    let report = &open.items[dice.below(open.items.len() as u64) as usize].report;
    if let Some(told) = world.witness.talks.lock().reports.get_mut(&report.reason) {
        told.may_be_closed = true;
    }
    if let Err(error) = reports.close(&Actor::Operator, report.number, (ReportOutcome::Other, "seen")).await {
        is_fair(world, "closing a report", error, &[]);
    }
}

/// All that are open, then all that are closed.
async fn all(store: &Store) -> Result<Vec<Report>, StoreError> {
    let (mut found, mut after, mut before) = (Vec::new(), 0, u64::MAX);
    loop {
        let page = store.reports.page(ReportsOf::Open { after }, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.number;
        found.extend(page);
    }
    loop {
        let page = store.reports.page(ReportsOf::Closed { before }, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        before = last.number;
        found.extend(page);
    }
}

/// The reasons of those that were answered.
pub(super) fn acked(talks: &Facts) -> BTreeSet<String> {
    talks.reports.iter().filter(|(_, told)| told.is_acked).map(|(reason, _)| reason.clone()).collect()
}

/// One report is what was reported, with what was said until it is closed.
pub(super) fn is_right(talks: &Facts, report: &Report) -> Result<(), String> {
    let Some(told) = talks.reports.get(&report.reason) else {
        return Err(format!("nobody made the report {}", report.number));
    };
    if (report.reporter, report.user, report.message) != (told.reporter, told.user, Some(told.at)) {
        return Err(format!("the report {} is another than was made", report.number));
    }
    let is_closed = report.closed.is_some();
    if is_closed && !told.may_be_closed {
        return Err(format!("nobody closed the report {}", report.number));
    }
    let quote = (!is_closed).then(|| Quote { text: told.text.clone(), file: None });
    if report.quote != quote {
        return Err(format!("the report {} quotes {:?}, and {quote:?} was said", report.number, report.quote));
    }
    Ok(())
}

/// Every report that was answered is there, as it was made, once.
pub(super) async fn judge(world: &World, store: &Store) -> Result<Result<(), String>, StoreError> {
    let found = all(store).await?;
    let talks = world.witness.talks.lock();
    if let Err(what) = found.iter().try_for_each(|report| is_right(&talks, report)) {
        return Ok(Err(what));
    }
    let reasons: BTreeSet<&str> = found.iter().map(|report| report.reason.as_str()).collect();
    if reasons.len() < found.len() {
        return Ok(Err("a report was made twice".into()));
    }
    let missing = acked(&talks).into_iter().find(|reason| !reasons.contains(reason.as_str()));
    Ok(missing.map_or(Ok(()), |reason| Err(format!("the report {reason} was answered, and is gone"))))
}

/// What was made since the store that was put back is gone by right, and what was closed is open.
pub(super) async fn restored(world: &World, store: &Store) -> Result<(), StoreError> {
    let found = all(store).await?;
    let mut talks = world.witness.talks.lock();
    for (reason, told) in &mut talks.reports {
        let report = found.iter().find(|report| report.reason == *reason);
        told.is_acked &= report.is_some();
        told.may_be_closed = report.is_some_and(|report| report.closed.is_some());
    }
    Ok(())
}
