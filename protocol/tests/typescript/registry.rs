//! The shapes of all bodies, as serde sees them.

use rill_protocol::for_every_kind;
use serde_reflection::{Registry, Tracer, TracerConfig};

/// Every type that a body names, by name.
pub(crate) fn trace() -> Registry {
    let mut tracer = Tracer::new(TracerConfig::default());
    macro_rules! trace_all {
        ($($name:ident: $body:ty,)*) => {
            $(tracer.trace_simple_type::<$body>().unwrap_or_else(|error| panic!("{}: {error}", stringify!($name)));)*
        };
    }
    for_every_kind!(trace_all);
    tracer.registry().expect("every type is traced to its end")
}
