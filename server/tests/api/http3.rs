//! A client of HTTP/3 by h3 over quinn, which shares no code with the server's side. A
//! connection for each request: that several share one is tested with the transports.

use bytes::{Buf as _, Bytes, BytesMut};
use h3::error::StreamError;
use http::{Request, Response};
use quinn::crypto::rustls::QuicClientConfig;
use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::{net::SocketAddr, sync::Arc};
use tokio::{sync::oneshot, task::JoinHandle};

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
    let mut tls = rustls::ClientConfig::builder_with_provider(rill_certs::provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let tls = QuicClientConfig::try_from(tls).unwrap();
    let endpoint = quinn::Endpoint::client((std::net::Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    endpoint.connect_with(quinn::ClientConfig::new(Arc::new(tls)), address, "localhost").unwrap().await.unwrap()
}

/// Certificates are not what these tests look at.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        unreachable!("QUIC is TLS 1.3")
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = rill_certs::provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}
