//! A cluster: primaries that share all slots.

use std::ops::RangeInclusive;

use crate::{Error, Options, Server, until};

/// As many as a Redis Cluster needs to agree on anything.
const NODES: usize = 3;
const SLOTS: usize = 16_384;

/// Three primaries without replicas.
pub struct Cluster {
    pub nodes: Vec<Server>,
}

fn slots_of(node: usize) -> RangeInclusive<usize> {
    node * SLOTS / NODES..=(node + 1) * SLOTS / NODES - 1
}

impl Cluster {
    /// Starts the nodes, gives them the slots, and waits until each of them says that the
    /// cluster is whole.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let nodes = (0..NODES).map(|_| Server::start_as(options, true)).collect::<Result<Vec<_>, _>>()?;
        for (number, node) in nodes.iter().enumerate() {
            let slots: Vec<_> = slots_of(number).map(|slot| slot.to_string()).collect();
            let words: Vec<_> = ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect();
            node.command(&words)?;
            // Without an epoch each nodes would have to find out who is who by collisions.
            node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()])?;
            if number > 0 {
                let (port, bus) = (nodes[0].port().to_string(), nodes[0].bus_port().to_string());
                node.command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus])?;
            }
        }
        let cluster = Self { nodes };
        cluster.wait_until_whole()?;
        Ok(cluster)
    }

    /// Waits until every node sees every other and all slots are served.
    pub fn wait_until_whole(&self) -> Result<(), Error> {
        until("the cluster does not come together", || {
            for node in &self.nodes {
                let info: String = redis::from_redis_value(node.command(&["CLUSTER", "INFO"])?)
                    .map_err(|error| Error::Unsettled(error.to_string()))?;
                let has = |line: &str| info.lines().any(|found| found.trim() == line);
                if !has("cluster_state:ok") || !has(&format!("cluster_known_nodes:{NODES}")) {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    /// Gives a slot without keys to another node.
    pub fn move_slot(&self, slot: u16, to: usize) -> Result<(), Error> {
        let id: String = redis::from_redis_value(self.nodes[to].command(&["CLUSTER", "MYID"])?)
            .map_err(|error| Error::Unsettled(error.to_string()))?;
        // First who gets it: from then on whoever is sent there is taken.
        let others = (0..self.nodes.len()).filter(|node| *node != to);
        for node in std::iter::once(to).chain(others) {
            self.nodes[node].command(&["CLUSTER", "SETSLOT", &slot.to_string(), "NODE", &id])?;
        }
        Ok(())
    }

    /// Where clients connect.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Server::url).collect()
    }

    /// The node that serves a slot of the 16,384, until slots are moved.
    pub fn node_of(&self, slot: u16) -> usize {
        (0..NODES).find(|node| slots_of(*node).contains(&usize::from(slot))).unwrap_or(0)
    }
}
