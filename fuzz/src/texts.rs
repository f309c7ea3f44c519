//! Integers of headers, and the text forms of ids and tickets.

use rill_protocol::{RoomId, Ticket, varint};

/// Reads `data` as each of them.
pub fn texts(data: &[u8]) {
    if let Ok(Some((value, length))) = varint::get(data) {
        let mut again = Vec::new();
        varint::put(&mut again, value);
        assert_eq!(again, data[..length], "only the shortest form is taken");
        assert_eq!(varint::len(value), length);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(id) = text.parse::<RoomId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().len(), text.len());
    }
    if let Ok(ticket) = text.parse::<Ticket>() {
        assert_eq!(ticket.to_string(), text.to_lowercase());
    }
}
