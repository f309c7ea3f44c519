//! Running and ending, in one place.
//!
//! The order of the end: no new connections; every session says goodbye, finishes the
//! requests it has and closes, and so does HTTP; then QUIC, whose last packets carry the
//! close codes; then what still runs, the last words of WebSockets and changes that are
//! half told; then the store, when nobody can write any more. Each step is bounded: a
//! peer that does not go is left behind.

use axum::Router;
use rill_protocol::Code;
use std::{future::Future, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::AbortHandle};
use tokio_rustls::TlsAcceptor;

use crate::{
    app::{HeldStore, Listeners, StartError, operator::OperatorDoor},
    http::{Door, listen},
    runtime::{StopSwitch, TaskGroup},
    session::Services,
    transport::{Answer, quic},
};

/// For sessions and HTTP requests to end by themselves.
const SESSIONS_END_MAX: Duration = Duration::from_secs(3);
/// How often it is looked whether they have.
const SESSIONS_END_POLL: Duration = Duration::from_millis(10);
/// For telling other nodes.
const LEAVE_MAX: Duration = Duration::from_secs(1);
/// For what still runs behind them.
const TASKS_END_MAX: Duration = Duration::from_secs(2);

/// Everything that runs.
pub(crate) struct Background<S, U> {
    pub(crate) router: Router,
    pub(crate) tls: TlsAcceptor,
    pub(crate) listeners: Listeners,
    /// With what it serves.
    pub(crate) operator: (OperatorDoor, Router),
    /// The door of plain HTTP that does not come by loopback.
    pub(crate) outside: Door,
    pub(crate) endpoints: Vec<Arc<quic::Endpoint>>,
    pub(crate) serving: S,
    pub(crate) switch: StopSwitch,
    pub(crate) services: Arc<Services>,
    pub(crate) store: HeldStore,
    pub(crate) upkeep: U,
}

/// Runs until `shutdown` resolves, then ends in order. `ready` is called once every
/// port is served.
pub(crate) async fn run<S, U>(
    background: Background<S, U>,
    shutdown: impl Future<Output = ()>,
    ready: impl FnOnce() -> Result<(), StartError>,
) -> Result<(), StartError>
where
    S: Answer,
    U: Future<Output = ()> + Send + 'static,
{
    let Background { router, tls, listeners, operator, outside, endpoints, serving, switch, services, store, upkeep } =
        background;
    let tasks = services.tasks.clone();
    let mut group = TaskGroup::new(tasks.clone());
    let serve = |listener: TcpListener, tls: Option<TlsAcceptor>| {
        listen::serve(listener, tls, outside, router.clone(), services.gate.clone(), tasks.clone(), switch.stop())
    };
    let mut ports: Vec<AbortHandle> = Vec::new();
    for listener in listeners.http {
        ports.push(group.spawn(serve(listener, None)));
    }
    ports.push(group.spawn(serve(listeners.https, Some(tls))));
    for endpoint in &endpoints {
        let (endpoint, serving, mut stop) = (endpoint.clone(), serving.clone(), switch.stop());
        group.spawn(async move { endpoint.run(serving, stop.thrown()).await });
    }
    let (operator, operator_router) = operator;
    let announced = operator.announce()?;
    ports.push(group.spawn(operator.serve(operator_router, tasks.clone(), switch.stop())));
    let hub = services.hub.clone();
    group.spawn(async move { hub.run_fanout().await });
    let hub = services.hub.clone();
    group.spawn(async move { hub.run_crowds().await });
    if let Some(cluster) = services.cluster.clone() {
        group.spawn(async move { cluster.run().await });
    }
    group.spawn(upkeep);
    ready()?;

    shutdown.await;
    tracing::info!(connections = services.live.count(), "stopping");
    switch.throw();
    let sessions_end = async {
        while services.live.count() > 0 || ports.iter().any(|port| !port.is_finished()) {
            tokio::time::sleep(SESSIONS_END_POLL).await;
        }
    };
    if tokio::time::timeout(SESSIONS_END_MAX, sessions_end).await.is_err() {
        tracing::warn!(connections = services.live.count(), "some connections did not end in time");
    }
    if let Some(cluster) = &services.cluster
        && tokio::time::timeout(LEAVE_MAX, cluster.leave()).await.is_err()
    {
        tracing::debug!("the other nodes find out by themselves that this one has gone");
    }
    drop(announced);
    futures_util::future::join_all(endpoints.iter().map(|endpoint| endpoint.close(Code::GoingAway))).await;
    drop(group);
    if tokio::time::timeout(TASKS_END_MAX, tasks.idle()).await.is_err() {
        tracing::warn!("something still runs and is left behind");
    }
    store.close(&tasks).await.map_err(|failure| failure.map_or(StartError::StoreThread, StartError::Store))?;
    tracing::info!("stopped");
    Ok(())
}
