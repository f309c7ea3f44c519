//! Where the log goes and how it looks: stderr, a line an event.

use std::io::{IsTerminal as _, stderr};
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// The target of the access log: `log.filter` may name it like any other.
pub const ACCESS: &str = "rill::access";

/// Begins the log of this process. The filter was checked with the configuration.
pub fn start(log: &Log) {
    let mut filter = EnvFilter::new(&log.filter);
    if !log.access
        && let Ok(off) = format!("{ACCESS}=off").parse()
    {
        filter = filter.add_directive(off);
    }
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match log.format {
        LogFormat::Text => subscriber.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => subscriber.json().flatten_event(true).with_current_span(false).with_span_list(false).init(),
    }
}
