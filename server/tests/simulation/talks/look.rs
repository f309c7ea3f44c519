//! Who looks: those whom a chat is none of, those who are blocked, those who look for what was
//! removed, and administrators.

use rill_protocol::{ClientId, Code, RoomId, UserId, message::FileVariant};
use rill_server::{
    domain::{DomainError, removing::Remover, reports::Complaint},
    wire::code::Failure,
};
use rill_storage::model::{Anchor, Body, MemberAct, NewMark, ReportsOf, Setting};

use super::{any_chat, anybody, removal, reports};
use crate::{dice::Dice, server::Server, world::World};

const PAGE: usize = 50;

pub(super) async fn at(world: &World, dice: &mut Dice) {
    let Some(server) = world.server() else { return };
    match dice.below(4) {
        0 => strange(world, &server, dice).await,
        1 => blocked(world, &server, dice).await,
        2 => removed(world, &server, dice).await,
        _ => desk(world, &server).await,
    }
}

fn code<T>(outcome: Result<T, DomainError>) -> Result<(), Code> {
    outcome.map(drop).map_err(|error| Failure::from(error).code)
}

/// Everything that somebody may try with a room, and what they hear.
async fn tried(
    server: &Server,
    (user, other): (UserId, UserId),
    room: RoomId,
    dice: &mut Dice,
) -> Vec<(&'static str, Result<(), Code>)> {
    let (domain, nobody) = (&server.services.domain, UserId(dice.bytes()));
    let mut fresh = || ClientId(dice.bytes());
    let newest = Anchor::Before(u64::MAX >> 11);
    let complaint = Complaint { user: other, message: Some((room, 4)), reason: "strange" };
    let remover = Remover::Member(user, fresh());
    let mut tried = vec![
        ("its messages", code(domain.messages.page(user, room, newest, 5).await)),
        ("its files", code(domain.messages.files(user, room, u64::MAX >> 11, 5).await)),
        ("what it is", code(domain.rooms.view(user, room).await)),
        ("its receipts", code(domain.marks.receipts(user, room, None, 5).await)),
        ("joining", code(domain.rooms.join(user, fresh(), room).await)),
        ("leaving", code(domain.rooms.leave(user, fresh(), room).await)),
        ("posting", code(domain.messages.post(user, room, fresh(), "strange").await)),
        ("declining", code(domain.rooms.decline(user, fresh(), room).await)),
        ("a topic", code(domain.rooms.set(user, fresh(), room, Setting::Topic("strange".into())).await)),
        ("inviting", code(domain.rooms.change_member(user, fresh(), room, (other, MemberAct::Invite)).await)),
        ("inviting nobody", code(domain.rooms.change_member(user, fresh(), room, (nobody, MemberAct::Invite)).await)),
        ("reporting", code(domain.reports.report(user, fresh(), &complaint).await)),
        ("removing", code(server.services.remove_message(remover, (room, 4)).await)),
    ];
    // Without a code of their own.
    tried.push(("a count", nothing(domain.marks.reading(user, room).await)));
    tried.push(("an arrival", nothing(domain.marks.arrival(user, room).await)));
    tried.push(("a mark", code(domain.marks.set(user, room, NewMark::Read(1)).await)));
    if let Some(files) = &server.services.files {
        let opened = files.open(user, room, 4, FileVariant::Original).await;
        tried.push(("a file", opened.map(drop).map_err(|error| error.code())));
    }
    tried
}

/// Whether nothing is told; if something is, it is as strange as a peer that goes.
fn nothing<T>(outcome: Result<Option<T>, DomainError>) -> Result<(), Code> {
    match outcome {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(Code::Normal),
        Err(error) => code::<()>(Err(error)),
    }
}

/// Whoever is none of the two hears of a chat what they hear of a room that is not there.
async fn strange(world: &World, server: &Server, dice: &mut Dice) {
    let (chat, user) = (any_chat(world, dice), anybody(world, dice));
    if chat.other(user).is_some() {
        return;
    }
    let nowhere = RoomId(dice.bytes());
    let both = (user, chat.two[0]);
    let of_it = tried(server, both, chat.room, dice).await;
    let of_none = tried(server, both, nowhere, dice).await;
    let was_away = |code: &Result<(), Code>| {
        code.is_err_and(|code| {
            code.action() != rill_protocol::Action::Stop || matches!(code, Code::StorageFull | Code::StoreFailed)
        })
    };
    for ((what, of_it), (_, of_none)) in of_it.into_iter().zip(of_none) {
        if of_it != of_none && !was_away(&of_it) && !was_away(&of_none) {
            let heard =
                format!("{of_it:?} of {what} of a chat that is none of theirs, and {of_none:?} where there is none");
            world.witness.violated(format!("somebody hears {heard}"));
        }
    }
}

/// Who is blocked does not hear how far the other one has read, nor what has arrived there.
async fn blocked(world: &World, server: &Server, dice: &mut Dice) {
    let chat = any_chat(world, dice);
    let by = dice.one_of(&chat.two);
    let Some(user) = chat.other(by) else { return };
    let Some(since) = world.witness.talks.lock().is_blocked_since((by, user)) else { return };
    let marks = &server.services.domain.marks;
    let arrival = marks.arrival(user, chat.room).await;
    let receipts = marks.receipts(user, chat.room, None, PAGE).await;
    let told = arrival.is_ok_and(|seq| seq.is_some())
        || receipts.is_ok_and(|page| page.receipts.iter().any(|receipt| receipt.user == by));
    if told && world.witness.talks.lock().is_blocked_since((by, user)) == Some(since) {
        world.witness.violated(format!("{user} is told how far {by} has read, who blocks them"));
    }
}

/// What was removed is nowhere any more.
async fn removed(world: &World, server: &Server, dice: &mut Dice) {
    let known = world.witness.talks.lock().removals();
    let known: Vec<_> = known.into_iter().filter(|(_, is_acked)| *is_acked).map(|(at, _)| at).collect();
    if known.is_empty() {
        return;
    }
    let (room, seq) = dice.one_of(&known);
    let services = &server.services;
    if let Ok(false) = removal::is_erased(&services.store, (room, seq)).await {
        world.witness.violated(format!("{seq} of {room} was removed, and says something"));
    }
    for person in &world.users {
        let before = Anchor::Before(seq + 1);
        if let Ok(page) = services.domain.messages.page(person.id, room, before, 1).await {
            for message in page.messages.iter().filter(|message| message.seq == seq) {
                if message.body != Body::Erased || message.file.is_some() {
                    world.witness.violated(format!("{seq} of {room} was removed, and is read"));
                }
            }
        }
        if let Ok(page) = services.domain.messages.files(person.id, room, seq + 1, 1).await
            && page.messages.iter().any(|message| message.seq == seq)
        {
            world.witness.violated(format!("{seq} of {room} was removed, and is in the list of files"));
        }
        if let Some(files) = &services.files
            && files.open(person.id, room, seq, FileVariant::Original).await.is_ok()
        {
            world.witness.violated(format!("{seq} of {room} was removed, and its file is open"));
        }
    }
}

/// Administrators read what was reported, with what was said.
async fn desk(world: &World, server: &Server) {
    let acked = reports::acked(&world.witness.talks.lock());
    let desk = &server.services.domain.reports;
    let (mut found, mut after, mut before) = (Vec::new(), 0, u64::MAX);
    loop {
        let Ok(page) = desk.page(ReportsOf::Open { after }, PAGE).await else { return };
        let Some(last) = page.items.last() else { break };
        after = last.report.number;
        found.extend(page.items.into_iter().map(|view| view.report));
    }
    loop {
        let Ok(page) = desk.page(ReportsOf::Closed { before }, PAGE).await else { return };
        let Some(last) = page.items.last() else { break };
        before = last.report.number;
        found.extend(page.items.into_iter().map(|view| view.report));
    }
    let verdict = {
        let talks = world.witness.talks.lock();
        found.iter().try_for_each(|report| reports::is_right(&talks, report))
    };
    if let Err(what) = verdict {
        return world.witness.violated(what);
    }
    if let Some(reason) = acked.iter().find(|reason| !found.iter().any(|report| report.reason == **reason)) {
        world.witness.violated(format!("the report {reason} was answered, and no administrator sees it"));
    }
}
