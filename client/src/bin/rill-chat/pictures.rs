//! `rill-chat avatar` and `rill-chat emoji`: pictures of oneself, of a room, and for everybody's
//! texts. They go over HTTP, with a login of their own that ends behind it.

use anyhow::Context;
use clap::{Args, Subcommand};
use rill_client::{Client, Config, Credentials, http::Api};
use std::path::PathBuf;

use crate::directory;

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

fn image(path: &PathBuf) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

impl PictureErrand {
    /// Logs in, does it, and logs out.
    pub(crate) async fn run(self, config: Config, room: Option<&str>) -> anyhow::Result<()> {
        let server = config.server.as_ref().context("no server is named")?;
        let api = Api::new(server, &config.trust)?;
        let Credentials::Password { username, password } = &config.credentials else {
            anyhow::bail!("a password is needed");
        };
        let token = api.login(username, password, &config.client_name).await?.token;
        let outcome = self.done(&api, &token, config, room).await;
        api.logout(&token).await?;
        outcome
    }

    async fn done(self, api: &Api, token: &str, config: Config, room: Option<&str>) -> anyhow::Result<()> {
        match (self, room) {
            (Self::Avatar(AvatarArgs { file, .. }), None) => {
                match file {
                    Some(file) => api.set_avatar(token, image(&file)?).await?,
                    None => api.remove_avatar(token).await?,
                };
            }
            (Self::Avatar(AvatarArgs { file, .. }), Some(room)) => {
                let image = file.as_ref().map(image).transpose()?;
                let config = Config { credentials: Credentials::Token(token.to_owned()), outbox: None, ..config };
                let (client, events) = Client::connect(config).await?;
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
