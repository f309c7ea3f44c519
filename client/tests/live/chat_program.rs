//! `rill-chat` as a program: in a pipe, as a reader, and killed with words unsaid.

use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{
    pictures::RED_PIXEL,
    program::{program, said},
    server::Server,
};

/// Runs it with this input to its end.
fn pipe(server: &Server, user: &str, state: &Path, args: &[&str], input: &str) -> (bool, String, String) {
    let mut child = program(server, user, state, args).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let (out, err) = said(&output);
    (output.status.success(), out, err)
}

/// A program that reads along until the test ends.
struct Follower {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Follower {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let (send, lines) = mpsc::sync_channel(10_000);
        let stdout = child.stdout.take().unwrap();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// The next line that holds `part`.
    fn line_with(&self, part: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("no line with {part}"));
            if line.contains(part) {
                return line;
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn in_a_pipe_it_says_what_it_is_given_and_shows_the_room() {
    let server = Server::start();
    let state = tempfile::tempdir().unwrap();
    for kind in ["quic", "webtransport", "websocket"] {
        let args = ["--transport", kind];
        let input = format!("/create {kind}\nhello 技术\n//slash\n/members\n/dance\n/rooms\n");
        let (ok, out, err) = pipe(&server, "user1", state.path(), &args, &input);
        assert!(ok, "{kind}: {err}");
        for part in ["user1: hello 技术", "user1: /slash", "+ user1", &format!("* {kind} (1)")] {
            assert!(out.contains(part), "{kind}: {part} is missing in\n{out}");
        }
        assert!(err.contains(&format!("online over {kind}")) && err.contains("no /dance"), "{err}");

        let args = ["--transport", kind, "--room", kind];
        let (ok, out, err) = pipe(&server, "user2", state.path(), &args, "hi\n/history\n");
        assert!(ok, "{kind}: {err}");
        assert!(out.contains("user1: hello 技术") && out.contains("user2: hi"), "{kind}:\n{out}");
    }
}

#[test]
fn what_cannot_work_says_why_and_fails() {
    let server = Server::start();
    let state = tempfile::tempdir().unwrap();
    let (ok, _, err) = pipe(&server, "user9", state.path(), &[], "");
    assert!(!ok && err.contains("Username or password is wrong"), "{err}");
    let (ok, _, err) = pipe(&server, "user1", state.path(), &["--read-only", "--room", "nowhere"], "");
    assert!(!ok && err.contains("there is no room nowhere"), "{err}");
}

#[test]
fn a_reader_follows_a_room_as_json_over_a_kill_of_the_server() {
    let mut server = Server::start();
    let state = tempfile::tempdir().unwrap();
    let (ok, _, err) = pipe(&server, "user1", state.path(), &[], "/create followed\nfirst\n");
    assert!(ok, "{err}");
    let args = ["--transport", "websocket", "--read-only", "--json", "--room", "followed"];
    let follower = Follower::start(program(&server, "user2", state.path(), &args));
    let first: Value = serde_json::from_str(&follower.line_with("\"first\"")).unwrap();
    assert_eq!(first["author_name"], "user1");
    assert_eq!(first["room_name"], "followed");
    assert_eq!(first["kind"], "text");
    server.kill();
    server.start_again();
    let (ok, _, err) = pipe(&server, "user1", state.path(), &["--room", "followed"], "second\nthird\n");
    assert!(ok, "{err}");
    let next: Value = serde_json::from_str(&follower.line_with(r#""kind":"text""#)).unwrap();
    assert_eq!(next["text"], "second", "nothing comes twice");
    let last: Value = serde_json::from_str(&follower.line_with("\"third\"")).unwrap();
    assert_eq!(last["seq"].as_u64(), next["seq"].as_u64().map(|seq| seq + 1));
}

#[test]
fn a_server_that_is_asked_to_end_is_come_back_to_without_a_word_lost() {
    let mut server = Server::start();
    let state = tempfile::tempdir().unwrap();
    let (ok, _, err) = pipe(&server, "user1", state.path(), &[], "/create restarted\nfirst\n");
    assert!(ok, "{err}");
    let reader_args = ["--transport", "quic", "--read-only", "--json", "--room", "restarted"];
    let follower = Follower::start(program(&server, "user2", state.path(), &reader_args));
    follower.line_with("\"first\"");
    let mut child = program(&server, "user1", state.path(), &["--room", "restarted"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"before\n").unwrap();
    follower.line_with("\"before\"");
    let status = server.stop();
    assert!(status.success(), "{status}");
    stdin.write_all(b"between\n").unwrap();
    server.start_again();
    stdin.write_all(b"after\n").unwrap();
    for text in ["between", "after"] {
        let line: Value = serde_json::from_str(&follower.line_with(r#""kind":"text""#)).unwrap();
        assert_eq!(line["text"], text, "nothing comes twice, nothing is missing");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn words_that_were_typed_before_a_kill_are_said_once_by_the_next_start() {
    let mut server = Server::start();
    let state = tempfile::tempdir().unwrap();
    let args = ["--transport", "websocket", "--room", "unsaid"];
    let (ok, _, err) = pipe(&server, "user1", state.path(), &[], "/create unsaid\n");
    assert!(ok, "{err}");

    let mut child = program(&server, "user1", state.path(), &args).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdin.write_all(b"while it works\n").unwrap();
    let mut line = String::new();
    while !line.contains("while it works") {
        line.clear();
        assert!(stdout.read_line(&mut line).unwrap() > 0, "it ended");
    }
    server.kill();
    stdin.write_all(b"one\ntwo\nthree\n").unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !kept(state.path()).contains("three") {
        assert!(Instant::now() < deadline, "the outbox holds {}", kept(state.path()));
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();

    server.start_again();
    for _ in 0..2 {
        // The second start finds nothing left to say.
        let (ok, _, err) = pipe(&server, "user1", state.path(), &args, "");
        assert!(ok, "{err}");
    }
    let (_, out, _) = pipe(&server, "user1", state.path(), &args, "end\n");
    let said: Vec<&str> = out.lines().filter_map(|line| line.split_once("user1: ")).map(|(_, text)| text).collect();
    assert_eq!(said, ["while it works", "one", "two", "three", "end"]);
}

#[test]
fn history_and_the_live_tail_show_each_line_once_whichever_is_first() {
    let server = Server::start();
    let state = tempfile::tempdir().unwrap();
    let said: Vec<String> = (0..10).map(|number| format!("line {number}.")).collect();
    let (ok, _, err) = pipe(&server, "user1", state.path(), &[], &format!("/create r\n{}\n", said.join("\n")));
    assert!(ok, "{err}");
    for args in [&["--room", "r"][..], &["--room", "r", "--json"], &["--room", "r", "--transport", "websocket"]] {
        let (ok, out, err) = pipe(&server, "user2", state.path(), args, "/history\nmine\n");
        assert!(ok, "{err}");
        for text in &said {
            assert_eq!(out.matches(text.as_str()).count(), 1, "{args:?}: {text} in\n{out}");
        }
    }
}

#[test]
fn what_is_not_delivered_fails_a_script_and_what_is_no_text_is_not_lost() {
    let server = Server::start();
    let state = tempfile::tempdir().unwrap();
    let (ok, _, err) = pipe(&server, "user1", state.path(), &[], "nobody is there to hear\n");
    assert!(!ok && err.contains("enter a room first"), "{err}");
    let mut child = program(&server, "user1", state.path(), &[]).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"/create odd\nbad \xff byte\nand more").unwrap();
    let output = child.wait_with_output().unwrap();
    let (out, err) = said(&output);
    assert!(output.status.success(), "{err}");
    assert!(out.contains("user1: bad \u{FFFD} byte") && out.contains("user1: and more"), "{out}");
}

/// What the outbox of the only user holds.
fn kept(state: &Path) -> String {
    let files = std::fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path());
    let outbox = files.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "json"));
    outbox.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
}

#[test]
fn pictures_are_set_listed_and_removed_from_a_terminal() {
    let server = Server::start();
    let state = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| pipe(&server, "user1", state.path(), args, "");
    let file = state.path().join("one.png");
    std::fs::write(&file, RED_PIXEL).unwrap();
    let path = file.to_str().unwrap();

    let none = || assert_eq!(run(&["emoji", "list"]), (true, String::new(), String::new()));
    none();
    let (ok, out, err) = run(&["emoji", "add", "dot", path]);
    assert!(ok && out == ":dot:\n", "{out}{err}");
    assert_eq!(run(&["emoji", "list"]).1, ":dot: 1 x 1\n");
    let (ok, _, err) = run(&["emoji", "add", "No Name", path]);
    assert!(!ok && err.contains("2 to 32 characters"), "{err}");
    let (ok, _, err) = run(&["avatar", path]);
    assert!(ok, "{err}");
    let (ok, _, err) = run(&["avatar", "--remove"]);
    assert!(ok, "{err}");
    let (ok, _, err) = run(&["avatar", state.path().join("no.png").to_str().unwrap()]);
    assert!(!ok && err.contains("cannot be read"), "{err}");

    let (ok, _, err) = pipe(&server, "user1", state.path(), &[], "/create garden\n");
    assert!(ok, "{err}");
    let (ok, _, err) = run(&["--room", "garden", "avatar", path]);
    assert!(ok, "{err}");
    let (ok, out, err) =
        pipe(&server, "user1", state.path(), &["--room", "garden"], &format!("/history\n/avatar {path}\n"));
    assert!(out.contains("user1 changed the picture of the room"), "{out}");
    assert!(ok && err.contains("your new picture"), "{err}");
    assert!(run(&["emoji", "remove", "dot"]).0);
    none();
}

#[test]
fn two_talk_alone_by_their_usernames() {
    let server = Server::start();
    let state = tempfile::tempdir().unwrap();
    let (ok, out, err) = pipe(&server, "user1", state.path(), &[], "/msg USER2\nfor you alone\n/rooms\n/leave\n");
    assert!(ok && err.contains("alone with user2"), "{err}");
    assert!(out.contains("user1: for you alone") && out.contains("@ user2"), "{out}");
    let other = tempfile::tempdir().unwrap();
    let (ok, out, err) = pipe(&server, "user2", other.path(), &[], "/msg user1\n/history\n/msg nobody9\n");
    assert!(ok && err.contains("alone with user1") && err.contains("nobody called nobody9"), "{err}");
    assert!(out.contains("user1: for you alone"), "{out}");
    let third = tempfile::tempdir().unwrap();
    let (_, out, _) = pipe(&server, "user3", third.path(), &[], "/rooms\n");
    assert!(!out.contains("user1") && !out.contains("user2"), "{out}");
}
