//! Custom emoji: added, taken away, read. The set is a row of the store; the pictures are as
//! those of avatars ([`super::pictures`]).

use bytes::Bytes;
use rill_protocol::{
    UserId,
    limits::{EMOJI_MAX, EMOJI_NAME_CHARS_MAX, EMOJI_NAME_CHARS_MIN},
};
use rill_storage::{
    model::{Emoji, EmojiId, Reference},
    port::Added,
};

use super::{
    FileError, Files,
    limits::PICTURE_TRIES_MAX,
    pictures::{PictureBytes, looked},
};
use crate::{domain::DomainError, files::image::Preview};

/// Lowercase letters, digits, `_` and `-`: what stands between two colons in a text.
pub(super) fn is_emoji_name(name: &str) -> bool {
    (EMOJI_NAME_CHARS_MIN..=EMOJI_NAME_CHARS_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
}

impl Files {
    /// Whether somebody may add emoji.
    pub fn may_add_emoji(&self, is_administrator: bool) -> bool {
        is_administrator || self.rules.is_emoji_for_everyone
    }

    /// Whether an emoji of this name can be added at all.
    ///
    /// # Errors
    /// Who asks may not, or it is no name.
    pub fn may_add_emoji_named(&self, is_administrator: bool, name: &str) -> Result<(), FileError> {
        match (self.may_add_emoji(is_administrator), is_emoji_name(name)) {
            (false, _) => Err(FileError::NotAllowed),
            (_, false) => Err(FileError::BadEmojiName),
            _ => Ok(()),
        }
    }

    fn emoji_id(&self, name: &str) -> EmojiId {
        let mut id = [0; 16];
        id.copy_from_slice(&self.store.digest("emoji", &[name.as_bytes()]).0[..16]);
        EmojiId(id)
    }

    /// Adds an emoji; and whether it is new: the same image under the same name by the same user
    /// is the one that is there.
    ///
    /// # Errors
    /// Who asks may not, the name is none or taken, the bytes are no image, or there are enough.
    pub async fn add_emoji(
        &self,
        (user, is_administrator): (UserId, bool),
        name: &str,
        image: Bytes,
    ) -> Result<(Emoji, bool), FileError> {
        self.may_add_emoji_named(is_administrator, name)?;
        let id = self.emoji_id(name);
        let source = self.store.digest("emoji image", &[blake3::hash(&image).as_bytes()]);
        let is_it = |found: &Emoji| found.added_by == user && found.source == source;
        let set = self.store.emoji.set().await?;
        match set.emoji.iter().find(|emoji| emoji.id == id) {
            Some(found) if is_it(found) => return Ok((found.clone(), false)),
            Some(_) => return Err(FileError::EmojiTaken),
            None if set.emoji.len() >= EMOJI_MAX => return Err(FileError::TooManyEmoji),
            None => {}
        }
        let made = looked(self.images.emoji(image).await)?;
        let (width, height) = (made.picture.width, made.picture.height);
        let mut placed = self.place(Reference::Emoji(id), made.picture, None::<Preview>).await?;
        let emoji = Emoji {
            id,
            name: name.to_owned(),
            picture: placed.picture,
            width,
            height,
            animated: made.animated,
            source,
            added_by: user,
            added_ms: self.clock.now_ms(),
            version: 0,
        };
        if let Err(error) = self.must_be_claimed(&mut placed).await {
            self.drop_picture(&placed).await;
            return Err(error);
        }
        // Without an answer nobody knows whether it is there: the sweep looks.
        match self.store.emoji.add(emoji).await? {
            Added::Done(emoji) => {
                self.confirm_named(user, &placed).await?;
                Ok((emoji, true))
            }
            Added::Taken(found) => {
                self.drop_picture(&placed).await;
                if is_it(&found) { Ok((found, false)) } else { Err(FileError::EmojiTaken) }
            }
            Added::Full => {
                self.drop_picture(&placed).await;
                Err(FileError::TooManyEmoji)
            }
        }
    }

    /// Takes an emoji away, also if there is none.
    ///
    /// # Errors
    /// Somebody else has added it, and who asks is no administrator.
    pub async fn remove_emoji(&self, (user, is_administrator): (UserId, bool), name: &str) -> Result<(), FileError> {
        let id = self.emoji_id(name);
        let reference = Reference::Emoji(id);
        for _ in 0..PICTURE_TRIES_MAX {
            let set = self.store.emoji.set().await?;
            let Some(found) = set.emoji.iter().find(|emoji| emoji.id == id) else { return Ok(()) };
            if found.added_by != user && !is_administrator {
                return Err(FileError::NotAllowed);
            }
            self.doubt(found.picture, reference).await?;
            if self.store.emoji.remove(id, found.picture.content, self.clock.now_ms()).await? {
                self.let_go(found.picture, reference).await;
                return Ok(());
            }
        }
        Err(DomainError::Busy.into())
    }

    /// The bytes of an emoji.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn read_emoji(&self, emoji: &Emoji) -> Result<PictureBytes, FileError> {
        self.read_picture(emoji.picture, emoji.version, false).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["ok", "party_parrot", "a-1", "00", &"x".repeat(32)] {
            assert!(is_emoji_name(good), "{good}");
        }
        for bad in ["", "a", "Ok", "two words", "naïve", ":ok:", "../x", "a.b", &"x".repeat(33)] {
            assert!(!is_emoji_name(bad), "{bad}");
        }
    }
}
