//! How a connection ended: told once, heard by all who wait.

use super::Closed;
use std::sync::OnceLock;
use tokio::sync::Notify;

/// Empty while the connection lives.
#[derive(Default)]
pub(super) struct Ending {
    closed: OnceLock<Closed>,
    told: Notify,
}

impl Ending {
    /// Tells how it ended. The first word counts; returns whether this was it.
    pub(super) fn tell(&self, closed: Closed) -> bool {
        let first = self.closed.set(closed).is_ok();
        self.told.notify_waiters();
        first
    }

    /// How it ended, if it has.
    pub(super) fn get(&self) -> Option<&Closed> {
        self.closed.get()
    }

    /// Resolves when it has ended. Cancel safe.
    pub(super) async fn wait(&self) -> Closed {
        // Made before the look, so that a word in between is not missed.
        let told = self.told.notified();
        if let Some(closed) = self.get() {
            return closed.clone();
        }
        told.await;
        self.get().cloned().unwrap_or_else(Closed::unknown)
    }
}

/// The longest front of `reason` that fits.
pub(super) fn cut(reason: &str, bytes_max: usize) -> &str {
    &reason[..reason.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn closed(code: u32) -> Closed {
        Closed { code: Some(code), reason: String::new() }
    }

    #[tokio::test]
    async fn everybody_hears_the_first_word() {
        let ending = Arc::new(Ending::default());
        let (early, late) = (ending.wait(), ending.clone());
        let tell = async {
            assert!(late.tell(closed(3)));
            assert!(!late.tell(closed(4)));
        };
        let (heard, ()) = tokio::join!(early, tell);
        assert_eq!(heard, closed(3));
        assert_eq!(ending.wait().await, closed(3));
    }

    #[test]
    fn a_reason_is_cut_between_characters() {
        assert_eq!(cut("технo", 4), "те");
        assert_eq!(cut("технo", 5), "те");
        assert_eq!(cut("", 3), "");
        assert_eq!(cut("abc", 3), "abc");
    }
}
