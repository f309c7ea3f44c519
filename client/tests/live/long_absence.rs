//! A client that was away for longer than a resume replays, behind a wire that can be
//! cut.

use rill_client::{Config, Endpoints, TransportKind};
use rill_protocol::{limits::RESUME_ENTRIES_MAX, message::Direction};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    time::sleep,
};
use url::Url;

use super::{
    reader::Reader,
    server::{Server, within},
};

const POLL: Duration = Duration::from_millis(5);

/// A wire to `target`.
struct Wire {
    address: SocketAddr,
    cut: Arc<AtomicBool>,
    /// Connections that it carries.
    carried: Arc<AtomicUsize>,
}

impl Wire {
    async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cut = Arc::new(AtomicBool::new(false));
        let carried = Arc::new(AtomicUsize::new(0));
        let (state, count) = (Arc::clone(&cut), Arc::clone(&carried));
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (state, count) = (Arc::clone(&state), Arc::clone(&count));
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let carry = async {
                        let mut far = TcpStream::connect(target).await?;
                        copy_bidirectional(&mut near, &mut far).await
                    };
                    tokio::select! {
                        _ = carry => {}
                        () = is_cut(&state) => {}
                    }
                    count.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        Self { address, cut, carried }
    }

    /// Returns when nothing passes any more.
    async fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
        while self.carried.load(Ordering::Relaxed) > 0 {
            sleep(POLL).await;
        }
    }

    fn mend(&self) {
        self.cut.store(false, Ordering::Relaxed);
    }
}

async fn is_cut(state: &AtomicBool) {
    while !state.load(Ordering::Relaxed) {
        sleep(POLL).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_long_absence_the_tail_begins_anew_and_history_holds_the_rest() {
    let server = Server::start();
    let wire = Wire::to(server.ready.http).await;
    let (writer, _writer_events) = server.client("user1", TransportKind::WebSocket).await;
    let room = within(60, writer.create_room("long")).await.unwrap().id;

    let config = server.config("user2", TransportKind::WebSocket);
    let endpoints =
        Endpoints { websocket: Url::parse(&format!("ws://{}/rill/v1/ws", wire.address)).unwrap(), quic: None };
    let (guest, events) = rill_client::Client::connect(Config { endpoints: Some(endpoints), ..config }).await.unwrap();
    within(60, guest.online()).await.unwrap();
    within(60, guest.join(room)).await.unwrap();
    let mut reader = Reader::new(events, room);
    writer.post(room, "seen").await.unwrap();
    reader.read(1, 60).await;

    within(60, wire.cut()).await;
    let missed = RESUME_ENTRIES_MAX as usize + 100;
    let mut last = None;
    for number in 0..missed {
        last = Some(writer.post(room, format!("missed {number}")).await.unwrap());
    }
    let head = within(60, last.unwrap().posted()).await.unwrap().seq;
    wire.mend();

    let base = within(60, async {
        loop {
            reader.read(reader.texts.len() + 1, 60).await;
            if let [_, base] = reader.bases[..] {
                return base;
            }
        }
    })
    .await;
    let tail = usize::try_from(head - base).unwrap();
    let texts = reader.read(1 + tail, 60).await.to_vec();
    let expected: Vec<String> = (missed - tail..missed).map(|number| format!("missed {number}")).collect();
    assert_eq!(texts[1..], expected);
    reader.read_nothing_more(100).await;

    // Everything between what was seen and the new base, page after page.
    let mut found = Vec::new();
    let mut after = 4; // created, two joins, "seen"
    while let Some(page) = Some(within(60, guest.history(room, Direction::After, after, 100)).await.unwrap()) {
        found.extend(page.messages.iter().filter(|m| m.seq.get() <= base).map(|message| message.text.clone()));
        match page.next {
            Some(next) => after = next.get(),
            None => break,
        }
    }
    let expected: Vec<String> = (0..missed - tail).map(|number| format!("missed {number}")).collect();
    assert_eq!(found, expected);

    // And backwards, as a person scrolls.
    let page = within(60, guest.history(room, Direction::Before, base + 1, 100)).await.unwrap();
    assert_eq!(page.messages.last().map(|message| message.seq.get()), Some(base));
    assert_eq!(page.messages.len(), 100);
}
