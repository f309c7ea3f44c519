//! What people say of themselves.

use rill_protocol::{
    UserId,
    message::{OwnSettings, Profile, ProfileAnswer},
};
use rill_storage::model;

use super::number;

/// What there is to know of a user, and of one's own self more: whom they block.
pub fn answer(request: u32, user: UserId, found: &model::Profile, blocked: Option<Vec<UserId>>) -> ProfileAnswer {
    let (card, status) = (&found.card, &found.status);
    let profile = Profile {
        user,
        username: found.username.clone(),
        name: found.name.clone(),
        language: card.language.clone(),
        time_zone: card.time_zone.clone(),
    };
    let own = blocked.map(|blocked| OwnSettings {
        chosen_name: card.name.clone(),
        is_listed: !card.is_unlisted,
        shows_seen: !card.hides_seen,
        do_not_disturb: status.do_not_disturb,
        emoji: status.emoji.clone(),
        text: status.text.clone(),
        until_ms: number(status.until_ms.unwrap_or_default()),
        blocked,
    });
    ProfileAnswer { request, profile, own }
}
