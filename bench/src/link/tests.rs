//! The link by itself, and between two sockets.

use std::{
    net::{SocketAddr, UdpSocket},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use super::{
    Link,
    direction::{Direction, Fate},
    end,
    spec::LinkSpec,
};

const SPEC: &str = "rtt=50ms,loss=2%,rate=20mbit,queue=50ms,seed=1";

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn a_link_is_read_and_written_the_same() {
    let spec: LinkSpec = SPEC.parse().unwrap();
    assert_eq!((spec.rtt, spec.queue, spec.rate_bits_per_s, spec.seed), (ms(50), ms(50), 20_000_000, 1));
    assert!((spec.loss - 0.02).abs() < 1e-9);
    assert_eq!(spec.to_string(), SPEC);
    for wrong in
        ["", "rtt=50", "loss=100%", "loss=-1%", "rate=0mbit", "rate=nanmbit", "delay=1ms", "seed=x", "rtt=1e9ms"]
    {
        assert!(wrong.parse::<LinkSpec>().is_err(), "{wrong}");
    }
}

#[test]
fn packets_leave_at_the_rate_and_arrive_after_the_delay() {
    let mut direction = Direction::new(&"rtt=50ms,rate=20mbit,queue=50ms".parse().unwrap(), "up");
    // 1,250 bytes are half a millisecond at 20 Mbit/s.
    for packet in 1..=100u64 {
        let out = Duration::from_micros(500 * packet) + ms(25);
        assert_eq!(direction.pass(Duration::ZERO, 1_250), Fate::Out(out), "{packet}");
    }
    assert!(matches!(direction.pass(Duration::ZERO, 1_250), Fate::Out(_)), "one may wait 50 ms");
    assert_eq!(direction.pass(Duration::ZERO, 1_250), Fate::Dropped);
    assert!(matches!(direction.pass(ms(1), 1_250), Fate::Out(_)), "time makes room");
    assert_eq!(direction.pass(ms(1_000), 1_250), Fate::Out(ms(1_025) + Duration::from_micros(500)), "idle again");
}

#[test]
fn a_seed_decides_which_packets_are_lost() {
    let lost = |spec: &str, name| {
        let mut direction = Direction::new(&spec.parse().unwrap(), name);
        (0..50_000u64).filter(|n| direction.pass(ms(*n), 100) == Fate::Lost).collect::<Vec<_>>()
    };
    let first = lost(SPEC, "up");
    assert!((800..1_200).contains(&first.len()), "{} of 50,000", first.len());
    assert_eq!(first, lost(SPEC, "up"));
    assert_ne!(first, lost(SPEC, "down"));
    assert_ne!(first, lost("rtt=50ms,loss=2%,rate=20mbit,queue=50ms,seed=2", "up"));
    assert!(lost("rtt=50ms", "up").is_empty());
}

/// A thread of its own is the process of clients: what it starts is at its end, nothing else is.
#[test]
fn packets_cross_the_link_and_its_processes_go_with_it() {
    if !rustix::process::geteuid().is_root() || !std::path::Path::new("/dev/net/tun").exists() {
        eprintln!("not root, or no /dev/net/tun: a link is not laid here");
        return;
    }
    thread::spawn(|| {
        let link = Link::between(&"rtt=40ms,loss=0%,rate=100mbit".parse().unwrap()).unwrap();
        // What answers is the kernel at the other end: that nobody listens there.
        let socket = UdpSocket::bind((end::CLIENTS, 0)).unwrap();
        socket.connect(SocketAddr::from((end::SERVER, 9))).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let began = Instant::now();
        socket.send(&[0; 1_000]).unwrap();
        let answer = socket.recv(&mut [0; 10]).unwrap_err();
        assert_eq!(answer.kind(), std::io::ErrorKind::ConnectionRefused);
        let took = began.elapsed();
        assert!(took >= ms(40) && took < ms(2_000), "{took:?}");
        let report = link.report();
        assert_eq!((report.up.packets, report.down.packets), (1, 1));
        assert_eq!(report.up.bytes, 1_028);

        link.drop_udp(true);
        socket.set_read_timeout(Some(ms(500))).unwrap();
        socket.send(&[0; 1_000]).unwrap();
        let silence = socket.recv(&mut [0; 10]).unwrap_err();
        assert_ne!(silence.kind(), std::io::ErrorKind::ConnectionRefused, "nobody heard it");
        let report = link.report();
        assert_eq!((report.up.packets, report.up.dropped, report.down.packets), (2, 1, 1));
        link.drop_udp(false);

        let there = |words: &[&str]| {
            let mut command = Command::new(words[0]);
            command.args(&words[1..]).stdout(std::process::Stdio::piped());
            let output = link.server.spawn(command).unwrap().wait_with_output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let said = there(&["cat", "/proc/self/net/dev"]);
        let names: Vec<&str> =
            said.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim()).collect();
        assert_eq!(names, ["lo", "link"], "{said}");
        let loopback = there(&["ip", "-brief", "address", "show", "dev", "lo"]);
        assert!(loopback.contains("127.0.0.1"), "a server listens there too: {loopback:?}");
    })
    .join()
    .unwrap();
}
