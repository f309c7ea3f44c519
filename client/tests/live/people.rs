//! Who is there, what they say of themselves, and who writes, as whoever follows a server hears.

use rill_client::{Client, Error, Event, Events, NewProfile, NewStatus};
use rill_protocol::{
    Code,
    message::{Availability, PresenceState},
};

use super::{
    heard::{KINDS, next},
    server::Server,
};

async fn availability(events: &mut Events) -> (Availability, String) {
    next(events, |event| match event {
        Event::PresenceDetails(mut people) => people.pop().map(|detail| (detail.availability, detail.text)),
        _ => None,
    })
    .await
}

async fn is_online(events: &mut Events) -> bool {
    next(events, |event| match event {
        Event::Presence(slots) => slots.first().map(|slot| slot.state == PresenceState::Online),
        _ => None,
    })
    .await
}

/// Follows a room from its first entry on.
async fn follow(client: &Client, events: &mut Events, room: rill_protocol::RoomId) {
    client.join(room).await.unwrap();
    next(events, |event| matches!(event, Event::Tail { room: of, .. } if of == room).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_there_say_something_and_write_over_every_transport() {
    let server = Server::start();
    for kind in KINDS {
        let (ann, mut heard) = server.client("user1", kind).await;
        let bob_is = ann.find_people("user2", None, 5).await.unwrap().people.remove(0).user;
        ann.watch(vec![bob_is]).await.unwrap();
        while is_online(&mut heard).await {}
        let (bob, mut bobs) = server.client("user2", kind).await;
        assert!(is_online(&mut heard).await, "{kind}");
        bob.set_idle(true).await.unwrap();
        while availability(&mut heard).await.0 != Availability::Idle {}
        let busy = NewStatus { do_not_disturb: true, text: format!("on {kind}"), ..NewStatus::default() };
        bob.set_status(busy.clone()).await.unwrap();
        while availability(&mut heard).await != (Availability::DoNotDisturb, busy.text.clone()) {}
        bob.set_status(NewStatus::default()).await.unwrap();
        let chosen_name = format!("李明 {kind}");
        let own =
            bob.set_profile(NewProfile { chosen_name: chosen_name.clone(), ..NewProfile::default() }).await.unwrap();
        assert_eq!((own.profile.name, own.profile.username), (chosen_name.clone(), "user2".to_owned()));
        let told = next(&mut bobs, |event| match event {
            Event::OwnProfile(own) => Some(own.profile.name).filter(|name| *name == chosen_name),
            _ => None,
        });
        assert_eq!(told.await, chosen_name);
        assert_eq!(ann.find_people("lm", None, 5).await.unwrap().people[0].name, chosen_name);
        assert_eq!(ann.profile(bob_is).await.unwrap().profile.name, chosen_name);
        let taken = NewProfile { chosen_name: "user1".into(), ..NewProfile::default() };
        let Err(Error::Refused(refused)) = bob.set_profile(taken).await else { panic!("the name is somebody else's") };
        assert_eq!(refused.code, Code::LooksTaken.number());

        let room = ann.create_room(format!("{kind}")).await.unwrap().id;
        follow(&bob, &mut bobs, room).await;
        // A datagram may be lost: who writes says so again.
        let writes = async {
            loop {
                ann.typing(room, true).await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
        };
        let hears = next(&mut bobs, |event| match event {
            Event::Typing { room: of, user, is_typing: true } if of == room => Some(user),
            _ => None,
        });
        tokio::select! {
            () = writes => {}
            user = hears => assert_eq!(Some(user), ann.user()),
        }
        bob.set_profile(NewProfile::default()).await.unwrap();
        bob.close().await;
        while is_online(&mut heard).await {}
    }
}
