//! Looking after the connection: whether it still leads to who was met, and back there when
//! it is lost.

use redis::RedisResult;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::time;

use super::{
    connect::Connection,
    meeting::{Pause, trouble},
    probe::{self, Primary, Verdict},
    tended::{Greet, Tended, Trouble},
};
use crate::limits::{REDIS_LOOK_EVERY_MS, REDIS_LOOKS_PER_PROBE};

/// Ends when the link is closed or gone.
pub(super) async fn tend(link: Weak<Tended>, greeting: Arc<dyn Greet>) {
    let mut pause = Pause::default();
    while let Some(shared) = link.upgrade() {
        let connection = match shared.connection_now() {
            Some(Ok(connection)) => Ok(connection),
            Some(Err(_)) => return,
            None => shared.meet_again(&*greeting).await,
        };
        drop(shared);
        let trouble = match connection {
            Ok(connection) => {
                pause = Pause::default();
                match watch(&link, connection).await {
                    Some(trouble) => trouble,
                    None => return,
                }
            }
            Err(trouble) => {
                pause.rest().await;
                trouble
            }
        };
        if let Some(shared) = link.upgrade() {
            shared.set_down(trouble);
        }
    }
}

/// Who they are: another pair after a restart or a failover.
fn identities(primaries: &[Primary]) -> Vec<(String, String)> {
    let mut all: Vec<_> =
        primaries.iter().map(|primary| (primary.run_id.clone(), primary.replication_id.clone())).collect();
    all.sort();
    all
}

/// Looks at a connection for as long as it is well. Nothing when the link is closed or gone.
async fn watch(link: &Weak<Tended>, mut connection: Connection) -> Option<Trouble> {
    let (mut looks, mut last_seen) = (0, None);
    loop {
        {
            let shared = link.upgrade()?;
            let pause = Duration::from_millis(REDIS_LOOK_EVERY_MS);
            // Either way it is time for a look.
            let _ = time::timeout(pause, shared.doubted.notified()).await;
            if shared.is_closed() {
                return None;
            }
        }
        looks += 1;
        if let Err(trouble) = look(&mut connection, &mut last_seen).await {
            return Some(trouble);
        }
        if looks % REDIS_LOOKS_PER_PROBE == 0 {
            match probe::probe(&mut connection).await.map(|probe| (probe.judge(), probe)) {
                Ok((Verdict::Fit, probe)) => link.upgrade()?.refresh(&probe),
                Ok((Verdict::Away(why), _)) => return Some(Trouble::Away(why)),
                Ok((Verdict::Unfit(why), _)) => return Some(Trouble::Unfit(why)),
                Err(error) => return Some(trouble("INFO", &error)),
            }
        }
    }
}

/// Whether it is still who it was.
async fn look(connection: &mut Connection, last_seen: &mut Option<Vec<(String, String)>>) -> Result<(), Trouble> {
    let primaries: RedisResult<Vec<Primary>> = probe::look(connection).await;
    let primaries = primaries.map_err(|error| trouble("INFO replication", &error))?;
    if primaries.iter().any(|primary| primary.is_replica) {
        return Err(Trouble::Away("it has become a replica".into()));
    }
    let now = identities(&primaries);
    match last_seen.replace(now.clone()) {
        Some(before) if before != now => Err(Trouble::Away("its data comes from another server than before".into())),
        _ => Ok(()),
    }
}
