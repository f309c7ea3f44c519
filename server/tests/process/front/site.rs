//! Three servers on one Redis behind the front, as `deploy/` has them, and people who only
//! know the front.

use reqwest::StatusCode;
use rill_client::{Client, Config, Credentials, Events, State, TransportKind, Trust};
use rill_redis_process::{Options, Server};
use serde_json::{Value, json};
use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::{
    LOOK, PATIENCE,
    nginx::{self, FRONT, NODES, Nginx, Ports},
};
use crate::running::Running;

pub(super) struct Site {
    pub(super) ports: Ports,
    pub(super) base: String,
    nodes: [Option<Running>; NODES.len()],
    redis: Server,
    _nginx: Nginx,
    folder: TempDir,
}

/// A certificate for the front and the nodes.
fn certify(folder: &Path) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(["localhost".to_owned(), FRONT.to_string()]).unwrap();
    fs::write(folder.join("chat.pem"), certificate.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(folder.join("chat.key"), key.serialize_pem()).unwrap();
}

impl Site {
    /// `None` where there is no nginx.
    pub(super) fn start() -> Option<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = TempDir::new().unwrap();
        let ports = Ports::free();
        certify(folder.path());
        let _nginx = nginx::start(&ports, folder.path())?;
        let base = format!("https://{FRONT}:{}", ports.front_https);
        let redis = Server::start(&Options::durable()).unwrap();
        let mut site = Self { ports, base, nodes: [const { None }; NODES.len()], redis, _nginx, folder };
        (0..NODES.len()).for_each(|node| site.start_node(node));
        Some(site)
    }

    fn log_of(&self, node: usize) -> PathBuf {
        self.folder.path().join(format!("{node}.log"))
    }

    /// At an address of its own, with the certificate that the front shows too.
    pub(super) fn start_node(&mut self, node: usize) {
        let data = self.folder.path().join(node.to_string());
        fs::create_dir_all(&data).unwrap();
        let at = |port: u16| format!("{}:{port}", NODES[node]);
        let (http, https, quic) = (at(self.ports.http), at(self.ports.https), at(self.ports.quic));
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let (certificate, key) = (path("chat.pem"), path("chat.key"));
        let (redis, origin) =
            (format!("redis.url={}", self.redis.url()), format!("http.allowed_origins={}", self.base));
        let args = [
            ["--http", &http],
            ["--https", &https],
            ["--quic", &quic],
            ["--tls-cert", &certificate],
            ["--tls-key", &key],
            ["--set", "storage.backend=redis"],
            ["--set", &redis],
            ["--set", "redis.require_durable=true"],
            ["--set", "quic.publicly_trusted=true"],
            ["--set", "http.trusted_proxies=127.0.0.1"],
            ["--set", &origin],
        ];
        self.nodes[node] = Some(Running::start_logging(&data, args.as_flattened(), &self.log_of(node)));
    }

    /// `kill -9`.
    pub(super) fn kill_node(&mut self, node: usize) {
        self.nodes[node] = None;
    }

    /// What all nodes have logged.
    pub(super) fn logs(&self) -> String {
        (0..NODES.len()).map(|node| fs::read_to_string(self.log_of(node)).unwrap()).collect()
    }

    /// A number of a node's metrics, asked of the node itself; 0 if it is not there yet.
    async fn metric(&self, node: usize, name: &str) -> u64 {
        let url = format!("http://{}:{}/metrics", NODES[node], self.ports.http);
        let answer = reqwest::Client::new().get(url).header("host", "localhost").send().await.unwrap();
        let page = answer.text().await.unwrap();
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// A login for each node, made by it: which one answers is the front's choice.
    pub(super) async fn logins(&self, name: &str) -> [String; NODES.len()] {
        const OF_LOGINS: &str = r#"rill_requests_total{door="http",what="POST /api/v1/login",code="ok"}"#;
        let people = browser(FRONT);
        let mut tokens = [const { String::new() }; NODES.len()];
        let all = async {
            while tokens.iter().any(String::is_empty) {
                let mut before = Vec::new();
                for node in 0..NODES.len() {
                    before.push(self.metric(node, OF_LOGINS).await);
                }
                let token = self.login(&people, name).await;
                for (node, before) in before.into_iter().enumerate() {
                    if self.metric(node, OF_LOGINS).await > before {
                        tokens[node] = token.clone();
                    }
                }
            }
        };
        timeout(PATIENCE, all).await.expect("the front uses all nodes");
        tokens
    }

    /// The node that has the only connection by that transport.
    pub(super) async fn node_of(&self, transport: TransportKind, alive: &[usize]) -> usize {
        let name = connections(transport);
        let found = async {
            loop {
                for node in alive {
                    if self.metric(*node, &name).await == 1 {
                        return *node;
                    }
                }
                sleep(LOOK).await;
            }
        };
        timeout(PATIENCE, found).await.expect("it is connected")
    }

    /// Ends a connection, and waits until its node knows that.
    pub(super) async fn disconnect(&self, client: Client, transport: TransportKind, node: usize) {
        client.close().await;
        let ended = async {
            while self.metric(node, &connections(transport)).await > 0 {
                sleep(LOOK).await;
            }
        };
        timeout(PATIENCE, ended).await.expect("it is disconnected");
    }

    pub(super) async fn register(&self, name: &str) -> String {
        let body = json!({ "username": name, "password": "correct horse" });
        let answer = self.post(&browser(FRONT), "register", &body, "", 0).await;
        answer["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// As the page does.
    pub(super) async fn login(&self, client: &reqwest::Client, name: &str) -> String {
        let body = json!({ "username": name, "password": "correct horse" });
        let request = client.post(format!("{}/api/v1/login", self.base)).header("origin", &self.base).json(&body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.headers()["set-cookie"].to_str().unwrap().contains("; Secure"));
        let login: Value = answer.json().await.unwrap();
        login["token"].as_str().unwrap().to_owned()
    }

    /// A request that changes something, under that key until it is taken: what was under
    /// way to a node that is killed is answered 502.
    pub(super) async fn post(
        &self,
        client: &reqwest::Client,
        path: &str,
        body: &Value,
        token: &str,
        key: u32,
    ) -> Value {
        let key = format!("01890a5d-ac96-774b-bcce-{key:012x}");
        let asked = async {
            loop {
                let request = client.post(format!("{}/api/v1/{path}", self.base)).json(body);
                let request = if token.is_empty() { request } else { request.bearer_auth(token) };
                let answer = request.header("Idempotency-Key", &key).send().await.unwrap();
                match answer.status() {
                    StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => sleep(LOOK).await,
                    status => {
                        let text = answer.text().await.unwrap();
                        assert!(status.is_success(), "{path}: {status}, {text}");
                        return serde_json::from_str(&text).unwrap_or(Value::Null);
                    }
                }
            }
        };
        timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("{path} is not answered"))
    }

    /// A client by a transport, through the front.
    pub(super) async fn connected(&self, token: &str, transport: TransportKind) -> (Client, Events) {
        let credentials = Credentials::Token(token.to_owned());
        let config = Config::new(self.base.parse().unwrap(), transport, credentials);
        let (client, events) = Client::connect(Config { trust: Trust::danger_accept_any(), ..config }).await.unwrap();
        let online = timeout(PATIENCE, client.online()).await;
        online.unwrap_or_else(|_| panic!("{transport}: {:?}", client.state())).unwrap();
        assert!(matches!(client.state(), State::Online { transport: by } if by == transport));
        (client, events)
    }
}

fn connections(transport: TransportKind) -> String {
    format!(r#"rill_connections{{transport="{transport}"}}"#)
}

/// From an address of this machine's network.
pub(super) fn browser(from: Ipv4Addr) -> reqwest::Client {
    let client = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).local_address(Some(from.into()));
    client.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}
