use super::*;
use tokio::time::advance;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
const ANN: UserId = UserId([1; 16]);
const BOB: UserId = UserId([2; 16]);

fn off() -> Limits {
    Limits {
        connections: 0,
        connections_per_address: 0,
        connections_per_user: 0,
        handshakes_per_second_per_address: 0,
        requests_per_second_per_address: 0,
        requests_per_second_per_user: 0,
        streams_per_second_per_user: 0,
        receive_kib_per_second_per_address: 0,
        receive_kib_per_second_per_user: 0,
        ..Limits::default()
    }
}

fn gate(limits: Limits) -> Gate {
    Gate::new(&limits, Arc::default(), [0; 32])
}

fn admitted(admission: Admission) -> Permits {
    match admission {
        Admission::Admitted(permits) => permits,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn connections_are_counted_by_address_and_in_all_until_they_end() {
    let gate = gate(Limits { connections: 3, connections_per_address: 2, ..off() });
    let first = admitted(gate.admit(HERE, true));
    let _second = admitted(gate.admit(HERE, true));
    assert!(matches!(gate.admit(HERE, true), Admission::Refused), "the address is full");
    let _third = admitted(gate.admit(THERE, true));
    assert!(matches!(gate.admit(THERE, true), Admission::Refused), "the server is full");
    drop(first);
    admitted(gate.admit(THERE, true));
}

#[tokio::test(start_paused = true)]
async fn handshakes_come_at_a_rate() {
    let gate = gate(Limits { handshakes_per_second_per_address: 2, ..off() });
    for _ in 0..20 {
        admitted(gate.admit(HERE, true));
    }
    assert!(matches!(gate.admit(HERE, true), Admission::Refused));
    assert!(matches!(gate.admit(HERE, false), Admission::Prove), "it may be forged: nobody is refused for it");
    admitted(gate.admit(THERE, true));
    advance(Duration::from_millis(500)).await;
    admitted(gate.admit(HERE, true));
    assert!(matches!(gate.admit(HERE, true), Admission::Refused));
}

#[tokio::test(start_paused = true)]
async fn an_address_has_so_many_handshakes_on_trust() {
    let gate = gate(off());
    let mut under_way: Vec<Permits> =
        (0..UNPROVEN_PER_ADDRESS_MAX).map(|_| admitted(gate.admit(HERE, false))).collect();
    assert!(matches!(gate.admit(HERE, false), Admission::Prove));
    admitted(gate.admit(HERE, true));
    admitted(gate.admit(THERE, false));
    // A handshake that is done is not under way, though its connection stands.
    let Permits { connection: _stands, handshake } = under_way.pop().unwrap();
    drop(handshake);
    admitted(gate.admit(HERE, false));
}

#[tokio::test(start_paused = true)]
async fn a_user_has_so_many_connections_wherever_they_are() {
    let gate = gate(Limits { connections_per_user: 1, ..off() });
    let held = gate.user_connection(ANN);
    assert!(held.is_some() && gate.user_is_full(ANN) && gate.user_connection(ANN).is_none());
    assert!(!gate.user_is_full(BOB) && gate.user_connection(BOB).is_some());
    drop(held);
    assert!(gate.user_connection(ANN).is_some());
}

#[tokio::test(start_paused = true)]
async fn requests_are_refused_past_their_rate_and_a_flood_ends_the_connection() {
    let gate = gate(Limits { requests_per_second_per_user: 1, ..off() });
    let outcomes: Vec<_> = (0..101).map(|_| gate.frame(ANN, true)).collect();
    assert!(outcomes[..10].iter().all(Result::is_ok));
    assert!(outcomes[10..100].iter().all(|outcome| *outcome == Err(Over::Refuse)));
    assert_eq!(outcomes[100], Err(Over::Close));
    assert_eq!(gate.frame(BOB, true), Ok(()));
    assert_eq!(gate.user_request(ANN), Err(Wait(Duration::from_secs(1))), "HTTP and frames share one bucket");
    advance(Duration::from_secs(1)).await;
    assert_eq!(gate.user_request(ANN), Ok(()));
    assert_eq!(gate.frame(ANN, false), Ok(()), "what asks for nothing is no request");
}

#[tokio::test(start_paused = true)]
async fn http_requests_of_an_address_and_streams_of_a_user() {
    let gate = gate(Limits { requests_per_second_per_address: 1, streams_per_second_per_user: 1, ..off() });
    for _ in 0..10 {
        assert_eq!((gate.http_request(HERE), gate.stream(ANN)), (Ok(()), Ok(())));
    }
    let wait = gate.http_request(HERE).unwrap_err();
    assert_eq!((wait.seconds(), gate.stream(ANN)), (1, Err(wait)));
    assert_eq!((gate.http_request(THERE), gate.stream(BOB)), (Ok(()), Ok(())));
    assert_eq!(Wait(Duration::from_millis(1_001)).seconds(), 2);
}

#[tokio::test(start_paused = true)]
async fn bytes_are_paid_for_with_time_by_address_and_by_user() {
    let limits = Limits { receive_kib_per_second_per_address: 4, receive_kib_per_second_per_user: 1, ..off() };
    let gate = gate(limits);
    let (here, there) = (Address::from(HERE), Address::from(THERE));
    assert_eq!(gate.received(Some(here), Some(ANN), 10 * 1_024), Duration::ZERO);
    assert_eq!(gate.received(Some(here), Some(ANN), 1_024), Duration::from_secs(1));
    assert_eq!(gate.received(Some(there), Some(ANN), 1_024), Duration::from_secs(2), "from wherever");
    assert_eq!(gate.received(Some(here), None, 29 * 1_024), Duration::ZERO);
    assert_eq!(gate.received(Some(here), None, 4 * 1_024), Duration::from_secs(1));
    assert_eq!(gate.received(Some(there), Some(BOB), 1_024), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_is_off_limits_nothing() {
    let gate = gate(off());
    let held: Vec<_> = (0..5_000).map(|_| admitted(gate.admit(HERE, true))).collect();
    assert_eq!(held.len(), 5_000);
    for _ in 0..5_000 {
        assert_eq!((gate.http_request(HERE), gate.user_request(ANN)), (Ok(()), Ok(())));
        assert_eq!((gate.frame(ANN, true), gate.stream(ANN)), (Ok(()), Ok(())));
    }
    assert_eq!(gate.received(Some(Address::from(HERE)), Some(ANN), usize::MAX / 4), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_trusted_proxy_is_no_address_and_those_behind_it_are() {
    let limits =
        Limits { connections: 3, connections_per_address: 1, requests_per_second_per_address: 1, ..Limits::default() };
    let proxies = Proxies::new(vec!["192.0.2.0/24".parse().unwrap()]);
    let gate = Gate::new(&limits, Arc::default(), [0; 32]).trusting(proxies);
    let proxy: IpAddr = "192.0.2.1".parse().unwrap();
    let other: IpAddr = "198.51.100.1".parse().unwrap();
    let held: Vec<_> = (0..3).map(|_| admitted(gate.admit(proxy, true))).collect();
    assert!(matches!(gate.admit(proxy, true), Admission::Refused), "the server is full");
    (0..100).for_each(|_| gate.http_request(proxy).unwrap());
    assert_eq!(gate.payer(proxy), None);

    let place = gate.admit_behind(other).unwrap();
    assert!(gate.admit_behind(other).is_none(), "the address is full");
    assert_eq!(gate.payer(other), Some(Address::from(other)));
    drop((place, held));
    assert!(gate.admit_behind(other).is_some());
}

#[tokio::test(start_paused = true)]
async fn what_the_server_did_is_not_told_of_an_address() {
    let is_told = |code| {
        let gate = gate(off());
        (1..alerts::REFUSALS_MAX).for_each(|_| gate.refused("quic", HERE, code));
        gate.alerts.lock().refused(HERE.into(), gate.now_ns()).is_some()
    };
    assert!(is_told(Code::BadTicket) && is_told(Code::NoSuchFile));
    assert!(!is_told(Code::StoreFailed) && !is_told(Code::FileDamaged));
}
