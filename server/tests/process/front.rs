//! The configuration of nginx in `deploy/`, run by a real nginx in front of two servers: the
//! page, the API, a WebSocket and QUIC come through it, addresses are the clients' own, and
//! when one server is killed the other is there.
#![cfg(target_os = "linux")] // addresses of the whole network 127.0.0.0/8

use rill_client::{Client, Config, Credentials, EntryKind, Event, Events, State, TransportKind, Trust};
use rill_protocol::RoomId;
use serde_json::{Value, json};
use std::{
    fs,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::running::Running;

const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);
const FRONT: Ipv4Addr = Ipv4Addr::LOCALHOST;
const NODES: [Ipv4Addr; 2] = [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3)];

/// Ports that are free at the front's address and at each node's: every node has the same
/// ones, and QUIC's is also the front's, as in `deploy/`.
struct Ports {
    http: u16,
    https: u16,
    quic: u16,
    front_http: u16,
    front_https: u16,
}

fn free() -> u16 {
    let is_free = |port: u16| {
        let taken = |ip: &Ipv4Addr| TcpListener::bind((*ip, port)).is_err() || UdpSocket::bind((*ip, port)).is_err();
        ![FRONT].iter().chain(&NODES).any(taken)
    };
    let port = || TcpListener::bind((FRONT, 0)).unwrap().local_addr().unwrap().port();
    (0..100).map(|_| port()).find(|port| is_free(*port)).expect("a free port")
}

/// nginx with the configuration of `deploy/`, at other places; ended when it is dropped.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        // Asked, so that it takes its workers along.
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

fn configuration(ports: &Ports, folder: &Path) -> String {
    let mut text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/nginx/nginx.conf")).unwrap();
    let mut put = |from: &str, to: &str| {
        assert!(text.contains(from), "deploy/nginx/nginx.conf has no {from:?} any more");
        text = text.replace(from, to);
    };
    let at = |name: &str| folder.join(name).display().to_string();
    // Two nodes, on this machine.
    put("        server node3:8080 max_fails=1 fail_timeout=2s;\n", "");
    put("        server node3:8443 max_fails=1 fail_timeout=5s;\n", "");
    for (number, ip) in (1..).zip(NODES) {
        put(&format!("node{number}:8080"), &format!("{ip}:{}", ports.http));
        put(&format!("node{number}:8443"), &format!("{ip}:{}", ports.quic));
    }
    put("listen 80;", &format!("listen {FRONT}:{};", ports.front_http));
    put("listen 443 ssl", &format!("listen {FRONT}:{} ssl", ports.front_https));
    put("listen 8443 udp", &format!("listen {FRONT}:{} udp", ports.quic));
    for port in ["80;", "443 ssl http2;", "8443 udp reuseport;"] {
        put(&format!("listen [::]:{port}\n"), "");
    }
    put("https://$host$request_uri", &format!("https://$host:{}$request_uri", ports.front_https));
    // Each node has a store of its own here: who comes from one address stays at one node.
    put("        least_conn;\n", "        hash $remote_addr;\n");
    put("hash $remote_addr consistent;", "hash $remote_addr;");
    // What it writes and reads.
    put("/etc/rill/tls/chat.pem", &at("chat.pem"));
    put("/etc/rill/tls/chat.key", &at("chat.key"));
    put("pid /run/nginx.pid;", &format!("pid {};\nuser root;\ndaemon off;", at("nginx.pid")));
    put("worker_processes auto;", "worker_processes 2;");
    let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let places: String = places.iter().map(|name| format!("    {name}_temp_path {};\n", at(name))).collect();
    put("\nhttp {\n", &format!("\nhttp {{\n{places}"));
    text
}

/// `None` where there is no nginx, or nobody may run it so; that is a failure in CI.
fn nginx(ports: &Ports, folder: &Path) -> Option<Nginx> {
    let has_stream = Path::new("/etc/nginx/modules-enabled/50-mod-stream.conf").exists();
    let may = rustix::process::geteuid().is_root();
    if !(has_stream && may && Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_ok()) {
        let missing = "the front needs root and nginx with its module stream (nginx, libnginx-mod-stream)";
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        eprintln!("{missing}; nothing was tested");
        return None;
    }
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration(ports, folder)).unwrap();
    // Where Debian's list of modules looks for them.
    std::os::unix::fs::symlink("/usr/lib/nginx/modules", folder.join("modules")).unwrap();
    let log = fs::File::create(folder.join("nginx.log")).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(&file).arg("-e").arg("stderr").stdout(Stdio::null()).stderr(log);
    let mut nginx = Nginx(command.spawn().unwrap());
    let begun = Instant::now();
    while std::net::TcpStream::connect((FRONT, ports.front_https)).is_err() {
        let said = fs::read_to_string(folder.join("nginx.log")).unwrap();
        let has_ended = nginx.0.try_wait().unwrap().is_some();
        assert!(!has_ended && begun.elapsed() < PATIENCE, "nginx does not listen: {said}");
        std::thread::sleep(LOOK);
    }
    Some(nginx)
}

/// A server at an address of its own, with the certificate that the front shows too.
fn node(ip: Ipv4Addr, ports: &Ports, folder: &Path) -> Running {
    let data = folder.join(ip.to_string());
    fs::create_dir(&data).unwrap();
    let at = |port: u16| format!("{ip}:{port}");
    let (http, https, quic) = (at(ports.http), at(ports.https), at(ports.quic));
    let (certificate, key) = (folder.join("chat.pem"), folder.join("chat.key"));
    let args = [
        ["--http", &http],
        ["--https", &https],
        ["--quic", &quic],
        ["--tls-cert", certificate.to_str().unwrap()],
        ["--tls-key", key.to_str().unwrap()],
        ["--set", "quic.publicly_trusted=true"],
        ["--set", "http.trusted_proxies=127.0.0.1"],
    ];
    let args: Vec<&str> = ["--demo"].into_iter().chain(args.into_iter().flatten()).collect();
    Running::start_logging(&data, &args, &folder.join(format!("{ip}.log")))
}

/// A certificate for the front and the nodes.
fn certify(folder: &Path) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(["localhost".to_owned(), FRONT.to_string()]).unwrap();
    fs::write(folder.join("chat.pem"), certificate.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(folder.join("chat.key"), key.serialize_pem()).unwrap();
}

/// Through the front, from an address of this machine's network.
fn browser(from: Ipv4Addr) -> reqwest::Client {
    let client = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).local_address(Some(from.into()));
    client.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn login(client: &reqwest::Client, base: &str) -> String {
    let body = json!({ "username": "user1", "password": "123" });
    let request = client.post(format!("{base}/api/v1/login")).header("origin", base).json(&body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["set-cookie"].to_str().unwrap().contains("; Secure"));
    let login: Value = answer.json().await.unwrap();
    login["token"].as_str().unwrap().to_owned()
}

/// A client by a transport, through the front.
async fn connected(base: &str, token: &str, transport: TransportKind) -> (Client, Events) {
    let credentials = Credentials::Token(token.to_owned());
    let config = Config::new(base.parse().unwrap(), transport, credentials);
    let (client, events) = Client::connect(Config { trust: Trust::danger_accept_any(), ..config }).await.unwrap();
    timeout(PATIENCE, client.online()).await.unwrap_or_else(|_| panic!("{transport}: {:?}", client.state())).unwrap();
    assert!(matches!(client.state(), State::Online { transport: by } if by == transport));
    (client, events)
}

/// Reads until that text is given.
async fn hears(events: &mut Events, text: &str) {
    let read = async {
        loop {
            let event = events.next().await.expect("the client lives");
            if matches!(&event, Event::Entry(entry) if matches!(&entry.kind, EntryKind::Posted { text: of } if of == text))
            {
                return;
            }
        }
    };
    timeout(PATIENCE, read).await.unwrap_or_else(|_| panic!("{text} does not come"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_carries_everything_to_the_nodes_behind_it() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = TempDir::new().unwrap();
    let ports = Ports { http: free(), https: free(), quic: free(), front_http: free(), front_https: free() };
    certify(folder.path());
    let Some(_nginx) = nginx(&ports, folder.path()) else { return };
    let mut nodes = NODES.map(|ip| Some(node(ip, &ports, folder.path())));
    let base = format!("https://{FRONT}:{}", ports.front_https);

    // The page, or the nodes' word that they were built without it; the API as a page of the
    // front; what is not for everybody.
    let here = browser(Ipv4Addr::new(127, 0, 0, 9));
    let page = here.get(&base).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains(&format!("wss://{FRONT}:{}", ports.front_https)), "{policy}");
    let token = login(&here, &base).await;
    for path in ["metrics", "readyz"] {
        assert_eq!(here.get(format!("{base}/{path}")).send().await.unwrap().status(), 404);
    }
    let foreign = here.post(format!("{base}/api/v1/login")).header("origin", "https://evil.example");
    assert_eq!(foreign.json(&json!({})).send().await.unwrap().status(), 403);
    let plain = format!("http://{FRONT}:{}/rooms?x=1", ports.front_http);
    let answer = here.get(&plain).send().await.unwrap();
    assert_eq!(answer.status(), 308);
    assert_eq!(answer.headers()["location"], format!("{base}/rooms?x=1"));
    assert_eq!(here.post(&plain).send().await.unwrap().status(), 421);
    // The nodes know from where, and nobody can say that they are elsewhere.
    here.get(format!("{base}/api/v1/me")).header("x-forwarded-for", "203.0.113.7").send().await.unwrap();
    let said = NODES.map(|ip| fs::read_to_string(folder.path().join(format!("{ip}.log"))).unwrap()).concat();
    let is_told = |line: &&str| line.contains("rill::access") && line.contains("address=127.0.0.9 door=\"proxied\"");
    assert!(said.lines().filter(is_told).count() >= 3, "{said}");
    assert!(!said.contains("203.0.113.7"), "{said}");

    // Over every transport.
    let at_front = browser(FRONT);
    let token_at_front = login(&at_front, &base).await;
    let request = at_front.get(format!("{base}/api/v1/rooms")).bearer_auth(&token_at_front);
    let rooms: Value = request.send().await.unwrap().json().await.unwrap();
    let room: RoomId = rooms["rooms"][0]["id"].as_str().unwrap().parse().unwrap();
    let transports = [TransportKind::WebSocket, TransportKind::Quic, TransportKind::WebTransport];
    let mut clients = Vec::new();
    for transport in transports {
        clients.push(connected(&base, &token_at_front, transport).await);
    }
    for (speaker, transport) in transports.into_iter().enumerate() {
        let text = format!("over {transport}");
        let receipt = clients[speaker].0.post(room, text.clone()).await.unwrap();
        timeout(PATIENCE, receipt.posted()).await.unwrap().unwrap();
        for (_, events) in &mut clients {
            hears(events, &text).await;
        }
    }
    drop(token);

    // One node is gone: the other answers.
    nodes[0] = None;
    for _ in 0..20 {
        assert_eq!(here.get(format!("{base}/api/v1/server")).send().await.unwrap().status(), 200);
        sleep(LOOK).await;
    }
    for (client, _) in clients {
        client.close().await;
    }
}
