//! Generates web-client/src/protocol/generated.ts and fails when the file is stale.
//!
//! `UPDATE_GENERATED=1 cargo test -p rill-protocol --test typescript` rewrites it.
//!
//! The shapes of the bodies come from serde itself (serde-reflection), so a field
//! cannot be forgotten; the tables come from the constants of the crate.

mod bodies;
mod registry;
mod tables;

use std::{env, fs, path::Path};

const HEADER: &str = "\
/**
 * The wire protocol as TypeScript. Generated from the Rust types; never edit it.
 * `UPDATE_GENERATED=1 cargo test -p rill-protocol --test typescript` rewrites it.
 * docs/protocol.md says what the messages mean.
 */
import type { Codec, Reader, Writer } from './bincode';
";

fn generate() -> String {
    let registry = registry::trace();
    [HEADER.to_owned(), tables::emit(), bodies::emit(&registry)].join("\n")
}

#[test]
fn generated_typescript_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web-client/src/protocol/generated.ts");
    let fresh = generate();
    if env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == fresh,
        "{} is stale: run UPDATE_GENERATED=1 cargo test -p rill-protocol --test typescript",
        path.display()
    );
}
