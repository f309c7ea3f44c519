//! The rules of the chat: who may do what, and what becomes of it.
//!
//! Invariant: nothing here names a transport, an engine, an HTTP type or a wire enum.
//! What spans a room and a user is two calls: the room's log is the truth, the user's
//! log follows it, and the sweep mends what a crash left between the two.

pub mod accounts;
pub mod audit;
pub mod blocks;
pub mod characters;
pub mod content;
pub mod error;
pub mod finding;
mod made_password;
pub mod marks;
pub mod mentions;
pub mod messages;
pub mod names;
pub mod order;
pub mod own;
mod password_rules;
pub mod passwords;
pub mod people;
pub mod profiles;
pub mod removing;
pub mod reports;
pub mod rooms;
pub mod sweep;
pub mod visible;

use rill_storage::Store;
use std::sync::Arc;

pub use error::DomainError;

use crate::{
    config::Registration,
    memory::Memory,
    runtime::{Clock, Entropy, Tasks},
};

/// What every rule needs from outside.
#[derive(Clone)]
pub struct World {
    pub store: Store,
    /// What is shown without asking the store each time.
    pub memory: Memory,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub tasks: Tasks,
    /// Who may register.
    pub registration: Registration,
}

/// The rules, grouped by what they are about.
pub struct Domain {
    pub accounts: accounts::Accounts,
    pub rooms: rooms::Rooms,
    pub messages: messages::Messages,
    pub marks: marks::Marks,
    pub own: own::Own,
    pub people: Arc<people::People>,
    pub profiles: profiles::Profiles,
    pub blocks: blocks::Blocks,
    pub reports: reports::Reports,
    pub audit: audit::Audit,
    pub finding: Arc<finding::Finding>,
}

impl Domain {
    /// The rules over one store.
    pub fn new(world: World) -> Self {
        let people = Arc::new(people::People::new(world.memory.clone()));
        Self {
            accounts: accounts::Accounts::new(world.clone()),
            rooms: rooms::Rooms::new(world.clone(), people.clone()),
            marks: marks::Marks::new(world.clone()),
            own: own::Own::new(world.clone()),
            messages: messages::Messages::new(world.clone()),
            profiles: profiles::Profiles::new(world.clone()),
            blocks: blocks::Blocks::new(world.clone()),
            reports: reports::Reports::new(world.clone()),
            audit: audit::Audit::new(world.clone()),
            finding: finding::Finding::new(world),
            people,
        }
    }
}
