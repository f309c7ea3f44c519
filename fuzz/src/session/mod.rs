//! A session from Hello to Attach and on, as a sequence of operations of a client that keeps
//! no rule: `operation` is what it does, `world` the server without sockets, `client` does
//! it and judges what it hears.

mod client;
mod operation;
mod world;

pub use operation::{Op, Said};

use std::cell::RefCell;
use world::World;

/// A world is used for so many sequences: what rooms and accounts gather in it is bounded.
const SEQUENCES_PER_WORLD: u32 = 256;
/// Longer ones say nothing new.
const OPS_MAX: usize = 48;

thread_local! {
    static WORLD: RefCell<Option<(World, u32)>> = const { RefCell::new(None) };
}

/// Never a panic; nothing but a refusal before a good ticket; one `Welcome`, at most one
/// `Attached`; every code in the table; and nothing is left of a session that is over.
pub fn session_operations(mut ops: Vec<Op>) {
    ops.truncate(OPS_MAX);
    WORLD.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|(_, used)| *used >= SEQUENCES_PER_WORLD) {
            *kept = None;
            *kept = Some((World::new(), 0));
        }
        let Some((world, used)) = kept else { return };
        *used += 1;
        world.run(client::run(world, &ops));
    });
}
