//! Passwords from a person or a pipe.

use std::io::{self, BufRead as _, Read as _};

use super::{AdminError, args::PasswordArgs};

/// Of a line; longer than any password that is allowed.
const LINE_BYTES_MAX: u64 = 4_096;

impl PasswordArgs {
    /// `None`: it is to be made.
    pub(super) fn read(&self) -> Result<Option<String>, AdminError> {
        if self.password_stdin {
            let mut line = String::new();
            let read = io::stdin().lock().take(LINE_BYTES_MAX).read_line(&mut line).map_err(AdminError::Password)?;
            if read == 0 {
                return Err(AdminError::Password(io::ErrorKind::UnexpectedEof.into()));
            }
            return Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()));
        }
        if !self.ask_password {
            return Ok(None);
        }
        let first = rpassword::prompt_password("Password: ").map_err(AdminError::Password)?;
        let second = rpassword::prompt_password("The same again: ").map_err(AdminError::Password)?;
        if first == second { Ok(Some(first)) } else { Err(AdminError::PasswordsDiffer) }
    }
}
