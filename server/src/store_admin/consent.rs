//! What cannot be taken back is asked first.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use super::StoreAdminError;

/// Whether a person has to be asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Consent {
    is_given: bool,
}

impl Consent {
    pub(super) fn new(is_given: bool) -> Self {
        Self { is_given }
    }

    /// Says what will be done and takes only a yes for one.
    pub(super) fn ask(self, what: &str) -> Result<(), StoreAdminError> {
        if self.is_given {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            return Err(StoreAdminError::NobodyToAsk(what.to_owned()));
        }
        let mut answer = String::new();
        let asked = write!(io::stderr(), "{what}. Type yes to go on: ").and_then(|()| io::stderr().flush());
        match asked.and_then(|()| io::stdin().lock().read_line(&mut answer)) {
            Ok(_) if answer.trim() == "yes" => Ok(()),
            _ => Err(StoreAdminError::Declined),
        }
    }
}
