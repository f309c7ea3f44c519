//! The last logins that ended, in memory: whoever asks lives no longer than the store.

use async_trait::async_trait;
use parking_lot::Mutex;
use rill_protocol::SessionId;
use std::collections::VecDeque;

use super::Embedded;
use crate::{
    StoreError,
    limits::ENDINGS_KEPT_MAX,
    port::endings::{Ended, Endings, Mark},
};

/// See the module.
#[derive(Default)]
pub(crate) struct LastEndings {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How many there were before the first that is kept.
    dropped: u64,
    sessions: VecDeque<SessionId>,
}

impl State {
    fn count(&self) -> u64 {
        self.dropped + self.sessions.len() as u64
    }

    /// Those behind a mark, if all of them are kept.
    fn since(&self, mark: &Mark) -> Option<Vec<SessionId>> {
        let mark = u64::from_be_bytes(mark.0.as_slice().try_into().ok()?);
        let skip = mark.checked_sub(self.dropped).filter(|_| mark <= self.count())?;
        Some(self.sessions.iter().skip(usize::try_from(skip).ok()?).copied().collect())
    }
}

impl LastEndings {
    pub(crate) fn note(&self, sessions: &[SessionId]) {
        let mut state = self.state.lock();
        state.sessions.extend(sessions);
        while state.sessions.len() > ENDINGS_KEPT_MAX {
            state.sessions.pop_front();
            state.dropped += 1;
        }
    }
}

#[async_trait]
impl Endings for Embedded {
    async fn since(&self, mark: Option<Mark>) -> Result<Ended, StoreError> {
        let state = self.endings.state.lock();
        let known = mark.as_ref().map(|mark| state.since(mark));
        Ok(Ended {
            mark: Mark(state.count().to_be_bytes().to_vec()),
            is_unknown: matches!(known, Some(None)),
            sessions: known.flatten().unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_what_is_gone_is_known_to_be() {
        let last = LastEndings::default();
        let session = |number: usize| SessionId([(number % 251) as u8; 16]);
        let since = |mark: u64| last.state.lock().since(&Mark(mark.to_be_bytes().to_vec()));
        (0..ENDINGS_KEPT_MAX + 3).for_each(|number| last.note(&[session(number)]));
        let count = ENDINGS_KEPT_MAX as u64 + 3;
        assert_eq!(last.state.lock().sessions.len(), ENDINGS_KEPT_MAX);
        assert_eq!((since(2), since(count + 1)), (None, None));
        assert_eq!(since(3).unwrap().len(), ENDINGS_KEPT_MAX);
        assert_eq!(since(count - 1), Some(vec![session(ENDINGS_KEPT_MAX + 2)]));
        assert_eq!(since(count), Some(Vec::new()));
    }
}
