//! Posts through the server's domain into the store of either engine, 64 in flight, each answered
//! when it is on disk: a round is 64 posts. `rill-bench store` has the ceiling of that.

#![allow(clippy::disallowed_methods)] // a bench measures time

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use futures_util::future::try_join_all;
use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use rill_server::{
    config::Registration,
    domain::{Domain, DomainError, World},
    memory::Memory,
    metrics::Metrics,
    runtime::{Entropy, SystemClock, SystemEntropy, Tasks},
};
use rill_storage::{
    EngineKind,
    embedded::{self, OpenOptions},
    model::{Role, User},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

const IN_FLIGHT: usize = 64;
const ROOMS: usize = 5;
const TEXT_BYTES: usize = 100;
/// What a disk needs is not the same twice.
const MEASURED: Duration = Duration::from_secs(15);
const SAMPLES: usize = 20;

fn fresh() -> [u8; 16] {
    (&SystemEntropy as &dyn Entropy).bytes()
}

/// Rooms, each with the member who has made it.
async fn rooms(domain: &Domain, world: &World) -> Vec<(UserId, RoomId)> {
    let mut rooms = Vec::new();
    for number in 0..ROOMS {
        let id = UserId(fresh());
        let user = User {
            id,
            name: format!("user{number}"),
            password_hash: String::new(),
            created_ms: 0,
            log_epoch: Epoch(fresh()),
            role: Role::Member,
            disabled_ms: None,
        };
        world.store.users.create(user).await.expect("an account");
        let created = domain.rooms.create(id, ClientId(fresh()), "room").await.expect("a room");
        rooms.push((id, created.room.id));
    }
    rooms
}

/// Every place in flight posts so often, one after the other.
async fn post(domain: &Domain, rooms: &[(UserId, RoomId)], times: u64) {
    let text = "x".repeat(TEXT_BYTES);
    let text = text.as_str();
    let posting = (0..IN_FLIGHT).map(|place| async move {
        let (user, room) = rooms[place % rooms.len()];
        for _ in 0..times {
            domain.messages.post(user, room, ClientId(fresh()), text).await?;
        }
        Ok::<_, DomainError>(())
    });
    try_join_all(posting).await.expect("every post is acked");
}

fn append(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("append/64_in_flight");
    group.sampling_mode(SamplingMode::Flat).sample_size(SAMPLES).measurement_time(MEASURED);
    group.throughput(Throughput::Elements(IN_FLIGHT as u64));
    for engine in EngineKind::ALL {
        let folder = tempfile::tempdir().expect("a folder");
        let entropy = Arc::new(|out: &mut [u8]| SystemEntropy.fill(out));
        let options = OpenOptions { engine: Some(engine), ..OpenOptions::new(folder.path().join("data"), entropy) };
        let opened = embedded::open(options).expect("a store");
        let world = World {
            memory: Memory::alone(opened.store.clone(), Arc::<Metrics>::default()),
            store: opened.store,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            tasks: Tasks::default(),
            registration: Registration::Open,
        };
        let domain = Domain::new(world.clone());
        let rooms = runtime.block_on(rooms(&domain, &world));
        group.bench_function(engine.to_string(), |bencher| {
            let (domain, rooms) = (&domain, &rooms);
            bencher.to_async(&runtime).iter_custom(|times| async move {
                let start = Instant::now();
                post(domain, rooms, times).await;
                start.elapsed()
            });
        });
        opened.handle.close().expect("it closes");
    }
    group.finish();
}

criterion_group!(benches, append);
criterion_main!(benches);
