//! A real nginx with the configuration of `deploy/`, at other places.

use std::{
    fs,
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};

use super::{LOOK, PATIENCE};
use crate::ports::lasting;

pub(super) const FRONT: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// As many as the file names.
pub(super) const NODES: [Ipv4Addr; 3] =
    [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3), Ipv4Addr::new(127, 0, 0, 4)];

/// Ports that are free at the front's address and at each node's: every node has the same
/// ones, and QUIC's is also the front's, as in `deploy/`.
pub(super) struct Ports {
    pub(super) http: u16,
    pub(super) https: u16,
    pub(super) quic: u16,
    pub(super) front_http: u16,
    pub(super) front_https: u16,
}

impl Ports {
    pub(super) fn free() -> Self {
        let [one, two, three] = NODES;
        let free = || lasting(&[FRONT, one, two, three]);
        Self { http: free(), https: free(), quic: free(), front_http: free(), front_https: free() }
    }
}

/// Ended when it is dropped.
pub(super) struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        // Asked, so that it takes its workers along.
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

/// The file, with nothing changed but addresses, the paths of the certificate, and where
/// nginx writes.
fn configuration(ports: &Ports, folder: &Path) -> String {
    let mut text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/nginx/nginx.conf")).unwrap();
    let mut put = |from: &str, to: &str| {
        assert!(text.contains(from), "deploy/nginx/nginx.conf has no {from:?} any more");
        text = text.replace(from, to);
    };
    let at = |name: &str| folder.join(name).display().to_string();
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
    put("/etc/rill/tls/chat.pem", &at("chat.pem"));
    put("/etc/rill/tls/chat.key", &at("chat.key"));
    put("pid /run/nginx.pid;", &format!("pid {};\nuser root;\ndaemon off;", at("nginx.pid")));
    let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let places: String = places.iter().map(|name| format!("    {name}_temp_path {};\n", at(name))).collect();
    put("\nhttp {\n", &format!("\nhttp {{\n{places}"));
    text
}

/// `None` where there is no nginx, or nobody may run it so; that is a failure in CI.
pub(super) fn start(ports: &Ports, folder: &Path) -> Option<Nginx> {
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
    while TcpStream::connect((FRONT, ports.front_https)).is_err() {
        let said = fs::read_to_string(folder.join("nginx.log")).unwrap();
        let has_ended = nginx.0.try_wait().unwrap().is_some();
        assert!(!has_ended && begun.elapsed() < PATIENCE, "nginx does not listen: {said}");
        std::thread::sleep(LOOK);
    }
    Some(nginx)
}
