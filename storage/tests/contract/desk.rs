//! The administrators' desk: reports come and are closed, and what is done is written down.

use crate::stage::{DAY_MS, Kind, START_MS, Stage, client, contract, digest, room, user};
use rill_protocol::limits::REPORTS_OPEN_PER_USER_MAX;
use rill_storage::{
    limits::{AUDIT_DETAIL_BYTES_MAX, BODY_PART_BYTES_MAX, REPORTS_KNOWN_PER_USER_MAX},
    model::{
        Act, ActOutcome, AuditEntry, Closed, NewAct, NewReport, Quote, Report, ReportOutcome, Reported, ReportsOf,
    },
};

fn complaint(reporter: u64, number: u64, reason: &str) -> NewReport {
    NewReport {
        reporter: user(reporter),
        client_id: client(number),
        digest: digest(reason),
        at_ms: START_MS,
        user: user(9),
        message: Some((room(1), 7)),
        reason: reason.into(),
        quote: Some(Quote {
            text: format!("{number} {}", "长".repeat(BODY_PART_BYTES_MAX)),
            file: Some("图.png".into()),
        }),
    }
}

fn closing(by: u64, note: &str) -> Closed {
    Closed { by: user(by), at_ms: START_MS + 5, outcome: ReportOutcome::MessageRemoved, note: note.into() }
}

async fn made(stage: &Stage, new: NewReport) -> Reported {
    stage.store.reports.report(new).await.unwrap()
}

async fn listed(stage: &Stage, of: ReportsOf, limit: usize) -> Vec<Report> {
    stage.store.reports.page(of, limit).await.unwrap()
}

async fn acts(stage: &Stage) -> Vec<AuditEntry> {
    stage.store.audit.page(u64::MAX, 100).await.unwrap()
}

async fn a_report_holds_what_was_said_until_it_is_closed(kind: Kind) {
    let stage = kind.open();
    for number in 1..=3 {
        assert_eq!(made(&stage, complaint(1, number, "spam")).await, Reported::Made(number));
    }
    assert_eq!(made(&stage, complaint(1, 2, "spam")).await, Reported::Same(2));
    assert_eq!(made(&stage, complaint(1, 2, "other")).await, Reported::Different);
    assert_eq!(made(&stage, complaint(2, 2, "other")).await, Reported::Made(4), "another's client id");
    let person = NewReport { message: None, quote: None, ..complaint(2, 3, "rude") };
    assert_eq!(made(&stage, person).await, Reported::Made(5));

    let open = listed(&stage, ReportsOf::Open { after: 0 }, 100).await;
    assert!(open.iter().map(|report| report.number).eq(1..=5));
    let first = &open[0];
    assert_eq!((first.reporter, first.user, first.message), (user(1), user(9), Some((room(1), 7))));
    assert_eq!((first.reason.as_str(), &first.quote, &first.closed), ("spam", &complaint(1, 1, "").quote, &None));
    assert_eq!((&open[4].message, &open[4].quote), (&None, &None));
    let page = listed(&stage, ReportsOf::Open { after: 1 }, 2).await;
    assert!(page.iter().map(|report| report.number).eq([2, 3]));

    let closed = stage.store.reports.close(2, closing(8, "warned")).await.unwrap().unwrap();
    assert_eq!((&closed.quote, &closed.closed), (&None, &Some(closing(8, "warned"))));
    let again = stage.store.reports.close(2, closing(7, "another")).await.unwrap();
    assert_eq!(again, Some(closed.clone()), "it is closed once");
    stage.store.reports.close(5, closing(8, "")).await.unwrap().unwrap();
    assert_eq!(stage.store.reports.close(99, closing(8, "")).await.unwrap(), None);
    let open = listed(&stage, ReportsOf::Open { after: 0 }, 100).await;
    assert!(open.iter().map(|report| report.number).eq([1, 3, 4]));
    let of = |before| ReportsOf::Closed { before };
    let gone: Vec<_> = listed(&stage, of(u64::MAX), 100).await.iter().map(|report| report.number).collect();
    assert_eq!(gone, [5, 2], "the newest first");
    assert_eq!(listed(&stage, of(5), 100).await, [closed]);
    assert_eq!(made(&stage, complaint(1, 2, "spam")).await, Reported::Same(2), "a retry opens it no more");

    let written = acts(&stage).await;
    let told: Vec<_> = written.iter().map(|entry| (entry.seq, entry.act.number, entry.act.detail.as_str())).collect();
    assert_eq!(told, [(2, Some(5), ""), (1, Some(2), "warned")], "in the same step, once each");
    let first = &written[1];
    assert_eq!((first.act.by, first.act.act, first.outcome), (user(8), Act::ReportClosed, ActOutcome::Done));
    assert_eq!((first.act.user, first.act.room), (Some(user(9)), Some(room(1))));
}

async fn a_user_has_only_so_many_open(kind: Kind) {
    let stage = kind.open();
    let most = REPORTS_OPEN_PER_USER_MAX as u64;
    for number in 1..=most {
        made(&stage, complaint(1, number, "spam")).await;
    }
    assert_eq!(made(&stage, complaint(1, most + 1, "spam")).await, Reported::TooMany);
    assert_eq!(made(&stage, complaint(1, 1, "spam")).await, Reported::Same(1), "a retry is none more");
    assert_eq!(made(&stage, complaint(2, 1, "spam")).await, Reported::Made(most + 1), "others have theirs");
    stage.store.reports.close(1, closing(8, "")).await.unwrap();
    assert_eq!(made(&stage, complaint(1, most + 1, "spam")).await, Reported::Made(most + 2));

    // Also of those that are closed at once not without end, until they are old.
    let short = |number, at_ms| NewReport { quote: None, message: None, at_ms, ..complaint(3, number, "x") };
    for number in 0..REPORTS_KNOWN_PER_USER_MAX as u64 {
        let Reported::Made(made) = made(&stage, short(number, START_MS)).await else { panic!("{number}") };
        stage.store.reports.close(made, closing(8, "")).await.unwrap();
    }
    assert_eq!(made(&stage, short(5_000, START_MS)).await, Reported::TooMany);
    assert!(matches!(made(&stage, short(5_000, START_MS + 8 * DAY_MS)).await, Reported::Made(_)));
}

async fn what_is_done_is_written_down_before_and_after(kind: Kind) {
    let stage = kind.open();
    let act = |number: u64, at_ms| NewAct {
        by: user(8),
        at_ms,
        act: Act::AccountMade,
        user: None,
        room: None,
        number: None,
        detail: format!("user{number}"),
    };
    let audit = &stage.store.audit;
    for number in 1..=4 {
        // A clock that went back moves no entry before another.
        assert_eq!(audit.begin(act(number, START_MS - number)).await.unwrap(), number);
    }
    audit.end(1, ActOutcome::Done, Some(user(1))).await.unwrap();
    audit.end(2, ActOutcome::Failed, None).await.unwrap();
    audit.end(1, ActOutcome::Failed, Some(user(2))).await.unwrap();
    let written = acts(&stage).await;
    let outcomes: Vec<_> = written.iter().map(|entry| (entry.seq, entry.outcome, entry.act.user)).collect();
    let expected = [
        (4, ActOutcome::Begun, None),
        (3, ActOutcome::Begun, None),
        (2, ActOutcome::Failed, None),
        (1, ActOutcome::Done, Some(user(1))),
    ];
    assert_eq!(outcomes, expected, "what is said stays");
    assert!(written.iter().all(|entry| entry.act.at_ms == START_MS - 1));
    let page = audit.page(3, 1).await.unwrap();
    assert_eq!((page.len(), page[0].seq), (1, 2));
    assert!(audit.end(5, ActOutcome::Done, None).await.is_err(), "there is none");
    let long = NewAct { detail: "x".repeat(AUDIT_DETAIL_BYTES_MAX + 1), ..act(5, START_MS) };
    assert!(audit.begin(long).await.is_err());
    assert_eq!(acts(&stage).await.len(), 4);
}

contract! {
    a_report_holds_what_was_said_until_it_is_closed
    a_user_has_only_so_many_open
    what_is_done_is_written_down_before_and_after
}
