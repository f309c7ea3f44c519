//! Which plots a report has, by the keys that it has.

use serde_json::Value;

use super::{
    escaped,
    plot::{Plot, Series},
    scale::Scale,
};

/// The curve ends where its tail would be a single delivery.
const PERCENT_MAX: f64 = 99.999;
/// What is told in large.
const CARDS: [(&str, &str, &str); 8] = [
    ("/latency_ms/p50", "p50", "ms"),
    ("/latency_ms/p99", "p99", "ms"),
    ("/latency_ms/p99_9", "p99.9", "ms"),
    ("/latency_ms/max", "max", "ms"),
    ("/deliveries_per_s", "deliveries", "/s"),
    ("/lost", "lost", ""),
    ("/server/rss_mib", "memory", "MiB"),
    ("/server/kib_per_connection", "a connection", "KiB"),
];

pub(super) fn of(report: &Value) -> String {
    let cards: String =
        CARDS.iter().filter_map(|(at, name, unit)| card(report.pointer(at)?.as_f64()?, name, unit)).collect();
    let timeline: &[Value] = report["timeline"].as_array().map_or(&[], Vec::as_slice);
    let plots: String = [latency(timeline), percentiles(report), rate(timeline), cpu(timeline), memory(timeline)]
        .iter()
        .flatten()
        .map(Plot::svg)
        .collect();
    let cards = if cards.is_empty() { cards } else { format!("<ul class=\"cards\">\n{cards}</ul>\n") };
    if plots.is_empty() { cards } else { format!("{cards}<div class=\"plots\">\n{plots}</div>\n") }
}

fn card(value: f64, name: &str, unit: &str) -> Option<String> {
    Some(format!("<li><span>{}</span><b>{} {unit}</b></li>\n", escaped(name), short(value)))
}

/// Three digits or so: the table has the rest.
fn short(value: f64) -> String {
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    if value.fract() == 0.0 { value.to_string() } else { format!("{value:.digits$}") }
}

fn series(timeline: &[Value], name: &'static str, key: &str) -> Series {
    let points = timeline.iter().filter_map(|moment| Some((moment["at_s"].as_f64()?, moment[key].as_f64())));
    Series { name, points: points.collect() }
}

fn values(series: &[Series]) -> impl Iterator<Item = f64> + Clone {
    series.iter().flat_map(|series| &series.points).filter_map(|(_, value)| *value)
}

/// Over time; nothing if nothing was measured.
fn over_time(
    title: &'static str,
    unit: &'static str,
    series: Vec<Series>,
    y: impl Fn(f64, f64) -> Scale,
) -> Option<Plot> {
    let last = series.iter().flat_map(|series| &series.points).map(|(at, _)| *at).fold(0.0, f64::max);
    let lowest = values(&series).fold(f64::INFINITY, f64::min);
    let highest = values(&series).fold(f64::NEG_INFINITY, f64::max);
    let y = (highest >= lowest).then(|| y(lowest, highest))?;
    Some(Plot { title, unit, along: "seconds", x: Scale::Linear(0.0, last.max(1.0)), y, series })
}

fn latency(timeline: &[Value]) -> Option<Plot> {
    let lines = [("p50", "p50_ms"), ("p99", "p99_ms"), ("p99.9", "p99_9_ms"), ("max", "max_ms")];
    let series = lines.map(|(name, key)| series(timeline, name, key)).into();
    over_time("Latency over time", "ms", series, Scale::of_latencies)
}

fn rate(timeline: &[Value]) -> Option<Plot> {
    over_time("Rate", "deliveries/s", vec![series(timeline, "rate", "per_s")], |_, highest| Scale::from_zero(highest))
}

fn cpu(timeline: &[Value]) -> Option<Plot> {
    let series = vec![series(timeline, "CPU", "server_cores")];
    over_time("CPU of the server", "cores", series, |_, highest| Scale::from_zero(highest))
}

fn memory(timeline: &[Value]) -> Option<Plot> {
    let series = vec![series(timeline, "memory", "server_rss_mib")];
    over_time("Memory of the server", "MiB", series, |_, highest| Scale::from_zero(highest))
}

fn percentiles(report: &Value) -> Option<Plot> {
    let points: Vec<(f64, Option<f64>)> = report["percentiles"]
        .as_array()?
        .iter()
        .filter_map(|point| Some((point[0].as_f64()?, Some(point[1].as_f64()?))))
        .collect();
    // What is drawn at the end is the highest of all.
    let last = points.iter().map(|(percent, _)| *percent).filter(|percent| *percent < 100.0).fold(90.0, f64::max);
    let x = Scale::Nines(last.min(PERCENT_MAX));
    let series = vec![Series { name: "latency", points }];
    let highest = values(&series).fold(f64::NEG_INFINITY, f64::max);
    let lowest = values(&series).filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    let y = (highest >= lowest).then(|| Scale::of_latencies(lowest, highest))?;
    Some(Plot { title: "Latency by percentile", unit: "ms", along: "percentile", x, y, series })
}
