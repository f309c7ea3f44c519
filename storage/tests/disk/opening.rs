//! Openings that must be refused, in words that help.

use crate::{
    files::{engine, open, options, refused, tamper, unopened},
    played::{live, new_room},
};
use rill_storage::{StoreError, embedded};
use std::fs;

#[tokio::test]
async fn a_directory_in_use_names_itself_and_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(directory.path());
    let error = refused(directory.path());
    assert!(error.to_string().contains(&directory.path().display().to_string()), "{error}");
    match error {
        StoreError::Locked { path, pid } => {
            assert_eq!((path.as_path(), pid), (directory.path(), Some(std::process::id())));
        }
        other => panic!("{other}"),
    }
    first.store.rooms.create(new_room(1)).await.unwrap();
    first.handle.close().unwrap();
    open(directory.path()).handle.close().unwrap();
}

#[test]
fn a_stale_lock_file_keeps_nobody_out() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("LOCK"), "4000000000 and more text than a process id has").unwrap();
    open(directory.path()).handle.close().unwrap();
    let text = fs::read_to_string(directory.path().join("LOCK")).unwrap();
    assert_eq!(text, format!("{}\n", std::process::id()));
}

#[cfg(unix)]
#[test]
fn what_people_said_is_private_in_a_directory_that_is_not() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    open(directory.path()).handle.close().unwrap();
    for folder in [crate::ENGINE.name(), "journal"] {
        let mode = fs::metadata(directory.path().join(folder)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
}

/// A directory where nobody may make a file, not even the superuser.
fn unwritable(parent: &std::path::Path) -> std::path::PathBuf {
    let mut permissions = fs::metadata(parent).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(parent, permissions).unwrap();
    match fs::write(parent.join("probe"), "") {
        // To the superuser permissions say nothing; the system's own tree does.
        Ok(()) => "/sys/kernel/rill".into(),
        Err(_) => parent.join("data"),
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_place_without_permission_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = unwritable(directory.path());
    let (named, detail) = unopened(&path);
    assert_eq!(named, path);
    assert!(detail.contains("it cannot be made") && detail.contains("let the user who runs the server"), "{detail}");
}

#[test]
fn a_file_in_the_place_of_the_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    fs::write(&path, "a file").unwrap();
    for path in [path.clone(), path.join("below")] {
        let (named, detail) = unopened(&path);
        assert_eq!(named, path);
        assert!(detail.contains("must be a directory"), "{detail}");
    }
}

#[test]
fn missing_parents_are_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("one/two/three");
    open(&path).handle.close().unwrap();
    assert!(engine(&path).exists() && path.join("heads").exists());
}

/// The sealed meta record of another version, made by hand from the description of
/// the envelope.
fn meta(data_version: u8) -> Vec<u8> {
    let mut value = vec![1, 0, 0, 0, 0, data_version];
    value.extend_from_slice(&[9; 32]);
    let hashed = [[0, 2, 0, 0, 0].as_slice(), &[0, 0], &value].concat();
    value.extend_from_slice(&blake3::hash(&hashed).as_bytes()[..8]);
    value
}

#[tokio::test]
async fn a_newer_store_is_refused_by_its_version_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(directory.path());
    live(&opened.store).await;
    opened.handle.close().unwrap();
    tamper(directory.path(), |db| {
        assert!(db.get([0, 0]).is_some(), "the meta record lies where it should");
        db.insert([0, 0], meta(4));
    });
    let (path, detail) = unopened(directory.path());
    assert_eq!(path, directory.path());
    assert!(detail.contains("version 4") && detail.contains("up to version 3"), "{detail}");

    tamper(directory.path(), |db| db.insert([0, 0], meta(1)));
    let opened = embedded::open(options(directory.path())).unwrap();
    assert_eq!(opened.store.secret, [9; 32]);
    opened.handle.close().unwrap();
}
