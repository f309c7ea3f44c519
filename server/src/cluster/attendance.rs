//! Where users are attached, as all nodes know it. It is kept outside the nodes and is
//! volatile: whatever of it is lost, the nodes write again.

use async_trait::async_trait;
use rill_protocol::UserId;
use std::sync::Arc;

/// A node's name: no two lives of a node share one.
pub type Node = Arc<str>;

/// Whether a user is attached at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attended {
    No,
    Yes,
    /// By devices that are not in use, all of them.
    Idly,
}

/// What stands beside a node's name where a user is attached at it idly. No node's name ends so.
const IDLY: &str = "~idle";

/// The word that stands beside a node's name: one that those do not know who know only names.
pub fn idly(node: &Node) -> String {
    format!("{node}{IDLY}")
}

/// Whether it is such a word, and no node's name.
pub fn is_idle_word(node: &Node) -> bool {
    node.ends_with(IDLY)
}

/// It cannot be asked now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the nodes' attendance cannot be reached: {0}")]
pub struct Away(pub String);

/// The nodes that there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beats {
    /// Those that were heard of lately, the asking one among them.
    pub nodes: Vec<Node>,
    /// The asking one had been forgotten, and what it wrote may be too.
    pub was_forgotten: bool,
    /// The keeper's time.
    pub now_ms: u64,
}

/// Time is the keeper's own: nodes whose clocks differ agree. Repeating a call changes
/// nothing.
#[async_trait]
pub trait Attendance: Send + Sync + 'static {
    /// The keeper's time, since 1970.
    async fn now_ms(&self) -> Result<u64, Away>;
    /// This node lives, for as long as the limits say. Which ones do?
    async fn beat(&self, node: &Node) -> Result<Beats, Away>;
    /// This node ends.
    async fn leave(&self, node: &Node) -> Result<(), Away>;
    /// Whether users are attached at this node.
    async fn set(&self, node: &Node, users: &[(UserId, Attended)]) -> Result<(), Away>;
    /// The nodes that each of the users is attached at, in their order; also nodes that
    /// live no more. Beside those at which they are idly, the word that [`idly`] makes.
    async fn nodes_of(&self, users: &[UserId]) -> Result<Vec<Vec<Node>>, Away>;
}
