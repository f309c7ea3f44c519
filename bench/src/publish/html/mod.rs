//! A report as one page: plots and tables of what the JSON says, and nothing that is loaded from
//! elsewhere. No script either, so it can be mailed, archived and shown anywhere.

mod figures;
mod plot;
mod scale;

use serde_json::Value;
use std::fmt::Write as _;

use super::paths;

const STYLE: &str = include_str!("page.css");
/// Shown as plots, or for other programs.
const NO_TABLE: [&str; 6] = ["timeline", "percentiles", "histogram_us", "verdicts", "thresholds", "configuration"];

/// The page of a report, or of a list of reports.
pub(super) fn page(report: &Value) -> String {
    let all = report.as_array().map_or(std::slice::from_ref(report), Vec::as_slice);
    let title = format!("rill-bench {}", all.first().map_or("", |one| text(&one["scenario"])));
    let bodies: String = all.iter().map(body).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n{bodies}</body>\n</html>\n",
        escaped(&title)
    )
}

fn body(report: &Value) -> String {
    let scenario = escaped(text(&report["scenario"]));
    let transport = escaped(text(&report["transport"]));
    let commit: String = text(&report["commit"]).chars().take(12).collect();
    let mut page = format!(
        "<main>\n<h1>{scenario} <small>{transport}</small></h1>\n<p class=\"note\">rill {} {}</p>\n",
        escaped(text(&report["version"])),
        escaped(&commit)
    );
    page.push_str(&judgements(report));
    page.push_str(&figures::of(report));
    let numbers: Vec<(String, String)> = rows(report, &[]);
    page.push_str(&table("Figures", &numbers));
    page.push_str(&table("Configuration", &rows(&report["configuration"], &[])));
    page.push_str("</main>\n");
    page
}

/// Verdicts and thresholds, each with what was found.
fn judgements(report: &Value) -> String {
    let verdicts = report["verdicts"].as_array().into_iter().flatten();
    let verdicts = verdicts.map(|verdict| {
        (verdict["passed"] == true, text(&verdict["name"]).to_owned(), text(&verdict["detail"]).to_owned())
    });
    let thresholds = report["thresholds"].as_array().into_iter().flatten();
    let thresholds = thresholds.map(|line| {
        let found = format!("{} is {}", text(&line["key"]), line["value"]);
        (line["failed"] == false, format!("fail if {}", text(&line["fail_if"])), found)
    });
    let mut list = String::new();
    for (passed, name, detail) in verdicts.chain(thresholds) {
        let (class, mark) = if passed { ("ok", "✓ pass") } else { ("bad", "✗ FAIL") };
        let (name, detail) = (escaped(&name), escaped(&detail));
        let _ = writeln!(list, "<li class=\"{class}\"><b>{mark}</b> {name}: {detail}</li>");
    }
    if list.is_empty() { list } else { format!("<ul class=\"verdicts\">\n{list}</ul>\n") }
}

/// Every plain value below, by its path.
fn rows(value: &Value, above: &[&str]) -> Vec<(String, String)> {
    let Some(fields) = value.as_object() else { return Vec::new() };
    let fields = fields.iter().filter(|(key, _)| !above.is_empty() || !NO_TABLE.contains(&key.as_str()));
    fields
        .flat_map(|(key, value)| {
            let path: Vec<&str> = above.iter().copied().chain([key.as_str()]).collect();
            match value {
                Value::Object(_) => rows(value, &path),
                Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
                    paths::numbers(value).into_iter().map(|(at, n)| (format!("{key}.{at}"), n.to_string())).collect()
                }
                Value::String(text) => vec![(path.join("."), text.clone())],
                other => vec![(path.join("."), other.to_string())],
            }
        })
        .collect()
}

fn table(title: &str, rows: &[(String, String)]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = format!("<section><h2>{title}</h2>\n<table>\n");
    for (key, value) in rows {
        let _ = writeln!(table, "<tr><th scope=\"row\">{}</th><td>{}</td></tr>", escaped(key), escaped(value));
    }
    table.push_str("</table></section>\n");
    table
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// As text or in a quoted attribute (HTML, 13.1.2).
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report() -> Value {
        json!({
            "scenario": "chat", "transport": "quic", "version": "0.1.0", "commit": "0123456789abcdef", "lost": 0,
            "latency_ms": {"p50": 1.5, "p99": 9.25},
            "machine": {"cpu": "<Some> CPU"},
            "configuration": {"users": 50},
            "verdicts": [{"name": "p99", "passed": true, "detail": "9 ms"}],
            "thresholds": [{"fail_if": "p99>9ms", "key": "latency_ms.p99", "value": 9.25, "failed": true}],
            "percentiles": [[0.0, 0.5], [50.0, 1.5], [90.0, 3.0], [99.0, 9.25], [100.0, 20.0]],
            "timeline": [
                {"at_s": 1.0, "per_s": 100.0, "p50_ms": 1.0, "p99_ms": 9.0, "p99_9_ms": 9.5, "max_ms": 20.0,
                 "server_cores": 0.5, "server_rss_mib": 30.0, "errors": 0, "connections": 50},
                {"at_s": 2.0, "per_s": 110.0, "p50_ms": null, "p99_ms": null, "p99_9_ms": null, "max_ms": null,
                 "server_cores": 0.6, "server_rss_mib": 31.0, "errors": 0, "connections": 50},
            ],
        })
    }

    #[test]
    fn a_page_has_all_plots_and_needs_nothing_from_elsewhere() {
        let page = page(&report());
        for plot in ["Latency over time", "Latency by percentile", "Rate", "CPU of the server", "Memory of the server"]
        {
            assert!(page.contains(plot), "{plot}");
        }
        assert_eq!(page.matches("role=\"img\"").count(), 5);
        for foreign in ["<script", "http://", "https://", "@import", "url("] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        assert!(page.contains("prefers-color-scheme: dark"));
        assert!(page.contains("✗ FAIL</b> fail if p99&gt;9ms: latency_ms.p99 is 9.25"));
        assert!(page.contains("<th scope=\"row\">latency_ms.p99</th><td>9.25</td>"));
        assert!(!page.contains("NaN") && !page.contains("inf"));
    }

    #[test]
    fn what_a_report_says_is_text_and_no_markup() {
        let page = page(&json!([report(), {"scenario": "</title><b>", "note": "\"&"}]));
        assert!(page.contains("&lt;Some&gt; CPU") && page.contains("&quot;&amp;"));
        assert!(!page.contains("<Some>") && !page.contains("</title><b>"));
    }

    #[test]
    fn a_report_without_a_course_has_its_tables() {
        let page = page(&json!({"scenario": "store", "ratio": 0.5, "pairs": [{"ratio": 0.5}]}));
        assert!(!page.contains("<svg") && page.contains("<th scope=\"row\">pairs.0.ratio</th><td>0.5</td>"));
    }
}
