//! Keys of the administrators' desk.

use rill_protocol::{ClientId, UserId};

use super::{Key, Span};
use crate::{embedded::stored, table::Table};

pub(crate) fn desk() -> Key<stored::Desk> {
    Key::new(Table::Desk, &[&[0]])
}

pub(crate) fn act(seq: u64) -> Key<stored::AuditEntry> {
    Key::new(Table::AuditEntry, &[&seq.to_be_bytes()])
}

pub(crate) fn acts() -> Span<stored::AuditEntry> {
    Span::of(Table::AuditEntry, &[])
}

pub(crate) fn open_report(number: u64) -> Key<stored::Report> {
    Key::new(Table::OpenReport, &[&number.to_be_bytes()])
}

pub(crate) fn open_reports() -> Span<stored::Report> {
    Span::of(Table::OpenReport, &[])
}

pub(crate) fn closed_report(number: u64) -> Key<stored::Report> {
    Key::new(Table::ClosedReport, &[&number.to_be_bytes()])
}

pub(crate) fn closed_reports() -> Span<stored::Report> {
    Span::of(Table::ClosedReport, &[])
}

/// What an open report quotes.
pub(crate) fn report_part(number: u64, part: u16) -> Key<stored::Body> {
    Key::new(Table::ReportPart, &[&number.to_be_bytes(), &part.to_be_bytes()])
}

pub(crate) fn report_key(reporter: UserId, client_id: ClientId) -> Key<stored::ReportKey> {
    Key::new(Table::ReportKey, &[&reporter.0, &client_id.0])
}

pub(crate) fn report_keys(reporter: UserId) -> Span<stored::ReportKey> {
    Span::of(Table::ReportKey, &[&reporter.0])
}
