//! Who looks at images: few threads behind everybody else's, and a queue that ends, in length
//! and in time.

use bytes::Bytes;
use std::{
    future::Future,
    io::{self, Read},
    pin::pin,
    time::Duration,
};
use tokio::{sync::oneshot, time::timeout};

use super::{Avatar, Emoji, Looked, Plain, Refused, avatar, emoji, look, only_strip};
use crate::{
    files::limits::{IMAGE_LOOK_S, IMAGE_WAIT_S, IMAGES_AT_ONCE, IMAGES_WAITING_MAX},
    runtime::Background,
};

/// Why nobody can say what a file is. None of it is about the image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// Too many wait already, or its turn did not come in [`IMAGE_WAIT_S`]: `Busy`, the same request
    /// again after a pause.
    #[error("too many images wait to be looked at")]
    Busy,
    /// It took longer than [`IMAGE_LOOK_S`]. The thread goes on to the end that the limits set;
    /// meanwhile nobody else's turn comes. [`Images::only_strip`] is what is left to do.
    #[error("looking at the image took too long")]
    TooSlow,
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// Looks at files, at most [`IMAGES_AT_ONCE`] at a time.
pub struct Images {
    background: Background,
    wait_max: Duration,
    look_max: Duration,
}

impl Default for Images {
    fn default() -> Self {
        Self::new(IMAGES_WAITING_MAX, Duration::from_secs(IMAGE_WAIT_S), Duration::from_secs(IMAGE_LOOK_S))
    }
}

impl Images {
    /// Without threads: whoever asks waits for the work itself, for simulations.
    #[must_use]
    pub fn in_place() -> Self {
        Self { background: Background::in_place("images"), ..Self::default() }
    }

    pub(in crate::files) fn new(waiting_max: usize, wait_max: Duration, look_max: Duration) -> Self {
        Self { background: Background::new("images", IMAGES_AT_ONCE, waiting_max), wait_max, look_max }
    }

    /// Looks at the file of `length` bytes that `open` gives. It is opened when its turn has come,
    /// so that those that wait hold neither bytes nor descriptors. A caller that goes away while it waits
    /// costs nothing more.
    ///
    /// # Errors
    /// The queue is full or does not move, the look took too long, or the file cannot be read.
    pub async fn look<R: Read>(
        &self,
        open: impl FnOnce() -> io::Result<R> + Send + 'static,
        length: u64,
    ) -> Result<Looked, ImageError> {
        self.work(move || look(open()?, length)).await
    }

    /// What others get of a file for which a look takes too long: without its metadata, and not
    /// decoded. In all else as [`Self::look`].
    ///
    /// # Errors
    /// As [`Self::look`].
    pub async fn only_strip<R: Read>(
        &self,
        open: impl FnOnce() -> io::Result<R> + Send + 'static,
        length: u64,
    ) -> Result<Plain, ImageError> {
        self.work(move || only_strip(open()?, length)).await
    }

    /// Makes an [`Avatar`] of an image, in its turn.
    ///
    /// # Errors
    /// As [`Self::look`]; and inside it why the image cannot be one.
    pub async fn avatar(&self, file: Bytes) -> Result<Result<Avatar, Refused>, ImageError> {
        self.work(move || Ok(avatar(&file))).await
    }

    /// Makes an [`Emoji`] of an image, in its turn.
    ///
    /// # Errors
    /// As [`Self::avatar`].
    pub async fn emoji(&self, file: Bytes) -> Result<Result<Emoji, Refused>, ImageError> {
        self.work(move || Ok(emoji(&file))).await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, ImageError> {
        let (begin, begun) = oneshot::channel();
        let mut working = pin!(self.background.run(move || {
            let _ = begin.send(());
            work()
        }));
        // Its turn and the work are counted apart: others are slow, or it is.
        let waiting = timeout(self.wait_max, either(&mut working, begun));
        let done = match waiting.await.map_err(|_| ImageError::Busy)? {
            Some(done) => done,
            None => timeout(self.look_max, working).await.map_err(|_| ImageError::TooSlow)?,
        };
        Ok(done.ok_or(ImageError::Busy)??)
    }
}

/// The work's end; or nothing, when it has begun.
async fn either<T>(work: impl Future<Output = T>, begun: oneshot::Receiver<()>) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        Ok(()) = begun => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Tasks;
    use std::sync::{Arc, mpsc};

    /// A file whose reading waits until the other end is dropped.
    struct Slow(mpsc::Receiver<()>);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            buffer.fill(b'x');
            Ok(buffer.len())
        }
    }

    const LONG: Duration = Duration::from_secs(60);

    fn slow() -> (mpsc::SyncSender<()>, Slow) {
        let (release, released) = mpsc::sync_channel(0);
        (release, Slow(released))
    }

    #[tokio::test]
    async fn past_the_bound_nobody_waits() {
        let images = Arc::new(Images::new(1, LONG, LONG));
        let (release, file) = slow();
        let (opened, is_open) = oneshot::channel();
        let first = images.clone();
        let first = Tasks::default().spawn(async move {
            first
                .look(
                    move || {
                        let _ = opened.send(());
                        Ok(file)
                    },
                    100,
                )
                .await
        });
        is_open.await.unwrap();
        let mut waiting = Box::pin(images.look(|| Ok(&b"text"[..]), 4));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert!(matches!(images.look(|| Ok(&b"text"[..]), 4).await, Err(ImageError::Busy)));
        drop(release);
        assert!(matches!(first.await.unwrap(), Ok(Looked::Plain(_))));
        assert!(matches!(waiting.await, Ok(Looked::Plain(_))));
    }

    #[tokio::test]
    async fn who_asked_does_not_wait_for_ever() {
        let images = Images::new(1, LONG, Duration::from_millis(20));
        let (release, file) = slow();
        assert!(matches!(images.look(move || Ok(file), 100).await, Err(ImageError::TooSlow)));
        drop(release);
        // The next one waits for the thread, which is counted apart.
        assert!(matches!(images.look(|| Ok(&b"text"[..]), 4).await, Ok(Looked::Plain(_))));
    }

    #[tokio::test]
    async fn nor_for_ever_for_its_turn() {
        let images = Images::new(2, Duration::from_millis(20), Duration::from_millis(20));
        let (release, file) = slow();
        assert!(matches!(images.look(move || Ok(file), 100).await, Err(ImageError::TooSlow)));
        let (opened, is_open) = oneshot::channel();
        let open = move || {
            let _ = opened.send(());
            Ok(&b"text"[..])
        };
        assert!(matches!(images.look(open, 4).await, Err(ImageError::Busy)));
        drop(release);
        assert!(is_open.await.is_err(), "what was given up is not done");
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_an_error() {
        let images = Images::default();
        let gone = || Err::<&[u8], _>(io::ErrorKind::NotFound.into());
        assert!(matches!(images.look(gone, 100).await, Err(ImageError::Read(_))));
        assert!(matches!(images.look(|| Ok(&b"cut"[..]), 100).await, Err(ImageError::Read(_))));
    }
}
