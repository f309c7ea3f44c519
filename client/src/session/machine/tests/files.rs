//! The files of a page of history, which come in a frame of their own before it.

use super::*;
use rill_protocol::{
    TransferId,
    message::{Direction, FileInfo, FileOutcome, FileState, GetMessages, MessageFile, MessagePage},
};

fn ask(bench: &mut Bench) -> (u32, oneshot::Receiver<Result<Answer, Error>>) {
    let (answer, outcome) = oneshot::channel();
    let request = Request::GetMessages { room: ROOM, direction: Direction::Before, seq: 9, limit: 5 };
    bench.machine.command(Command::Ask(Ask { request, answer, tries: 0 }));
    (bench.controls::<GetMessages>()[0].request, outcome)
}

fn page(request: u32) -> MessagePage {
    MessagePage { request, epoch: EPOCH, as_of: U53::from(9), messages: Vec::new(), next: None }
}

fn files(request: u32) -> MessageFiles {
    let size = U53::from(9);
    let file = FileInfo { transfer: TransferId([5; 16]), name: "a.pdf".to_owned(), size, voice: None };
    let state = FileState { outcome: FileOutcome::Complete, code: 0, size, media_type: String::new(), image: None };
    MessageFiles { request, files: vec![MessageFile { seq: U53::from(4), file, state }] }
}

fn count(mut outcome: oneshot::Receiver<Result<Answer, Error>>) -> usize {
    let Ok(Answer::Messages(page)) = outcome.try_recv().unwrap() else { panic!("no page") };
    page.files.len()
}

#[test]
fn a_page_has_its_own_files_and_no_others() {
    let mut bench = Bench::online(&[ROOM]);
    let (first, outcome) = ask(&mut bench);
    bench.receive(&files(first));
    bench.receive(&page(first));
    assert_eq!(count(outcome), 1);
    let (second, outcome) = ask(&mut bench);
    bench.receive(&files(first));
    bench.receive(&page(second));
    assert_eq!(count(outcome), 0, "those of another page");
    // The stream is cut between the two frames: the page is asked for again, and has none.
    let (third, outcome) = ask(&mut bench);
    bench.receive(&files(third));
    bench.machine.history_lost();
    let again = bench.controls::<GetMessages>()[0].request;
    bench.receive(&page(again));
    assert_eq!(count(outcome), 0);
}
