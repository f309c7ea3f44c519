//! The thread that reads the UDP socket.
//!
//! quinn reads for 50 µs at a time and then waits for its turn among all tasks. When thousands of
//! clients come at once, behind a restart, turns become so rare that the system's buffer runs over, and who lost
//! a packet of a handshake tries again after seconds. On a thread of its own a turn comes when there is
//! something to read. What it reads it hands to the connections, whose tasks stay with all others.
//! Where the whole program runs on one thread it stays there: the same clock moves all of it.

use parking_lot::Mutex;
use quinn::{AsyncTimer, AsyncUdpSocket, Runtime, TokioRuntime};
use std::{future::Future, io, net::UdpSocket, pin::Pin, sync::Arc, thread, time::Instant};
use tokio::runtime::{self, Handle, RuntimeFlavor};

/// tokio for quinn, with the endpoint's own task on a thread of its own.
#[derive(Debug)]
pub(super) struct Reader {
    /// Until the endpoint's task is spawned, which is the first. Nothing if there is no own thread.
    own: Mutex<Option<runtime::Runtime>>,
}

impl Reader {
    /// The same thread waits for the socket.
    ///
    /// # Errors
    /// The system gives no thread, or no means to wait for the socket.
    pub(super) fn new(socket: UdpSocket) -> io::Result<(Self, Arc<dyn AsyncUdpSocket>)> {
        if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
            return Ok((Self { own: Mutex::new(None) }, TokioRuntime.wrap_udp_socket(socket)?));
        }
        let own = runtime::Builder::new_current_thread().enable_all().build()?;
        let socket = {
            let _here = own.enter();
            TokioRuntime.wrap_udp_socket(socket)?
        };
        Ok((Self { own: Mutex::new(Some(own)) }, socket))
    }
}

impl Runtime for Reader {
    fn new_timer(&self, at: Instant) -> Pin<Box<dyn AsyncTimer>> {
        TokioRuntime.new_timer(at)
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        let Some(own) = self.own.lock().take() else { return TokioRuntime.spawn(future) };
        // It ends with the endpoint: the future does when nobody holds it and no connection is left.
        let thread = thread::Builder::new().name("rill-udp".into()).spawn(move || own.block_on(future));
        if let Err(error) = thread {
            tracing::error!(%error, "no thread for the QUIC port: nobody is answered there");
        }
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        TokioRuntime.wrap_udp_socket(socket)
    }

    fn now(&self) -> Instant {
        TokioRuntime.now()
    }
}
