//! `rill admin`, while a server runs, after it was stopped, and after it was killed.

use serde_json::Value;
use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

use crate::running::Running;

fn admin(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rill"));
    // Away from whatever rill.toml lies where the tests run.
    command.current_dir(data.parent().unwrap()).arg("admin").args(args).arg("--data").arg(data);
    command
}

fn told(output: &Output) -> (bool, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// What it prints, if it succeeds.
fn done(data: &Path, args: &[&str]) -> String {
    let (success, out, error) = told(&admin(data, args).output().unwrap());
    assert!(success, "{args:?}: {error}");
    out
}

/// What it prints for a program.
fn json(data: &Path, args: &[&str]) -> Value {
    serde_json::from_str(&done(data, &[args, &["--json"]].concat())).unwrap()
}

/// Why it does not.
fn refused(data: &Path, args: &[&str]) -> String {
    let (success, out, error) = told(&admin(data, args).output().unwrap());
    assert!(!success && out.is_empty(), "{args:?}: {out}");
    error
}

fn names(data: &Path) -> Vec<(String, bool, bool)> {
    let listed = json(data, &["list"]);
    let view = |user: &Value| {
        let name = user["name"].as_str().unwrap().to_owned();
        (name, user["administrator"] == true, user["disabled_ms"].is_null())
    };
    listed["users"].as_array().unwrap().iter().map(view).collect()
}

/// A directory that does not exist yet, and what removes it.
fn folder() -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    (folder, data)
}

/// Every command, whoever answers it.
fn played(data: &Path) {
    let made = json(data, &["create", "ann"]);
    assert_eq!(made["user"]["administrator"], true);
    assert_eq!(made["password"].as_str().unwrap().len(), 19);
    let said = done(data, &["create", "小明", "--member"]);
    assert!(said.starts_with("made member 小明\npassword "), "{said}");
    assert!(refused(data, &["create", "ANN"]).contains("taken"));
    assert!(refused(data, &["create", "аnn"]).contains("scripts that look alike"));

    assert!(done(data, &["list"]).contains("小明  member"));
    done(data, &["disable", "小明"]);
    assert!(refused(data, &["disable", "ann"]).contains("last administrator"));
    assert!(refused(data, &["administrator", "ann", "--off"]).contains("last administrator"));
    assert_eq!(names(data), [("ann".into(), true, true), ("小明".into(), false, false)]);
    done(data, &["enable", "小明"]);
    assert!(done(data, &["administrator", "小明", "--on"]).contains("is an administrator"));
    assert_eq!(names(data)[1], ("小明".into(), true, true));
    assert_ne!(json(data, &["reset-password", "ann"])["password"], made["password"]);

    assert_eq!(json(data, &["sessions", "ann"])["sessions"].as_array().unwrap().len(), 0);
    assert_eq!(json(data, &["sessions", "ann", "--end-all"])["ended"], 0);
    assert!(refused(data, &["sessions", "ann", "--end", "x"]).contains("no such thing"));
    assert!(refused(data, &["sessions", "nobody"]).contains("no such account"));

    let invitation = json(data, &["invite", "--uses", "3", "--days", "2"]);
    assert_eq!(invitation["uses_max"], 3);
    assert_eq!(invitation["expires_ms"].as_u64().unwrap() - invitation["created_ms"].as_u64().unwrap(), 172_800_000);
    let id = invitation["id"].as_str().unwrap();
    assert!(done(data, &["invitations"]).contains(id));
    done(data, &["invitations", "--revoke", id]);
    assert!(!done(data, &["invitations"]).contains(id));
    assert!(refused(data, &["invite", "--uses", "0"]).contains("1 to 1000 uses"));

    let audit = json(data, &["audit", "--limit", "2"]);
    let acts: Vec<_> =
        audit["entries"].as_array().unwrap().iter().map(|entry| entry["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["invitation_revoked", "invitation_made"]);
    let said = done(data, &["audit"]);
    let is_said = |line: &str| ["(operator)", "account_disabled", "小明"].iter().all(|word| line.contains(word));
    assert!(said.lines().any(is_said), "{said}");
    assert_eq!(json(data, &["reports"])["reports"].as_array().unwrap().len(), 0);
    assert!(refused(data, &["reports", "--close", "1"]).contains("no such report"));
    assert!(refused(data, &["remove-message", "x", "1"]).contains("no such room"));
    assert!(refused(data, &["delete-room", "x"]).contains("no such room"));
}

#[test]
fn every_command_on_a_server_that_is_stopped() {
    let (_folder, data) = folder();
    let error = refused(&data, &["list"]);
    assert!(error.contains(data.to_str().unwrap()) && error.contains("--data"), "{error}");
    assert!(!data.exists(), "looking makes nothing");
    played(&data);
}

#[test]
fn every_command_on_a_server_that_runs() {
    let folder = TempDir::new().unwrap();
    let mut server = Running::start(folder.path(), &["--set", "accounts.registration=closed"]);
    let file = folder.path().join("operator.json");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    played(folder.path());
    assert_eq!(server.terminate(), Some(0));
    assert!(!file.exists(), "a clean end leaves no door behind");
    assert_eq!(names(folder.path()).len(), 2, "what was done is there");
}

#[test]
fn a_killed_server_leaves_a_door_that_nobody_answers_at() {
    let folder = TempDir::new().unwrap();
    let server = Running::start(folder.path(), &[]);
    done(folder.path(), &["create", "ann"]);
    let file = fs::read_to_string(folder.path().join("operator.json")).unwrap();
    // Dropping it kills it.
    drop(server);
    assert_eq!(fs::read_to_string(folder.path().join("operator.json")).unwrap(), file);
    assert_eq!(names(folder.path()), [("ann".to_owned(), true, true)]);
    // Half a file, or somebody else's, is as good as none.
    fs::write(folder.path().join("operator.json"), "{").unwrap();
    assert_eq!(names(folder.path()).len(), 1);

    let other = TempDir::new().unwrap();
    let stranger = Running::start(other.path(), &[]);
    fs::copy(other.path().join("operator.json"), folder.path().join("operator.json")).unwrap();
    let mut forged: Value = serde_json::from_str(&file).unwrap();
    let door: Value = serde_json::from_str(&fs::read_to_string(other.path().join("operator.json")).unwrap()).unwrap();
    forged["address"] = door["address"].clone();
    fs::write(folder.path().join("operator.json"), forged.to_string()).unwrap();
    assert_eq!(names(folder.path()).len(), 1, "another server at the old port does not take the old token");
    drop(stranger);

    // Nor is anybody there asked at all, who could say what he likes.
    let impostor = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    impostor.set_nonblocking(true).unwrap();
    forged["address"] = impostor.local_addr().unwrap().to_string().into();
    fs::write(folder.path().join("operator.json"), forged.to_string()).unwrap();
    assert_eq!(names(folder.path()).len(), 1);
    assert!(impostor.accept().is_err(), "the operator's token and words are for our server alone");

    let mut again = Running::start(folder.path(), &[]);
    assert_eq!(names(folder.path()).len(), 1);
    assert_eq!(again.terminate(), Some(0));
}

#[test]
fn connections_that_say_nothing_do_not_shut_the_operators_door() {
    let folder = TempDir::new().unwrap();
    let mut server = Running::start(folder.path(), &[]);
    let door: Value = serde_json::from_str(&fs::read_to_string(folder.path().join("operator.json")).unwrap()).unwrap();
    let address = door["address"].as_str().unwrap();
    let idle: Vec<_> = (0..100).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
    assert_eq!(names(folder.path()).len(), 0);
    drop(idle);
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_server_that_does_not_answer_is_named() {
    let folder = TempDir::new().unwrap();
    let server = Running::start(folder.path(), &[]);
    fs::remove_file(folder.path().join("operator.json")).unwrap();
    let error = refused(folder.path(), &["list"]);
    assert!(error.contains(&format!("process {}", server.pid())) && error.contains("operator's door"), "{error}");
}

#[test]
fn passwords_come_from_standard_input() {
    let (_folder, data) = folder();
    let create = |name: &str, line: &str| {
        let mut child = admin(&data, &["create", name, "--password-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may have ended without reading.
        let _ = child.stdin.take().unwrap().write_all(line.as_bytes());
        told(&child.wait_with_output().unwrap())
    };
    let (success, said, _) = create("ann", "correct horse\r\nnot this\n");
    assert!(success && !said.contains("password"), "{said}");
    for (line, reason) in
        [("short\n", "8 to 1024 bytes"), ("password1\n", "first that are guessed"), ("", "no password")]
    {
        let (success, _, error) = create("bob", line);
        assert!(!success && error.contains(reason), "{error}");
    }
    let (success, _, error) = told(&admin(&data, &["create", "bob", "--password", "x"]).output().unwrap());
    assert!(!success && error.contains("--password"), "{error}");
    assert_eq!(names(&data).len(), 1);
}

#[test]
fn the_data_directory_is_that_of_the_configuration() {
    let (folder, data) = folder();
    fs::write(folder.path().join("rill.toml"), "data = 'data'\n").unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rill"));
        told(&command.current_dir(folder.path()).arg("admin").args(args).output().unwrap())
    };
    assert!(run(&["create", "ann"]).0);
    assert!(data.join("sled").exists());
    assert!(run(&["list", "--config", "rill.toml"]).1.contains("ann"));
    let (success, _, error) = run(&["list", "--config", "none.toml"]);
    assert!(!success && error.contains("none.toml"), "{error}");
}
