//! A way to the server that can be cut: TCP and UDP are passed on at ports of its own.

use parking_lot::Mutex;
use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream, UdpSocket},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// Longer than any packet.
const PACKET_BYTES_MAX: usize = 65_536;
/// Any port of this machine.
const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// How the way is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    /// What is under way hears nothing more, and nobody is told.
    Dead,
    /// What is under way ends, or goes on from another address, as behind a router that has
    /// forgotten it.
    Moved,
}

pub(crate) struct Relay {
    pub(crate) tcp: SocketAddr,
    pub(crate) udp: SocketAddr,
    /// Raised by a cut, and which it was.
    cuts: watch::Sender<(u64, Cut)>,
    paths: Arc<Paths>,
    tasks: Vec<JoinHandle<()>>,
}

/// The socket that speaks for a peer, and the task that brings its answers.
type Path = (Arc<UdpSocket>, JoinHandle<()>);

#[derive(Default)]
struct Paths {
    /// Nothing for a peer whose packets vanish.
    of_peer: Mutex<HashMap<SocketAddr, Option<Path>>>,
}

impl Relay {
    pub(crate) async fn start(tcp: SocketAddr, udp: SocketAddr) -> Self {
        let listener = TcpListener::bind(ANY).await.expect("a port");
        let socket = Arc::new(UdpSocket::bind(ANY).await.expect("a port"));
        let (cuts, _) = watch::channel((0, Cut::Moved));
        let paths = Arc::<Paths>::default();
        let addresses = (listener.local_addr().expect("bound"), socket.local_addr().expect("bound"));
        let tasks = vec![
            tokio::spawn(pass_tcp(listener, tcp, cuts.subscribe())),
            tokio::spawn(pass_udp(socket, udp, Arc::clone(&paths))),
        ];
        Self { tcp: addresses.0, udp: addresses.1, cuts, paths, tasks }
    }

    pub(crate) fn cut(&self, cut: Cut) {
        self.cuts.send_modify(|(cuts, last)| (*cuts, *last) = (*cuts + 1, cut));
        let mut of_peer = self.paths.of_peer.lock();
        match cut {
            Cut::Dead => of_peer.values_mut().for_each(|path| end(path.take())),
            Cut::Moved => of_peer.drain().for_each(|(_, path)| end(path)),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.paths.of_peer.lock().drain().for_each(|(_, path)| end(path));
    }
}

fn end(path: Option<Path>) {
    if let Some((_, back)) = path {
        back.abort();
    }
}

async fn pass_tcp(listener: TcpListener, to: SocketAddr, cuts: watch::Receiver<(u64, Cut)>) {
    let mut passing = JoinSet::new();
    while let Ok((mut near, _)) = listener.accept().await {
        let mut cuts = cuts.clone();
        cuts.mark_unchanged();
        passing.spawn(async move {
            let Ok(mut far) = TcpStream::connect(to).await else { return };
            tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => {}
                _ = cuts.changed() => {
                    if matches!(cuts.borrow().1, Cut::Dead) {
                        // Both ends stay, and nothing comes through.
                        std::future::pending::<()>().await;
                    }
                }
            }
        });
        while passing.try_join_next().is_some() {}
    }
}

async fn pass_udp(socket: Arc<UdpSocket>, to: SocketAddr, paths: Arc<Paths>) {
    let mut packet = vec![0; PACKET_BYTES_MAX];
    loop {
        // An error is the word of a server that is not there: the next packet may find it.
        let Ok((length, peer)) = socket.recv_from(&mut packet).await else { continue };
        let known = paths.of_peer.lock().get(&peer).map(|path| path.as_ref().map(|(path, _)| Arc::clone(path)));
        let path = match known {
            Some(Some(path)) => path,
            Some(None) => continue,
            None => {
                let Ok(path) = UdpSocket::bind(ANY).await else { return };
                let path = Arc::new(path);
                let back = tokio::spawn(pass_back(Arc::clone(&path), Arc::clone(&socket), peer));
                paths.of_peer.lock().insert(peer, Some((Arc::clone(&path), back)));
                path
            }
        };
        path.send_to(&packet[..length], to).await.ok();
    }
}

async fn pass_back(path: Arc<UdpSocket>, socket: Arc<UdpSocket>, peer: SocketAddr) {
    let mut packet = vec![0; PACKET_BYTES_MAX];
    loop {
        if let Ok((length, _)) = path.recv_from(&mut packet).await {
            socket.send_to(&packet[..length], peer).await.ok();
        }
    }
}
