//! The page is embedded at compile time, so a new build of it is a new binary.

use std::{env, fs, path::Path};

fn main() {
    let Ok(here) = env::var("CARGO_MANIFEST_DIR") else { return };
    let page = Path::new(&here).join("../web-client/dist");
    // A folder that is not there would count as changed at every build.
    if let Err(error) = fs::create_dir_all(&page) {
        println!("cargo::warning=the page's folder cannot be made: {error}");
    }
    println!("cargo::rerun-if-changed={}", page.display());
}
