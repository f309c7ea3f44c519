//! One second of a run.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::report::rounded;

/// Keys are fixed: plots read them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Moment {
    /// Its end, since counting began.
    pub(crate) at_s: f64,
    pub(crate) per_s: f64,
    /// Of what was done in it; nothing if nothing was.
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    pub(crate) p99_9_ms: Option<f64>,
    pub(crate) max_ms: Option<f64>,
    /// Since the beginning.
    pub(crate) errors: u64,
    pub(crate) connections: u64,
    /// CPU seconds a second.
    pub(crate) server_cores: Option<f64>,
    pub(crate) server_rss_mib: Option<f64>,
}

impl Moment {
    /// Of what was done in so many seconds.
    pub(super) fn new(at_s: f64, lasted_s: f64, us: &Histogram<u32>) -> Self {
        let ms = |us: u64| rounded(us as f64 / 1_000.0);
        let at = |quantile: f64| (!us.is_empty()).then(|| ms(us.value_at_quantile(quantile)));
        Self {
            at_s: rounded(at_s),
            per_s: rounded(us.len() as f64 / lasted_s.max(1e-3)),
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            p99_9_ms: at(0.999),
            max_ms: (!us.is_empty()).then(|| ms(us.max())),
            errors: 0,
            connections: 0,
            server_cores: None,
            server_rss_mib: None,
        }
    }
}
