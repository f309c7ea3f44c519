//! A check finds what is wrong, names it, and finds nothing where all is well.

use crate::{
    files::{open, tamper},
    played::{ALICE, appended, entry as change, live, post, room},
};
use rill_storage::model::{Change, Reach, Rule};
use std::path::Path;

/// A key in a table of a room.
fn key(table: u8, parts: &[&[u8]]) -> Vec<u8> {
    [&[table][..], &parts.concat()].concat()
}

fn entry(seq: u64) -> Vec<u8> {
    key(8, &[&room(1).0, &seq.to_be_bytes()])
}

async fn lived(path: &Path) {
    let opened = open(path);
    live(&opened.store).await;
    opened.handle.close().unwrap();
}

/// What a check of the store finds.
fn found(path: &Path) -> Vec<String> {
    let opened = open(path);
    let mut told = 0;
    let checked = opened.handle.check(|_| told += 1).unwrap();
    opened.handle.close().unwrap();
    assert!(told > 0);
    assert_eq!((checked.rooms, checked.users, checked.contents), (2, 2, 2));
    assert!(checked.entries >= 40 && checked.rows > 100, "{checked:?}");
    assert_eq!(checked.findings_total as usize, checked.findings.len());
    checked.findings.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_sound_store_has_no_findings_also_while_it_is_used() {
    let directory = tempfile::tempdir().unwrap();
    lived(directory.path()).await;
    assert_eq!(found(directory.path()), [""; 0]);

    let opened = open(directory.path());
    let queued: Vec<_> = (1000..3000).map(|client| opened.store.log.append(room(1), post(client, "x"))).collect();
    for _ in 0..3 {
        assert_eq!(opened.handle.check(|_| {}).unwrap().findings, []);
    }
    for append in queued {
        append.await.unwrap().unwrap();
    }
    assert_eq!(opened.handle.check(|_| {}).unwrap().findings, []);
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn each_kind_of_damage_is_found_and_named() {
    let directory = tempfile::tempdir().unwrap();
    lived(directory.path()).await;
    // A hole in the log, whose client id then names nothing.
    tamper(directory.path(), |db| db.remove(entry(30)));
    let findings = found(directory.path());
    let is_found = |what: &str| findings.iter().any(|finding| finding.contains(what));
    assert!(is_found("entry 31 stands behind entry 29") && is_found("client id names entry 30"), "{findings:?}");
    assert!(!is_found("entry 33 stands"), "{findings:?}");

    // A message with a file, without it; and the other way round.
    tamper(directory.path(), |db| {
        db.remove(key(33, &[&room(1).0, &47_u64.to_be_bytes()]));
        db.remove(entry(46));
    });
    let findings = found(directory.path());
    for what in ["entry 47: its file", "entry 48: its file", "a file is kept of message 46, which has none"] {
        assert!(findings.iter().any(|finding| finding.contains(what)), "{what}: {findings:?}");
    }
    assert!(!findings.iter().any(|finding| finding.contains("entry 49")), "{findings:?}");

    // A row that does not open, and one of no table.
    tamper(directory.path(), |db| {
        let mut value = db.get(entry(12)).unwrap();
        value[60] ^= 1;
        db.insert(entry(12), value);
        db.insert([200, 1], vec![1, 2, 3]);
    });
    let findings = found(directory.path());
    let is_found = |what: &str| findings.iter().any(|finding| finding.contains(what));
    assert!(
        is_found(&format!("room {}, entry 12: its checksum is wrong", room(1))) && is_found("no table has its number"),
        "{findings:?}"
    );
}

#[tokio::test]
async fn heads_and_members_that_do_not_agree_are_found() {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(directory.path());
    live(&opened.store).await;
    opened.handle.close().unwrap();
    let mut old_head = Vec::new();
    let head = key(7, &[&room(1).0]);
    tamper(directory.path(), |db| old_head = db.get(&head).unwrap());
    let opened = open(directory.path());
    opened.store.log.append(room(1), post(5_000, "later")).await.unwrap().unwrap();
    opened.handle.close().unwrap();
    // The head of a moment ago, with the entries, marks and keys of now.
    tamper(directory.path(), |db| {
        db.insert(&head, old_head.clone());
        let alice = key(11, &[&room(1).0, &[1; 16]]);
        assert!(db.get(&alice).is_some());
        db.remove(alice);
        db.remove(key(6, &[&room(2).0]));
    });
    let opened = open(directory.path());
    let checked = opened.handle.check(|_| {}).unwrap();
    let findings: Vec<_> = checked.findings.iter().map(ToString::to_string).collect();
    let is_found = |what: &str| findings.iter().any(|finding| finding.contains(what));
    assert!(is_found("counts 1 members and has 0"), "{findings:?}");
    assert!(is_found("has joined, and is no member"), "{findings:?}");
    assert!(is_found("has read further than the log goes"), "{findings:?}");
    assert!(is_found("has a log and no record"), "{findings:?}");
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn files_that_do_not_agree_are_found() {
    let directory = tempfile::tempdir().unwrap();
    lived(directory.path()).await;
    let (stored, spent) = ([21; 16], [22; 16]);
    let reference = |table: u8, seq: u64| key(table, &[&stored, &[1], &room(1).0, &seq.to_be_bytes()]);
    let mut content = Vec::new();
    tamper(directory.path(), |db| {
        content = db.get(key(28, &[&stored])).unwrap();
        db.remove(key(28, &[&stored]));
        db.remove(key(29, &[&spent]));
        db.remove(key(26, &[&[1; 16], &[1; 16]]));
    });
    let opened = open(directory.path());
    let findings: Vec<_> = opened.handle.check(|_| {}).unwrap().findings.iter().map(ToString::to_string).collect();
    opened.handle.close().unwrap();
    let has = |what: &str| assert!(findings.iter().any(|finding| finding.contains(what)), "{what}: {findings:?}");
    has(&format!("content {} is referred to and is not there", "15".repeat(16)));
    has("bytes are noted of a transfer that is not there");

    tamper(directory.path(), |db| {
        db.insert(key(28, &[&stored]), content.clone());
        for (table, seq) in [(30, 1), (31, 2), (31, 3)] {
            assert!(db.get(reference(table, seq)).is_some());
            db.remove(reference(table, seq));
        }
        db.remove(key(29, &[&stored]));
    });
    let opened = open(directory.path());
    let findings: Vec<_> = opened.handle.check(|_| {}).unwrap().findings.iter().map(ToString::to_string).collect();
    opened.handle.close().unwrap();
    let has = |what: &str| assert!(findings.iter().any(|finding| finding.contains(what)), "{what}: {findings:?}");
    has("nothing refers to content");
    has("whether something is due is not as it is noted");
}

#[tokio::test]
async fn what_a_user_keeps_that_does_not_add_up_is_found() {
    let directory = tempfile::tempdir().unwrap();
    lived(directory.path()).await;
    // The file that is kept, and the transfer of the one that was forgotten before its end.
    tamper(directory.path(), |db| {
        for row in [key(34, &[&[1; 16], &room(1).0, &12u64.to_be_bytes()]), key(26, &[&[1; 16], &[3; 16]])] {
            assert!(db.get(&row).is_some());
            db.remove(row);
        }
    });
    let opened = open(directory.path());
    let findings: Vec<_> = opened.handle.check(|_| {}).unwrap().findings.iter().map(ToString::to_string).collect();
    opened.handle.close().unwrap();
    let has = |what: &str| assert!(findings.iter().any(|finding| finding.contains(what)), "{what}: {findings:?}");
    has("9437184 bytes are noted as kept, and the files have 0");
    has("a file was forgotten before its end, and nothing brings it");
}

/// Half erased, wholly erased, and where nothing brings the rest.
#[tokio::test]
async fn a_deleted_room_is_erased_or_will_be() {
    let directory = tempfile::tempdir().unwrap();
    lived(directory.path()).await;
    let opened = open(directory.path());
    let rooms = &opened.store.rooms;
    for number in 0..200 {
        appended(&opened.store, 1, post(5_000 + number, "soon gone")).await;
    }
    let delete = Change::Delete { rule: Rule(|_| true), reach: Reach::All };
    let deleted = appended(&opened.store, 1, change(ALICE, 9_000, delete)).await;
    let check = || opened.handle.check(|_| {}).unwrap().findings;
    assert_eq!(check(), []);
    while let Some(remains) = rooms.remains(room(1), 1).await.unwrap() {
        rooms.erase(room(1), remains).await.unwrap();
        assert_eq!(check(), []);
    }
    rooms.settle(room(1), deleted.entry.seq).await.unwrap();
    assert_eq!(check(), []);
    opened.handle.close().unwrap();

    // A row that was left, and one that says that more is to be erased.
    tamper(directory.path(), |db| {
        let ban = db.get(key(7, &[&room(1).0])).unwrap();
        db.insert(key(40, &[&room(1).0, &ALICE.0]), ban);
    });
    assert!(found_any(directory.path(), "this is left of it"));
    tamper(directory.path(), |db| db.remove(key(77, &[&room(1).0])));
    assert!(found_any(directory.path(), "nothing erases what it held"));
}

fn found_any(path: &Path, what: &str) -> bool {
    let opened = open(path);
    let findings = opened.handle.check(|_| {}).unwrap().findings;
    opened.handle.close().unwrap();
    findings.iter().any(|finding| finding.to_string().contains(what))
}
