//! A day in a company, compressed: people come and go, talk in bursts in rooms of different sizes, read what was
//! said, look who is there, send and fetch files and pictures. What each of these takes is measured by
//! itself, and nothing of what was said may be lost.

pub(crate) mod activity;
pub(crate) mod audit;
pub(crate) mod bitmap;
pub(crate) mod ears;
pub(crate) mod ledger;
pub(crate) mod operation;
pub(crate) mod person;
pub(crate) mod report;
pub(crate) mod roster;
