//! Who may add custom emoji.

use serde::{Deserialize, Serialize};

/// Who may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MayAdd {
    /// Everybody who is logged in.
    #[default]
    Everyone,
    /// Administrators.
    Administrators,
}

/// `[emoji]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Emoji {
    pub add: MayAdd,
}
