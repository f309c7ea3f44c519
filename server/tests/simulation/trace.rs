//! What happens in a simulation, line by line: kept whole when somebody wants to read
//! it, and else as a hash that tells two runs apart.

use std::fmt::{self, Write};

pub(crate) struct Trace {
    /// FNV-1a.
    hash: u64,
    lines: Option<Vec<String>>,
}

impl Trace {
    pub(crate) fn new(is_kept: bool) -> Self {
        Self { hash: 0xCBF2_9CE4_8422_2325, lines: is_kept.then(Vec::new) }
    }

    pub(crate) fn line(&mut self, at_ms: u64, line: fmt::Arguments<'_>) {
        let _ = write!(self, "{at_ms} {line}");
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{at_ms:>8} {line}"));
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}

impl Write for Trace {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        Ok(())
    }
}
