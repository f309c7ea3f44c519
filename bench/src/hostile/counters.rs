//! The server's own count of what it refused, from `/metrics` on its loopback port.

use rill_protocol::Code;
use std::{collections::BTreeMap, net::IpAddr};

use super::{ground::Ground, http, tcp::Door};

/// By door and code, as `rill_refusals_total{door="…",code="…"}` tells it.
pub(crate) type Refusals = BTreeMap<(String, String), u64>;

/// Nothing where the server has no such page.
pub(crate) async fn refusals(from: IpAddr, ground: &Ground) -> Option<Refusals> {
    let request = http::request("GET", "/metrics", &ground.loopback_host(), &[], b"");
    let reply = http::exchange(from, Door::Loopback, ground, &request).await.ok()?;
    // A server without the page answers with that of the chat.
    let page = String::from_utf8(reply.body).ok().filter(|page| reply.status == 200 && page.contains("# TYPE"))?;
    Some(parse(&page))
}

fn parse(page: &str) -> Refusals {
    let label = |labels: &str, name: &str| {
        let (_, rest) = labels.split_once(&format!("{name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let line = |line: &str| {
        let (labels, count) = line.strip_prefix("rill_refusals_total{")?.split_once("} ")?;
        Some(((label(labels, "door")?, label(labels, "code")?), count.split(' ').next()?.parse().ok()?))
    };
    page.lines().filter_map(line).collect()
}

/// What was added between two readings.
pub(crate) fn since(before: &Refusals, after: &Refusals) -> Refusals {
    let added = |(key, count): (&(String, String), &u64)| {
        let more = count.saturating_sub(before.get(key).copied().unwrap_or(0));
        (more > 0).then(|| (key.clone(), more))
    };
    after.iter().filter_map(added).collect()
}

/// Codes that were heard more often than they were counted: code, heard, counted.
pub(crate) fn uncounted(heard: &BTreeMap<u32, u64>, counted: &Refusals) -> Vec<(&'static str, u64, u64)> {
    let of = |(code, heard): (&u32, &u64)| {
        let name = Code::from_number(*code)?.name();
        let counted = counted.iter().filter(|((_, code), _)| code == name).map(|(_, count)| count).sum();
        (*heard > counted).then_some((name, *heard, counted))
    };
    heard.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_metrics_is_read() {
        let page = "# TYPE rill_refusals counter\nrill_refusals_total{door=\"quic\",code=\"bad_ticket\"} 7\n\
                    rill_refusals_total{code=\"busy\",door=\"http\"} 2\nrill_other_total 9\n# EOF\n";
        let refusals = parse(page);
        assert_eq!(refusals[&("quic".to_owned(), "bad_ticket".to_owned())], 7);
        assert_eq!(refusals[&("http".to_owned(), "busy".to_owned())], 2);
        assert_eq!(refusals.len(), 2);
        let before = parse("rill_refusals_total{door=\"quic\",code=\"bad_ticket\"} 5\n");
        assert_eq!(since(&before, &refusals)[&("quic".to_owned(), "bad_ticket".to_owned())], 2);
    }

    #[test]
    fn what_was_heard_and_not_counted_is_found() {
        let counted = parse("rill_refusals_total{door=\"quic\",code=\"bad_ticket\"} 3\n");
        let heard = BTreeMap::from([(Code::BadTicket.number(), 3), (Code::Malformed.number(), 1)]);
        assert_eq!(uncounted(&heard, &counted), [("malformed", 1, 0)]);
    }
}
