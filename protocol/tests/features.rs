//! docs/features.md against the source: every operation has a wire kind or says why not, a call, a
//! place in the page, and a test, and each of them is really there.

use rill_protocol::Kind;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What a cell says where the page has no control on purpose.
const FOR_PROGRAMS: &str = "for programs";
/// What the page has no control for yet. Whatever gets one leaves this list.
const NOT_YET: &str = "not yet";
const NOT_IN_THE_PAGE_YET: [&str; 0] = [];
const COLUMNS: [&str; 5] = ["Operation", "Wire", "Call", "Page", "Test"];
/// Frames that clients send and that are nothing that anybody does.
const NO_OPERATION: [&str; 9] = ["Control", "Lane", "History", "Upload", "Download", "Hello", "Attach", "View", "Ping"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Cells of every row of every table of the page.
fn rows() -> Vec<[String; 5]> {
    let page = read("docs/features.md");
    let tables = page.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
    let cells = tables.map(|line| {
        let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        <[String; 5]>::try_from(cells).unwrap_or_else(|cells| panic!("{} cells: {line}", cells.len()))
    });
    cells.filter(|cells| cells[0] != COLUMNS[0]).collect()
}

/// What stands between backticks.
fn named(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Every file below a folder that ends so, as one text per file.
fn files(folder: &Path, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

#[test]
fn no_cell_is_empty_and_no_operation_stands_twice() {
    let rows = rows();
    assert!(rows.len() > 50, "{} rows", rows.len());
    let mut operations = BTreeSet::new();
    for row in &rows {
        for (cell, column) in row.iter().zip(COLUMNS) {
            assert!(!cell.trim_matches(['-', '–', '—', '?', ' ']).is_empty(), "{}: {column} is empty", row[0]);
            let is_owed = column == "Page" && NOT_IN_THE_PAGE_YET.contains(&row[0].as_str());
            assert_eq!(cell == NOT_YET, is_owed, "{}: {column}", row[0]);
            let says_why = cell.contains("HTTP") || cell.contains(FOR_PROGRAMS) || is_owed;
            assert!(column == COLUMNS[0] || says_why || !named(cell).is_empty(), "{}: {column} names nothing", row[0]);
        }
        assert!(operations.insert(&row[0]), "{} stands there twice", row[0]);
    }
}

#[test]
fn every_frame_that_clients_send_has_its_row() {
    let named: BTreeSet<String> = rows().iter().flat_map(|row| named(&row[1])).map(str::to_owned).collect();
    for name in &named {
        assert!(Kind::ALL.iter().any(|kind| kind.name() == name), "no frame is called {name}");
    }
    let protocol = read("docs/protocol.md");
    let sent = protocol.lines().filter_map(|line| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        cells.next()?.parse::<u32>().ok()?;
        let name = cells.next()?.trim_matches('`');
        cells.next()?.contains("client").then_some(name)
    });
    let sent: BTreeSet<&str> = sent.collect();
    assert!(sent.len() > 30, "{sent:?}");
    let missing: Vec<_> = sent.iter().filter(|name| !NO_OPERATION.contains(name) && !named.contains(**name)).collect();
    assert!(missing.is_empty(), "without a row: {missing:?}");
}

/// `Client::x` and `Api::x` are the library's, `rill x` and `rill-chat …` programs, and
/// `POST /rooms` a route.
#[test]
fn every_call_is_there() {
    let library: String = files(&root().join("client/src"), ".rs").into_iter().map(|(_, text)| text).collect();
    let routes = read("docs/openapi.yaml");
    let (mut paths, mut at) = (BTreeSet::new(), "");
    for line in routes.lines() {
        if let Some(path) = line.strip_prefix("  /api/v1") {
            at = path.trim_end_matches(':');
        } else if let Some(method) = line.strip_prefix("    ").filter(|rest| !rest.starts_with(' ')) {
            paths.insert(format!("{} {at}", method.trim_end_matches(':').to_uppercase()));
        }
    }
    for row in rows() {
        for call in named(&row[2]) {
            let found = match call.split_once("::") {
                Some((_, name)) => {
                    ["fn ", "async fn "].iter().any(|prefix| library.contains(&format!("pub {prefix}{name}(")))
                }
                None => paths.contains(call),
            };
            assert!(found, "{}: there is no {call}", row[0]);
        }
    }
}

#[test]
fn every_part_of_the_page_is_there() {
    let parts: BTreeSet<String> = files(&root().join("web-client/src"), ".vue")
        .into_iter()
        .map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    for row in rows() {
        for part in named(&row[3]) {
            assert!(parts.contains(part), "{}: there is no {part}", row[0]);
        }
    }
}

/// A test is named by its file and its name or title.
#[test]
fn every_test_is_there() {
    for row in rows() {
        let tests = named(&row[4]);
        assert!(!tests.is_empty(), "{} has no test", row[0]);
        for test in tests {
            let (path, name) = test.split_once(": ").unwrap_or_else(|| panic!("{}: {test} names no test", row[0]));
            let text = read(path);
            let found = text.contains(&format!("fn {name}("))
                || text
                    .lines()
                    .any(|line| line.contains(name) && line.contains('\'') || line.contains(&format!("`{name}")));
            assert!(found, "{}: {path} has no {name}", row[0]);
        }
    }
}
