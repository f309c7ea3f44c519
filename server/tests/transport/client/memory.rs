//! The memory pair: the client's end of the mux, as an application uses it.

use super::Client;
use crate::host::Host;
use bytes::Bytes;
use rill_protocol::{
    Code,
    mux::{self, Class, HalfError, OpenError},
};
use rill_server::transport::{Priority, RecvStream, SendStream, Serve as _, StreamError, TransportKind, memory};
use std::{future::poll_fn, net::SocketAddr, time::Duration};

pub(crate) struct Memory(memory::Client);

impl Client for Memory {
    type Send = Send;
    type Recv = Recv;

    const KIND: TransportKind = TransportKind::Memory;

    async fn connect(host: &Host) -> Self {
        let (server, client) = memory::pair("192.0.2.7:7".parse().unwrap(), &host.tasks);
        let serving = host.clone();
        host.tasks.spawn(async move { serving.serve(server).await });
        Self(client)
    }

    fn is_at(&self, peer: SocketAddr) -> bool {
        peer == "192.0.2.7:7".parse().unwrap()
    }

    async fn open(&self) -> (Send, Recv) {
        open(self.0.mux(), Class::History).await
    }

    fn send_datagram(&self, datagram: &'static [u8]) {
        self.0.mux().send_datagram(Bytes::from_static(datagram));
    }

    async fn recv_datagram(&self) -> Bytes {
        poll_fn(|context| self.0.mux().poll_datagram(context)).await.unwrap()
    }

    fn close(&self, code: Code) {
        self.0.close(code, code.name());
    }

    async fn closed(&self) -> Option<(u32, String)> {
        let closed = self.0.closed().await;
        closed.code.map(|code| (code, closed.reason))
    }
}

/// A stream of a mux, which does not say when one may be opened again.
pub(crate) async fn open(mux: &mux::Connection, class: Class) -> (Send, Recv) {
    loop {
        match mux.open(class) {
            Ok((send, recv)) => return (Send(send), Recv(recv)),
            Err(OpenError::TooMany) => tokio::time::sleep(Duration::from_millis(1)).await,
            Err(other) => panic!("{other}"),
        }
    }
}

/// A mux half.
pub(crate) struct Send(pub(crate) mux::SendHalf);

impl SendStream for Send {
    async fn write(&mut self, chunks: Vec<Bytes>) -> Result<(), StreamError> {
        for mut chunk in chunks {
            while !chunk.is_empty() {
                poll_fn(|context| self.0.poll_write(context, &mut chunk)).await.map_err(error)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) {
        self.0.finish();
    }

    fn reset(&mut self, code: Code) {
        self.0.reset(code.number());
    }

    fn set_priority(&mut self, _: Priority) {}
}

/// A mux half.
pub(crate) struct Recv(pub(crate) mux::RecvHalf);

impl RecvStream for Recv {
    async fn read(&mut self) -> Result<Option<Bytes>, StreamError> {
        poll_fn(|context| self.0.poll_read(context)).await.map_err(error)
    }

    fn stop(&mut self, code: Code) {
        self.0.stop(code.number());
    }
}

fn error(error: HalfError) -> StreamError {
    match error {
        HalfError::Peer(code) => StreamError::Peer(code),
        _ => StreamError::Closed,
    }
}
