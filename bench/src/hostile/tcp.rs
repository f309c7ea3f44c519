//! TCP from a chosen address of the loopback network.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{answer::Answer, attacker::PATIENCE, ground::Ground, tls};

/// Bytes both ways, whatever carries them.
pub(crate) trait Pipe: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Pipe for T {}

/// A way into the HTTP ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// Plain HTTP on loopback.
    Loopback,
    /// HTTPS over TCP.
    Tls,
}

impl Door {
    pub(crate) const BOTH: [Self; 2] = [Self::Loopback, Self::Tls];

    pub(crate) fn address(self, ground: &Ground) -> SocketAddr {
        match self {
            Self::Loopback => ground.http,
            Self::Tls => ground.https,
        }
    }
}

/// A TCP connection and no byte more.
pub(crate) async fn plain(from: IpAddr, to: SocketAddr) -> Result<TcpStream, Answer> {
    let connect = async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(from, 0))?;
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        io::Result::Ok(stream)
    };
    match timeout(PATIENCE, connect).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Err(Answer::Transport("tcp refused".to_owned()))
        }
        Ok(Err(_)) => Err(Answer::Cut),
        Err(_) => Err(Answer::Silent),
    }
}

/// A connection to a door, through TLS where the door has it.
pub(crate) async fn through(
    from: IpAddr,
    door: Door,
    ground: &Ground,
    alpn: &[&[u8]],
) -> Result<Box<dyn Pipe>, Answer> {
    let stream = plain(from, door.address(ground)).await?;
    if door == Door::Loopback {
        return Ok(Box::new(stream));
    }
    let config = tls::config(alpn).map_err(|error| Answer::Wrong(error.to_string()))?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(tls::server_name(), stream);
    match timeout(PATIENCE, connecting).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(of_tls(&error)),
        Err(_) => Err(Answer::Silent),
    }
}

/// An alert of TLS is a code; an end without one is none.
pub(crate) fn of_tls(error: &io::Error) -> Answer {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::AlertReceived(alert)) => Answer::Transport(format!("tls alert {alert:?}")),
        Some(other) => Answer::Transport(format!("tls {other}")),
        None => Answer::Cut,
    }
}
