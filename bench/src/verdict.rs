//! What a scenario is judged by, line by line, and the first of all lines: what became of
//! its chat.

use serde::Serialize;

use crate::tally::Totals;

/// One line of a judgement.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) name: &'static str,
    pub(crate) passed: bool,
    /// Whether it hangs on how busy the machine is.
    pub(crate) of_timing: bool,
    pub(crate) detail: String,
}

pub(crate) fn all_passed(verdicts: &[Verdict]) -> bool {
    verdicts.iter().all(|verdict| verdict.passed)
}

pub(crate) fn print(verdicts: &[Verdict]) {
    for Verdict { name, passed, detail, .. } in verdicts {
        println!("  {} {name}: {detail}", if *passed { "pass" } else { "FAIL" });
    }
}

/// Messages and deliveries over all phases.
#[derive(Debug, Serialize)]
pub(crate) struct Chat {
    due: u64,
    acked: u64,
    expected: u64,
    delivered: u64,
    lost: u64,
    duplicated: u64,
    reordered: u64,
    refused: u64,
    tails_restarted: u64,
}

impl Chat {
    pub(crate) fn of(totals: &Totals) -> Self {
        Self {
            due: totals.due,
            acked: totals.acked,
            expected: totals.expected,
            delivered: totals.delivered,
            lost: totals.lost,
            duplicated: totals.duplicated,
            reordered: totals.reordered,
            refused: totals.refused,
            tails_restarted: totals.skipped,
        }
    }

    /// Whether something went wrong that no patience mends.
    pub(crate) fn is_broken(&self) -> bool {
        self.lost + self.duplicated + self.reordered + self.refused > 0
    }

    /// Whether everything was acknowledged and delivered once and in order.
    pub(crate) fn is_whole(&self) -> bool {
        !self.is_broken() && self.acked == self.due && self.delivered == self.expected
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// The same as a line of a judgement.
    pub(crate) fn no_loss(&self) -> Verdict {
        let Self { due, acked, delivered, expected, lost, duplicated, reordered, refused, .. } = self;
        Verdict {
            name: "no_loss",
            passed: self.is_whole(),
            of_timing: false,
            detail: format!(
                "{acked} of {due} acked, {delivered} of {expected} delivered, lost {lost}, duplicated {duplicated}, \
                 reordered {reordered}, refused {refused}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_that_is_missing_doubled_or_refused_fails() {
        let sound = || Chat {
            due: 2,
            acked: 2,
            expected: 6,
            delivered: 6,
            lost: 0,
            duplicated: 0,
            reordered: 0,
            refused: 0,
            tails_restarted: 1,
        };
        assert!(sound().no_loss().passed);
        for broken in [
            Chat { acked: 1, ..sound() },
            Chat { delivered: 5, ..sound() },
            Chat { lost: 1, ..sound() },
            Chat { duplicated: 1, ..sound() },
            Chat { reordered: 1, ..sound() },
            Chat { refused: 1, ..sound() },
        ] {
            assert!(!broken.no_loss().passed, "{broken:?}");
        }
    }
}
