//! The demonstration: three accounts with a well-known password, the first of them an
//! administrator, and a room that all of them are in. Made once; a second start finds them.

use rill_protocol::ClientId;
use rill_storage::model::Role;

use crate::{
    domain::{DomainError, names::Username},
    session::Services,
};

const NAMES: [&str; 3] = ["user1", "user2", "user3"];
const PASSWORD: &str = "123";
const ROOM: &str = "Welcome 欢迎";
/// The same at every start, so that the room is made once.
const ROOM_KEY: ClientId = ClientId(*b"rill demo room\0\0");
const JOIN_KEY: ClientId = ClientId(*b"rill demo join\0\0");

pub(super) async fn prepare(services: &Services) -> Result<(), DomainError> {
    let domain = &services.domain;
    let mut room = None;
    for name in NAMES {
        let name = Username::new(name).map_err(DomainError::BadUsername)?;
        let known = domain.accounts.find(&name).await?;
        let fresh = known.is_none();
        let user = match known {
            Some(user) => user,
            None => domain.accounts.create(&name, PASSWORD).await?,
        };
        if user.name == NAMES[0] && user.role != Role::Administrator {
            services.store.users.set_role(user.id, Role::Administrator).await?;
        }
        match room {
            None => room = Some(domain.rooms.create(user.id, ROOM_KEY, ROOM).await?.room.id),
            // Who has left since stays away.
            Some(room) if fresh => drop(domain.rooms.join(user.id, JOIN_KEY, room).await?),
            Some(_) => {}
        }
    }
    Ok(())
}
