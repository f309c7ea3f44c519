//! The server's only doors to time, randomness and new tasks, so that a simulation
//! can stand in for all three; and queues between tasks.

mod background;
mod clock;
mod entropy;
pub mod queue;
mod stop;
mod tasks;

pub use background::Background;
pub use clock::{Clock, SystemClock};
pub use entropy::{Entropy, SystemEntropy};
pub use stop::{Stop, StopSwitch};
pub use tasks::{TaskGroup, Tasks};
