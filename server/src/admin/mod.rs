//! `rill admin`: accounts, logins and invitations from the machine's own command line.
//!
//! Every command is a call of the API of administrators. A server that runs answers it at
//! its operator's door; where none does, this program opens the store and answers it
//! itself, by the same handlers.

mod args;
mod commands;
mod error;
mod offline;
mod online;
mod password;
mod reach;
mod table;

pub use args::AdminArgs;
pub(crate) use args::Place;
pub use error::AdminError;
pub(crate) use online::Online;
pub(crate) use reach::{read, request};
pub(crate) use table::time;

use reach::Reach;

/// Does what was asked; returns what to print.
pub async fn run(args: AdminArgs) -> Result<String, AdminError> {
    let AdminArgs { place, json, command } = args;
    let config = place.load()?;
    let command = command.prepare()?;
    let mut reach = Reach::find(&config, command.may_begin_a_store()).await?;
    let outcome = command.run(&mut reach, json).await;
    reach.close().await?;
    outcome
}
