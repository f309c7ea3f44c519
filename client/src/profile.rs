//! What an application says of its user.

/// What the user says of themselves, in the place of what they said before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProfile {
    /// What they are shown by; empty for the username.
    pub chosen_name: String,
    /// A tag such as `zh-CN`, or nothing.
    pub language: String,
    /// A name such as `Asia/Shanghai`, or nothing.
    pub time_zone: String,
    /// Whether others find them among the people of the server.
    pub is_listed: bool,
    /// Whether others see when they were there last.
    pub shows_seen: bool,
}

impl Default for NewProfile {
    /// What holds for somebody who has said nothing.
    fn default() -> Self {
        let (chosen_name, language, time_zone) = Default::default();
        Self { chosen_name, language, time_zone, is_listed: true, shows_seen: true }
    }
}

/// What the user says of the moment, in the place of what they said before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewStatus {
    pub do_not_disturb: bool,
    /// Beside the text; may be empty.
    pub emoji: String,
    /// May be empty.
    pub text: String,
    /// When all of it is over, milliseconds UTC; never without.
    pub until_ms: Option<u64>,
}
