//! Avatars and custom emoji: set and fetched over HTTP, with the token of a login. Which there are
//! is told on the connection.

use reqwest::{Method, RequestBuilder};
use rill_protocol::{ClientId, RoomId, UserId};
use serde::Deserialize;

use super::{Api, read};
use crate::{Error, random};

/// An avatar as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Avatar {
    /// Rises with every change; 0 if there never was one.
    pub version: u64,
    pub is_set: bool,
}

/// Whose picture it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    User(UserId),
    Room(RoomId),
}

/// A custom emoji; in texts it stands as its name between two colons.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Emoji {
    pub name: String,
    /// In pixels.
    pub width: u32,
    pub height: u32,
    pub animated: bool,
    pub added_by: UserId,
    pub added_ms: u64,
    pub version: u64,
}

/// All custom emoji of a server, by name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EmojiList {
    /// As `EmojiVersion` says it.
    pub version: u64,
    /// Whether who asks may add some.
    pub may_add: bool,
    pub emoji: Vec<Emoji>,
}

#[derive(Deserialize)]
struct AvatarAnswer {
    avatar: Avatar,
}

#[derive(Deserialize)]
struct EmojiAnswer {
    emoji: Emoji,
}

impl Api {
    fn of(&self, method: Method, token: &str, path: &str) -> Result<RequestBuilder, Error> {
        Ok(self.request(method, path)?.bearer_auth(token))
    }

    /// Gives the user of a login another picture: the bytes of an image, of which the server
    /// makes a square.
    pub async fn set_avatar(&self, token: &str, image: Vec<u8>) -> Result<Avatar, Error> {
        let request = self.of(Method::PUT, token, "api/v1/me/avatar")?.body(image);
        Ok(self.ask::<AvatarAnswer>(request).await?.avatar)
    }

    /// A client id for a request that changes something.
    pub fn client_id() -> ClientId {
        random::client_id()
    }

    /// Takes it away; doing so twice is no error.
    pub async fn remove_avatar(&self, token: &str) -> Result<Avatar, Error> {
        let request = self.of(Method::DELETE, token, "api/v1/me/avatar")?;
        Ok(self.ask::<AvatarAnswer>(request).await?.avatar)
    }

    /// Gives a room another picture, or none: an entry of its log, under a client id that is kept
    /// for every retry.
    pub async fn set_room_avatar(
        &self,
        token: &str,
        room: RoomId,
        client_id: ClientId,
        image: Option<Vec<u8>>,
    ) -> Result<Avatar, Error> {
        let path = format!("api/v1/rooms/{room}/avatar");
        let request = match image {
            Some(image) => self.of(Method::PUT, token, &path)?.body(image),
            None => self.of(Method::DELETE, token, &path)?,
        };
        let request = request.header("Idempotency-Key", client_id.to_string());
        Ok(self.ask::<AvatarAnswer>(request).await?.avatar)
    }

    /// The bytes of an avatar: of at most 256 pixels a side, or of 64.
    pub async fn avatar(&self, token: &str, whose: Whose, is_small: bool) -> Result<Vec<u8>, Error> {
        let of = match whose {
            Whose::User(user) => format!("users/{user}"),
            Whose::Room(room) => format!("rooms/{room}"),
        };
        let size = if is_small { "/small" } else { "" };
        read(self.send(self.of(Method::GET, token, &format!("api/v1/{of}/avatar{size}"))?).await?).await
    }

    /// All custom emoji.
    pub async fn emoji(&self, token: &str) -> Result<EmojiList, Error> {
        self.ask(self.of(Method::GET, token, "api/v1/emoji")?).await
    }

    /// The bytes of one of them.
    pub async fn emoji_picture(&self, token: &str, name: &str) -> Result<Vec<u8>, Error> {
        read(self.send(self.of_emoji(Method::GET, token, name)?).await?).await
    }

    /// Adds one; the same image under the same name is no error.
    pub async fn add_emoji(&self, token: &str, name: &str, image: Vec<u8>) -> Result<Emoji, Error> {
        let request = self.of_emoji(Method::PUT, token, name)?.body(image);
        Ok(self.ask::<EmojiAnswer>(request).await?.emoji)
    }

    /// Takes one away; doing so twice is no error.
    pub async fn remove_emoji(&self, token: &str, name: &str) -> Result<(), Error> {
        self.send(self.of_emoji(Method::DELETE, token, name)?).await.map(drop)
    }

    /// The name is a part of the path, whatever stands in it.
    fn of_emoji(&self, method: Method, token: &str, name: &str) -> Result<RequestBuilder, Error> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::Url(format!("{} has no paths", self.base)))?
            .pop_if_empty()
            .extend(["api", "v1", "emoji", name]);
        Ok(self.http.request(method, url).bearer_auth(token))
    }
}
