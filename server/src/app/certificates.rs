//! Certificates while the server runs: the operator's files are taken up when they
//! change, what was made here is renewed before its end. No handshake waits for it, and
//! connections that stand keep the certificate they have.

use rill_certs::{Pinned, Tcp};
use std::{sync::Arc, time::Duration};

use crate::{http::origin::Origins, session::Services, signals};

/// How soon a change of the files is seen. A look reads two small files.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Looks for as long as the server runs, and at once when it is asked to (SIGHUP).
pub(super) async fn watch(services: Arc<Services>, pinned: Arc<Pinned>, tcp: Arc<Tcp>, origins: Arc<Origins>) {
    let mut asked = signals::Hangups::new();
    let (mut of_pinned, mut of_tcp) = (Complaints::default(), Complaints::default());
    loop {
        let now_ms = services.clock.now_ms();
        let (looks_at, at) = (pinned.clone(), tcp.clone());
        let looked = services.tasks.spawn_blocking(move || (looks_at.advance(now_ms), at.advance(now_ms)));
        let Ok((of_quic, of_https)) = looked.await else {
            tracing::error!("looking at the certificates panicked: they are looked at no more");
            return;
        };
        if let Ok(true) = of_quic {
            tracing::info!("the pinned certificate was renewed: its successor, whose hash was published, took over");
        }
        if let Some(error) = of_pinned.hear(of_quic.err()) {
            tracing::error!(error, "the pinned certificate cannot be kept; the one in memory serves on");
        }
        if let Ok(true) = of_https {
            origins.certify(&tcp.names());
            tracing::info!(hash = %tcp.fingerprint(), "another HTTPS certificate is in use");
        }
        if let Some(error) = of_tcp.hear(of_https.err()) {
            tracing::error!(error, "the HTTPS certificate stays the one in use");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = asked.next() => tracing::info!("asked to look at the certificates"),
        }
    }
}

/// What was wrong at the last looks. The same error is told once, and only when it was
/// there twice: a program that renews writes one file after the other.
#[derive(Default)]
struct Complaints {
    last: String,
    told: bool,
}

impl Complaints {
    /// What is to be told now.
    fn hear(&mut self, error: Option<rill_certs::Error>) -> Option<String> {
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        if error != self.last {
            (self.last, self.told) = (error, false);
            return None;
        }
        if error.is_empty() || self.told {
            return None;
        }
        self.told = true;
        Some(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_certs::Error;

    #[test]
    fn an_error_that_stays_is_told_once_and_one_that_passes_never() {
        let wrong = |name: &str| Some(Error::NoKey { path: name.into() });
        let mut complaints = Complaints::default();
        let told: Vec<bool> =
            [None, wrong("a"), None, wrong("a"), wrong("a"), wrong("a"), wrong("b"), wrong("b"), None]
                .into_iter()
                .map(|error| complaints.hear(error).is_some())
                .collect();
        assert_eq!(told, [false, false, false, false, true, false, false, true, false]);
    }
}
