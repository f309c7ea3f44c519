//! The pulse as people see it: a few lines that are drawn anew on a terminal, a line every few
//! seconds elsewhere. It goes to stderr: stdout is the report's.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    io::{self, IsTerminal, Write as _},
};

use super::Moment;

/// Moments between two lines where there is no terminal.
const LINE_EVERY: u32 = 5;
/// Moments of a sparkline.
const HISTORY: usize = 60;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Up so many lines, and erase what is below (ECMA-48: CPL, ED).
const ERASE_BELOW: &str = "\x1b[J";

/// How a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Quiet,
    Lines,
    Terminal,
}

impl View {
    pub(crate) fn on_stderr(quiet: bool) -> Self {
        match (quiet, io::stderr().is_terminal()) {
            (true, _) => Self::Quiet,
            (_, true) => Self::Terminal,
            (_, false) => Self::Lines,
        }
    }
}

pub(super) struct Screen {
    view: View,
    shown: u32,
    /// Lines that stand there and are to be replaced.
    standing: usize,
    rates: VecDeque<f64>,
    p99s: VecDeque<f64>,
}

impl Screen {
    pub(super) fn new(view: View) -> Self {
        Self { view, shown: 0, standing: 0, rates: VecDeque::new(), p99s: VecDeque::new() }
    }

    pub(super) fn show(&mut self, stage: &str, moment: &Moment) {
        self.shown += 1;
        match self.view {
            View::Quiet => {}
            View::Lines if !self.shown.is_multiple_of(LINE_EVERY) => {}
            View::Lines => eprintln!("{}", line(stage, moment)),
            View::Terminal => self.draw(stage, moment),
        }
    }

    /// What follows stands on a fresh line.
    pub(super) fn end(&mut self) {
        self.erase();
    }

    fn draw(&mut self, stage: &str, moment: &Moment) {
        keep(&mut self.rates, moment.per_s);
        keep(&mut self.p99s, moment.p99_ms.unwrap_or_default());
        self.erase();
        let lines = [
            line(stage, moment),
            format!("  rate {}", sparkline(&self.rates)),
            format!("  p99  {}", sparkline(&self.p99s)),
        ];
        self.standing = lines.len();
        let _ = writeln!(io::stderr(), "{}", lines.join("\n"));
    }

    fn erase(&mut self) {
        if self.standing > 0 {
            let _ = write!(io::stderr(), "\x1b[{}F{ERASE_BELOW}", self.standing);
        }
        self.standing = 0;
    }
}

fn keep(history: &mut VecDeque<f64>, value: f64) {
    history.push_back(value);
    if history.len() > HISTORY {
        history.pop_front();
    }
}

fn line(stage: &str, moment: &Moment) -> String {
    let mut line = format!("{stage:10}");
    if moment.at_s > 0.0 {
        let _ = write!(line, " {:>4.0} s", moment.at_s);
    }
    let _ = write!(line, "  {:.0}/s", moment.per_s);
    if let (Some(p50), Some(p99), Some(p99_9)) = (moment.p50_ms, moment.p99_ms, moment.p99_9_ms) {
        let _ = write!(line, "  p50 {p50:.1}  p99 {p99:.1}  p99.9 {p99_9:.1} ms");
    }
    let _ = write!(line, "  errors {}  connections {}", moment.errors, moment.connections);
    if let (Some(cores), Some(mib)) = (moment.server_cores, moment.server_rss_mib) {
        let _ = write!(line, "  server {:.0} % of a core, {mib:.0} MiB", cores * 100.0);
    }
    line
}

/// From nothing to the highest.
fn sparkline(values: &VecDeque<f64>) -> String {
    let highest = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let bar = |value: &f64| BARS[((value / highest * (BARS.len() - 1) as f64).round() as usize).min(BARS.len() - 1)];
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::Histogram;

    #[test]
    fn a_line_has_rate_latency_errors_and_connections() {
        let mut us = Histogram::new_with_bounds(1, 600_000_000, 3).unwrap();
        us.record_n(1_500, 200).unwrap();
        let moment = Moment { errors: 2, connections: 50, ..Moment::new(12.0, 1.0, &us) };
        assert_eq!(
            line("measuring", &moment),
            "measuring    12 s  200/s  p50 1.5  p99 1.5  p99.9 1.5 ms  errors 2  connections 50"
        );
        us.reset();
        let before = Moment::new(0.0, 1.0, &us);
        assert_eq!(line("connecting", &before), "connecting  0/s  errors 0  connections 0");
    }

    #[test]
    fn a_sparkline_is_as_high_as_the_highest() {
        assert_eq!(sparkline(&VecDeque::from([0.0, 5.0, 10.0])), "▁▅█");
        assert_eq!(sparkline(&VecDeque::from([0.0])), "▁");
    }
}
