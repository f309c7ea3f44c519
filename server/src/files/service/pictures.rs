//! Pictures that stand for users and rooms. The order: the content is claimed, with a reference
//! that is pending, *before* a byte is written, so that whatever a stop leaves is found by the
//! sweep; the blobs are written; the picture before it is doubted; the row says which one it is
//! now; the new reference is confirmed, the old one released. A content is one picture's alone and
//! never comes back: so one that no row names any more goes, whoever finds that out. Who confirms
//! says of which time they speak: what another has doubted since is the other's, who may stop
//! before they let go of it, and then no sweep would look at one that is confirmed.

use bytes::Bytes;
use rill_protocol::{ClientId, RoomId, UserId};
use rill_storage::{
    StoreError,
    blobs::{BlobName, Blobs},
    model::{
        Avatar, Change, ContentKey, Mentions, NewEntry, Offer, PendingReference, Picture, PictureFormat, Reference,
        Rendering, Replay, RoomRole, SpentBlob,
    },
    planted::{self, Bug},
    port::{AppendRefused, Claimed},
};

use super::{
    FileError, Files,
    limits::{CLAIM_LEFT_MS, CLAIM_MS, DOUBT_MS, PICTURE_TRIES_MAX},
};
use crate::{
    domain::{DomainError, messages},
    files::{
        image::{Format, ImageError, Preview, Refused},
        render::{Kind, write_derived},
    },
};

/// A picture whose bytes were read.
#[derive(Clone, Debug)]
pub struct PictureBytes {
    pub bytes: Bytes,
    pub media_type: &'static str,
    /// Of the avatar, or of the set that had the emoji first.
    pub version: u64,
}

/// A picture that nothing names yet.
pub(super) struct Placed {
    pub(super) picture: Picture,
    pub(super) reference: Reference,
    /// Until then it is claimed.
    pub(super) until_ms: u64,
}

fn format(format: Format) -> Result<PictureFormat, FileError> {
    match format {
        Format::Jpeg => Ok(PictureFormat::Jpeg),
        Format::Png => Ok(PictureFormat::Png),
        Format::Gif => Ok(PictureFormat::Gif),
        _ => Err(FileError::NoPicture),
    }
}

fn media_type(format: PictureFormat) -> &'static str {
    match format {
        PictureFormat::Jpeg => "image/jpeg",
        PictureFormat::Png => "image/png",
        PictureFormat::Gif => "image/gif",
    }
}

/// What came of looking at an image.
pub(super) fn looked<T>(outcome: Result<Result<T, Refused>, ImageError>) -> Result<T, FileError> {
    match outcome {
        Ok(Ok(picture)) => Ok(picture),
        Ok(Err(_)) | Err(ImageError::TooSlow) => Err(FileError::NoPicture),
        Err(_) => Err(DomainError::Busy.into()),
    }
}

impl Files {
    fn must_take_pictures(&self) -> Result<(), FileError> {
        if self.rules.size_max().is_some() { Ok(()) } else { Err(FileError::SwitchedOff) }
    }

    /// Makes a picture durable, with nothing that names it.
    pub(super) async fn place(
        &self,
        reference: Reference,
        large: Preview,
        small: Option<Preview>,
    ) -> Result<Placed, FileError> {
        self.must_take_pictures()?;
        let bytes = large.bytes.len() + small.as_ref().map_or(0, |small| small.bytes.len());
        self.used.must_hold(bytes as u64, self.rules.kept_bytes_max)?;
        self.used.add(bytes as u64);
        let blob = BlobName(self.entropy.bytes());
        let content = ContentKey(self.store.digest("picture", &[&blob.0]).0);
        let rendering = |preview: &Preview| {
            Ok::<_, FileError>(Rendering { format: format(preview.format)?, size: preview.bytes.len() as u64 })
        };
        let (of_large, of_small) = (rendering(&large)?, small.as_ref().map(rendering).transpose()?);
        let picture = Picture { content, blob, large: of_large, small: of_small };
        let offer = Offer { blob, size: of_large.size, facts: Vec::new() };
        let now_ms = self.clock.now_ms();
        let mut placed = Placed { picture, reference, until_ms: now_ms + CLAIM_MS };
        let claimed = self.store.contents.claim(content, offer, reference, placed.until_ms, now_ms).await?;
        if !matches!(claimed, Claimed::Ours(_)) {
            return Err(DomainError::Busy.into());
        }
        match self.written(&mut placed, large, small).await {
            Ok(true) => Ok(placed),
            Ok(false) => {
                // It slept for too long, and was given up.
                self.remove(blob).await?;
                Err(DomainError::Busy.into())
            }
            Err(error) => {
                self.drop_picture(&placed).await;
                Err(error)
            }
        }
    }

    /// Returns whether it is claimed still.
    async fn written(&self, placed: &mut Placed, large: Preview, small: Option<Preview>) -> Result<bool, FileError> {
        let blob = placed.picture.blob;
        write_derived(&self.blobs, blob, large.bytes.into()).await?;
        if let Some(small) = small {
            write_derived(&self.blobs, Kind::Thumbnail.name_of(blob), small.bytes.into()).await?;
        }
        self.claimed_anew(placed).await
    }

    /// Returns whether it is claimed still. Nobody else knows of one that nothing names, so it is
    /// until the time that is noted here.
    async fn claimed_anew(&self, placed: &mut Placed) -> Result<bool, FileError> {
        placed.until_ms = placed.until_ms.max(self.clock.now_ms() + CLAIM_MS);
        let Placed { picture, reference, until_ms } = *placed;
        Ok(self.store.contents.refer(picture.content, reference, until_ms).await?.is_some())
    }

    /// Comes right before the row names it: what is named must not have been given up by a sweep,
    /// for whoever names it may stop before they find that out.
    pub(super) async fn must_be_claimed(&self, placed: &mut Placed) -> Result<(), FileError> {
        let is_for_long = placed.until_ms >= self.clock.now_ms() + CLAIM_LEFT_MS;
        if is_for_long || self.claimed_anew(placed).await? { Ok(()) } else { Err(DomainError::Busy.into()) }
    }

    /// Of one that is not going to be named. What cannot be done now the sweep does.
    pub(super) async fn drop_picture(&self, placed: &Placed) {
        self.let_go(placed.picture, placed.reference).await;
    }

    /// Of one that is not named any more.
    pub(super) async fn let_go(&self, picture: Picture, reference: Reference) {
        let Picture { content, blob, .. } = picture;
        let gone = async {
            if self.store.contents.release(content, reference).await? {
                self.collect(&SpentBlob { content, blob, facts: Vec::new() }).await?;
                self.used.gone(picture.large.size + picture.small.map_or(0, |small| small.size));
            }
            Ok::<_, FileError>(())
        };
        if let Err(error) = gone.await {
            tracing::debug!(%error, "a picture that is gone is left to the sweep");
        }
    }

    /// The one that a row names now may be about to go.
    pub(super) async fn doubt(&self, picture: Picture, reference: Reference) -> Result<(), FileError> {
        if planted::is(Bug::PictureNotDoubted) {
            return Ok(());
        }
        let until_ms = self.clock.now_ms() + DOUBT_MS;
        self.store.contents.doubt(picture.content, reference, until_ms).await?;
        Ok(())
    }

    /// The row has named it: so does the reference, unless another has taken its place since; then
    /// it goes now.
    ///
    /// # Errors
    /// It was given up while the row names it, which names none then.
    pub(super) async fn confirm_named(&self, author: UserId, placed: &Placed) -> Result<(), FileError> {
        let Placed { picture, reference, until_ms } = *placed;
        let is_there = self.store.contents.confirm_until(picture.content, reference, until_ms).await?;
        match (is_there, self.is_named(picture.content, reference).await?) {
            (true, true) | (false, false) => Ok(()),
            (true, false) => {
                self.drop_picture(placed).await;
                Ok(())
            }
            (false, true) => {
                tracing::warn!("a picture was given up while it was set");
                self.name_nothing(author, placed).await?;
                Err(DomainError::Busy.into())
            }
        }
    }

    async fn avatar_of(&self, image: Bytes, reference: Reference) -> Result<Placed, FileError> {
        self.must_take_pictures()?;
        let avatar = looked(self.images.avatar(image).await)?;
        self.place(reference, avatar.large, Some(avatar.small)).await
    }

    /// Gives a user another picture, or none; what their avatar is then.
    ///
    /// # Errors
    /// The bytes are no image, or the picture cannot be kept.
    pub async fn set_user_avatar(&self, user: UserId, image: Option<Bytes>) -> Result<Avatar, FileError> {
        let reference = Reference::UserAvatar(user);
        let mut placed = match image {
            Some(image) => Some(self.avatar_of(image, reference).await?),
            None => None,
        };
        let outcome = self.exchange_user(user, placed.as_mut()).await;
        if let (Err(error), Some(placed)) = (&outcome, &placed) {
            self.came_to(user, error, placed).await;
        }
        outcome
    }

    async fn exchange_user(&self, user: UserId, mut placed: Option<&mut Placed>) -> Result<Avatar, FileError> {
        let (users, reference) = (&self.store.users, Reference::UserAvatar(user));
        let picture = placed.as_deref().map(|placed| placed.picture);
        for _ in 0..PICTURE_TRIES_MAX {
            let before = users.profile(user).await?.ok_or(DomainError::NoSuchUser)?.avatar;
            if picture.is_none() && before.picture.is_none() {
                return Ok(before);
            }
            if let Some(picture) = before.picture {
                self.doubt(picture, reference).await?;
            }
            if let Some(placed) = &mut placed {
                self.must_be_claimed(placed).await?;
            }
            let after = users.set_avatar(user, picture, before.version, self.clock.now_ms()).await?;
            let after = after.ok_or(DomainError::NoSuchUser)?;
            if after.picture == picture {
                let old = before.picture.map(|picture| (picture, reference));
                return self.exchanged(user, after, old, placed.as_deref()).await;
            }
        }
        Err(DomainError::Busy.into())
    }

    /// The row says it: the rest.
    async fn exchanged(
        &self,
        author: UserId,
        avatar: Avatar,
        old: Option<(Picture, Reference)>,
        placed: Option<&Placed>,
    ) -> Result<Avatar, FileError> {
        if let Some((old, reference)) = old
            && avatar.picture != Some(old)
        {
            self.let_go(old, reference).await;
        }
        if let Some(placed) = placed {
            self.confirm_named(author, placed).await?;
        }
        Ok(avatar)
    }

    /// Takes a picture away whose bytes are gone, unless another has taken its place.
    async fn name_nothing(&self, author: UserId, placed: &Placed) -> Result<(), FileError> {
        let at_ms = self.clock.now_ms();
        let is_it = |avatar: &Avatar| avatar.picture == Some(placed.picture);
        match placed.reference {
            Reference::UserAvatar(user) => {
                let profile = self.store.users.profile(user).await?;
                if let Some(avatar) = profile.map(|profile| profile.avatar).filter(is_it) {
                    self.store.users.set_avatar(user, None, avatar.version, at_ms).await?;
                }
            }
            Reference::RoomAvatar(room) => {
                let found = self.store.rooms.get(room).await?;
                if let Some(avatar) = found.map(|room| room.avatar).filter(is_it) {
                    let client_id = ClientId(self.entropy.bytes());
                    let digest = self.store.digest("room avatar", &[]);
                    let change = Change::Avatar { picture: None, replaces: avatar.version };
                    let entry = NewEntry { author, client_id, at_ms, digest, change, mentions: Mentions::default() };
                    drop(self.store.log.append(room, entry).await?);
                }
            }
            Reference::Emoji(id) => drop(self.store.emoji.remove(id, placed.picture.content, at_ms).await?),
            Reference::Message { .. } => {}
        }
        Ok(())
    }

    /// Whether somebody may set the avatar of a room: its owner and its admins, and members who are
    /// administrators of the server.
    ///
    /// # Errors
    /// They may not.
    pub async fn may_set_room_avatar(
        &self,
        (user, is_administrator): (UserId, bool),
        room: RoomId,
    ) -> Result<(), FileError> {
        let membership = messages::member(&self.store, user, room).await?;
        let Some(found) = self.store.rooms.get(room).await? else {
            return Err(messages::absent(&self.store, room).await?.into());
        };
        if found.kind.other(user).is_some() {
            return Err(DomainError::PrivateChat.into());
        }
        let runs_it = found.role_of(&membership) >= Some(RoomRole::Admin);
        if runs_it || is_administrator { Ok(()) } else { Err(FileError::NotAllowed) }
    }

    /// Gives a room another picture, or none; what its avatar is then.
    ///
    /// # Errors
    /// Who asks may not, the bytes are no image, or the picture cannot be kept.
    pub async fn set_room_avatar(
        &self,
        who: (UserId, bool),
        room: RoomId,
        client_id: ClientId,
        image: Option<Bytes>,
    ) -> Result<Avatar, FileError> {
        self.may_set_room_avatar(who, room).await?;
        let digest = blake3::hash(image.as_deref().unwrap_or_default());
        let mut placed = match image {
            Some(image) => Some(self.avatar_of(image, Reference::RoomAvatar(room)).await?),
            None => None,
        };
        let (at_ms, digest) = (self.clock.now_ms(), self.store.digest("room avatar", &[digest.as_bytes()]));
        let entry =
            |change| NewEntry { author: who.0, client_id, at_ms, digest, change, mentions: Mentions::default() };
        let outcome = self.exchange_room((who.0, room), &entry, placed.as_mut()).await;
        if let (Err(error), Some(placed)) = (&outcome, &placed) {
            self.came_to(who.0, error, placed).await;
        }
        outcome
    }

    async fn exchange_room(
        &self,
        (author, room): (UserId, RoomId),
        entry: &(impl Fn(Change) -> NewEntry + Sync),
        mut placed: Option<&mut Placed>,
    ) -> Result<Avatar, FileError> {
        let (reference, picture) = (Reference::RoomAvatar(room), placed.as_deref().map(|placed| placed.picture));
        let now = async || -> Result<Avatar, FileError> {
            match self.store.rooms.get(room).await? {
                Some(found) => Ok(found.avatar),
                None => Err(messages::absent(&self.store, room).await?.into()),
            }
        };
        for _ in 0..PICTURE_TRIES_MAX {
            let before = now().await?;
            if let Some(picture) = before.picture {
                self.doubt(picture, reference).await?;
            }
            if let Some(placed) = &mut placed {
                self.must_be_claimed(placed).await?;
            }
            let change = Change::Avatar { picture, replaces: before.version };
            match self.store.log.append(room, entry(change)).await? {
                Ok(appended) if appended.replay == Replay::Different => return Err(DomainError::KeyReused.into()),
                // An earlier request has brought the same image.
                Ok(appended) if appended.replay == Replay::Same => {
                    let now = now().await?;
                    if let Some(placed) = placed.as_deref().filter(|placed| now.picture != Some(placed.picture)) {
                        self.drop_picture(placed).await;
                    }
                    return Ok(now);
                }
                Ok(_) => {
                    let old = before.picture.map(|picture| (picture, reference));
                    return self.exchanged(author, now().await?, old, placed.as_deref()).await;
                }
                // Another was faster, or there is nothing to take away.
                Err(AppendRefused::Unchanged) if picture.is_none() && before.picture.is_none() => return Ok(before),
                Err(AppendRefused::Unchanged) => {}
                Err(refused) => return Err(messages::refusal(refused).into()),
            }
        }
        Err(DomainError::Busy.into())
    }

    /// Of one that came to nothing. It is named if only the answer was lost: then it stays. If that
    /// cannot be told, or what was asked of the store may still be done, the sweep looks.
    async fn came_to(&self, author: UserId, error: &FileError, placed: &Placed) {
        let is_over = !matches!(error, FileError::Domain(DomainError::Store(_) | DomainError::StoreAway(_)));
        match self.is_named(placed.picture.content, placed.reference).await {
            Ok(false) if !is_over => {}
            Ok(false) => self.drop_picture(placed).await,
            Ok(true) => drop(self.confirm_named(author, placed).await),
            Err(error) => tracing::debug!(%error, "a picture that came to nothing is left to the sweep"),
        }
    }

    /// Whether the row of a user, a room or an emoji says that its picture is this.
    pub(super) async fn is_named(&self, content: ContentKey, reference: Reference) -> Result<bool, FileError> {
        let picture = match reference {
            Reference::Message { .. } => None,
            Reference::UserAvatar(user) => {
                self.store.users.profile(user).await?.and_then(|profile| profile.avatar.picture)
            }
            Reference::RoomAvatar(room) => self.store.rooms.get(room).await?.and_then(|room| room.avatar.picture),
            Reference::Emoji(id) => {
                let set = self.store.emoji.set().await?;
                set.emoji.into_iter().find(|emoji| emoji.id == id).map(|emoji| emoji.picture)
            }
        };
        Ok(picture.is_some_and(|picture| picture.content == content))
    }

    /// What the sweep does about a pending reference of a picture whose time has come.
    pub(super) async fn due_picture(&self, pending: PendingReference) -> Result<(), FileError> {
        let (PendingReference { content, reference, until_ms }, contents) = (pending, &self.store.contents);
        if !self.is_named(content, reference).await? {
            // Who sets it may be late, and name it between the look and the word: then it stays.
            contents.expire(content, reference, self.clock.now_ms()).await?;
            return Ok(());
        }
        contents.confirm_until(content, reference, until_ms).await?;
        // It may have gone between the look and the word, and never comes back.
        if !self.is_named(content, reference).await? {
            contents.release(content, reference).await?;
        }
        Ok(())
    }

    /// The bytes of an avatar that the server remembers; nothing where there is no picture.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn read_avatar(&self, avatar: &Avatar, is_small: bool) -> Result<Option<PictureBytes>, FileError> {
        let Some(picture) = avatar.picture else { return Ok(None) };
        self.read_picture(picture, avatar.version, is_small).await.map(Some)
    }

    pub(super) async fn read_picture(
        &self,
        picture: Picture,
        version: u64,
        is_small: bool,
    ) -> Result<PictureBytes, FileError> {
        let (blob, of) = match picture.small.filter(|_| is_small) {
            Some(small) => (Kind::Thumbnail.name_of(picture.blob), small),
            None => (picture.blob, picture.large),
        };
        let bytes = match read(&self.blobs, blob, of.size).await {
            Err(error @ FileError::Damaged(StoreError::BlobMissing { .. })) => {
                // Another has taken its place since somebody was told of it.
                let is_gone = self.store.contents.get(picture.content).await?.is_none();
                return Err(if is_gone { FileError::NoSuchFile } else { error });
            }
            bytes => bytes?,
        };
        Ok(PictureBytes { bytes, media_type: media_type(of.format), version })
    }
}

/// Pictures are small: they are read whole.
async fn read(blobs: &Blobs, name: BlobName, size: u64) -> Result<Bytes, FileError> {
    let blob = rill_storage::blobs::Blob { name, size };
    let mut stream = blobs.read(blob, size, 0..size).await?;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    while let Some(piece) = stream.next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.into())
}
