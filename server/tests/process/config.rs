//! The configuration as an operator meets it: `rill config`, and the words and exit code
//! of what cannot be run.

use std::{fs, path::Path, process::Command};
use tempfile::TempDir;

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs `rill` in a folder, under these variables and no other of ours.
fn rill(folder: &Path, variables: &[(&str, &str)], args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rill"));
    command.env_clear().envs(variables.iter().copied()).current_dir(folder).args(args);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Value and source of a key, as `rill config` prints them.
fn shown<'a>(said: &'a Said, key: &str) -> (&'a str, &'a str) {
    let line = said.out.lines().find(|line| line.starts_with(&format!("{key} ="))).expect(key);
    let (pair, source) = line.rsplit_once(" # ").unwrap();
    (pair.split_once(" = ").unwrap().1.trim(), source)
}

#[test]
fn the_file_then_variables_then_flags_and_each_value_says_where_it_came_from() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("rill.toml"), "data = \"a\"\n[log]\nformat = \"json\"\nfilter = \"warn\"\n").unwrap();
    let variables = [("RILL_LOG", "debug"), ("RILL_LOG_FORMAT", "text")];
    let said = rill(folder.path(), &variables, &["config", "--set", "log.format=json"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert_eq!(shown(&said, "data"), ("\"a\"", "rill.toml, line 1"));
    assert_eq!(shown(&said, "log.filter"), ("\"debug\"", "RILL_LOG"));
    assert_eq!(shown(&said, "log.format"), ("\"json\"", "--set log.format"));
    assert_eq!(shown(&said, "limits.connections"), ("10000", "default"));

    fs::write(folder.path().join("other.toml"), "data = \"b\"\n").unwrap();
    let said = rill(folder.path(), &[("RILL_CONFIG", "other.toml")], &["config"]);
    assert_eq!(shown(&said, "data"), ("\"b\"", "other.toml, line 1"));
    let said = rill(folder.path(), &[("RILL_CONFIG", "other.toml")], &["config", "--config", "rill.toml"]);
    assert_eq!(shown(&said, "data"), ("\"a\"", "rill.toml, line 1"));
}

#[test]
fn a_secret_is_never_printed() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("rill.toml"), "[metrics]\ntoken = \"hush-hush\"\n").unwrap();
    let said = rill(folder.path(), &[], &["config"]);
    assert!(said.out.contains("# metrics.token is set and hidden"), "{}", said.out);
    assert!(!said.out.contains("hush") && !said.err.contains("hush"));
    fs::write(folder.path().join("rill.toml"), "[metrics]\ntoken = [\"hush-hush\"]\n").unwrap();
    let said = rill(folder.path(), &[], &["config"]);
    assert!(said.code == Some(2) && !said.err.contains("hush"), "{}", said.err);
}

#[test]
fn a_configuration_that_cannot_be_run_is_one_line_and_exit_code_2() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("rill.toml");
    for (content, expected) in [
        (
            "[limits]\nconections = 1\n",
            "rill: rill.toml, line 2: there is no key limits.conections; did you mean limits.connections?\n",
        ),
        ("data = 1\n", "rill: rill.toml, line 1: data must be the path of a file, not 1\n"),
        ("data = \"a\"\ndemo = \n", "rill: rill.toml, line 2: this is not TOML:"),
    ] {
        fs::write(&file, content).unwrap();
        for command in [&["serve"][..], &["config"], &["config", "--check"]] {
            let said = rill(folder.path(), &[], command);
            assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{command:?}");
            assert!(said.err.starts_with(expected) && said.err.lines().count() == 1, "{}", said.err);
        }
    }
    let said = rill(folder.path(), &[], &["serve", "--config", "gone.toml"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.starts_with("rill: gone.toml cannot be read: "), "{}", said.err);
}

#[test]
fn a_check_prints_nothing_and_an_unknown_variable_stops_nothing() {
    let folder = TempDir::new().unwrap();
    let said = rill(folder.path(), &[("RILL_HTTP_LISTN", "x")], &["config", "--check"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""));
    assert_eq!(said.err, "rill: RILL_HTTP_LISTN is set and means nothing here; did you mean RILL_HTTP_LISTEN?\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made by looking");
}
