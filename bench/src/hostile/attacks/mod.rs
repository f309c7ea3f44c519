//! The attacks: one file each, which says what it does and what the server should do.

mod attach_twice;
mod bad_tickets;
mod before_hello;
mod connection_flood;
mod cross_site;
mod cut_frames;
mod deaf_readers;
mod dying_connections;
mod enums_out_of_range;
mod foreign_hosts;
mod frames_too_long;
mod grease;
mod half_open_tls;
mod half_upgrades;
mod http_bodies;
mod injections;
mod invalid_utf8;
mod leftover_bytes;
mod login_guessing;
mod lying_lengths;
mod mutated_sessions;
mod mux_violations;
mod odd_capsules;
mod odd_usernames;
mod odd_varints;
mod path_tricks;
mod quic_initials;
mod random_bytes;
mod registration_flood;
mod requests_after_connect;
mod second_hello;
mod silent_streams;
mod slow_loris;
mod stream_floods;
mod ticket_twice;
mod tiny_frames;
mod unknown_kinds;
mod unknown_versions;

use futures_util::future::BoxFuture;
use rill_client::TransportKind;
use std::sync::Arc;

use super::{answer::Answer, attacker::Attacker};

/// The account whose password is guessed. Its owner logs in when all is over.
pub(crate) const WITNESS: &str = "witness";

/// What an attack is.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// In a line.
    pub(crate) what: &'static str,
    /// Whether it needs an account of its own.
    pub(crate) account: bool,
    /// Silence and a plain end are right answers, because there is nobody who could read
    /// a code, or no place for one yet.
    pub(crate) drops: bool,
    /// A round begins this often.
    pub(crate) every_ms: u64,
    /// Rounds under way at once.
    pub(crate) at_once: usize,
    /// One round, over the transport whose turn it is. An error is an answer that came
    /// before the attack had begun.
    pub(crate) round: fn(Arc<Attacker>, TransportKind) -> BoxFuture<'static, Result<(), Answer>>,
}

/// All of them, in the order of the report.
pub(crate) const ALL: &[&Attack] = &[
    &frames_too_long::ATTACK,
    &lying_lengths::ATTACK,
    &cut_frames::ATTACK,
    &unknown_kinds::ATTACK,
    &enums_out_of_range::ATTACK,
    &leftover_bytes::ATTACK,
    &invalid_utf8::ATTACK,
    &before_hello::ATTACK,
    &second_hello::ATTACK,
    &attach_twice::ATTACK,
    &ticket_twice::ATTACK,
    &bad_tickets::ATTACK,
    &unknown_versions::ATTACK,
    &silent_streams::ATTACK,
    &deaf_readers::ATTACK,
    &dying_connections::ATTACK,
    &quic_initials::ATTACK,
    &half_open_tls::ATTACK,
    &half_upgrades::ATTACK,
    &grease::ATTACK,
    &odd_capsules::ATTACK,
    &requests_after_connect::ATTACK,
    &connection_flood::ATTACK,
    &tiny_frames::ATTACK,
    &odd_varints::ATTACK,
    &mux_violations::ATTACK,
    &foreign_hosts::ATTACK,
    &cross_site::ATTACK,
    &injections::ATTACK,
    &path_tricks::ATTACK,
    &slow_loris::ATTACK,
    &login_guessing::ATTACK,
    &registration_flood::ATTACK,
    &odd_usernames::ATTACK,
    &http_bodies::ATTACK,
    &random_bytes::ATTACK,
    &stream_floods::ATTACK,
    &mutated_sessions::ATTACK,
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_page_lists_every_attack_as_it_is() {
        let thousands = |ms: u64| if ms < 1_000 { ms.to_string() } else { format!("{},{:03}", ms / 1_000, ms % 1_000) };
        let rows = ALL.iter().map(|attack| {
            let Attack { name, what, every_ms, at_once, drops, .. } = attack;
            let silence = if *drops { " yes" } else { "" };
            format!("| `{name}` | {what} | {} | {at_once} |{silence} |", thousands(*every_ms))
        });
        let page = include_str!("../../../../docs/bench.md");
        let shown = page.lines().skip_while(|line| !line.starts_with("| name | what |")).skip(2);
        let shown: Vec<&str> = shown.take_while(|line| line.starts_with('|')).collect();
        assert_eq!(shown, rows.collect::<Vec<_>>(), "docs/bench.md");
    }

    #[test]
    fn every_attack_has_a_name_a_rate_and_an_address_of_its_own() {
        let names: HashSet<&str> = ALL.iter().map(|attack| attack.name).collect();
        assert_eq!(names.len(), ALL.len());
        assert!(ALL.len() < 250, "their addresses end with a byte");
        for attack in ALL {
            assert!(attack.every_ms > 0 && attack.at_once > 0 && !attack.what.is_empty(), "{}", attack.name);
        }
    }
}
