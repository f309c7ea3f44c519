//! What it takes to kill a server and to know afterwards whether anything was lost:
//! people who speak at fixed moments and note every ack, people who note every delivery,
//! a stopwatch for the time without answers, and an audit that compares all of it with
//! the log as somebody finds it who comes anew.

pub(crate) mod audit;
pub(crate) mod listener;
pub(crate) mod outage;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod speaker;
