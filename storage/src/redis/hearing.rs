//! Hearing channels: a connection of its own, on which nothing else is asked.
//!
//! On one server, and on a cluster that knows no sharded channels, that is a connection to
//! one node, which hears what is published anywhere. On a cluster that does know them, it is
//! one to each node, and a channel is heard where its hash tag lies.

use futures_util::StreamExt as _;
use parking_lot::Mutex;
use redis::{
    Client, ConnectionAddr, ErrorKind, ProtocolVersion, PushInfo, PushKind, RedisResult, Value, aio::PubSubSink,
    cluster::ClusterClient, cluster_async::ClusterConnection,
};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::time;

use super::{
    connect::{CONNECT_TIMEOUT, answer_timeout, certificates},
    options::RedisServer,
    tended::{Condition, TendedLink},
};
use crate::cryptography;

/// What a connection hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    Said {
        channel: &'a [u8],
        payload: &'a [u8],
    },
    /// From here on the channel is heard; told of channels of a cluster, each time that the
    /// connection to the node that has it is a new one.
    Began {
        channel: &'a [u8],
    },
    /// A connection to a node of a cluster was lost: what is said there is not heard until its
    /// channels begin again.
    Broken,
    /// Nothing more comes, or not from everywhere: a channel has moved to another node of a
    /// cluster. Another connection hears it there.
    Ended,
}

/// Takes what is heard; it must not block.
pub type Ear = Arc<dyn Fn(Heard<'_>) + Send + Sync>;

/// A connection that hears. It ends when this is dropped.
pub enum Hearing {
    Anywhere(PubSubSink, tokio::sync::oneshot::Sender<()>),
    Sharded(Box<ClusterConnection>, Arc<Leaving>),
}

/// Channels that this node asks to hear no more. Of any other, that it is not heard any more
/// says that the node which had it gave it away.
#[derive(Default)]
pub struct Leaving(Mutex<HashSet<Vec<u8>>>);

impl Condition {
    /// Whether channels are heard, and must be told, where their hash tag lies
    /// (`SPUBLISH`, Redis 7). One server that knows them gains nothing by them.
    pub fn shards_channels(&self) -> bool {
        self.is_cluster && self.has_sharded_channels
    }
}

impl TendedLink {
    /// Opens a connection for hearing.
    ///
    /// # Errors
    /// Redis is away, or does not let this user subscribe.
    pub async fn hear(&self, ear: Ear) -> RedisResult<Hearing> {
        let unknown = |why: String| (ErrorKind::Io, "Redis is away", why);
        let condition = self.condition().map_err(unknown)?;
        let options = self.options();
        match condition.shards_channels() {
            true => Hearing::sharded(&options.server, ear).await,
            false => {
                let mut last = None;
                for node in &options.server.nodes {
                    match Hearing::anywhere(&options.server, node, &options.spawn, &ear).await {
                        Ok(hearing) => return Ok(hearing),
                        Err(error) => last = Some(error),
                    }
                }
                Err(last.unwrap_or_else(|| (ErrorKind::InvalidClientConfig, "no address").into()))
            }
        }
    }
}

impl Hearing {
    async fn anywhere(
        server: &RedisServer,
        node: &redis::ConnectionInfo,
        spawn: &super::options::Spawn,
        ear: &Ear,
    ) -> RedisResult<Self> {
        cryptography::provide();
        let client = match (certificates(server), node.addr()) {
            (Some(certificates), ConnectionAddr::TcpTls { .. }) => Client::build_with_tls(node.clone(), certificates)?,
            _ => Client::open(node.clone())?,
        };
        let (sink, mut said) = bounded(client.get_async_pubsub()).await?.split();
        let (alive, dropped) = tokio::sync::oneshot::channel::<()>();
        let ear = ear.clone();
        spawn(Box::pin(async move {
            let hear = async {
                while let Some(message) = said.next().await {
                    let channel = message.get_channel::<Vec<u8>>().unwrap_or_default();
                    ear(Heard::Said { channel: &channel, payload: message.get_payload_bytes() });
                }
                ear(Heard::Ended);
            };
            tokio::select! {
                biased;
                _ = dropped => {}
                () = hear => {}
            }
        }));
        Ok(Self::Anywhere(sink, alive))
    }

    async fn sharded(server: &RedisServer, ear: Ear) -> RedisResult<Self> {
        cryptography::provide();
        let leaving = Arc::<Leaving>::default();
        let left = Arc::clone(&leaving);
        let mut builder = ClusterClient::builder(server.nodes.clone())
            .use_protocol(ProtocolVersion::RESP3)
            .connection_timeout(CONNECT_TIMEOUT)
            .response_timeout(answer_timeout(0))
            .push_sender(move |push: PushInfo| {
                hear_push(&ear, &left, &push);
                Ok::<(), ()>(())
            });
        if let Some(certificates) = certificates(server).filter(|_| server.is_encrypted()) {
            builder = builder.certs(certificates);
        }
        let connection = bounded(builder.build()?.get_async_connection()).await?;
        Ok(Self::Sharded(Box::new(connection), leaving))
    }

    /// Hears these channels too, from when it returns. Of channels that lie in different
    /// places of a cluster one is asked for at a time.
    ///
    /// # Errors
    /// The connection is of no more use.
    pub async fn subscribe(&mut self, channels: &[Vec<u8>]) -> RedisResult<()> {
        match self {
            Self::Anywhere(sink, _) => bounded(sink.subscribe(channels)).await,
            Self::Sharded(connection, leaving) => {
                for channel in channels {
                    leaving.0.lock().remove(channel);
                    bounded(connection.ssubscribe(channel)).await?;
                }
                Ok(())
            }
        }
    }

    /// Hears them no more.
    ///
    /// # Errors
    /// As above.
    pub async fn unsubscribe(&mut self, channels: &[Vec<u8>]) -> RedisResult<()> {
        match self {
            Self::Anywhere(sink, _) => bounded(sink.unsubscribe(channels)).await,
            Self::Sharded(connection, leaving) => {
                for channel in channels {
                    leaving.0.lock().insert(channel.clone());
                    bounded(connection.sunsubscribe(channel)).await?;
                }
                Ok(())
            }
        }
    }
}

fn hear_push(ear: &Ear, leaving: &Leaving, push: &PushInfo) {
    match (&push.kind, push.data.as_slice()) {
        (PushKind::SMessage, [Value::BulkString(channel), Value::BulkString(payload)]) => {
            ear(Heard::Said { channel, payload });
        }
        (PushKind::SSubscribe, [Value::BulkString(channel), ..]) => ear(Heard::Began { channel }),
        (PushKind::SUnsubscribe, [Value::BulkString(channel), ..]) if !leaving.0.lock().remove(channel) => {
            ear(Heard::Ended);
        }
        (PushKind::Disconnection, _) => ear(Heard::Broken),
        _ => {}
    }
}

async fn bounded<T>(asked: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    let late = || (ErrorKind::Io, "no answer in time").into();
    time::timeout(Duration::max(CONNECT_TIMEOUT, answer_timeout(0)), asked).await.unwrap_or_else(|_| Err(late()))
}
