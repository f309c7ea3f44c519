//! The wire between a node and Redis: passes bytes on until it is cut, and again when it is
//! mended; then perhaps to another Redis, as an address does that moves with the primary.

use parking_lot::Mutex;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinHandle},
};

#[derive(Debug, Default)]
struct State {
    /// Where it leads; nowhere while it is cut.
    to: Option<SocketAddr>,
    passing: Vec<AbortHandle>,
}

/// See the module. Dropped, it is cut for good.
#[derive(Debug)]
pub(crate) struct Wire {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

impl Wire {
    pub(crate) async fn to(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State { to: Some(server), passing: Vec::new() }));
        let accepting = tokio::spawn(accept(listener, state.clone()));
        Ok(Self { address, state, accepting })
    }

    /// The address for whoever is to go this way.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Connections end at once, new ones are accepted and closed.
    pub(crate) fn cut(&self) {
        let mut state = self.state.lock();
        state.to = None;
        state.passing.drain(..).for_each(|passing| passing.abort());
    }

    pub(crate) fn mend(&self, server: SocketAddr) {
        self.state.lock().to = Some(server);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    while let Ok((mut from, _)) = listener.accept().await {
        let mut state = state.lock();
        state.passing.retain(|passing| !passing.is_finished());
        let Some(server) = state.to else { continue };
        let passing = tokio::spawn(async move {
            let Ok(mut to) = TcpStream::connect(server).await else { return };
            // Small commands and their answers: nothing waits for company.
            if from.set_nodelay(true).and_then(|()| to.set_nodelay(true)).is_ok() {
                let _ = copy_bidirectional(&mut from, &mut to).await;
            }
        });
        state.passing.push(passing.abort_handle());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// A server that says what it hears.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
        address
    }

    async fn answers(wire: &Wire) -> bool {
        let Ok(mut stream) = TcpStream::connect(wire.address).await else { return false };
        let mut heard = [0; 2];
        stream.write_all(b"hi").await.is_ok() && stream.read_exact(&mut heard).await.is_ok() && heard == *b"hi"
    }

    #[tokio::test]
    async fn it_passes_until_it_is_cut_and_again_when_it_is_mended() {
        let server = echo().await;
        let wire = Wire::to(server).await.unwrap();
        let mut open = TcpStream::connect(wire.address).await.unwrap();
        open.write_all(b"x").await.unwrap();
        assert_eq!(open.read_u8().await.unwrap(), b'x');
        wire.cut();
        assert!(open.read_u8().await.is_err(), "what was open has ended");
        assert!(!answers(&wire).await);
        wire.mend(echo().await);
        assert!(answers(&wire).await);
    }
}
