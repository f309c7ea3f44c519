//! One test, three versions of HTTP: 1.1 at the loopback port, 2 at the HTTPS port and 3
//! at the QUIC port. Nothing about a test says which, unless it asks.

use std::future::Future;

tokio::task_local! {
    static VERSION: Version;
}

/// The version that the requests of a test use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Http1,
    Http2,
    Http3,
}

impl Version {
    /// That of the test that asks.
    pub(crate) fn current() -> Self {
        VERSION.try_with(|version| *version).unwrap_or(Self::Http1)
    }

    /// Runs a test over this version.
    pub(crate) async fn run(self, test: impl Future<Output = ()>) {
        VERSION.scope(self, test).await;
    }
}

/// Makes three tests of each `async fn` that is named. Each starts a server as usual, and
/// `Server::request` and all that stands on it go by the version in turn; what is not JSON
/// is sent by `server::send`.
macro_rules! for_each_version {
    ($($test:ident)*) => {
        for_each_version! { @version http1 Http1 $($test)* }
        for_each_version! { @version http2 Http2 $($test)* }
        for_each_version! { @version http3 Http3 $($test)* }
    };
    (@version $module:ident $version:ident $($test:ident)*) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    crate::version::Version::$version.run(super::$test()).await;
                }
            )*
        }
    };
}
