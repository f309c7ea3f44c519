//! Rooms by name or id.

use anyhow::bail;
use rill_client::Client;
use rill_protocol::{
    RoomId, UserId,
    limits::{PEOPLE_PAGE_MAX, ROOM_PAGE_MAX},
    message::RoomInfo,
};

use crate::print::harmless;

/// Pages of the directory that are searched for a room's name.
const DIRECTORY_PAGES_MAX: usize = 200;

/// Whether a room is the one that somebody names.
pub(crate) fn is_meant(info: &RoomInfo, wanted: &str) -> bool {
    info.name == wanted || info.id.to_string().eq_ignore_ascii_case(wanted)
}

/// The newest room of a name, the user's own before others.
pub(crate) async fn find(client: &Client, wanted: &str) -> anyhow::Result<RoomInfo> {
    let mut after = None;
    let mut found = None;
    for _ in 0..DIRECTORY_PAGES_MAX {
        let page = client.rooms(after, ROOM_PAGE_MAX as u32).await?;
        after = page.rooms.last().map(|room| room.id);
        for room in page.rooms.into_iter().filter(|room| is_meant(room, wanted)) {
            if room.joined {
                return Ok(room);
            }
            found.get_or_insert(room);
        }
        if !page.more {
            break;
        }
    }
    match found {
        Some(room) => Ok(room),
        None => bail!("there is no room {}: /create makes it", harmless(wanted)),
    }
}

/// The room of a name, with the user in it.
pub(crate) async fn enter(client: &Client, wanted: &str) -> anyhow::Result<RoomId> {
    let info = find(client, wanted).await?;
    Ok(if info.joined { info.id } else { client.join(info.id).await?.id })
}

/// Whoever has this username, or else the only one who is shown by the name.
pub(crate) async fn person(client: &Client, wanted: &str) -> anyhow::Result<UserId> {
    let name = wanted.strip_prefix('@').unwrap_or(wanted);
    let page = client.find_people(name, None, PEOPLE_PAGE_MAX as u32).await?;
    let is_username = |username: &str| username.to_lowercase() == name.to_lowercase();
    if let Some(person) = page.people.iter().find(|person| is_username(&person.username)) {
        return Ok(person.user);
    }
    let shown: Vec<_> = page.people.iter().filter(|person| person.name == name).collect();
    match shown[..] {
        [person] => Ok(person.user),
        [] => bail!("there is nobody called {}", harmless(wanted)),
        _ => bail!("several people are called {}: say the username", harmless(wanted)),
    }
}
