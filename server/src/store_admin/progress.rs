//! How far it is, on standard error: one line that changes on a terminal, now and then a
//! line elsewhere.

use std::io::{self, IsTerminal as _, Write as _};

use crate::runtime::{Clock as _, SystemClock};

const TERMINAL_PAUSE_MS: u64 = 100;
const LOG_PAUSE_MS: u64 = 5_000;

/// See the module.
pub(super) struct Progress {
    is_terminal: bool,
    told_ms: u64,
    has_line: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { is_terminal: io::stderr().is_terminal(), told_ms: SystemClock.now_ms(), has_line: false }
    }

    /// Says it, unless something was said a moment ago.
    pub(super) fn tell(&mut self, text: impl FnOnce() -> String) {
        let now_ms = SystemClock.now_ms();
        let pause_ms = if self.is_terminal { TERMINAL_PAUSE_MS } else { LOG_PAUSE_MS };
        if now_ms.saturating_sub(self.told_ms) < pause_ms {
            return;
        }
        self.told_ms = now_ms;
        self.has_line = self.is_terminal;
        // Nobody may be there to read it.
        let _ = match self.is_terminal {
            true => write!(io::stderr(), "\r\x1b[K{}", text()),
            false => writeln!(io::stderr(), "{}", text()),
        };
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.has_line {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
