//! What people say of themselves: the name that they are shown by, their language, what they
//! are up to. Told to others by [`super::people`].

use rill_protocol::{UserId, limits};
use rill_storage::model::{Card, Status};

use super::{DomainError, World, accounts::Accounts, names};

/// See the module.
pub struct Profiles {
    world: World,
}

/// A tag of a language by its form (BCP 47): parts of 1 to 8 letters and digits, joined by hyphens.
fn is_language(tag: &str) -> bool {
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    tag.len() <= limits::LANGUAGE_BYTES_MAX && tag.split('-').all(is_part)
}

/// A name of the time zone database by its form: words joined by slashes.
fn is_time_zone(name: &str) -> bool {
    let is_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+');
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(is_byte);
    name.len() <= limits::TIME_ZONE_BYTES_MAX && name.split('/').all(is_word)
}

impl Profiles {
    pub(super) fn new(world: World) -> Self {
        Self { world }
    }

    /// What a user says of themselves from now on. A name that looks like the username of
    /// somebody else is refused.
    pub async fn set_card(&self, accounts: &Accounts, user: UserId, wanted: Card) -> Result<(), DomainError> {
        let name = names::display_name(&wanted.name).map_err(DomainError::BadDisplayName)?;
        if !wanted.language.is_empty() && !is_language(&wanted.language) {
            return Err(DomainError::BadSetting("language"));
        }
        if !wanted.time_zone.is_empty() && !is_time_zone(&wanted.time_zone) {
            return Err(DomainError::BadSetting("time zone"));
        }
        if !name.is_empty() && accounts.looks_like_another(&name, user).await? {
            return Err(DomainError::LooksTaken);
        }
        let card = Card { name, ..wanted };
        let is_there = self.world.store.people.set_card(user, card, self.world.clock.now_ms()).await?;
        if is_there { Ok(()) } else { Err(DomainError::NoSuchPerson) }
    }

    /// What a user says of the moment from now on.
    pub async fn set_status(&self, user: UserId, wanted: Status) -> Result<(), DomainError> {
        let emoji = names::status_emoji(&wanted.emoji).map_err(DomainError::BadStatus)?;
        let text = names::status(&wanted.text).map_err(DomainError::BadStatus)?;
        let is_there = self.world.store.people.set_status(user, Status { emoji, text, ..wanted }).await?;
        if is_there { Ok(()) } else { Err(DomainError::NoSuchPerson) }
    }

    /// The last device of a user has gone. Worth no retry: it is shown a little older then.
    pub async fn seen(&self, user: UserId) {
        if let Err(error) = self.world.store.people.seen(user, self.world.clock.now_ms()).await {
            tracing::debug!(%error, %user, "when somebody was there last is not written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_known_by_their_form() {
        for tag in ["zh", "zh-CN", "en-US", "zh-Hans-CN", "x-klingon"] {
            assert!(is_language(tag), "{tag}");
        }
        for odd in ["zh_CN", "-", "zh-", "verylongpart", "zh CN", "中文", "a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a"] {
            assert!(!is_language(odd), "{odd}");
        }
        for name in ["UTC", "Asia/Shanghai", "America/Argentina/Buenos_Aires", "Etc/GMT+8"] {
            assert!(is_time_zone(name), "{name}");
        }
        for odd in ["Asia//Shanghai", "/", "Asia/Shang hai", "../etc", "上海", &"a".repeat(65)] {
            assert!(!is_time_zone(odd), "{odd}");
        }
    }
}
