//! `rill-chat send` and `get`, and `/send`, `/files`, `/get`: killed, started again, and
//! given names that are none.

use rill_client::TransportKind;
use std::{io::Write, path::Path, thread, time::Duration};
use tokio::time::sleep;

use super::{
    super::{
        program::{program, said},
        server::{Server, within},
    },
    Files, LOOK, digest,
    killed::half_finished,
};

async fn room(server: &Server, name: &str) {
    let (client, _events) = server.client("user1", TransportKind::WebSocket).await;
    within(60, client.create_room(name)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_sent_listed_and_fetched() {
    let (server, files, state) = (Server::start(), Files::new(), Files::new());
    room(&server, "r").await;
    let (a, b) = (files.random("a plan.pdf", 200_000), files.random("b.bin", 70_000));
    let (a_text, b_text) = (a.display().to_string(), b.display().to_string());
    let args = ["--room", "r", "send", "--caption", "for you", &a_text, &b_text];
    let output = program(&server, "user1", &state.path(""), &args).output().unwrap();
    let (out, err) = said(&output);
    assert!(output.status.success(), "{err}");
    assert_eq!(out.lines().count(), 2, "{out}");
    assert!(!err.contains('\u{1B}') && out.contains("a plan.pdf, 195.3 KiB"), "{out}{err}");

    let args = ["--transport", "websocket", "--room", "r", "get"];
    let (out, _) = said(&program(&server, "user2", &state.path(""), &args).output().unwrap());
    let numbers: Vec<&str> = out.lines().map(|line| line["[file ".len()..].split(':').next().unwrap()).collect();
    assert!(numbers.len() == 2 && out.contains("a plan.pdf, 195.3 KiB]"), "{out}");

    let into = Files::new();
    let into_text = into.path("").display().to_string();
    for _ in 0..2 {
        let args = ["--room", "r", "get", "--into", &into_text, numbers[0], numbers[1]];
        let output = program(&server, "user2", &state.path(""), &args).output().unwrap();
        assert!(output.status.success(), "{}", said(&output).1);
    }
    for (name, path) in [("a plan.pdf", &a), ("a plan (1).pdf", &a), ("b.bin", &b), ("b (1).bin", &b)] {
        assert_eq!(digest(&into.path(name)), digest(path), "{name}");
    }
    let args = ["--room", "r", "get", "--into", &into_text, "9999", numbers[1]];
    let output = program(&server, "user2", &state.path(""), &args).output().unwrap();
    let (_, err) = said(&output);
    assert!(err.contains("there is no file 9999") && err.contains("1 of 2 files did not come"), "{err}");
    assert!(!output.status.success());
    assert_eq!(digest(&into.path("b (2).bin")), digest(&b), "the other one came");
    std::fs::remove_file(into.path("b (2).bin")).unwrap();

    let mut child =
        program(&server, "user2", &state.path(""), &["--room", "r"]).current_dir(into.path("")).spawn().unwrap();
    let typed = format!("/send {b_text}\n/files\n/get {}\n/get 9999\n", numbers[1]);
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let (out, err) = said(&output);
    assert!(output.status.success(), "{err}");
    assert!(out.contains("b.bin, 68.4 KiB") && err.contains("sent b.bin as file"), "{out}\n{err}");
    assert!(err.contains("there is no file 9999") && err.contains("b (2).bin"), "{err}");
    assert_eq!(digest(&into.path("b (2).bin")), digest(&b));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_paths_or_commands_are_neither() {
    let (server, files, state) = (Server::start(), Files::new(), Files::new());
    let (client, _events) = server.client("user1", TransportKind::Quic).await;
    let room = within(60, client.create_room("r")).await.unwrap().id;
    let path = files.random("f", 10);
    let name = "../../\u{1B}[2J\u{202E}evil.sh";
    let upload = rill_client::files::Upload::new(room, &path).name(name);
    super::done(&client.upload(upload).await.unwrap()).await;
    let folder = files.path("in/here");
    std::fs::create_dir_all(&folder).unwrap();
    let mut child = program(&server, "user2", &state.path(""), &["--room", "r"]).current_dir(&folder).spawn().unwrap();
    let number =
        within(60, client.history(room, rill_protocol::message::Direction::Before, 1 << 40, 10)).await.unwrap().files
            [0]
        .seq;
    child
        .stdin
        .take()
        .unwrap()
        .write_all(format!("/files\n/get {number}\n", number = number.get()).as_bytes())
        .unwrap();
    let (out, err) = said(&child.wait_with_output().unwrap());
    assert!(![out.as_str(), err.as_str()].concat().contains(['\u{1B}', '\u{202E}']), "{out}\n{err}");
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.len() == 1 && names[0].to_str().unwrap().ends_with("evil.sh"), "{names:?}\n{err}");
    assert_eq!(std::fs::read_dir(files.path("")).unwrap().count(), 2, "f and the folder");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_begun_elsewhere_is_gone_on_with_and_not_posted_again() {
    let (server, files, elsewhere, state) = (Server::start(), Files::new(), Files::new(), Files::new());
    room(&server, "r").await;
    let path = files.random("big.bin", 6_000_000);
    let path_text = path.display().to_string();
    let args = ["--transport", "websocket", "--room", "r", "send", "--kib-per-s", "200", &path_text];
    let mut child = program(&server, "user1", &elsewhere.path(""), &args).spawn().unwrap();
    within(60, async {
        while half_finished(&server) == 0 {
            sleep(LOOK).await;
        }
    })
    .await;
    child.kill().unwrap();
    child.wait().unwrap();
    // Nothing is known of it here.
    let args = ["send", &path_text, "--room", "r"];
    let output = program(&server, "user1", &state.path(""), &args).output().unwrap();
    assert!(output.status.success(), "{}", said(&output).1);
    let (out, _) = said(&program(&server, "user2", &state.path(""), &["--room", "r", "get"]).output().unwrap());
    assert!(out.lines().count() == 1 && out.contains("big.bin, 5.7 MiB]"), "one message, and whole:\n{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_killed_again_and_again_sends_the_file_in_the_end() {
    let (server, files, state) = (Server::start(), Files::new(), Files::new());
    room(&server, "r").await;
    let path = files.random("big", 24_000_000);
    let path_text = path.display().to_string();
    for (round, kind) in ["quic", "webtransport", "websocket", "quic", "websocket"].into_iter().enumerate() {
        let args = ["--transport", kind, "--room", "r", "send", "--kib-per-s", "2000", &path_text];
        let mut child = program(&server, "user1", &state.path(""), &args).spawn().unwrap();
        thread::sleep(Duration::from_millis(700 + 50 * round as u64));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // However the path is spelled.
    std::fs::create_dir(files.path("detour")).unwrap();
    let args = ["--room", "r", "send", &files.path("detour/../big").display().to_string()];
    let output = program(&server, "user1", &state.path(""), &args).output().unwrap();
    let (out, err) = said(&output);
    assert!(output.status.success() && out.contains("big, 22.9 MiB"), "{out}\n{err}");
    let args = ["--room", "r", "get"];
    let (out, _) = said(&program(&server, "user2", &state.path(""), &args).output().unwrap());
    assert_eq!(out.lines().count(), 1, "one message, however often it was begun:\n{out}");
    let number = out["[file ".len()..].split(':').next().unwrap().to_owned();
    let into = files.path("back").display().to_string();
    for kill_after_ms in [500, 900] {
        let args = ["--room", "r", "get", "--kib-per-s", "9000", "--into", &into, &number];
        let mut child = program(&server, "user2", &state.path(""), &args).spawn().unwrap();
        thread::sleep(Duration::from_millis(kill_after_ms));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let args = ["--room", "r", "get", "--into", &into, &number];
    let output = program(&server, "user2", &state.path(""), &args).output().unwrap();
    assert!(output.status.success(), "{}", said(&output).1);
    assert_eq!(digest(Path::new(&into)), digest(&path));
}
