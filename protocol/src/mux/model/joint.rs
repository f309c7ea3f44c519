//! The two machines, the messages on their way, and the onlooker's account.

use bytes::{Bytes, BytesMut};
use std::collections::{BTreeMap, VecDeque};

use super::{
    End, Op,
    flow::{Flow, content},
};
use crate::{
    limits::{DATAGRAM_BYTES_MAX, MUX_BULK_WINDOW_BYTES, MUX_FILE_WINDOW_BYTES, MUX_MESSAGE_BYTES_MAX},
    mux::{
        Class, HalfError, Mux, Read, Role, StreamId,
        frame::{Frame, Frames},
    },
};

/// One machine and what surrounds it.
#[derive(Debug)]
struct Side {
    mux: Mux,
    /// Streams whose halves its application holds or held.
    held: Vec<StreamId>,
    /// Messages on their way to it.
    inbox: VecDeque<Bytes>,
    /// The grant of the pool that has reached it.
    pool_limit: u64,
    datagrams_sent: u32,
    /// The last datagram that it received.
    datagram_seen: Option<u32>,
}

impl Side {
    fn new(role: Role) -> Self {
        Self {
            mux: Mux::new(role),
            held: Vec::new(),
            inbox: VecDeque::new(),
            pool_limit: MUX_BULK_WINDOW_BYTES,
            datagrams_sent: 0,
            datagram_seen: None,
        }
    }

    fn pick(&self, stream: u8) -> Option<StreamId> {
        self.held.get(usize::from(stream) % self.held.len().max(1)).copied()
    }
}

#[derive(Debug)]
pub(super) struct Joint {
    sides: BTreeMap<End, Side>,
    /// Keyed by the sender.
    pub(super) flows: BTreeMap<(End, StreamId), Flow>,
}

impl Joint {
    pub(super) fn new() -> Self {
        let sides = [(End::Client, Side::new(Role::Client)), (End::Server, Side::new(Role::Server))];
        Self { sides: sides.into(), flows: BTreeMap::new() }
    }

    fn side(&mut self, end: End) -> &mut Side {
        self.sides.get_mut(&end).expect("both sides exist")
    }

    pub(super) fn flow(&mut self, end: End, id: StreamId) -> &mut Flow {
        self.flows.get_mut(&(end, id)).expect("the stream was opened")
    }

    pub(super) fn held(&self, end: End) -> Vec<StreamId> {
        self.sides[&end].held.clone()
    }

    pub(super) fn apply(&mut self, op: Op) {
        match op {
            Op::Open { class } => {
                self.open(Class::ALL[usize::from(class) % Class::ALL.len()]);
            }
            Op::Accept => {
                self.accept();
            }
            Op::Write { end, stream, length } => self.on_sender(end, stream, |joint, id| {
                joint.write(end, id, usize::from(length));
            }),
            Op::Read { end, stream } => self.on_receiver(end, stream, |joint, id| {
                joint.read(end, id);
            }),
            Op::Finish { end, stream } => self.on_sender(end, stream, |joint, id| {
                joint.side(end).mux.finish(id);
                let flow = joint.flow(end, id);
                flow.finished |= !flow.reset;
            }),
            Op::Reset { end, stream, code } => self.on_sender(end, stream, |joint, id| {
                joint.side(end).mux.reset(id, u32::from(code));
                let flow = joint.flow(end, id);
                flow.reset |= !flow.finished;
            }),
            Op::Stop { end, stream, code } => {
                self.on_receiver(end, stream, |joint, id| joint.stop(end, id, u32::from(code)));
            }
            Op::ReleaseSend { end, stream } => self.on_sender(end, stream, |joint, id| joint.release_send(end, id)),
            Op::ReleaseRecv { end, stream } => self.on_receiver(end, stream, |joint, id| joint.release_recv(end, id)),
            Op::Datagram { end, length } => self.datagram(end, usize::from(length)),
            Op::Transmit { end, cut } => {
                self.transmit(end, usize::from(cut));
            }
            Op::Deliver { end } => {
                self.deliver(end);
            }
        }
    }

    /// Runs `act` on a stream whose sending half the application of `end` holds.
    fn on_sender(&mut self, end: End, stream: u8, act: impl FnOnce(&mut Self, StreamId)) {
        if let Some(id) = self.sides[&end].pick(stream).filter(|id| !self.flows[&(end, *id)].sender_released) {
            act(self, id);
        }
    }

    fn on_receiver(&mut self, end: End, stream: u8, act: impl FnOnce(&mut Self, StreamId)) {
        let from = end.other();
        if let Some(id) = self.sides[&end].pick(stream).filter(|id| !self.flows[&(from, *id)].receiver_released) {
            act(self, id);
        }
    }

    pub(super) fn open(&mut self, class: Class) -> Option<StreamId> {
        let id = self.side(End::Client).mux.open(class).ok()?;
        self.side(End::Client).held.push(id);
        for end in End::BOTH {
            assert!(self.flows.insert((end, id), Flow::new(class)).is_none(), "stream {id} opened twice");
        }
        Some(id)
    }

    pub(super) fn accept(&mut self) -> bool {
        let Some((id, class)) = self.side(End::Server).mux.accept() else { return false };
        assert_eq!(self.flow(End::Client, id).class, class);
        self.side(End::Server).held.push(id);
        true
    }

    pub(super) fn write(&mut self, end: End, id: StreamId, length: usize) -> usize {
        let offset = self.flow(end, id).written;
        let mut bytes = content(end, id, offset, length);
        let outcome = self.side(end).mux.write(id, &mut bytes);
        let flow = self.flow(end, id);
        match outcome {
            Ok(taken) => {
                assert!(!flow.finished && !flow.reset && !flow.stop_delivered);
                assert_eq!(taken, length - bytes.len());
                flow.written += taken as u64;
                taken
            }
            Err(HalfError::Peer(_)) => {
                assert!(flow.stop_delivered);
                0
            }
            Err(HalfError::Closed) => {
                assert!(flow.finished || flow.reset);
                0
            }
        }
    }

    pub(super) fn read(&mut self, end: End, id: StreamId) -> bool {
        let outcome = self.side(end).mux.read(id);
        let flow = self.flow(end.other(), id);
        match outcome {
            Ok(Read::Bytes(bytes)) => {
                assert!(!flow.stopped);
                assert_eq!(bytes, content(end.other(), id, flow.read, bytes.len()), "bytes of stream {id}");
                flow.read += bytes.len() as u64;
                flow.gone = flow.gone.max(flow.read);
                assert!(flow.read <= flow.delivered);
                true
            }
            Ok(Read::Nothing) => false,
            Ok(Read::End) => {
                assert!(flow.finished);
                assert!(flow.read == flow.written || flow.stopped, "stream {id} ended early");
                flow.end_read = true;
                false
            }
            Err(HalfError::Peer(_)) => {
                assert!(flow.reset_sent);
                false
            }
            Err(HalfError::Closed) => {
                assert!(flow.stopped);
                false
            }
        }
    }

    fn stop(&mut self, end: End, id: StreamId, code: u32) {
        self.side(end).mux.stop(id, code);
        let flow = self.flow(end.other(), id);
        flow.stopped = true;
        flow.gone = flow.delivered;
    }

    pub(super) fn release_send(&mut self, end: End, id: StreamId) {
        self.side(end).mux.release_send(id);
        let flow = self.flow(end, id);
        flow.sender_released = true;
        flow.reset |= !flow.finished;
    }

    pub(super) fn release_recv(&mut self, end: End, id: StreamId) {
        self.side(end).mux.release_recv(id);
        let flow = self.flow(end.other(), id);
        flow.receiver_released = true;
        flow.stopped = true;
        flow.gone = flow.delivered;
    }

    fn datagram(&mut self, end: End, length: usize) {
        let side = self.side(end);
        let mut datagram = BytesMut::zeroed(4 + length % DATAGRAM_BYTES_MAX);
        datagram[..4].copy_from_slice(&side.datagrams_sent.to_be_bytes());
        side.datagrams_sent += u32::from(datagram.len() <= DATAGRAM_BYTES_MAX);
        side.mux.send_datagram(datagram.freeze());
    }

    /// Moves one message of `end` to the other's inbox, cut into several.
    pub(super) fn transmit(&mut self, end: End, cut: usize) -> bool {
        let urgent = self.flows.iter().filter(|((from, _), flow)| *from == end && flow.is_urgent());
        let most_urgent = urgent.map(|(_, flow)| flow.class).min();
        let Some(message) = self.side(end).mux.transmit() else {
            assert_eq!(most_urgent, None, "nothing was transmitted");
            return false;
        };
        assert!(message.len() <= MUX_MESSAGE_BYTES_MAX);
        let frames: Vec<_> = Frames::new(&message).and_then(Iterator::collect).expect("own frames decode");
        let mut classes = Vec::new();
        for frame in &frames {
            self.on_transmitted(end, frame, &mut classes);
        }
        assert!(classes.is_sorted(), "classes in one message: {classes:?}");
        if let (Some(first), Some(urgent)) = (classes.first(), most_urgent) {
            assert!(*first <= urgent, "{first:?} was sent before {urgent:?}");
        }
        for part in frames.chunks(cut.max(1)) {
            let mut out = BytesMut::new();
            part.iter().for_each(|frame| frame.put(&mut out));
            self.side(end.other()).inbox.push_back(out.freeze());
        }
        true
    }

    fn on_transmitted(&mut self, end: End, frame: &Frame<'_>, classes: &mut Vec<Class>) {
        match *frame {
            Frame::Data { stream, bytes } => {
                let flow = self.flow(end, stream);
                assert!(!flow.end_sent, "data behind the end of stream {stream}");
                classes.push(flow.class);
                flow.sent += bytes.len() as u64;
                assert!(flow.sent <= flow.limit, "over the credit of stream {stream}");
                self.check_the_pool(end);
            }
            Frame::Fin { stream } => {
                let flow = self.flow(end, stream);
                assert!(!flow.end_sent && flow.sent == flow.written);
                flow.end_sent = true;
            }
            Frame::Reset { stream, .. } => {
                let flow = self.flow(end, stream);
                assert!(!flow.end_sent && (flow.reset || flow.stop_delivered));
                (flow.end_sent, flow.reset_sent) = (true, true);
            }
            Frame::Stop { stream, .. } => assert!(self.flow(end.other(), stream).stopped),
            Frame::Credit { .. } | Frame::Datagram { .. } => {}
            Frame::Open { .. } => assert_eq!(end, End::Client),
        }
    }

    fn check_the_pool(&self, end: End) {
        let flows = || self.flows.iter().filter(|((from, _), _)| *from == end).map(|(_, flow)| flow);
        let sent: u64 = flows().filter(|flow| flow.class.is_bulk()).map(|flow| flow.sent).sum();
        assert!(sent <= self.sides[&end].pool_limit, "over the credit of the pool");
        let held: u64 = flows().filter(|flow| flow.class == Class::File).map(|flow| flow.sent - flow.gone).sum();
        assert!(held <= MUX_FILE_WINDOW_BYTES, "files hold {held} bytes of the pool");
    }

    /// `end` receives its oldest message.
    pub(super) fn deliver(&mut self, end: End) -> bool {
        let Some(message) = self.side(end).inbox.pop_front() else { return false };
        self.side(end).mux.receive(&message).expect("the peer keeps the rules");
        for frame in Frames::new(&message).expect("it has just been received") {
            self.on_delivered(end, frame.expect("it has just been received"));
        }
        while let Some(datagram) = self.side(end).mux.recv_datagram() {
            let number = u32::from_be_bytes(datagram[..4].try_into().expect("four bytes"));
            let side = self.side(end);
            assert!(side.datagram_seen < Some(number), "a datagram came twice or late");
            side.datagram_seen = Some(number);
        }
        true
    }

    fn on_delivered(&mut self, end: End, frame: Frame<'_>) {
        let from = end.other();
        match frame {
            Frame::Data { stream, bytes } => {
                let flow = self.flow(from, stream);
                flow.delivered += bytes.len() as u64;
                if flow.stopped {
                    flow.gone = flow.delivered;
                }
            }
            Frame::Reset { stream, .. } => {
                let flow = self.flow(from, stream);
                flow.gone = flow.delivered;
            }
            Frame::Stop { stream, .. } => {
                let flow = self.flow(end, stream);
                flow.stop_delivered |= !flow.end_sent;
            }
            Frame::Credit { stream: 0, limit } => self.side(end).pool_limit = limit,
            Frame::Credit { stream, limit } => self.flow(end, stream).limit = limit,
            Frame::Fin { .. } | Frame::Datagram { .. } | Frame::Open { .. } => {}
        }
    }
}
