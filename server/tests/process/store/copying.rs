//! Checked, copied, compacted.

use std::{fs, path::Path};

use super::command::{done, json, lived, refused, store};
use crate::running::Running;

#[test]
fn a_sound_store_is_copied_to_the_other_engine_and_back_and_runs_there() {
    let (folder, data) = lived(&[]);
    let checked = json(&data, &["check"]);
    assert_eq!((&checked["sound"], &checked["findings"]), (&true.into(), &serde_json::json!([])));
    assert_eq!((&checked["users"], &checked["rooms"]), (&3.into(), &1.into()));
    let said = done(&data, &["check"]);
    assert!(said.contains(" rows, 1 room with ") && said.contains("3 users: all is well"), "{said}");

    let (there, back) = (folder.path().join("there"), folder.path().join("back"));
    let copied = json(&data, &["copy", "--to", "fjall", there.to_str().unwrap()]);
    assert_eq!((&copied["rows"], &copied["engine"]), (&checked["rows"], &"fjall".into()));
    let said = done(&there, &["copy", "--to", "sled", back.to_str().unwrap()]);
    assert!(said.contains("compared") && said.contains("storage.engine=sled"), "{said}");
    for (copy, engine) in [(&there, "fjall"), (&back, "sled")] {
        assert_eq!(json(copy, &["check"]), checked);
        let set = format!("storage.engine={engine}");
        assert_eq!(Running::start(copy, &["--set", &set]).terminate(), Some(0));
        assert_eq!(json(copy, &["check"])["sound"], true);
    }

    let error = refused(&data, &["copy", "--to", "fjall", there.to_str().unwrap()]);
    assert!(error.contains("not empty") && error.contains(there.to_str().unwrap()), "{error}");
    let compacted = json(&data, &["compact"]);
    assert_eq!(compacted["rows"], checked["rows"]);
    assert!(compacted["bytes_after"].as_u64() > Some(0));
    assert_eq!(json(&data, &["check"]), checked);
    assert_eq!(Running::start(&data, &[]).terminate(), Some(0));
}

#[test]
fn what_is_wrong_is_listed_and_ends_with_1() {
    let (_folder, data) = lived(&[]);
    // A recorded end of a log that is further than the log: entries were lost.
    let heads = data.join("heads");
    let before = fs::read(&heads).unwrap();
    fs::write(&heads, &before[..before.len() - 1]).unwrap();
    assert_eq!(store(&data, &["check"]).code, Some(0), "a torn tail was never recorded");
    let mut damaged = before;
    damaged[20] ^= 1;
    fs::write(&heads, damaged).unwrap();
    let said = store(&data, &["check"]);
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("heads: recorded heads that are damaged: 1") && said.out.contains("1 thing is wrong"));
    let said = store(&data, &["check", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &found["sound"], &found["findings"][0]["table"]), (Some(1), &false.into(), &"heads".into()));
}

#[test]
fn a_directory_without_a_store_and_one_in_use_are_named() {
    let (folder, data) = lived(&[]);
    let nowhere = folder.path().join("nowhere");
    for args in [&["check"][..], &["compact"], &["copy", "--to", "fjall", "x"]] {
        let error = refused(&nowhere, args);
        assert!(error.contains("no store in") && error.contains("--data"), "{error}");
    }
    assert!(!nowhere.exists(), "looking makes nothing");

    let mut server = Running::start(&data, &[]);
    let target = folder.path().join("target");
    for args in [&["check"][..], &["compact"], &["copy", "--to", "fjall", target.to_str().unwrap()]] {
        let error = refused(&data, args);
        assert!(error.contains(&format!("process {}", server.pid())) && error.contains("stop it first"), "{error}");
    }
    assert_eq!(server.terminate(), Some(0));
    assert!(Path::new(&data).join("sled").exists() && !target.join("engine").exists());
    let said = store(&data, &["copy", "--to", "rocks", "x"]);
    assert!(said.code == Some(2) && said.error.contains("there are sled and fjall"), "{}", said.error);
}
