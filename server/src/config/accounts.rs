//! Who may have an account.

use serde::{Deserialize, Serialize};

/// `[accounts]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Accounts {
    pub registration: Registration,
}

/// Who may register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// Anybody who reaches the server.
    #[default]
    Open,
    /// Who has an invitation.
    Invitation,
    /// Nobody: administrators make the accounts.
    Closed,
}

impl Registration {
    /// The word in the configuration and in `/api/v1/server`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invitation => "invitation",
            Self::Closed => "closed",
        }
    }
}
