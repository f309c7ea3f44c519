//! What one attack heard, counted.

use serde::Serialize;
use std::collections::BTreeMap;

use super::answer::Answer;

/// Wrong answers that are kept in words; all are counted.
const WRONG_KEPT_MAX: usize = 8;

/// Of one attack. Keys are fixed: reports are compared.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Book {
    pub(crate) name: &'static str,
    /// Connections, requests or streams that were tried.
    pub(crate) attempts: u64,
    /// Frames, bytes or datagrams beside them, where there are many.
    pub(crate) sent: u64,
    /// How often each answer came.
    pub(crate) answers: BTreeMap<String, u64>,
    /// Refused with a code.
    pub(crate) coded: u64,
    /// Ended without a word, where a word was possible.
    pub(crate) uncoded: u64,
    /// Dropped or left alone where that is right.
    pub(crate) dropped: u64,
    /// Carried out.
    pub(crate) served: u64,
    /// Still under way when the attacks ended.
    pub(crate) unfinished: u64,
    /// What must not be.
    pub(crate) wrong: u64,
    pub(crate) wrong_kept: Vec<String>,
    /// Refusals that must stand in the server's own counters, by code.
    #[serde(skip)]
    pub(crate) codes: BTreeMap<u32, u64>,
}

impl Book {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// `drops`: silence and a plain end are right answers to this attack.
    pub(super) fn heard(&mut self, answer: &Answer, drops: bool) {
        self.attempts += 1;
        let word = if matches!(answer, Answer::Wrong(_)) { "wrong".to_owned() } else { answer.to_string() };
        *self.answers.entry(word).or_default() += 1;
        match answer {
            Answer::Wrong(text) => {
                self.wrong += 1;
                if self.wrong_kept.len() < WRONG_KEPT_MAX {
                    self.wrong_kept.push(text.clone());
                }
            }
            Answer::Served => self.served += 1,
            Answer::Cut | Answer::Silent if drops => self.dropped += 1,
            coded if coded.is_coded() => self.coded += 1,
            _ => self.uncoded += 1,
        }
        if let Some(code) = answer.code() {
            *self.codes.entry(code.number()).or_default() += 1;
        }
    }

    /// Whether every refusal was coded.
    pub(crate) fn is_sound(&self) -> bool {
        self.uncoded + self.wrong == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_right_only_where_it_may_be() {
        for (drops, uncoded, dropped) in [(false, 2, 0), (true, 0, 2)] {
            let mut book = Book::new("x");
            for answer in [Answer::Cut, Answer::Silent, Answer::Closed(41), Answer::Served] {
                book.heard(&answer, drops);
            }
            assert_eq!((book.attempts, book.coded, book.served), (4, 1, 1));
            assert_eq!((book.uncoded, book.dropped), (uncoded, dropped));
            assert_eq!(book.is_sound(), drops);
            assert_eq!(book.codes[&41], 1);
        }
        let mut book = Book::new("x");
        book.heard(&Answer::Wrong("served".to_owned()), true);
        assert!(!book.is_sound());
    }
}
