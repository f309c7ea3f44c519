//! Requests over HTTP and over the wire: how many, how they were answered, how long they
//! took.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

/// Seconds: from what the store's cache answers to what a client gives up on.
const BUCKETS: [f64; 7] = [0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0];

/// See the module.
pub(super) struct Requests {
    answered: Family<Answered, Counter>,
    seconds: Family<What, Histogram>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    door: &'static str,
    what: String,
    code: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct What {
    what: String,
}

impl Requests {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let answered = Family::default();
        registry.register("requests", "Requests by route or kind, and how they were answered", answered.clone());
        let seconds = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        registry.register("request_seconds", "From a request to its answer", seconds.clone());
        Self { answered, seconds }
    }

    pub(super) fn answered(&self, door: &'static str, what: &str, code: &'static str, seconds: f64) {
        let what = what.to_owned();
        self.answered.get_or_create(&Answered { door, what: what.clone(), code }).inc();
        self.seconds.get_or_create(&What { what }).observe(seconds);
    }
}
