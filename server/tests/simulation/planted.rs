//! Bugs that are put in on purpose, each where somebody could make it: a simulation that
//! does not find them proves nothing.

use rill_storage::planted::Bug;

use crate::seeds::first_violation;

/// Within so many seeds each bug shows.
const SEEDS_MAX: u64 = 1_000;

fn is_found(bug: Bug) {
    is_found_on(1, bug);
}

fn is_found_on(nodes: usize, bug: Bug) {
    let found = first_violation(SEEDS_MAX, nodes, Some(bug));
    let (seed, violation) = found.unwrap_or_else(|| panic!("{bug:?} is not found"));
    println!("{bug:?}: seed {seed}: {violation}");
}

#[test]
fn an_ack_before_the_entry_is_durable_is_found() {
    is_found(Bug::AckBeforeDurable);
}

#[test]
fn a_key_that_a_restart_forgets_is_found() {
    is_found(Bug::KeyForgottenAtRestart);
}

#[test]
fn a_cursor_that_moves_before_the_write_is_found() {
    is_found(Bug::CursorMovedBeforeWrite);
}

#[test]
fn a_ring_that_is_off_by_one_is_found() {
    is_found(Bug::RingOffByOne);
}

#[test]
fn a_removal_that_is_skipped_is_found() {
    is_found(Bug::RemovalSkipped);
}

#[test]
fn a_seq_that_is_used_twice_is_found() {
    is_found(Bug::SeqReused);
}

#[test]
fn an_epoch_that_is_kept_after_a_restore_is_found() {
    is_found(Bug::EpochKeptAfterRestore);
}

#[test]
fn a_hidden_entry_that_is_shown_is_found() {
    is_found(Bug::HiddenLeaked);
}

#[test]
fn a_node_that_believes_to_hear_every_doorbell_is_found() {
    is_found_on(2, Bug::DoorbellTrusted);
}

#[test]
fn a_node_that_believes_to_be_told_of_every_login_that_ends_is_found() {
    is_found_on(2, Bug::LoginHintTrusted);
}

#[test]
fn a_change_of_who_is_in_a_room_that_is_told_to_nobody_is_found() {
    is_found_on(2, Bug::ChangeUntold);
}

#[test]
fn what_is_remembered_over_a_time_in_which_nothing_was_heard_is_found() {
    is_found_on(2, Bug::MemoryTrustedUnheard);
}

#[test]
fn what_is_remembered_for_ever_is_found() {
    is_found_on(2, Bug::MemoryNeverAsksAgain);
}

#[test]
fn an_answer_that_is_taken_for_newer_than_its_question_is_found() {
    is_found_on(2, Bug::AnswerTakenForNew);
}

#[test]
fn what_somebody_may_see_decided_upon_what_they_were_is_found() {
    is_found_on(2, Bug::VisibleFromMemory);
}

#[test]
fn what_a_doorbell_brings_and_is_put_in_the_wrong_place_is_found() {
    is_found_on(2, Bug::DoorbellTakenForNext);
}

#[test]
fn what_others_appended_and_comes_when_it_comes_is_found() {
    is_found_on(2, Bug::CatchUpOutOfOrder);
}

#[test]
fn a_file_that_is_read_on_by_who_was_removed_is_found() {
    is_found(Bug::FileReadAfterRemoval);
}

#[test]
fn a_picture_that_is_not_doubted_before_another_takes_its_place_is_found() {
    is_found(Bug::PictureNotDoubted);
}

#[test]
fn an_avatar_that_changes_without_a_word_is_found() {
    is_found(Bug::PictureUntold);
}

#[test]
fn a_blob_that_is_told_as_gone_before_it_is_is_found() {
    is_found(Bug::CollectedBeforeGone);
}

#[test]
fn a_change_that_nobody_was_asked_about_is_found() {
    is_found(Bug::RoleNotAsked);
}

#[test]
fn a_ban_that_keeps_nobody_out_is_found() {
    is_found(Bug::BanForgotten);
}

#[test]
fn a_past_that_is_shown_to_who_was_not_there_is_found() {
    is_found(Bug::HistoryAlwaysShown);
}

#[test]
fn a_chat_that_is_closed_and_takes_posts_is_found() {
    is_found(Bug::ClosedChatOpen);
}

#[test]
fn a_block_that_finds_no_chat_to_close_is_found() {
    is_found(Bug::BlockMissedAtOpening);
}

#[test]
fn receipts_that_are_told_to_who_is_blocked_are_found() {
    is_found(Bug::ReceiptsToldToBlocked);
}

#[test]
fn presence_that_is_shown_to_who_is_blocked_is_found() {
    is_found(Bug::PresenceToldToBlocked);
}

#[test]
fn what_was_removed_and_stays_in_a_ring_is_found() {
    is_found(Bug::RemovedKeptInRing);
}

#[test]
fn a_removal_that_nobody_was_asked_about_is_found() {
    is_found(Bug::RemovalNotAsked);
}

#[test]
fn a_name_in_what_was_removed_that_is_counted_is_found() {
    is_found(Bug::MentionKept);
}

#[test]
fn a_removal_that_is_not_followed_is_found() {
    is_found(Bug::RemovalNotFollowed);
}

#[test]
fn a_report_of_what_a_message_says_now_is_found() {
    is_found(Bug::QuoteOfNow);
}
