//! Uploads as a sequence of operations of several people and streams: `operation` is what
//! happens, `world` the service over a store and a bucket that outlive it, `stream` one
//! upload's stream, `notes` what must hold at every moment, `judge` what must hold in the end.

mod judge;
mod notes;
mod operation;
mod stream;
mod world;

pub use operation::{Long, Op, Said, Told};

use tokio::runtime::Builder;

/// Longer ones say nothing new.
const OPS_MAX: usize = 64;

/// Never a panic; no two write one transfer; whoever may not see a message reads nothing of
/// its file, and whoever may reads what was sent; what was told to be complete stays so until it is
/// removed, and nobody reads it then; a client id makes one message, and a transfer fills one; and
/// when everybody has gone and time has passed, every message is settled, what is kept is counted
/// right, and no blob is left that no message needs, nor one missing that a message does. Returns how
/// many files are whole.
pub fn upload_operations(mut ops: Vec<Op>) -> usize {
    ops.truncate(OPS_MAX);
    // Nothing here takes time, and nothing runs beside it: the same bytes are the same run.
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let mut world = world::World::new().await;
        for op in &ops {
            world.carry_out(op).await;
        }
        Box::pin(judge::everything(world)).await
    })
}
