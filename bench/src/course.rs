//! How a run went, second by second and percentile by percentile: for plots, and for those who
//! merge the histograms of several runs.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::{histogram_text, pulse::Moment, report::rounded};

/// Steps of the curve for each halving of what lies above.
const STEPS_PER_HALVING: u32 = 5;

/// Keys are fixed: plots and other tools read them.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Course {
    timeline: Vec<Moment>,
    /// Percentile and milliseconds.
    percentiles: Vec<(f64, f64)>,
    /// The histogram in microseconds, as HdrHistogram's tools read it (V2, deflated, base64).
    histogram_us: String,
}

impl Course {
    pub(crate) fn new(timeline: Vec<Moment>, us: &Histogram<u32>) -> anyhow::Result<Self> {
        let step = |step: hdrhistogram::iterators::IterationValue<u32>| {
            (step.quantile_iterated_to() * 100.0, rounded(step.value_iterated_to() as f64 / 1_000.0))
        };
        Ok(Self {
            timeline,
            percentiles: us.iter_quantiles(STEPS_PER_HALVING).map(step).collect(),
            histogram_us: histogram_text::write(us)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::latencies;

    #[test]
    fn histograms_of_two_reports_can_be_added() {
        let mut all = latencies().unwrap();
        for half in [1..=500u64, 501..=1_000] {
            let mut us = latencies().unwrap();
            half.for_each(|ms| us.record(ms * 1_000).unwrap());
            let text = Course::new(Vec::new(), &us).unwrap().histogram_us;
            all.add(histogram_text::read(&text).unwrap()).unwrap();
        }
        assert_eq!(all.len(), 1_000);
        assert!(all.value_at_quantile(0.5).abs_diff(500_000) < 1_000, "{}", all.value_at_quantile(0.5));
    }

    #[test]
    fn the_curve_rises_to_everything() {
        let mut us = latencies().unwrap();
        (1..=10_000u64).for_each(|value| us.record(value * 10).unwrap());
        let curve = Course::new(Vec::new(), &us).unwrap().percentiles;
        assert!(curve.is_sorted_by(|a, b| a.0 <= b.0 && a.1 <= b.1), "{curve:?}");
        let (percent, ms) = *curve.last().unwrap();
        assert_eq!(percent, 100.0);
        assert!((ms - 100.0).abs() < 0.2, "{ms}");
    }
}
