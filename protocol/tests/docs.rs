//! docs/protocol.md against the source: a client is written from that page alone, so it
//! must not go stale. Tables are compared row by row, hex blocks with the golden vectors.
//! What the other pages and the README name (files, sections) must exist.

#[path = "typescript/registry.rs"]
mod registry;
#[path = "typescript/tables.rs"]
mod tables;

use rill_protocol::{Code, Kind, mux::Class, version};
use serde_json::Value;
use serde_reflection::{ContainerFormat, Format};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn page() -> String {
    read("docs/protocol.md")
}

/// The rows of the first table in `text` whose header row begins with `header`, cells
/// without their backticks.
fn rows(text: &str, header: &str) -> Vec<Vec<String>> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with(header));
    assert!(lines.next().is_some(), "no table {header}");
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    lines.skip(1).take_while(|line| line.starts_with('|')).map(cells).collect()
}

/// The text under each heading of a level, up to the next heading of any level.
fn sections<'a>(text: &'a str, level: &str) -> BTreeMap<&'a str, &'a str> {
    let mark = format!("\n{level} ");
    let starts = text.match_indices(&mark).map(|(at, mark)| &text[at + mark.len()..]);
    starts
        .map(|rest| {
            let (name, body) = rest.split_once('\n').unwrap_or((rest, ""));
            (name, body.split("\n#").next().unwrap_or_default())
        })
        .collect()
}

fn number(cell: &str) -> u64 {
    cell.replace(',', "").parse().unwrap_or_else(|_| panic!("{cell} is no number"))
}

/// File, name and bytes of every hex block.
fn hex_blocks(text: &str) -> Vec<(String, String, String)> {
    let blocks = text.split("\n```hex ").skip(1).map(|rest| {
        let (label, body) = rest.split_once('\n').unwrap();
        let (file, name) = label.split_once(": ").unwrap_or_else(|| panic!("{label} names no vector"));
        let body = body.split("\n```").next().unwrap();
        let bytes = body.lines().flat_map(|line| line.split('#').next().unwrap().split_whitespace());
        (file.to_owned(), name.to_owned(), bytes.collect())
    });
    blocks.collect()
}

#[test]
fn every_hex_block_is_its_vector() {
    let blocks = hex_blocks(&page());
    assert!(!blocks.is_empty());
    for (file, name, bytes) in blocks {
        let vectors: Vec<Value> = serde_json::from_str(&read(&format!("protocol/vectors/{file}"))).unwrap();
        let vector = vectors.iter().find(|vector| vector["name"] == name.as_str());
        let vector = vector.unwrap_or_else(|| panic!("{file} holds no vector {name}"));
        let field = if file == "messages.json" { "frame_hex" } else { "hex" };
        assert_eq!(vector[field], bytes.as_str(), "{file}: {name}");
    }
}

#[test]
fn the_table_of_kinds_is_that_of_the_source() {
    let page = page();
    let found: Vec<_> =
        rows(&page, "| kind | name |").into_iter().map(|row| (number(&row[0]), row[1].clone())).collect();
    let expected: Vec<_> = Kind::ALL.iter().map(|kind| (u64::from(kind.number()), kind.name().to_owned())).collect();
    assert_eq!(found, expected);
    let (sections, blocks) = (sections(&page, "####"), hex_blocks(&page));
    for kind in Kind::ALL {
        assert!(sections.contains_key(kind.name()), "no section for {}", kind.name());
        let own = format!("{}: ", kind.name());
        let shown = blocks.iter().any(|(file, name, _)| file == "messages.json" && name.starts_with(&own));
        assert!(shown, "no example of {}", kind.name());
    }
}

/// How the page writes a type.
fn type_name(format: &Format) -> String {
    match format {
        Format::TypeName(name) if name == "U53" => "u53".to_owned(),
        Format::TypeName(name) => name.clone(),
        Format::Bool => "bool".to_owned(),
        Format::U32 => "u32".to_owned(),
        Format::Str => "text".to_owned(),
        Format::Bytes => "bytes".to_owned(),
        Format::Option(inner) => format!("option {}", type_name(inner)),
        Format::Seq(inner) => format!("list {}", type_name(inner)),
        other => panic!("the page has no word for {other:?}"),
    }
}

#[test]
fn the_fields_of_every_type_are_those_of_the_source() {
    let page = page();
    let sections = sections(&page, "####");
    let mut fields_seen = 0;
    for (name, container) in registry::trace() {
        let fields = match container {
            ContainerFormat::Struct(fields) => fields,
            ContainerFormat::UnitStruct => Vec::new(),
            _ => continue,
        };
        let section = sections.get(name.as_str()).unwrap_or_else(|| panic!("no section for {name}"));
        if fields.is_empty() {
            assert!(section.contains("No fields."), "{name}");
            continue;
        }
        let expected: Vec<_> = fields.iter().map(|field| (field.name.clone(), type_name(&field.value))).collect();
        let rows = rows(section, "| field | type |").into_iter();
        let found: Vec<_> = rows.map(|row| (row[0].clone(), row[1].clone())).collect();
        assert_eq!(found, expected, "{name}");
        fields_seen += found.len();
    }
    assert!(fields_seen > 100, "{fields_seen} fields");
}

#[test]
fn open_enums_are_those_of_the_source() {
    let page = page();
    for (name, table) in tables::open_enums() {
        let at = page.find(&format!("Open enum `{name}`")).unwrap_or_else(|| panic!("no table of {name}"));
        let rows = rows(&page[at..], "| number | name |").into_iter();
        let found: Vec<_> = rows.map(|row| (row[1].clone(), number(&row[0]))).collect();
        let expected: Vec<_> = table.iter().map(|(name, number)| ((*name).to_owned(), u64::from(*number))).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn the_table_of_codes_is_that_of_the_source() {
    let found = rows(&page(), "| code | name | action |");
    let row = |code: &Code| {
        let (number, status) = (code.number().to_string(), code.http_status().to_string());
        [&number, code.name(), code.action().as_str(), &status, code.sentence()].map(str::to_owned).to_vec()
    };
    assert_eq!(found, Code::ALL.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn the_table_of_limits_is_that_of_the_source() {
    // The generator of the TypeScript reads every constant of limits.rs.
    let constants = tables::emit();
    let limits = constants.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix("export const ")?.strip_suffix(';')?.split_once(" = ")?;
        Some((name.to_owned(), value.parse().ok()?)).filter(|(name, _)| name != "VERSION")
    });
    let found = rows(&page(), "| limit | value |").into_iter().map(|row| (row[0].clone(), number(&row[1])));
    assert_eq!(found.collect::<Vec<_>>(), limits.collect::<Vec<(String, u64)>>());
}

#[test]
fn the_mux_and_the_names_of_the_version_are_those_of_the_source() {
    let page = page();
    let classes: Vec<_> = rows(&page, "| class | for |").into_iter().map(|row| number(&row[0])).collect();
    assert_eq!(classes, Class::ALL.iter().map(|class| u64::from(class.number())).collect::<Vec<_>>());
    // Each kind of mux frame has a row, and an example that begins with its number.
    let rows = rows(&page, "| kind byte | name |");
    let expected: Vec<_> = (0..=6).map(|kind| kind.to_string()).collect();
    assert_eq!(rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>(), expected);
    let blocks = hex_blocks(&page).into_iter().filter(|(file, ..)| file == "mux_frames.json");
    let shown: BTreeSet<u64> = blocks.map(|(.., bytes)| u64::from_str_radix(&bytes[..2], 16).unwrap()).collect();
    assert_eq!(shown, (0..=6).collect());
    let alpn = std::str::from_utf8(version::ALPN).unwrap();
    for name in [alpn, version::WEBSOCKET_SUBPROTOCOL, version::WEBSOCKET_PATH, version::WEBTRANSPORT_PATH] {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
    assert!(page.starts_with(&format!("# The wire protocol, version {}\n", version::VERSION)));
}

/// The README and every page of docs/, from the root.
fn pages() -> Vec<String> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let pages = docs.filter_map(|name| name.into_string().ok()).filter(|name| name.ends_with(".md"));
    pages.map(|name| format!("docs/{name}")).chain(["README.md".to_owned()]).collect()
}

/// A page without its fenced blocks.
fn prose(text: &str) -> String {
    text.split("\n```").step_by(2).collect()
}

/// The anchors of a page, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_matches(['#', ' ']));
    let slug = |heading: &str| {
        let kept =
            heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>();
        kept.replace(' ', "-")
    };
    headings.map(slug).collect()
}

#[test]
fn links_lead_somewhere() {
    for page in pages() {
        let text = prose(&read(&page));
        let folder = Path::new(&page).parent().unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            // The screenshot is taken of a running page, by hand.
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
            let target = if file.is_empty() { root().join(&page) } else { root().join(folder).join(file) };
            assert!(target.exists(), "{page} links to {link}");
            if let Some(anchor) = anchor {
                let anchors = anchors(&prose(&fs::read_to_string(target).unwrap()));
                assert!(anchors.contains(anchor), "{page} links to {link}");
            }
        }
    }
}

#[test]
fn files_that_the_pages_name_exist() {
    let folders = [
        "protocol/",
        "storage/",
        "certs/",
        "server/",
        "client/",
        "bench/",
        "fuzz/",
        "web-client/",
        "docs/",
        "scripts/",
    ];
    for page in pages() {
        let text = prose(&read(&page));
        let named =
            text.split('`').skip(1).step_by(2).filter(|name| folders.iter().any(|folder| name.starts_with(folder)));
        for name in named {
            // A test of a file stands behind it.
            let name = name.split(": ").next().unwrap_or(name);
            assert!(root().join(name).exists(), "{page} names {name}");
        }
    }
}
