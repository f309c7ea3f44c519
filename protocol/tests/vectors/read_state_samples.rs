//! Values of the kinds that speak of marks, receipts, and what a user wants of their rooms.

use rill_protocol::{
    U53,
    message::{
        Draft, GetReceipts, HideReceipts, MarkRead, MarkUnread, Marked, Notify, ReadState, ReadStates, Receipt,
        ReceiptPage, Receipts, ReceiptsHidden, RoomPreferences, SetDraft, SetRoomPreferences, UserEntryHeader,
    },
};

use crate::{
    message_samples::{CHINESE, client_id, room, u53, user},
    messages::line,
};

/// All of them.
pub(crate) fn lines() -> Vec<String> {
    let state = ReadState { room: room(3), mark: u53(40), version: u53(7), as_of: u53(300), unread: 100, mentions: 2 };
    let largest = ReadState {
        room: room(9),
        mark: U53::MAX,
        version: U53::MAX,
        as_of: U53::MAX,
        unread: u32::MAX,
        mentions: u32::MAX,
    };
    let header = || UserEntryHeader { seq: u53(12), at_ms: u53(1_790_000_000_123) };
    let receipts = || vec![Receipt { user: user(1), seq: u53(40) }, Receipt { user: user(9), seq: U53::MAX }];
    let wishes = |notify, pinned, archived| SetRoomPreferences {
        request: 8,
        client_id: client_id(77),
        room: room(3),
        notify,
        pinned,
        archived,
    };
    vec![
        line("ordinary", &MarkRead { request: 5, room: room(3), seq: u53(40) }),
        line("largest", &MarkRead { request: u32::MAX, room: room(255), seq: U53::MAX }),
        line("ordinary", &MarkUnread { request: 6, client_id: client_id(77), room: room(3), seq: u53(41) }),
        line("ordinary", &Marked { request: 5, state: state.clone() }),
        line("some", &wishes(Some(Notify::Mentions), None, Some(true))),
        line("nothing", &wishes(None, None, None)),
        line("a choice of a later version", &wishes(Some(Notify::Other(300)), Some(false), None)),
        line("a text", &SetDraft { request: 9, client_id: client_id(77), room: room(3), text: CHINESE.to_owned() }),
        line("emptied", &SetDraft { request: 9, client_id: client_id(77), room: room(3), text: String::new() }),
        line("hidden", &HideReceipts { request: 10, client_id: client_id(77), hidden: true }),
        line("first page", &GetReceipts { request: 11, room: room(3), after: None, limit: 200 }),
        line("behind somebody", &GetReceipts { request: 11, room: room(3), after: Some(user(9)), limit: 200 }),
        line("more", &ReceiptPage { request: 11, receipts: receipts(), next: Some(user(9)) }),
        line("last", &ReceiptPage { request: 11, receipts: vec![], next: None }),
        line("none", &ReadStates { states: vec![] }),
        line("some", &ReadStates { states: vec![state, largest] }),
        line("some", &Receipts { room: room(3), receipts: receipts() }),
        line(
            "all",
            &RoomPreferences {
                header: header(),
                room: room(3),
                notify: Notify::Nothing,
                pinned: true,
                archived: false,
            },
        ),
        line("a text", &Draft { header: header(), room: room(3), text: CHINESE.to_owned() }),
        line("emptied", &Draft { header: header(), room: room(3), text: String::new() }),
        line("hidden", &ReceiptsHidden { header: header(), hidden: true }),
    ]
}
