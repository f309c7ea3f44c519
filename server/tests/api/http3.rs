//! A client of HTTP/3 by h3 over quinn, which shares no code with the server's side. A
//! connection for each request: that several share one is tested with the transports.

use bytes::{Buf as _, Bytes, BytesMut};
use h3::error::StreamError;
use http::{Request, Response};
use std::net::SocketAddr;
use tokio::{sync::oneshot, task::JoinHandle};

use crate::quic_certificate::client_config;

/// The answer to a request, at the address that its URL has.
pub(crate) async fn send(request: reqwest::Request) -> Result<Response<Bytes>, StreamError> {
    let (address, head, body) = taken_apart(&request);
    exchange(address, head, body).await
}

/// The same by a reader who takes the answer's header, and its body when it is told to.
pub(crate) async fn send_slowly(
    request: &reqwest::Request,
) -> (JoinHandle<Result<Response<Bytes>, StreamError>>, oneshot::Sender<()>) {
    let (address, head, body) = taken_apart(request);
    let (tell, told) = oneshot::channel();
    let (go, going) = oneshot::channel();
    let between = async {
        let _ = tell.send(());
        let _ = going.await;
    };
    let reading = tokio::spawn(exchange_with(address, head, body, between));
    told.await.unwrap();
    (reading, go)
}

fn taken_apart(request: &reqwest::Request) -> (SocketAddr, Request<()>, Bytes) {
    let url = request.url();
    let address: SocketAddr = format!("{}:{}", url.host().unwrap(), url.port().unwrap()).parse().unwrap();
    let mut head = Request::builder().method(request.method().clone()).uri(url.as_str()).body(()).unwrap();
    *head.headers_mut() = request.headers().clone();
    // reqwest writes the Host beside the URL, where HTTP/3 has one authority.
    if let Some(host) = head.headers_mut().remove("host") {
        let mut parts = head.uri().clone().into_parts();
        parts.authority = Some(host.to_str().unwrap().parse().unwrap());
        *head.uri_mut() = http::Uri::from_parts(parts).unwrap();
    }
    let body = request.body().map(|body| Bytes::copy_from_slice(body.as_bytes().expect("the body is whole")));
    (address, head, body.unwrap_or_default())
}

/// One request on a connection of its own.
pub(crate) async fn exchange(
    address: SocketAddr,
    head: Request<()>,
    body: Bytes,
) -> Result<Response<Bytes>, StreamError> {
    exchange_with(address, head, body, async {}).await
}

/// With something to wait for between the answer's header and its body.
async fn exchange_with(
    address: SocketAddr,
    head: Request<()>,
    body: Bytes,
    between: impl Future<Output = ()>,
) -> Result<Response<Bytes>, StreamError> {
    let quic = connect(address).await;
    let (mut driver, mut requests) = h3::client::new(h3_quinn::Connection::new(quic)).await.unwrap();
    let driving = tokio::spawn(async move { driver.wait_idle().await });
    let mut stream = requests.send_request(head).await?;
    // An error says that the server wants no more of the body, and will say why. h3 may not be
    // asked to finish then: it greases the end, and takes the unsent rest for its own fault.
    if body.is_empty() || stream.send_data(body).await.is_ok() {
        let _ = stream.finish().await;
    }
    let head = stream.recv_response().await?;
    between.await;
    let mut body = BytesMut::new();
    while let Some(mut data) = stream.recv_data().await? {
        body.extend_from_slice(&data.copy_to_bytes(data.remaining()));
    }
    // Ends the connection.
    drop((stream, requests));
    driving.await.unwrap();
    Ok(head.map(|()| body.freeze()))
}

async fn connect(address: SocketAddr) -> quinn::Connection {
    let endpoint = quinn::Endpoint::client((std::net::Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    // Certificates are not what these tests look at.
    endpoint.connect_with(client_config(None, b"h3"), address, "localhost").unwrap().await.unwrap()
}
