//! Random operations, and the sequences that once failed.

use proptest::{collection::vec, prelude::*};

use super::{End, Op, run};

fn end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Client), Just(End::Server)]
}

/// Few streams, so that operations meet; lengths around every boundary.
fn op() -> impl Strategy<Value = Op> {
    let length = prop_oneof![0..600u16, 16_380..16_390u16, any::<u16>(), Just(u16::MAX)];
    prop_oneof![
        3 => (0..5u8).prop_map(|class| Op::Open { class }),
        3 => Just(Op::Accept),
        12 => (end(), 0..8u8, length).prop_map(|(end, stream, length)| Op::Write { end, stream, length }),
        6 => (end(), 0..8u8).prop_map(|(end, stream)| Op::Read { end, stream }),
        1 => (end(), 0..8u8).prop_map(|(end, stream)| Op::Finish { end, stream }),
        1 => (end(), 0..8u8, any::<u8>()).prop_map(|(end, stream, code)| Op::Reset { end, stream, code }),
        1 => (end(), 0..8u8, any::<u8>()).prop_map(|(end, stream, code)| Op::Stop { end, stream, code }),
        1 => (end(), 0..8u8).prop_map(|(end, stream)| Op::ReleaseSend { end, stream }),
        1 => (end(), 0..8u8).prop_map(|(end, stream)| Op::ReleaseRecv { end, stream }),
        1 => (end(), any::<u16>()).prop_map(|(end, length)| Op::Datagram { end, length }),
        12 => (end(), 1..6u8).prop_map(|(end, cut)| Op::Transmit { end, cut }),
        12 => end().prop_map(|end| Op::Deliver { end }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_machines_keep_every_promise(ops in vec(op(), 1..250)) {
        run(ops);
    }
}

#[test]
fn files_that_were_abandoned_unread_give_the_pool_back() {
    let mut ops = Vec::new();
    for stream in 0..8 {
        ops.push(Op::Open { class: 4 });
        for _ in 0..6 {
            ops.push(Op::Write { end: End::Client, stream, length: 40_000 });
            ops.push(Op::Transmit { end: End::Client, cut: 1 });
        }
        ops.push(if stream % 2 == 0 {
            Op::Reset { end: End::Client, stream, code: 9 }
        } else {
            Op::Finish { end: End::Client, stream }
        });
    }
    ops.extend([Op::Deliver { end: End::Server }; 60]);
    ops.extend([Op::Accept; 8]);
    ops.extend((0..8).map(|stream| Op::Stop { end: End::Server, stream, code: 3 }));
    run(ops);
}

#[test]
fn files_that_were_read_to_their_end_leave_room_for_the_next() {
    let mut ops = Vec::new();
    for stream in 0..10 {
        ops.extend([Op::Open { class: 4 }, Op::Transmit { end: End::Client, cut: 1 }]);
        ops.extend([Op::Deliver { end: End::Server }, Op::Accept]);
        for _ in 0..6 {
            ops.push(Op::Write { end: End::Client, stream, length: 40_000 });
            ops.extend([Op::Transmit { end: End::Client, cut: 9 }; 4]);
            ops.extend([Op::Deliver { end: End::Server }; 4]);
            ops.push(Op::Read { end: End::Server, stream });
            ops.extend([Op::Transmit { end: End::Server, cut: 9 }, Op::Deliver { end: End::Client }]);
        }
        ops.push(Op::Finish { end: End::Client, stream });
        ops.extend([Op::ReleaseSend { end: End::Client, stream }, Op::ReleaseRecv { end: End::Client, stream }]);
        ops.extend([Op::ReleaseSend { end: End::Server, stream }]);
        ops.extend([Op::Transmit { end: End::Client, cut: 1 }, Op::Deliver { end: End::Server }]);
    }
    run(ops);
}

#[test]
fn a_stop_ends_a_finished_stream_that_has_no_credit_left() {
    let mut ops = vec![Op::Open { class: 0 }];
    for _ in 0..6 {
        ops.push(Op::Write { end: End::Client, stream: 0, length: u16::MAX });
        ops.extend([Op::Transmit { end: End::Client, cut: 9 }; 8]);
    }
    ops.push(Op::Finish { end: End::Client, stream: 0 });
    ops.extend([Op::Deliver { end: End::Server }; 60]);
    ops.extend([Op::Accept, Op::Stop { end: End::Server, stream: 0, code: 3 }]);
    run(ops);
}
