//! A wire of some length: a listener on loopback whose connections lead to a server, and
//! take their time.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Notify, mpsc},
    task::JoinSet,
    time::{Instant, sleep_until},
};

/// Ends its connections when it is dropped.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    server: Arc<Mutex<SocketAddr>>,
    cut: Arc<Notify>,
    _task: JoinSet<()>,
}

/// Chunks under way at once.
const CHUNKS: usize = 1_024;

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (chunks, mut arriving) = mpsc::channel::<(Instant, Vec<u8>)>(CHUNKS);
    let read = async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            if chunks.send((Instant::now() + delay, buffer[..length].to_vec())).await.is_err() {
                break;
            }
        }
    };
    let write = async move {
        while let Some((due, chunk)) = arriving.recv().await {
            sleep_until(due).await;
            if to.write_all(&chunk).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(read, write);
}

impl Proxy {
    /// Every byte arrives so much later, in either direction.
    pub(crate) async fn to(server: SocketAddr, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Arc::new(Mutex::new(server));
        let leads_to = Arc::clone(&server);
        let cut = Arc::new(Notify::new());
        let is_cut = Arc::clone(&cut);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let accepted = tokio::select! {
                    biased;
                    () = is_cut.notified() => {
                        connections.abort_all();
                        continue;
                    }
                    accepted = listener.accept() => accepted,
                };
                let Ok((client, _)) = accepted else { break };
                let at = *leads_to.lock().unwrap();
                let Ok(server) = TcpStream::connect(at).await else { continue };
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
                connections.spawn(carry(from_client, to_server, delay));
                connections.spawn(carry(from_server, to_client, delay));
            }
        });
        Self { address, server, cut, _task: task }
    }

    /// Ends its connections. What is on its way over them is lost.
    pub(crate) fn cut(&self) {
        self.cut.notify_one();
    }

    /// Where the next connections lead.
    pub(crate) fn lead_to(&self, server: SocketAddr) {
        *self.server.lock().unwrap() = server;
    }
}
