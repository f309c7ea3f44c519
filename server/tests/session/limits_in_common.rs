//! What two nodes on one Redis allow together: who goes to both has what one gives.

use rill_protocol::UserId;
use rill_redis_process::{Cluster as RedisCluster, Options, Server};
use rill_server::{
    admission::{Gate, Outcome, Try, Wait},
    cluster::redis::RedisAllowances,
    config::Limits,
    metrics::Metrics,
};
use rill_storage::redis::OpenStore;
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use crate::nodes_on_redis::opened;

/// What a node lets in, and its way to Redis.
struct Door {
    gate: Gate,
    metrics: Arc<Metrics>,
    store: OpenStore,
}

const PER_ACCOUNT: u32 = 3;

async fn doors(addresses: &[String]) -> [Door; 2] {
    let limits = Limits {
        failed_logins_per_minute_per_account: PER_ACCOUNT,
        failed_logins_per_minute_per_address: 7,
        registrations_per_hour_per_address: 4,
        ..Limits::default()
    };
    let door = async || {
        let (store, metrics) = (opened(addresses).await, Arc::<Metrics>::default());
        let common = Arc::new(RedisAllowances::new(store.handle.link().clone()));
        let gate = Gate::new(&limits, metrics.clone(), [9; 32]).counting_with(common);
        Door { gate, metrics, store }
    };
    [door().await, door().await]
}

impl Door {
    async fn try_login(&self, name: &str, from: IpAddr) -> Result<Try, Wait> {
        self.gate.logins.login(self.gate.logins.account(name), from, "").await
    }

    /// Somebody has the right password there.
    async fn log_in(&self, name: &str, from: IpAddr, proofs: &str) -> Result<Option<String>, Wait> {
        let tried = self.gate.logins.login(self.gate.logins.account(name), from, proofs).await?;
        Ok(self.gate.logins.succeeded(&tried, proofs, UserId([7; 16]).0).await)
    }

    /// Waits until it counts with the other again.
    async fn is_back(&self) {
        loop {
            let before = self.counted_alone();
            let _ = self.try_login("somebody", address(2)).await;
            if self.counted_alone() == before {
                return;
            }
        }
    }

    fn counted_alone(&self) -> u64 {
        let page = self.metrics.page(&Default::default(), 0);
        page.lines().find_map(|line| line.strip_prefix("rill_cluster_limits_alone_total ")).unwrap().parse().unwrap()
    }
}

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + number).into()
}

async fn both_count_together(addresses: &[String]) {
    let doors = doors(addresses).await;
    let door = |number: u32| &doors[number as usize % 2];
    // At one account from one address, in turn at both doors.
    for number in 0..PER_ACCOUNT {
        door(number).try_login("ann", address(1)).await.unwrap();
    }
    for door in &doors {
        let Wait(wait) = door.try_login("ann", address(1)).await.unwrap_err();
        assert!((1..=20).contains(&wait.as_secs()), "one flows in within twenty seconds: {wait:?}");
    }
    // From one address at many accounts: what was refused has cost nothing.
    for number in PER_ACCOUNT..7 {
        door(number).try_login(&format!("user{number}"), address(1)).await.unwrap();
    }
    assert!(door(0).try_login("another", address(1)).await.is_err());
    assert!(door(1).try_login("another", address(2)).await.is_ok(), "from elsewhere");

    // Who remembers the password at one door is forgiven at the other.
    for _ in 1..PER_ACCOUNT {
        door(0).try_login("bob", address(3)).await.unwrap();
    }
    let proofs = door(0).log_in("bob", address(3), "").await.unwrap().unwrap();
    // Strangers at both doors use up what all of them have together.
    let (begun, tries) = (tokio::time::Instant::now(), 2 * 10 * PER_ACCOUNT);
    let mut taken = 0;
    for number in 0..tries {
        taken += u32::from(door(number).try_login("bob", address(1_000 + number)).await.is_ok());
    }
    // Bob has used two of thirty, and one flows in every two seconds.
    let flowed_in = begun.elapsed().as_secs() as u32 / 2 + 1;
    assert!((10 * PER_ACCOUNT - 2..=10 * PER_ACCOUNT + flowed_in).contains(&taken), "{taken} taken, {flowed_in} new");
    assert!(door(1).log_in("bob", address(9_999), &proofs).await.is_ok(), "a known device does not");
    for number in 0..PER_ACCOUNT {
        door(number).try_login("bob", address(3)).await.expect("nor does a known address, at any door");
    }
    assert!(door(0).try_login("bob", address(3)).await.is_err(), "it has the allowance of one, and no more");

    let confirm =
        async |number| door(number).gate.logins.confirm(door(number).gate.logins.account("dua"), address(5)).await;
    for number in 0..2 * PER_ACCOUNT {
        let right = confirm(number).await.unwrap();
        door(number).gate.logins.settle(&right, Outcome::Confirmed).await;
    }
    for number in 0..PER_ACCOUNT {
        confirm(number).await.unwrap();
    }
    assert!(confirm(1).await.is_err());

    let register = async |number| door(number).gate.logins.register(address(6)).await;
    for outcome in [Outcome::Registered, Outcome::NotRegistered, Outcome::Registered, Outcome::Registered] {
        let tried = register(0).await.unwrap();
        door(1).gate.logins.settle(&tried, outcome).await;
    }
    register(1).await.unwrap();
    assert!(register(0).await.unwrap_err().0.as_secs() > 60);
    assert_eq!(doors.each_ref().map(Door::counted_alone), [0, 0]);
    for door in doors {
        door.store.handle.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tries_at_two_nodes_count_together() {
    let server = Server::start(&Options::default()).unwrap();
    both_count_together(&[server.url()]).await;
    // All that is kept of it is forgotten by itself.
    let keys: Vec<String> = redis::from_redis_value(server.command(&["KEYS", "rill:{limits}:*"]).unwrap()).unwrap();
    assert!(keys.len() > 20, "{}", keys.len());
    for key in keys {
        let ttl_ms: i64 = redis::from_redis_value(server.command(&["PTTL", &key]).unwrap()).unwrap();
        // -2 is one that was forgotten by now, -1 one that never is.
        let is_bounded = ttl_ms <= 3_600_000 || key.ends_with(":known");
        assert!(ttl_ms != -1 && is_bounded, "{key}: {ttl_ms}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_cluster_too() {
    let cluster = RedisCluster::start(&Options::default()).unwrap();
    both_count_together(&cluster.urls()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_away_each_node_counts_for_itself() {
    let mut server = Server::start(&Options::durable()).unwrap();
    let doors = doors(&[server.url()]).await;
    doors[0].try_login("ann", address(1)).await.unwrap();
    server.kill();
    for door in &doors {
        for _ in 0..PER_ACCOUNT {
            door.try_login("ann", address(1)).await.unwrap();
        }
        assert!(door.try_login("ann", address(1)).await.is_err());
        assert_eq!(door.counted_alone(), u64::from(PER_ACCOUNT) + 1);
    }
    server.restart().unwrap();
    for door in &doors {
        door.is_back().await;
    }
    // What is counted together goes on where it was: one of three is used, and one more may
    // have flown in.
    let mut allowed = 0;
    for number in 0..4 * PER_ACCOUNT {
        allowed += u32::from(doors[number as usize % 2].try_login("ann", address(1)).await.is_ok());
    }
    assert!((1..=PER_ACCOUNT).contains(&allowed), "{allowed}");
    for door in doors {
        door.store.handle.close().await;
    }
}
