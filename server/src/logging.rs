//! Where the log goes and how it looks: stderr, a line an event.

use std::{
    io::{IsTerminal as _, stderr},
    panic,
};
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
    // A panic is a line like any other: whoever is hurt by it says the rest.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, what = panic.payload_as_str().unwrap_or("no words"), "a panic");
    }));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match log.format {
        LogFormat::Text => subscriber.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => subscriber.json().flatten_event(true).with_current_span(false).with_span_list(false).init(),
    }
}
