//! The configuration of nginx in `deploy/`, run by a real nginx in front of three servers on
//! one Redis: everything comes through it over every transport, addresses are the clients'
//! own, and whoever loses their node goes on at another.
#![cfg(target_os = "linux")] // addresses of the whole network 127.0.0.0/8

mod nginx;
mod site;

use rill_client::{EntryKind, Event, Events, TransportKind};
use rill_protocol::RoomId;
use serde_json::json;
use std::{net::Ipv4Addr, time::Duration};
use tokio::time::timeout;

use nginx::{FRONT, NODES};
use site::{Site, browser};

const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);
const TRANSPORTS: [TransportKind; 3] = [TransportKind::WebSocket, TransportKind::Quic, TransportKind::WebTransport];

/// Reads until that text is given; what was given before it, too.
async fn hears(events: &mut Events, text: &str) -> Vec<String> {
    let mut heard = Vec::new();
    let read = async {
        while heard.last().is_none_or(|last| last != text) {
            let event = events.next().await.expect("the client lives");
            if let Event::Entry(entry) = event
                && let EntryKind::Posted { text } = entry.kind
            {
                heard.push(text);
            }
        }
    };
    timeout(PATIENCE, read).await.unwrap_or_else(|_| panic!("{text} does not come"));
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_carries_everything_to_the_nodes_behind_it() {
    let Some(site) = Site::start() else { return };
    let base = &site.base;
    let at_front = browser(FRONT);
    let token = site.register("ann").await;

    // The page, or the nodes' word that they were built without it; the API as a page of the
    // front; what is not for everybody.
    let elsewhere = browser(Ipv4Addr::new(127, 0, 0, 9));
    let page = elsewhere.get(base).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains(&format!("wss://{FRONT}:{}", site.ports.front_https)), "{policy}");
    site.login(&elsewhere, "ann").await;
    for path in ["metrics", "readyz"] {
        assert_eq!(elsewhere.get(format!("{base}/{path}")).send().await.unwrap().status(), 404);
    }
    let foreign = elsewhere.post(format!("{base}/api/v1/login")).header("origin", "https://evil.example");
    assert_eq!(foreign.json(&json!({})).send().await.unwrap().status(), 403);
    let plain = format!("http://{FRONT}:{}/rooms?x=1", site.ports.front_http);
    let answer = elsewhere.get(&plain).send().await.unwrap();
    assert_eq!(answer.status(), 308);
    assert_eq!(answer.headers()["location"], format!("{base}/rooms?x=1"));
    assert_eq!(elsewhere.post(&plain).send().await.unwrap().status(), 421);
    // The nodes know from where, and nobody can say that they are elsewhere.
    elsewhere.get(format!("{base}/api/v1/me")).header("x-forwarded-for", "203.0.113.7").send().await.unwrap();
    let said = site.logs();
    let is_told = |line: &&str| line.contains("rill::access") && line.contains("address=127.0.0.9 door=\"proxied\"");
    assert!(said.lines().filter(is_told).count() >= 3, "{said}");
    assert!(!said.contains("203.0.113.7"), "{said}");

    // Over every transport.
    let made = site.post(&at_front, "rooms", &json!({ "name": "front" }), &token, 1).await;
    let room: RoomId = made["room"]["id"].as_str().unwrap().parse().unwrap();
    let mut clients = Vec::new();
    for transport in TRANSPORTS {
        clients.push(site.connected(&token, transport).await);
    }
    for (speaker, transport) in TRANSPORTS.into_iter().enumerate() {
        let text = format!("over {transport}");
        let receipt = clients[speaker].0.post(room, text.clone()).await.unwrap();
        timeout(PATIENCE, receipt.posted()).await.unwrap().unwrap();
        for (_, events) in &mut clients {
            assert_eq!(hears(events, &text).await, std::slice::from_ref(&text));
        }
    }
    for (client, _) in clients {
        client.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logged_in_at_one_node_connected_at_another_resumed_at_the_third() {
    let Some(mut site) = Site::start() else { return };
    let people = browser(FRONT);
    let bob = site.register("bob").await;
    let made = site.post(&people, "rooms", &json!({ "name": "moving" }), &bob, 1).await;
    let id = made["room"]["id"].as_str().unwrap().to_owned();
    let room: RoomId = id.parse().unwrap();
    let messages = format!("rooms/{id}/messages");
    let ann = site.register("ann").await;
    site.post(&people, &format!("rooms/{id}/join"), &json!({}), &ann, 2).await;

    let mut key = 10;
    for transport in TRANSPORTS {
        // Which node a connection comes to is the front's choice: the login is another's.
        let logins = site.logins("ann").await;
        let (mut client, mut events) = site.connected(&logins[0], transport).await;
        let mut first = 0;
        let mut second = site.node_of(transport, &[0, 1, 2]).await;
        while second == first {
            site.disconnect(client, transport, second).await;
            first = (first + 1) % NODES.len();
            (client, events) = site.connected(&logins[first], transport).await;
            second = site.node_of(transport, &[0, 1, 2]).await;
        }
        let third = 3 - first - second;

        let [before, meanwhile, after, own] =
            ["before", "meanwhile", "after", "own"].map(|when| format!("{when}, over {transport}"));
        let say = |text: &String| json!({ "text": text });
        site.post(&people, &messages, &say(&before), &bob, key).await;
        hears(&mut events, &before).await;
        site.kill_node(first);
        site.kill_node(second);
        site.post(&people, &messages, &say(&meanwhile), &bob, key + 1).await;
        assert_eq!(hears(&mut events, &meanwhile).await, [meanwhile], "once, and nothing again");
        assert_eq!(site.node_of(transport, &[third]).await, third);
        site.post(&people, &messages, &say(&after), &bob, key + 2).await;
        let receipt = client.post(room, own.clone()).await.unwrap();
        timeout(PATIENCE, receipt.posted()).await.unwrap().unwrap();
        assert_eq!(hears(&mut events, &own).await, [after, own]);

        site.disconnect(client, transport, third).await;
        key += 10;
        site.start_node(first);
        site.start_node(second);
    }
}
