//! Who may see what, for any order of what happens in a room: `visible` against somebody who reads
//! the log from its beginning and notes who was there.

use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use rill_protocol::{ClientId, RoomId};
use rill_server::domain::visible::visible;
use rill_storage::model::{Access, HistoryFrom, MemberAct, Setting};

use crate::{
    replayed::Replayed,
    world::{Person, SystemEntropyBytes, World},
};

const PEOPLE: usize = 4;
const STEPS_MAX: usize = 60;

#[derive(Clone, Debug)]
enum Step {
    Join,
    Leave,
    Post,
    Act(usize, MemberAct),
    Set(Setting),
}

fn step() -> impl Strategy<Value = Step> {
    use MemberAct::{Ban, Demote, HandOver, Invite, Promote, Remove, Unban, Uninvite};
    let acts = vec![Invite, Uninvite, Remove, Ban, Unban, Promote, Demote, HandOver];
    let settings = vec![
        Setting::Access(Access::Public),
        Setting::Access(Access::Invited),
        Setting::History(HistoryFrom::Start),
        Setting::History(HistoryFrom::Joining),
        Setting::Archived(true),
        Setting::Archived(false),
    ];
    prop_oneof![
        4 => Just(Step::Join),
        2 => Just(Step::Leave),
        4 => Just(Step::Post),
        6 => (0..PEOPLE, prop::sample::select(acts)).prop_map(|(whom, act)| Step::Act(whom, act)),
        2 => prop::sample::select(settings).prop_map(Step::Set),
    ]
}

/// Whether it is allowed is not asked here: what was refused is not in the log.
async fn take(world: &World, people: &[Person], room: RoomId, (who, step): (usize, Step)) {
    let (user, client_id) = (people[who].identity.user, ClientId(SystemEntropyBytes::fresh()));
    let domain = &world.services.domain;
    match step {
        Step::Join => drop(domain.rooms.join(user, client_id, room).await),
        Step::Leave => drop(domain.rooms.leave(user, client_id, room).await),
        Step::Post => drop(domain.messages.post(user, room, client_id, "x").await),
        Step::Act(whom, act) => {
            drop(domain.rooms.change_member(user, client_id, room, (people[whom].identity.user, act)).await);
        }
        Step::Set(setting) => drop(domain.rooms.set(user, client_id, room, setting).await),
    }
}

async fn peopled() -> (World, Vec<Person>) {
    let world = World::new();
    let mut people = Vec::new();
    for name in ["ann", "bob", "cem", "dua"].into_iter().take(PEOPLE) {
        people.push(world.person(name).await);
    }
    (world, people)
}

async fn agrees(world: &World, people: &[Person], steps: Vec<(usize, Step)>) -> Result<(), TestCaseError> {
    let room = world.room(&people[0], "room").await;
    for step in steps {
        take(world, people, room, step).await;
    }
    let store = &world.services.store;
    let entries = store.log.entries(room, 0, 1_000, usize::MAX).await.unwrap();
    let replayed = Replayed::of(entries.iter().map(AsRef::as_ref)).map_err(TestCaseError::fail)?;
    let found = store.rooms.get(room).await.unwrap().unwrap();
    for person in people {
        let user = person.identity.user;
        let membership = store.rooms.membership(room, user).await.unwrap();
        let role = membership.as_ref().and_then(|membership| found.role_of(membership));
        prop_assert_eq!(role, replayed.role(user), "{} in {:?}", person.identity.name, entries);
        for entry in &entries {
            let may = membership.as_ref().is_some_and(|it| visible(it, entry.seq, entry.target_seq()));
            let was_there = replayed.may_see(user, entry.seq, entry.target_seq());
            prop_assert_eq!(may, was_there, "{} and {}", person.identity.name, entry.seq);
        }
    }
    Ok(())
}

#[test]
fn who_sees_what_is_what_they_were_there_for() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (world, people) = runtime.block_on(peopled());
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    let steps = vec((0..PEOPLE, step()), 0..STEPS_MAX);
    TestRunner::new(config).run(&steps, |steps| runtime.block_on(agrees(&world, &people, steps))).unwrap();
}
