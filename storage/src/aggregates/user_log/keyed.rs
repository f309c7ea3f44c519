//! The latest that a user's own log says under each key.

use rill_protocol::{RoomId, UserId};
use std::sync::Arc;

use crate::{
    StoreError,
    aggregates::log::body,
    embedded::{
        keys::{self, Key},
        read::Read,
        stored::{self, KeyFact},
        tx::Tx,
    },
    engine::Direction,
    limits::{DRAFT_BYTES_MAX, DRAFTS_MAX, INVITED_MAX, READ_ROWS_MAX, SETTING_BYTES_MAX, SETTINGS_MAX},
    model::{Body, Notify, RoomSettings, RoomSettingsChange, UserChange, UserEntry, UserFact, UserKey},
};

impl From<stored::Notify> for Notify {
    fn from(notify: stored::Notify) -> Self {
        match notify {
            stored::Notify::All => Self::All,
            stored::Notify::Mentions => Self::Mentions,
            stored::Notify::None => Self::None,
        }
    }
}

impl From<Notify> for stored::Notify {
    fn from(notify: Notify) -> Self {
        match notify {
            Notify::All => Self::All,
            Notify::Mentions => Self::Mentions,
            Notify::None => Self::None,
        }
    }
}

/// The key of a row.
pub(super) fn row(user: UserId, key: UserKey) -> Key<stored::UserKey> {
    let (kind, id) = keys::parts_of(key);
    keys::user_key(user, kind, id)
}

/// What an entry of the log says of a key.
pub(super) fn subject(key: UserKey) -> stored::UserSubject {
    let (kind, id) = keys::parts_of(key);
    stored::UserSubject::Key { kind, id }
}

pub(super) fn key_of(kind: u8, id: [u8; 16]) -> Result<UserKey, StoreError> {
    let unknown = || StoreError::Damaged { table: "user_key", detail: format!("there is no kind {kind} of keys") };
    keys::user_key_of(kind, id).ok_or_else(unknown)
}

/// Whether something is known, other than that it is gone.
fn is_present(fact: &KeyFact) -> bool {
    match fact {
        KeyFact::InvitationGone => false,
        KeyFact::Draft(text) => *text != stored::Text::None,
        KeyFact::Setting(value) => !value.is_empty(),
        KeyFact::Invited { .. } | KeyFact::RoomSettings { .. } => true,
    }
}

fn bent(key: UserKey) -> StoreError {
    StoreError::Damaged { table: "user_key", detail: format!("what is known of {key:?} is not of its kind") }
}

fn settings(fact: Option<&KeyFact>) -> RoomSettings {
    match fact {
        Some(KeyFact::RoomSettings { notify, is_pinned, is_archived }) => {
            RoomSettings { notify: (*notify).into(), is_pinned: *is_pinned, is_archived: *is_archived }
        }
        _ => RoomSettings::default(),
    }
}

/// What a row says, with the text that may lie beside it.
pub(super) fn fact(read: &impl Read, user: UserId, key: UserKey, found: KeyFact) -> Result<UserFact, StoreError> {
    Ok(match (key, found) {
        (UserKey::Invitation(room), KeyFact::Invited { by }) => UserFact::Invited { room, by },
        (UserKey::Invitation(room), KeyFact::InvitationGone) => UserFact::InvitationGone(room),
        (UserKey::RoomSettings(room), ref found @ KeyFact::RoomSettings { .. }) => {
            UserFact::RoomSettings { room, settings: settings(Some(found)) }
        }
        (UserKey::Draft(room), KeyFact::Draft(text)) => UserFact::Draft { room, text: draft(read, user, room, text)? },
        (UserKey::Setting(number), KeyFact::Setting(value)) => UserFact::Setting { number, value },
        _ => return Err(bent(key)),
    })
}

fn draft(read: &impl Read, user: UserId, room: RoomId, text: stored::Text) -> Result<Option<Arc<str>>, StoreError> {
    let text = match text {
        stored::Text::None | stored::Text::Erased => return Ok(None),
        stored::Text::Here(text) => return Ok(Some(text)),
        stored::Text::Apart => body::joined(read, |part| keys::draft_part(user, room, part))?,
    };
    Ok(match text {
        Body::Text(text) => Some(text),
        Body::None | Body::Erased => None,
    })
}

/// What a change makes of what is known; `None` where it is so already.
pub(super) fn changed(
    tx: &Tx<'_>,
    user: UserId,
    change: &UserChange,
    known: Option<&KeyFact>,
) -> Result<Option<KeyFact>, StoreError> {
    let next = match change {
        UserChange::RoomSettings { change, .. } => with(settings(known), *change),
        UserChange::Draft { text, .. } if text.as_ref().is_some_and(|text| text.len() > DRAFT_BYTES_MAX) => {
            return Err(StoreError::Engine("a draft is longer than one may be".into()));
        }
        UserChange::Draft { room, text } => {
            let before = match known {
                Some(KeyFact::Draft(text)) => draft(tx, user, *room, text.clone())?,
                _ => None,
            };
            if before == *text {
                return Ok(None);
            }
            KeyFact::Draft(body::place(text.as_ref()))
        }
        UserChange::Setting { value, .. } if value.len() > SETTING_BYTES_MAX => {
            return Err(StoreError::Engine("a setting is longer than one may be".into()));
        }
        UserChange::Setting { value, .. } => KeyFact::Setting(value.clone()),
    };
    let is_so = match known {
        Some(known) => *known == next && !matches!(next, KeyFact::Draft(_)),
        // As is what nobody has set.
        None => !is_present(&next) || next == with(RoomSettings::default(), RoomSettingsChange::default()),
    };
    Ok((!is_so).then_some(next))
}

fn with(before: RoomSettings, change: RoomSettingsChange) -> KeyFact {
    let RoomSettings { notify, is_pinned, is_archived } = before.with(change);
    KeyFact::RoomSettings { notify: notify.into(), is_pinned, is_archived }
}

/// Whether one more may be known of the kind of a key.
pub(super) fn has_room(tx: &Tx<'_>, user: UserId, key: UserKey) -> Result<bool, StoreError> {
    let most = match key {
        UserKey::Invitation(_) => INVITED_MAX,
        // As many as rooms, which is the caller's bound.
        UserKey::RoomSettings(_) => return Ok(true),
        UserKey::Draft(_) => DRAFTS_MAX,
        UserKey::Setting(_) => SETTINGS_MAX,
    };
    let (kind, _) = keys::parts_of(key);
    let present =
        tx.collect(&keys::user_keys(user, kind), Direction::Forward, usize::MAX, |_, row| Ok(is_present(&row.fact)))?;
    Ok(present.into_iter().filter(|is_present| *is_present).count() < most)
}

/// Whether a fact adds to what is known.
pub(super) fn adds(known: Option<&KeyFact>, next: &KeyFact) -> bool {
    is_present(next) && !known.is_some_and(is_present)
}

/// Writes the text of a draft beside its row, in the place of the one that was there.
pub(super) fn put_draft(
    tx: &mut Tx<'_>,
    user: UserId,
    room: RoomId,
    (before, text): (Option<&KeyFact>, Option<&str>),
) -> Result<(), StoreError> {
    if matches!(before, Some(KeyFact::Draft(stored::Text::Apart)))
        && let stored::Body::Text { parts, .. } = tx.need(&keys::draft_part(user, room, 0))?
    {
        (0..parts).try_for_each(|part| tx.delete(keys::draft_part(user, room, part)))?;
    }
    let Some(text) = text else { return Ok(()) };
    (0..).zip(body::rows(text)?).try_for_each(|(part, row)| tx.put(keys::draft_part(user, room, part), &row))
}

/// Forgets what was known of a room.
pub(super) fn forget_room(tx: &mut Tx<'_>, user: UserId, room: RoomId) -> Result<(), StoreError> {
    let draft = row(user, UserKey::Draft(room));
    let known = tx.get(&draft)?;
    put_draft(tx, user, room, (known.as_ref().map(|row| &row.fact), None))?;
    tx.delete(draft)?;
    tx.delete(row(user, UserKey::RoomSettings(room)))
}

/// Forgets that something is gone, when the entry that said so is not kept any longer.
pub(super) fn compacted(tx: &mut Tx<'_>, user: UserId, seq: u64) -> Result<(), StoreError> {
    let Some(entry) = tx.get(&keys::user_entry(user, seq))? else { return Ok(()) };
    let stored::UserSubject::Key { kind, id } = entry.subject else { return Ok(()) };
    let key = keys::user_key(user, kind, id);
    match tx.get(&key)? {
        Some(row) if row.seq == seq && !is_present(&row.fact) => tx.delete(key),
        _ => Ok(()),
    }
}

/// Everything that is known and not gone.
pub(super) fn present(read: &impl Read, user: UserId) -> Result<Vec<UserEntry>, StoreError> {
    let mut found = Vec::new();
    let kinds: Vec<_> = keys::USER_KEY_KINDS
        // Whatever is not at hand of them is fetched at once.
        .map(|kind| {
            read.collect(&keys::user_keys(user, kind), Direction::Forward, usize::MAX, |key, row| {
                key.user()?;
                let [kind] = key.take()?;
                Ok((key_of(kind, key.take()?)?, row))
            })
        })
        .collect();
    for rows in kinds {
        found.extend(rows?.into_iter().filter(|(_, row)| is_present(&row.fact)));
    }
    let entry = |(key, row): (UserKey, stored::UserKey)| {
        Ok(UserEntry { seq: row.seq, at_ms: row.at_ms, fact: fact(read, user, key, row.fact)? })
    };
    found.into_iter().map(entry).collect()
}

/// What entries that were read say; of a key only the latest says more than that it is past.
pub(super) fn entries(
    read: &impl Read,
    user: UserId,
    rows: Vec<(u64, stored::UserEntry)>,
) -> Result<Vec<UserEntry>, StoreError> {
    debug_assert!(rows.len() <= READ_ROWS_MAX);
    let keyed = |(_, row): &(u64, stored::UserEntry)| match row.subject {
        stored::UserSubject::Key { kind, id } => Some(keys::user_key(user, kind, id).bytes),
        _ => None,
    };
    read.foresee(&mut rows.iter().filter_map(keyed));
    let entry = |(seq, row): (u64, stored::UserEntry)| {
        let fact = match row.subject {
            stored::UserSubject::RoomAdded(room) => UserFact::RoomAdded(room),
            stored::UserSubject::RoomRemoved(room) => UserFact::RoomRemoved(room),
            stored::UserSubject::Key { kind, id } => match read.get(&keys::user_key(user, kind, id))? {
                Some(known) if known.seq == seq => fact(read, user, key_of(kind, id)?, known.fact)?,
                _ => UserFact::Past,
            },
        };
        Ok(UserEntry { seq, at_ms: row.at_ms, fact })
    };
    rows.into_iter().map(entry).collect()
}
