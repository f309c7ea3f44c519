//! What others get of a file: looks at a finished blob, writes the blobs that are made of it, and
//! says all of that in [`Facts`].
//!
//! Doing it again is harmless: a derived blob's name follows from the blob's own and from what
//! it is, so it finds what an earlier run has written, and whoever collects the blob knows what
//! else there may be ([`Renderer::possible_blobs`]). Absent: who may read what, and which content a
//! blob belongs to.

mod bridge;
mod derived;
mod facts;

pub use derived::Kind;
pub(in crate::files) use derived::write as write_derived;
pub use facts::{Derived, Facts, FactsError, ImageFacts, Variant};

use bytes::Bytes;
use rill_storage::{
    StoreError,
    blobs::{Blob, BlobName, Blobs},
};
use std::{future::Future, io, pin::pin, sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, SemaphorePermit, oneshot},
    time::timeout,
};

use self::bridge::Bridge;
use super::{
    FileName, MediaType,
    image::{Format, Image, ImageError, Images, Looked, Plain, Preview},
    limits::{IMAGE_BYTES_MAX, IMAGE_WAIT_S, IMAGES_WAITING_MAX, RENDERS_AT_ONCE},
    media_type::HEAD_BYTES,
};

/// Makes what others get. Clones share the threads and the bounds.
#[derive(Clone)]
pub struct Renderer {
    blobs: Blobs,
    images: Arc<Images>,
    /// Those that have their turn and those that wait for it, and the former.
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Renderer {
    /// One that reads and writes these blobs.
    #[must_use]
    pub fn new(blobs: Blobs, images: Arc<Images>) -> Self {
        let places = Arc::new(Semaphore::new(RENDERS_AT_ONCE + IMAGES_WAITING_MAX));
        Self { blobs, images, places, turns: Arc::new(Semaphore::new(RENDERS_AT_ONCE)) }
    }

    /// Every blob that [`Self::render`] may have written for one of this name, also if it was
    /// stopped: they go when it goes.
    #[must_use]
    pub fn possible_blobs(name: BlobName) -> [BlobName; 3] {
        Kind::ALL.map(|kind| kind.name_of(name))
    }

    /// Looks at a finished blob, which its sender calls `name` and `declared`. All blobs that the
    /// facts name are durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::Busy`]: too many images wait, and the same call helps later. A blob that is
    /// missing or damaged ([`StoreError::BlobMissing`], [`StoreError::BlobDamaged`]) stays so. All
    /// else is the place's, and may be repeated.
    pub async fn render(&self, blob: Blob, name: &FileName, declared: &str) -> Result<Facts, StoreError> {
        let head = self.head(blob).await?;
        if Format::sniff(&head).is_none() {
            return Ok(Facts::as_it_came(MediaType::of_named(&head, declared, name), blob.size));
        }
        if blob.size > IMAGE_BYTES_MAX as u64 {
            return Ok(Facts::as_it_came(MediaType::Unknown, blob.size));
        }
        // What is looked at and what is written is in memory: the turn ends behind both.
        let _place = self.places.try_acquire().map_err(|_| StoreError::Busy)?;
        let _turn = self.turn().await?;
        match self.looked(blob).await? {
            Looked::Image(image) => self.image(blob, image).await,
            Looked::Plain(plain) => self.plain(blob, plain).await,
        }
    }

    /// As what a file is handed out whose sender calls it `name` and `declared`. What was made of
    /// its blob was perhaps made for somebody who calls the same bytes something else: that is
    /// nobody else's to know.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub async fn media_type(
        &self,
        facts: &Facts,
        blob: Blob,
        name: &FileName,
        declared: &str,
    ) -> Result<MediaType, StoreError> {
        if facts.image.is_some() || facts.is_stripped {
            return Ok(facts.media_type);
        }
        let head = self.head(blob).await?;
        let is_image = Format::sniff(&head).is_some();
        Ok(if is_image { MediaType::Unknown } else { MediaType::of_named(&head, declared, name) })
    }

    async fn head(&self, blob: Blob) -> Result<Vec<u8>, StoreError> {
        let mut head = Vec::new();
        let mut stream = self.blobs.read(blob, blob.size, 0..blob.size.min(HEAD_BYTES as u64)).await?;
        while let Some(piece) = stream.next().await? {
            head.extend(piece);
        }
        Ok(head)
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        let turn = timeout(Duration::from_secs(IMAGE_WAIT_S), self.turns.acquire()).await;
        turn.map_err(|_| StoreError::Busy)?.map_err(|_| StoreError::Closed)
    }

    /// What the file is. One for which a look takes too long is not an image, but its metadata
    /// stay with its maker all the same.
    async fn looked(&self, blob: Blob) -> Result<Looked, StoreError> {
        let look = self.with_file(blob, |open| self.images.look(open, blob.size)).await;
        let Err(Failed::Images(ImageError::TooSlow)) = look else { return look.map_err(Failed::into_store) };
        tracing::warn!(blob = %blob.name, bytes = blob.size, "looking at an image took too long; it becomes a plain file");
        let strip = self.with_file(blob, |open| self.images.only_strip(open, blob.size)).await;
        strip.map(Looked::Plain).map_err(Failed::into_store)
    }

    /// Reads the blob for work on one of the images' threads, once that has begun.
    async fn with_file<T, W: Future<Output = Result<T, ImageError>>>(
        &self,
        blob: Blob,
        work: impl FnOnce(Box<dyn FnOnce() -> io::Result<Bridge> + Send>) -> W,
    ) -> Result<T, Failed> {
        let (feeder, file) = bridge::new();
        let (begin, begun) = oneshot::channel();
        let open = move || {
            let _ = begin.send(());
            Ok::<_, io::Error>(file)
        };
        let mut work = pin!(work(Box::new(open)));
        let mut feed = pin!(async {
            match begun.await {
                Ok(()) => feeder.feed(self.blobs.read(blob, blob.size, 0..blob.size).await?).await,
                Err(_) => Ok(()),
            }
        });
        let mut fed = None;
        let done = loop {
            tokio::select! {
                biased;
                done = &mut work => break done,
                result = &mut feed, if fed.is_none() => fed = Some(result),
            }
        };
        match (done, fed) {
            // A file that ends too early ends for a reason.
            (Err(ImageError::Read(_)), Some(Err(error))) => Err(Failed::Store(error)),
            (done, _) => done.map_err(Failed::Images),
        }
    }

    async fn image(&self, blob: Blob, image: Image) -> Result<Facts, StoreError> {
        let size = image.bytes.len() as u64;
        if image.is_changed {
            derived::write(&self.blobs, Kind::Stripped.name_of(blob.name), image.bytes.into()).await?;
        }
        let thumbnail = self.preview(blob, Kind::Thumbnail, image.small).await?;
        let preview = match image.large {
            Some(large) => Some(self.preview(blob, Kind::Preview, large).await?),
            None => None,
        };
        Ok(Facts {
            media_type: MediaType::Image(image.format),
            size,
            is_stripped: image.is_changed,
            image: Some(ImageFacts {
                width: image.width,
                height: image.height,
                animated: image.animated,
                blur_hash: image.blur_hash,
                thumbnail,
                preview,
            }),
        })
    }

    async fn preview(&self, blob: Blob, kind: Kind, preview: Preview) -> Result<Derived, StoreError> {
        let derived = Derived { size: preview.bytes.len() as u64, format: preview.format };
        derived::write(&self.blobs, kind.name_of(blob.name), preview.bytes.into()).await?;
        Ok(derived)
    }

    /// A file that begins as an image and is none is a download.
    async fn plain(&self, blob: Blob, plain: Plain) -> Result<Facts, StoreError> {
        let Some(bytes) = plain.bytes.map(Bytes::from) else {
            return Ok(Facts::as_it_came(MediaType::Unknown, blob.size));
        };
        let facts = Facts { size: bytes.len() as u64, is_stripped: true, ..Facts::as_it_came(MediaType::Unknown, 0) };
        derived::write(&self.blobs, Kind::Stripped.name_of(blob.name), bytes).await?;
        Ok(facts)
    }
}

enum Failed {
    Images(ImageError),
    Store(StoreError),
}

impl Failed {
    fn into_store(self) -> StoreError {
        match self {
            Self::Store(error) => error,
            // The thread is at work on what nobody waits for any more.
            Self::Images(ImageError::Busy | ImageError::TooSlow) => StoreError::Busy,
            Self::Images(ImageError::Read(error)) => StoreError::Blobs(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_storage::blobs::{BlobPlace, Finished, Progress};

    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let sum = crc32fast::hash(&[kind, data].concat());
        [&(data.len() as u32).to_be_bytes(), &kind[..], data, &sum.to_be_bytes()].concat()
    }

    /// There is no time to decode it; what it says of its maker goes all the same.
    #[tokio::test]
    async fn an_image_for_which_there_is_no_time() {
        let header = [&8_000_u32.to_be_bytes()[..], &6_250_u32.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
        let pixels = fdeflate::compress_to_vec(&vec![0; 8_001 * 6_250]);
        let file = [
            b"\x89PNG\r\n\x1a\n",
            &chunk(b"IHDR", &header)[..],
            &chunk(b"tEXt", b"Author\0Jane Q. Owner"),
            &chunk(b"IDAT", &pixels),
            &chunk(b"IEND", b""),
        ]
        .concat();
        let blobs = Blobs::open(&BlobPlace::Memory).unwrap();
        let blob = Blob { name: BlobName([1; 32]), size: file.len() as u64 };
        let mut staged = blobs.stage(blob, &Progress::default()).await.unwrap();
        staged.write(file.clone().into()).await.unwrap();
        assert_eq!(staged.finish(blake3::hash(&file)).await.unwrap(), Finished::Whole);
        // Less than decoding takes anywhere, and mostly more than stripping does.
        let images = Images::new(4, Duration::from_secs(60), Duration::from_millis(50));
        let renderer = Renderer::new(blobs, Arc::new(images));
        let name = FileName::from_declared("a.png");
        let facts = loop {
            match renderer.render(blob, &name, "image/png").await {
                Err(StoreError::Busy) => {}
                facts => break facts.unwrap(),
            }
        };
        assert_eq!((facts.media_type, facts.is_stripped, &facts.image), (MediaType::Unknown, true, &None));
        let text = chunk(b"tEXt", b"Author\0Jane Q. Owner").len() as u64;
        assert_eq!(facts.size, blob.size - text);
    }
}
