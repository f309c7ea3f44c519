//! An answer as it goes out.

use crate::transport::limits::{HTTP3_PIECE_BYTES, HTTP3_STALL_TIMEOUT_MS};
use bytes::{Buf as _, Bytes};
use h3::{error::Code, quic::SendStream, server::RequestStream};
use http::{HeaderName, Response, header};
use std::{future::poll_fn, pin::pin, time::Duration};
use tokio::time::timeout;

/// What describes a connection of HTTP/1 has no place here (RFC 9114, section 4.2).
const OF_A_CONNECTION: [HeaderName; 5] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Sends an answer to its end; one that cannot be sent whole is reset, so that nobody
/// takes it for whole.
pub(super) async fn send<S, B>(stream: &mut RequestStream<S, Bytes>, response: Response<B>, with_body: bool)
where
    S: SendStream<Bytes>,
    B: http_body::Body<Data = Bytes>,
{
    let code = match write(stream, response, with_body).await {
        Ok(()) => return,
        Err(Unsent::Stalled) => Code::H3_REQUEST_CANCELLED,
        Err(Unsent::Internal) => Code::H3_INTERNAL_ERROR,
        Err(Unsent::Stream) => Code::H3_REQUEST_CANCELLED,
    };
    stream.stop_stream(code);
}

/// Why an answer did not go out.
enum Unsent {
    /// The client does not take it.
    Stalled,
    /// The answer itself broke off.
    Internal,
    /// The client has left, or refuses it.
    Stream,
}

async fn write<S, B>(stream: &mut RequestStream<S, Bytes>, response: Response<B>, with_body: bool) -> Result<(), Unsent>
where
    S: SendStream<Bytes>,
    B: http_body::Body<Data = Bytes>,
{
    let (mut head, body) = response.into_parts();
    for name in OF_A_CONNECTION {
        head.headers.remove(name);
    }
    in_time(stream.send_response(Response::from_parts(head, ()))).await?;
    if !with_body {
        return in_time(stream.finish()).await;
    }
    let mut body = pin!(body);
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(mut data) = frame.map_err(|_| Unsent::Internal)?.into_data() else { continue };
        while data.has_remaining() {
            let piece = data.split_to(data.len().min(HTTP3_PIECE_BYTES));
            in_time(stream.send_data(piece)).await?;
        }
    }
    in_time(stream.finish()).await
}

async fn in_time<T>(taken: impl Future<Output = Result<T, h3::error::StreamError>>) -> Result<T, Unsent> {
    match timeout(Duration::from_millis(HTTP3_STALL_TIMEOUT_MS), taken).await {
        Ok(taken) => taken.map_err(|_| Unsent::Stream),
        Err(_) => Err(Unsent::Stalled),
    }
}
