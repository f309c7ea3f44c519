//! Transfers on their way: a bar each on a terminal, a line now and then elsewhere.

use rill_client::files::{Phase, Progress};
use std::{
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};
use tokio::{sync::watch, time::interval};

use crate::print::{amount, harmless};

/// How often bars are drawn.
const DRAW_EVERY: Duration = Duration::from_millis(200);
/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
const BAR_CHARS: usize = 20;
const NAME_CHARS: usize = 24;

/// See the module. What is shown goes to stderr.
pub(crate) struct Bars {
    rows: Vec<(String, watch::Receiver<Progress>)>,
    is_terminal: bool,
    /// Lines that are drawn over.
    drawn: usize,
}

impl Bars {
    pub(crate) fn new(rows: Vec<(String, watch::Receiver<Progress>)>) -> Self {
        Self { rows, is_terminal: stderr().is_terminal(), drawn: 0 }
    }

    /// Shows how far they are while `work` lasts.
    pub(crate) async fn during<T>(mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let mut ticks = interval(DRAW_EVERY);
        let mut said_at = Instant::now();
        loop {
            tokio::select! {
                biased;
                outcome = &mut work => {
                    self.show();
                    return outcome;
                }
                _ = ticks.tick() => {}
            }
            if self.is_terminal {
                self.show();
            } else if said_at.elapsed() >= LINE_EVERY {
                said_at = Instant::now();
                self.show();
            }
        }
    }

    fn show(&mut self) {
        let mut text = String::new();
        if self.is_terminal && self.drawn > 0 {
            text += &format!("\x1B[{}A", self.drawn);
        }
        for (name, progress) in &self.rows {
            let line = line(name, &progress.borrow());
            // A line that is longer than the terminal ends at its edge, else the next drawing
            // would begin too far down.
            text += &if self.is_terminal { format!("\x1B[2K\x1B[?7l{line}\x1B[?7h\n") } else { format!("-- {line}\n") };
        }
        self.drawn = self.rows.len();
        // A terminal that is gone is nobody's loss.
        stderr().write_all(text.as_bytes()).ok();
    }
}

/// One transfer in one line.
fn line(name: &str, progress: &Progress) -> String {
    let Progress { phase, durable_bytes, size_bytes, bytes_per_s, .. } = *progress;
    let part = if size_bytes == 0 { f64::from(phase == Phase::Over) } else { durable_bytes as f64 / size_bytes as f64 };
    let full = ((part * BAR_CHARS as f64) as usize).min(BAR_CHARS);
    let bar = format!("{}{}", "#".repeat(full), ".".repeat(BAR_CHARS - full));
    let what = match phase {
        Phase::Queued => ", in line".to_owned(),
        Phase::Waiting => ", waiting for the server".to_owned(),
        Phase::Reading => ", reading".to_owned(),
        Phase::Finishing => ", being checked".to_owned(),
        Phase::Paused => ", paused".to_owned(),
        Phase::Moving => {
            let left = progress.time_left().map(|left| format!(", {} s left", left.as_secs() + 1)).unwrap_or_default();
            format!(", {}/s{left}", amount(bytes_per_s as u64))
        }
        _ => String::new(),
    };
    let (part, done, size) = (part * 100.0, amount(durable_bytes), amount(size_bytes));
    format!("{:NAME_CHARS$} [{bar}] {part:3.0} % {done} of {size}{what}", short(name))
}

/// A name in one line of bounded length.
fn short(name: &str) -> String {
    let name = harmless(name).replace('\n', " ");
    match name.char_indices().nth(NAME_CHARS) {
        None => name,
        Some(_) => name.chars().take(NAME_CHARS - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_is_one_line() {
        let (_give, progress) = watch::channel(0);
        drop(progress);
        let moving = Progress {
            phase: Phase::Moving,
            durable_bytes: 50 << 20,
            moved_bytes: 51 << 20,
            size_bytes: 100 << 20,
            bytes_per_s: 1_048_576.0,
            seq: None,
        };
        let expected =
            "plan.pdf                 [##########..........]  50 % 50.0 MiB of 100.0 MiB, 1.0 MiB/s, 51 s left";
        assert_eq!(line("plan.pdf", &moving), expected);
        let odd = line("a\n\u{1B}[31m\u{202E}and a name that has no end, or nearly so", &moving);
        assert!(!odd.contains(['\n', '\u{1B}', '\u{202E}']) && odd.contains('…'), "{odd:?}");
        let empty = Progress { phase: Phase::Over, durable_bytes: 0, size_bytes: 0, ..moving };
        assert!(line("x", &empty).contains("100 % 0 B of 0 B"), "{}", line("x", &empty));
    }
}
