//! Carries packets from one device to the other.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};
use tun_rs::SyncDevice;

use super::{
    Carried,
    direction::{Direction, Fate},
    spec::LinkSpec,
};

/// What is under way at once, in packets: far more than any queue and delay that may be asked
/// for hold at a rate where they matter.
const UNDER_WAY_MAX: usize = 65_536;
const PACKET_BYTES_MAX: usize = 65_536;
/// Where a packet of IPv4 says what it carries (RFC 791, section 3.1), and UDP by its number (RFC 768).
const PROTOCOL_AT: usize = 9;
const UDP: u8 = 17;

/// Counters of one direction. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts(Arc<[AtomicU64; 4]>);

impl Counts {
    fn add(&self, fate: Fate, bytes: usize) {
        let [packets, sum, lost, dropped] = &*self.0;
        packets.fetch_add(1, Relaxed);
        sum.fetch_add(bytes as u64, Relaxed);
        match fate {
            Fate::Lost => lost.fetch_add(1, Relaxed),
            Fate::Dropped => dropped.fetch_add(1, Relaxed),
            Fate::Out(_) => 0,
        };
    }

    pub(super) fn now(&self) -> Carried {
        let [packets, bytes, lost, dropped] = &*self.0;
        let [packets, bytes, lost, dropped] = [packets, bytes, lost, dropped].map(|count| count.load(Relaxed));
        Carried { packets, bytes, lost, dropped }
    }
}

/// What does not get through at all.
#[derive(Debug, Default)]
pub(super) struct Filter {
    without_udp: AtomicBool,
}

impl Filter {
    pub(super) fn drop_udp(&self, is_dropped: bool) {
        self.without_udp.store(is_dropped, Relaxed);
    }

    fn drops(&self, packet: &[u8]) -> bool {
        self.without_udp.load(Relaxed) && packet.get(PROTOCOL_AT) == Some(&UDP)
    }
}

/// Begins both directions: up, then down.
pub(super) fn begin(
    spec: &LinkSpec,
    clients: SyncDevice,
    server: SyncDevice,
    filter: &Arc<Filter>,
) -> io::Result<(Counts, Counts)> {
    let (clients, server) = (Arc::new(clients), Arc::new(server));
    let up = carry("up", spec, &clients, &server, filter)?;
    let down = carry("down", spec, &server, &clients, filter)?;
    Ok((up, down))
}

/// Two threads: one takes packets in, and one lets them out when their moment has come. They
/// come out in the order in which they went in, so a queue is enough.
fn carry(
    name: &str,
    spec: &LinkSpec,
    from: &Arc<SyncDevice>,
    to: &Arc<SyncDevice>,
    filter: &Arc<Filter>,
) -> io::Result<Counts> {
    let (start, counts) = (Instant::now(), Counts::default());
    let (enter, leave) = sync_channel(UNDER_WAY_MAX);
    let direction = Direction::new(spec, name);
    let (from, to, counted, filter) = (Arc::clone(from), Arc::clone(to), counts.clone(), Arc::clone(filter));
    let thread = |end: &str| thread::Builder::new().name(format!("link-{name}-{end}"));
    thread("in").spawn(move || take_in(&from, direction, &filter, start, &counted, &enter))?;
    thread("out").spawn(move || let_out(&to, start, &leave))?;
    Ok(counts)
}

type Packet = (Duration, Vec<u8>);

fn take_in(
    from: &SyncDevice,
    mut direction: Direction,
    filter: &Filter,
    start: Instant,
    counts: &Counts,
    enter: &SyncSender<Packet>,
) {
    let mut buffer = vec![0; PACKET_BYTES_MAX];
    while let Ok(bytes) = from.recv(&mut buffer) {
        let packet = &buffer[..bytes];
        if !is_ipv4(packet) {
            continue;
        }
        let fate = if filter.drops(packet) { Fate::Dropped } else { direction.pass(start.elapsed(), bytes) };
        counts.add(fate, bytes);
        if let Fate::Out(at) = fate
            && enter.send((at, packet.to_vec())).is_err()
        {
            return;
        }
    }
}

fn let_out(to: &SyncDevice, start: Instant, leave: &Receiver<Packet>) {
    while let Ok((at, packet)) = leave.recv() {
        if let Some(early) = at.checked_sub(start.elapsed()) {
            thread::sleep(early);
        }
        // The kernel refuses what its own queue cannot hold; so does a real link's other end.
        to.send(&packet).ok();
    }
}

/// What the kernel says for itself (router solicitations of IPv6) is not of the load.
fn is_ipv4(packet: &[u8]) -> bool {
    packet.first().is_some_and(|first| first >> 4 == 4)
}
