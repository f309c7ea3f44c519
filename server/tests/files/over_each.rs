//! A test of each scenario for each transport.

macro_rules! over_each {
    ($($scenario:ident)*) => {
        over_each! { @transport quic Quic $($scenario)* }
        over_each! { @transport webtransport WebTransport $($scenario)* }
        over_each! { @transport websocket WebSocket $($scenario)* }
    };
    (@transport $module:ident $kind:ident $($scenario:ident)*) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario(rill_client::TransportKind::$kind).await;
                }
            )*
        }
    };
}
