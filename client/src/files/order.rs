//! What the application wants of a transfer.

use tokio::sync::watch;

/// See the module. A cancelled transfer stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Go,
    Pause,
    Cancel,
}

/// Gives the order, unless it was cancelled before.
pub(crate) fn give(orders: &watch::Sender<Order>, order: Order) {
    orders.send_if_modified(|now| {
        let changes = *now != order && *now != Order::Cancel;
        if changes {
            *now = order;
        }
        changes
    });
}

/// Resolves when the order is another than `than`. Whoever gave orders and is gone has
/// none more: then it waits for ever. Cancel safe.
pub(crate) async fn other(orders: &mut watch::Receiver<Order>, than: Order) -> Order {
    let now = orders.wait_for(|now| *now != than).await.map(|now| *now);
    match now {
        Ok(now) => now,
        Err(_) => std::future::pending().await,
    }
}
