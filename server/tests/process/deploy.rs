//! What the files of `deploy/` say of each other and of the server is so. The images are not
//! built here: that takes a machine with Docker.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// The variables of a node in the compose file, one a line.
fn environment(compose: &str) -> BTreeMap<String, String> {
    let pairs = compose.lines().filter_map(|line| line.trim().split_once(": "));
    let of_rill = pairs.filter(|(name, _)| name.starts_with("RILL_"));
    of_rill.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect()
}

/// The address that a service is given.
fn address<'a>(compose: &'a str, service: &str) -> &'a str {
    let (_, of_service) = compose.split_once(&format!("\n  {service}:\n")).unwrap();
    let (_, address) = of_service.split_once("ipv4_address: ").unwrap();
    address.lines().next().unwrap()
}

#[test]
fn the_server_takes_the_configuration_of_the_compose_file_and_of_the_unit() {
    let unit = read("deploy/systemd/rill.service");
    let mut of_unit = unit.lines().filter_map(|line| line.strip_prefix("Environment=")?.split_once('='));
    let of_unit: BTreeMap<String, String> =
        of_unit.by_ref().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let of_nodes = environment(&read("deploy/compose.yaml"));
    assert!(of_nodes.len() > 8 && !of_unit.is_empty());
    for environment in [of_nodes, of_unit] {
        let here = TempDir::new().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_rill"));
        // Nothing of this machine's own: the tests have variables too.
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("RILL_")).for_each(|(name, _)| {
            command.env_remove(name);
        });
        let output = command.args(["config", "--check"]).envs(&environment).current_dir(here.path()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.is_empty(), "{environment:?}: {told}");
    }
}

#[test]
fn nginx_and_the_compose_file_mean_the_same_nodes() {
    let (compose, nginx) = (read("deploy/compose.yaml"), read("deploy/nginx/nginx.conf"));
    let environment = environment(&compose);
    let port = |name: &str| environment[name].rsplit(':').next().unwrap().to_owned();
    let (http, quic) = (port("RILL_HTTP_LISTEN"), port("RILL_QUIC_LISTEN"));
    for node in ["node1", "node2", "node3"] {
        let address = address(&compose, node);
        assert!(compose.contains(&format!("\"{node}:{address}\"")), "{node} is not in extra_hosts with {address}");
        for port in [&http, &quic] {
            assert!(nginx.contains(&format!("server {node}:{port} ")), "nginx does not know {node}:{port}");
        }
    }
    assert_eq!(nginx.matches("        server node").count(), 6);
    assert_eq!(environment["RILL_HTTP_TRUSTED_PROXIES"], address(&compose, "front"));
    for (published, listened) in [
        ("\"80:80\"", "listen 80;"),
        ("\"443:443\"", "listen 443 ssl"),
        (&format!("\"{quic}:{quic}/udp\""), &format!("listen {quic} udp")),
    ] {
        assert!(compose.contains(published) && nginx.contains(listened), "{published}, {listened}");
    }
    for file in [&environment["RILL_HTTPS_CERTIFICATE"], &environment["RILL_HTTPS_KEY"]] {
        assert!(file.starts_with("/etc/rill/tls/") && nginx.contains(&format!(" {file};")), "{file}");
    }
    assert_eq!(compose.matches("./tls:/etc/rill/tls:ro").count(), 4, "the nodes and the front see the certificate");
}

#[test]
fn every_file_that_is_named_is_there() {
    let compose = read("deploy/compose.yaml");
    let named = |before: &str| compose.lines().find_map(|line| line.trim().strip_prefix(before)).unwrap().to_owned();
    assert_eq!(named("context: "), "..");
    assert!(root().join(named("dockerfile: ")).is_file());
    let mounted = compose.split("./").skip(1).filter_map(|rest| rest.split_once(':')).map(|(path, _)| path);
    for path in mounted.filter(|path| *path != "tls") {
        assert!(root().join("deploy").join(path).is_file(), "{path}");
    }

    let image = read("deploy/Dockerfile");
    let copied = image.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--"));
    for line in copied {
        let mut paths: Vec<_> = line.split(' ').collect();
        paths.pop();
        for path in paths {
            assert!(root().join(path).exists(), "{path}");
        }
    }
    let manifest = read("Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap();
    assert!(image.contains(&format!("FROM rust:{}-bookworm", version.trim_matches('"'))), "{version}");
    // What the build leaves out is not what it copies.
    let ignored = read(".dockerignore");
    assert!(ignored.lines().all(|line| [".git", "target", "data"].contains(&line) || line.starts_with("web-client/")));
}
