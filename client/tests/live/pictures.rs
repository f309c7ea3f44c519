//! Avatars and custom emoji, as whoever follows a server hears of them.

use rill_client::{Event, Events, TransportKind};
use rill_protocol::UserId;

use super::server::{Server, within};

/// A PNG of one pixel.
pub(crate) const RED_PIXEL: [u8; 70] = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0x1f, 0x15, 0xc4, 0x89, 0x00, 0x00, 0x00, 0x0d, 0x49,
    0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0xf0, 0x1f, 0x00, 0x05, 0x00, 0x01, 0xff, 0x89, 0x99, 0x3d,
    0x1d, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

/// The next avatar of a user that is told: its version, and whether there is one.
async fn next_avatar(events: &mut Events, of: UserId) -> (u64, bool) {
    within(60, async {
        loop {
            if let Event::UserAvatars(avatars) = events.next().await.expect("it lives")
                && let Some(told) = avatars.iter().find(|told| told.user == of)
            {
                return (told.avatar.version.get(), told.avatar.is_set);
            }
        }
    })
    .await
}

async fn next_emoji(events: &mut Events) -> u64 {
    within(60, async {
        loop {
            if let Event::Emoji { version } = events.next().await.expect("it lives") {
                return version;
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_a_server_hears_of_avatars_and_emoji_over_every_transport() {
    let server = Server::start();
    let api = server.api();
    let login = api.login("user1", "123", "test").await.unwrap();
    let mut emoji = 0;
    for (round, kind) in
        [TransportKind::Quic, TransportKind::WebTransport, TransportKind::WebSocket].into_iter().enumerate()
    {
        let (client, mut events) = server.client("user1", kind).await;
        let of = client.user().unwrap();
        let set = api.set_avatar(&login.token, RED_PIXEL.to_vec()).await.unwrap();
        // Which it was before comes first, from the second round on.
        let told = loop {
            let told = next_avatar(&mut events, of).await;
            if told.0 >= set.version {
                break told;
            }
        };
        assert_eq!(told, (set.version, true), "{kind}");
        let removed = api.remove_avatar(&login.token).await.unwrap();
        assert_eq!(next_avatar(&mut events, of).await, (removed.version, false), "{kind}");
        api.add_emoji(&login.token, &format!("dot{round}"), RED_PIXEL.to_vec()).await.unwrap();
        let list = api.emoji(&login.token).await.unwrap();
        assert_eq!((list.emoji.len(), list.version > emoji), (round + 1, true));
        while next_emoji(&mut events).await != list.version {}
        emoji = list.version;
    }
}
