//! Values of the kinds by which messages go and people are reported.

use rill_protocol::{
    U53,
    message::{EntryDeleted, RemoveMessage, Report, ReportedMessage},
};

use crate::{
    message_samples::{CHINESE, client_id, header, largest_header, room, u53, user},
    messages::line,
};

pub(crate) fn lines() -> Vec<String> {
    let report = |message, reason: &str| Report {
        request: 5,
        client_id: client_id(6),
        user: user(7),
        message,
        reason: reason.to_owned(),
    };
    vec![
        line("some", &RemoveMessage { request: 5, client_id: client_id(6), room: room(3), seq: u53(41) }),
        line("a person", &report(None, "spam")),
        line("a message", &report(Some(ReportedMessage { room: room(3), seq: u53(41) }), CHINESE)),
        line("ordinary", &EntryDeleted { header: header(), target: u53(41) }),
        line("largest", &EntryDeleted { header: largest_header(), target: U53::MAX }),
    ]
}
