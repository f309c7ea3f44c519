//! Who looks at images: few threads behind everybody else's, and a queue that ends.

use std::{
    io::{self, Read},
    pin::pin,
    time::Duration,
};
use tokio::sync::oneshot;

use super::{Looked, look};
use crate::{
    files::limits::{IMAGE_LOOK_S, IMAGES_AT_ONCE, IMAGES_WAITING_MAX},
    runtime::Background,
};

/// Why nobody can say what a file is. None of it is about the image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// Too many wait already: `Busy`, the same request again after a pause.
    #[error("too many images wait to be looked at")]
    Busy,
    /// It took longer than [`IMAGE_LOOK_S`]. The thread goes on to the end that the limits set; once
    /// more may help where the machine was busy, and then the file is a plain one.
    #[error("looking at the image took too long")]
    TooSlow,
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// Looks at files, at most [`IMAGES_AT_ONCE`] at a time.
pub struct Images {
    background: Background,
    look_max: Duration,
}

impl Default for Images {
    fn default() -> Self {
        Self::new(IMAGES_WAITING_MAX, Duration::from_secs(IMAGE_LOOK_S))
    }
}

impl Images {
    fn new(waiting_max: usize, look_max: Duration) -> Self {
        Self { background: Background::new("images", IMAGES_AT_ONCE, waiting_max), look_max }
    }

    /// Looks at the file of `length` bytes that `open` gives. It is opened when its turn has come,
    /// so that those that wait hold neither bytes nor descriptors. A caller that goes away while it waits
    /// costs nothing more.
    ///
    /// # Errors
    /// The queue is full, the look took too long, or the file cannot be read.
    pub async fn look<R: Read>(
        &self,
        open: impl FnOnce() -> io::Result<R> + Send + 'static,
        length: u64,
    ) -> Result<Looked, ImageError> {
        let (begin, begun) = oneshot::channel();
        let mut looking = pin!(self.background.run(move || {
            let _ = begin.send(());
            look(open()?, length)
        }));
        // Waiting is not counted.
        let looked = tokio::select! {
            biased;
            looked = &mut looking => looked,
            _ = begun => match tokio::time::timeout(self.look_max, looking).await {
                Ok(looked) => looked,
                Err(_) => return Err(ImageError::TooSlow),
            },
        };
        Ok(looked.ok_or(ImageError::Busy)??)
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

    fn slow() -> (mpsc::SyncSender<()>, Slow) {
        let (release, released) = mpsc::sync_channel(0);
        (release, Slow(released))
    }

    #[tokio::test]
    async fn past_the_bound_nobody_waits() {
        let images = Arc::new(Images::new(1, Duration::from_secs(60)));
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
        let images = Images::new(1, Duration::from_millis(20));
        let (release, file) = slow();
        assert!(matches!(images.look(move || Ok(file), 100).await, Err(ImageError::TooSlow)));
        drop(release);
        // The next one waits for the thread, which is not counted.
        assert!(matches!(images.look(|| Ok(&b"text"[..]), 4).await, Ok(Looked::Plain(_))));
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_an_error() {
        let images = Images::default();
        let gone = || Err::<&[u8], _>(io::ErrorKind::NotFound.into());
        assert!(matches!(images.look(gone, 100).await, Err(ImageError::Read(_))));
        assert!(matches!(images.look(|| Ok(&b"cut"[..]), 100).await, Err(ImageError::Read(_))));
    }
}
