//! What a call wants of a slot: as the words of a script, and its answer as rows.

use redis::Value;

use super::{
    layout::{self, Layout, Shape},
    words::{Keys, Words},
};
use crate::{
    StoreError,
    aggregates::Slot,
    engine::Direction,
    limits::{SPAN_BYTES_MAX, WHOLE_ROWS_MAX},
};

/// Rows `from..until`, at most `limit` of them from one end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Span {
    pub(super) from: Vec<u8>,
    pub(super) until: Vec<u8>,
    pub(super) direction: Direction,
    pub(super) limit: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Want {
    Row(Vec<u8>),
    /// Every row of a table that is read whole, by the part of the key that they share.
    Whole(Vec<u8>),
    Span(Span),
}

/// A row's key and value.
pub(super) type Row = (Vec<u8>, Vec<u8>);

/// What was found.
pub(super) enum Found {
    Row(Vec<u8>, Option<Vec<u8>>),
    Whole(Vec<u8>, Vec<Row>),
    /// The rows, and whether there are more behind them.
    Span(Span, Vec<Row>, bool),
}

/// How a part of the answer is to be read.
enum Part {
    /// Fields of one hash, whose rows have these keys.
    Rows(Vec<Vec<u8>>),
    Entry(Vec<u8>),
    Whole(Vec<u8>),
    Span(Span, Vec<u8>),
}

/// Rows of one hash.
struct Hash {
    name: Vec<u8>,
    rows: Vec<Vec<u8>>,
    fields: Vec<Vec<u8>>,
}

/// Wants in the order in which they are asked for.
#[derive(Default)]
pub(super) struct Plan {
    parts: Vec<Part>,
    pub(super) words: Words,
}

fn bound(edge: &[u8], mark: u8, open: u8) -> Vec<u8> {
    if edge.is_empty() { vec![open] } else { [&[mark], edge].concat() }
}

/// What is left of a span's bounds behind what its rows share; nothing where it is open.
fn edges<'a>(span: &'a Span, shared: &[u8]) -> (&'a [u8], &'a [u8]) {
    let rest = |key: &'a [u8]| key.strip_prefix(shared).unwrap_or_default();
    (rest(&span.from), rest(&span.until))
}

impl Plan {
    /// Adds wants. Rows of one hash are asked for together.
    pub(super) fn add<'a>(
        &mut self,
        layout: &Layout,
        slot: Slot,
        keys: &mut Keys,
        wants: impl Iterator<Item = &'a Want>,
    ) -> Result<(), StoreError> {
        // In the order of their first row, so that one set of wants is always one call.
        let mut hashes: Vec<Hash> = Vec::new();
        for want in wants {
            match want {
                Want::Row(key) => {
                    let place = layout.place(slot, key)?;
                    if layout::shape(place.bed.table) == Shape::Stream {
                        self.entry(keys, &place, key);
                        continue;
                    }
                    let at = hashes.iter().position(|hash| hash.name == place.bed.key).unwrap_or_else(|| {
                        hashes.push(Hash { name: place.bed.key, rows: Vec::new(), fields: Vec::new() });
                        hashes.len() - 1
                    });
                    hashes[at].rows.push(key.clone());
                    hashes[at].fields.push(place.field);
                }
                Want::Whole(shared) => {
                    let (bed, _) = layout.bed(slot, shared)?;
                    self.words.word("a");
                    self.words.key(keys, bed.key);
                    self.words.count(WHOLE_ROWS_MAX);
                    self.parts.push(Part::Whole(shared.clone()));
                }
                Want::Span(span) => self.span(layout, slot, keys, span)?,
            }
        }
        for Hash { name, rows, fields } in hashes {
            for (rows, fields) in rows.chunks(Words::MEMBERS_MAX).zip(fields.chunks(Words::MEMBERS_MAX)) {
                self.words.members(keys, "g", &name, fields);
                self.parts.push(Part::Rows(rows.to_vec()));
            }
        }
        Ok(())
    }

    fn entry(&mut self, keys: &mut Keys, place: &layout::Place, key: &[u8]) {
        let number = layout::number(&place.field).to_string();
        let field = [&b"["[..], &place.field].concat();
        self.stream(keys, &place.bed, 'f', (number.clone().into(), number.into()), (field.clone(), field), 1);
        self.parts.push(Part::Entry(key.to_vec()));
    }

    fn span(&mut self, layout: &Layout, slot: Slot, keys: &mut Keys, span: &Span) -> Result<(), StoreError> {
        let (bed, shared) = layout.bed(slot, &span.from)?;
        let shared = &span.from[..shared];
        let (from, until) = edges(span, shared);
        let way = if span.direction == Direction::Forward { 'f' } else { 'r' };
        let lex = (bound(from, b'[', b'-'), bound(until, b'(', b'+'));
        let turned = |(low, high)| if way == 'f' { (low, high) } else { (high, low) };
        if layout::shape(bed.table) == Shape::Stream {
            // A bound behind a row is that row's key and more.
            let low = (layout::number(from) + u64::from(from.len() > 8)).to_string().into_bytes();
            let high = if until.is_empty() {
                vec![b'+']
            } else {
                layout::number(until).saturating_sub(1).to_string().into_bytes()
            };
            self.stream(keys, &bed, way, turned((low, high)), turned(lex), span.limit);
        } else {
            let (near, far) = turned(lex);
            self.words.word("o");
            self.words.key(keys, bed.key.clone());
            self.words.key(keys, bed.beside());
            self.words.word([way as u8]);
            self.words.word(near);
            self.words.word(far);
            self.words.count(span.limit);
        }
        self.parts.push(Part::Span(span.clone(), shared.to_vec()));
        Ok(())
    }

    fn stream(
        &mut self,
        keys: &mut Keys,
        bed: &layout::Bed,
        way: char,
        numbers: (Vec<u8>, Vec<u8>),
        fields: (Vec<u8>, Vec<u8>),
        limit: usize,
    ) {
        let changed = bed.beside();
        let order = [&changed[..], b":order"].concat();
        self.words.word("s");
        self.words.key(keys, bed.key.clone());
        self.words.word([way as u8]);
        self.words.word(numbers.0);
        self.words.word(numbers.1);
        self.words.count(limit);
        self.words.count(SPAN_BYTES_MAX);
        self.words.key(keys, changed);
        self.words.key(keys, order);
        self.words.word(fields.0);
        self.words.word(fields.1);
    }

    /// The answer to what this plan and the ones before it asked for.
    pub(super) fn read(self, answer: &mut dyn Iterator<Item = Value>) -> Result<Vec<Found>, StoreError> {
        let mut found = Vec::with_capacity(self.parts.len());
        for part in self.parts {
            let value = answer.next().ok_or_else(unexpected)?;
            match part {
                Part::Rows(keys) => {
                    let values = list(value)?;
                    if values.len() != keys.len() {
                        return Err(unexpected());
                    }
                    for (key, value) in keys.into_iter().zip(values) {
                        found.push(Found::Row(key, bytes(value)?));
                    }
                }
                Part::Entry(key) => {
                    let (rows, _) = merged(value, &key[..key.len() - 8], Direction::Forward)?;
                    found.push(Found::Row(key, rows.into_iter().next().map(|(_, value)| value)));
                }
                Part::Whole(shared) => {
                    let mut rows = rows(list(value)?, |field| [&shared[..], &field].concat())?;
                    rows.sort_unstable();
                    found.push(Found::Whole(shared, rows));
                }
                Part::Span(span, shared) => {
                    let (rows, more) = match layout::shape_of(&shared) {
                        Shape::Stream => merged(value, &shared, span.direction)?,
                        _ => ordered(value, &shared)?,
                    };
                    found.push(Found::Span(span, rows, more));
                }
            }
        }
        Ok(found)
    }
}

/// `more, members, values`.
fn ordered(value: Value, shared: &[u8]) -> Result<(Vec<Row>, bool), StoreError> {
    let [more, members, values] = list(value)?.try_into().map_err(|_| unexpected())?;
    let (members, values) = (list(members)?, list(values)?);
    let mut rows = Vec::with_capacity(members.len());
    for (member, value) in members.into_iter().zip(values) {
        let field = bytes(member)?.ok_or_else(unexpected)?;
        if let Some(value) = bytes(value)? {
            rows.push(([shared, &field].concat(), value));
        }
    }
    Ok((rows, more == Value::Int(1)))
}

/// A stream's own rows and those that were changed, in order. Behind the last row of one
/// that has more, the other's are left for the next piece.
fn merged(value: Value, shared: &[u8], direction: Direction) -> Result<(Vec<Row>, bool), StoreError> {
    let [own, changed] = list(value)?.try_into().map_err(|_| unexpected())?;
    let [own_more, own] = list(own)?.try_into().map_err(|_| unexpected())?;
    let own_more = own_more == Value::Int(1);
    let own = rows(list(own)?, |number| {
        let number: u64 = std::str::from_utf8(&number).ok().and_then(|text| text.parse().ok()).unwrap_or_default();
        [shared, &number.to_be_bytes()].concat()
    })?;
    let (changed, changed_more) = ordered(changed, shared)?;
    if changed.is_empty() {
        return Ok((own, own_more));
    }
    let ends = [(own_more, &own), (changed_more, &changed)];
    let ends = ends.into_iter().filter(|(more, _)| *more).filter_map(|(_, rows)| Some(rows.last()?.0.clone()));
    let is_forward = direction == Direction::Forward;
    let end = if is_forward { ends.min() } else { ends.max() };
    let mut rows: Vec<Row> = own.into_iter().chain(changed).collect();
    rows.sort_unstable();
    if let Some(end) = &end {
        rows.retain(|(key, _)| if is_forward { key <= end } else { key >= end });
    }
    if !is_forward {
        rows.reverse();
    }
    Ok((rows, end.is_some()))
}

/// Rows from fields and values that follow each other.
fn rows(values: Vec<Value>, key: impl Fn(Vec<u8>) -> Vec<u8>) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::with_capacity(values.len() / 2);
    let mut values = values.into_iter();
    while let (Some(field), Some(value)) = (values.next(), values.next()) {
        let (field, value) = (bytes(field)?.ok_or_else(unexpected)?, bytes(value)?.ok_or_else(unexpected)?);
        rows.push((key(field), value));
    }
    Ok(rows)
}

pub(super) fn list(value: Value) -> Result<Vec<Value>, StoreError> {
    match value {
        Value::Array(values) => Ok(values),
        // What a client that speaks RESP3 is told of a whole hash.
        Value::Map(pairs) => Ok(pairs.into_iter().flat_map(|(key, value)| [key, value]).collect()),
        _ => Err(unexpected()),
    }
}

pub(super) fn bytes(value: Value) -> Result<Option<Vec<u8>>, StoreError> {
    match value {
        Value::BulkString(bytes) => Ok(Some(bytes)),
        Value::SimpleString(text) => Ok(Some(text.into_bytes())),
        Value::Nil => Ok(None),
        _ => Err(unexpected()),
    }
}

pub(super) fn unexpected() -> StoreError {
    StoreError::Engine("Redis gave an answer that its script does not give".into())
}
