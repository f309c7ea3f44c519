//! `rill-chat avatar` and `rill-chat emoji`: pictures of oneself, of a room, and for everybody's
//! texts. They go over HTTP.

use clap::{Args, Subcommand};
use rill_client::{Client, Config, http::Api};
use std::path::PathBuf;

use crate::{
    directory,
    login::{Login, image},
};

/// Sets your avatar, or with --room that of a room, to an image; or removes it.
#[derive(Debug, Args)]
pub(crate) struct AvatarArgs {
    /// PNG, JPEG, GIF, WebP, BMP, TIFF or ICO; the middle of it is shown.
    #[arg(required_unless_present = "remove", conflicts_with = "remove")]
    file: Option<PathBuf>,
    /// Shows none any more.
    #[arg(long)]
    remove: bool,
}

/// Lists, adds and removes the server's custom emoji; in a message one stands as :name:.
#[derive(Debug, Args)]
pub(crate) struct EmojiArgs {
    #[command(subcommand)]
    what: EmojiErrand,
}

#[derive(Debug, Subcommand)]
enum EmojiErrand {
    /// All of them, by name.
    List,
    /// Adds an image under a name.
    Add { name: String, file: PathBuf },
    /// Removes one: your own, or as an administrator any.
    Remove { name: String },
}

/// What is done with a picture.
pub(crate) enum PictureErrand {
    Avatar(AvatarArgs),
    Emoji(EmojiArgs),
}

impl PictureErrand {
    pub(crate) async fn run(self, login: &Login, config: Config, room: Option<&str>) -> anyhow::Result<()> {
        let Login { api, token } = login;
        match (self, room) {
            (Self::Avatar(AvatarArgs { file, .. }), None) => match file {
                Some(file) => login.set_avatar(&file).await?,
                None => drop(api.remove_avatar(token).await?),
            },
            (Self::Avatar(AvatarArgs { file, .. }), Some(room)) => {
                let image = file.as_deref().map(image).transpose()?;
                let (client, events) = Client::connect(Config { outbox: None, ..config }).await?;
                drop(events);
                client.online().await?;
                let room = directory::enter(&client, room).await;
                client.close().await;
                api.set_room_avatar(token, room?, Api::client_id(), image).await?;
            }
            (Self::Emoji(EmojiArgs { what }), _) => match what {
                EmojiErrand::List => {
                    for emoji in api.emoji(token).await?.emoji {
                        let moves = if emoji.animated { ", animated" } else { "" };
                        println!(":{}: {} x {}{moves}", emoji.name, emoji.width, emoji.height);
                    }
                }
                EmojiErrand::Add { name, file } => {
                    let emoji = api.add_emoji(token, &name, image(&file)?).await?;
                    println!(":{}:", emoji.name);
                }
                EmojiErrand::Remove { name } => api.remove_emoji(token, &name).await?,
            },
        }
        Ok(())
    }
}
