//! Several nodes on one store: whatever they do to administrators at the same time, one who
//! can log in remains.

use rill_redis_process::{Options, Server};
use rill_server::domain::{
    DomainError,
    accounts::{Actor, NewAccount},
};
use rill_storage::{Store, model::Role};

use crate::{nodes::Nodes, nodes_on_redis, world::World};

/// Makes so many administrators, by name.
async fn make(node: &World, names: &[String]) {
    for name in names {
        let account = NewAccount { name, password: Some("correct horse"), role: Role::Administrator };
        node.services.domain.accounts.create_for(&Actor::Operator, account).await.unwrap();
    }
}

/// How many of them could do something.
async fn remaining(store: &Store) -> usize {
    let users = store.roster.list(None, 500).await.unwrap();
    users.iter().filter(|user| user.role == Role::Administrator && user.disabled_ms.is_none()).count()
}

/// What one node does to somebody.
async fn take_away(node: &World, name: &str, disables: bool) -> Result<(), DomainError> {
    let accounts = &node.services.domain.accounts;
    match disables {
        true => accounts.disable(&Actor::Operator, name).await.map(drop),
        false => accounts.set_role(&Actor::Operator, name, Role::Member).await,
    }
}

/// Again and again: two at two nodes at the same instant. At most one goes, and when one is
/// left they stay.
async fn one_remains([here, there]: [&World; 2], rounds: usize) {
    for round in 0..rounds {
        let names: Vec<String> = ["ann", "bob"].iter().map(|name| format!("{name}{round}")).collect();
        make(here, &names).await;
        let (disables, others) = (round % 2 == 0, round % 3 == 0);
        let (first, second) = tokio::join!(take_away(here, &names[0], disables), take_away(there, &names[1], others));
        let gone = usize::from(first.is_ok()) + usize::from(second.is_ok());
        assert_eq!((gone, remaining(here.store()).await), (1, 1), "{first:?} {second:?}");
        let refused = first.err().or(second.err()).unwrap();
        assert!(matches!(refused, DomainError::LastAdministrator | DomainError::Busy), "{refused:?}");
        // Whoever is left is the last one, and is told so at either node.
        let last = here.store().roster.list(None, 500).await.unwrap();
        let last = last.into_iter().find(|user| user.role == Role::Administrator && user.disabled_ms.is_none());
        let last = last.unwrap().name;
        for node in [here, there] {
            let refused = take_away(node, &last, disables).await.unwrap_err();
            assert!(matches!(refused, DomainError::LastAdministrator), "{refused:?}");
        }
        // For the next round there is nobody.
        let id = here.store().roster.list(None, 500).await.unwrap();
        for user in id {
            here.store().users.set_role(user.id, Role::Member).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_remains_though_two_nodes_take_one_away_each() {
    let nodes = Nodes::new().await;
    one_remains([&nodes.nodes[0], &nodes.nodes[1]], 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_redis_too() {
    let server = Server::start(&Options::default()).unwrap();
    let nodes = nodes_on_redis::Nodes::on(&[server.url()]).await;
    one_remains([&nodes.nodes[0], &nodes.nodes[1]], 20).await;
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_are_taken_away_at_once_at_least_one_stays() {
    const MANY: usize = 12;
    let nodes = Nodes::new().await;
    let names: Vec<String> = (0..MANY).map(|number| format!("admin{number}")).collect();
    make(&nodes.nodes[0], &names).await;
    for _ in 0..3 {
        let all =
            names.iter().enumerate().map(|(number, name)| take_away(&nodes.nodes[number % 2], name, number % 3 == 0));
        futures_util::future::join_all(all).await;
        assert!(remaining(nodes.nodes[0].store()).await >= 1);
    }
    // When they come one after the other, all go but one.
    for name in &names {
        let _ = take_away(&nodes.nodes[1], name, true).await;
    }
    assert_eq!(remaining(nodes.nodes[0].store()).await, 1);
}

#[tokio::test]
async fn where_there_is_no_administrator_members_can_be_disabled() {
    let nodes = Nodes::new().await;
    let node = &nodes.nodes[0];
    let account = NewAccount { name: "eve", password: Some("correct horse"), role: Role::Member };
    node.services.domain.accounts.create_for(&Actor::Operator, account).await.unwrap();
    take_away(node, "eve", true).await.unwrap();
}
