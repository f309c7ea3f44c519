//! From values to a configuration: what depends on other keys is filled in, and what
//! does not go together is refused.

use std::net::{Ipv4Addr, SocketAddr};
use toml::Value;
use tracing_subscriber::EnvFilter;

use super::{Backend, Config, ConfigError, Loaded, keys, layers::Layers, sections::SECURE_PORT};

impl Loaded {
    /// Checks everything that takes no look at the machine.
    pub(super) fn new(mut layers: Layers, warnings: Vec<String>) -> Result<Self, ConfigError> {
        if layers.get("demo") == Some(&Value::Boolean(true)) {
            // A demonstration stays on this machine.
            let here = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), SECURE_PORT).to_string();
            layers.lay_under("https.listen", Value::String(here.clone()));
            layers.lay_under("quic.listen", Value::String(here));
        }
        let config: Config = Value::Table(layers.table())
            .try_into()
            .map_err(|error: toml::de::Error| ConfigError::Conflict(error.message().to_owned()))?;
        let conflict = |path: &str, text: String| {
            let name = keys::find(path).map_or_else(|| path.to_owned(), keys::Key::shown);
            Err(ConfigError::Conflict(format!("{}: {name} {text}", layers.source(path))))
        };
        let listens = [
            ("http.listen", config.http.listen),
            ("https.listen", config.https.listen),
            ("quic.listen", config.quic.listen),
        ];
        for (path, address) in listens {
            if config.demo && !address.ip().is_loopback() {
                return conflict(
                    path,
                    format!("is {address}: --demo has well-known passwords and serves loopback addresses only"),
                );
            }
        }
        match (&config.https.certificate, &config.https.key) {
            (Some(_), None) => return conflict("https.certificate", "is set without https.key (--tls-key)".into()),
            (None, Some(_)) => return conflict("https.key", "is set without https.certificate (--tls-cert)".into()),
            (None, None) if config.quic.publicly_trusted => {
                let help = "is true: name the trusted certificate with https.certificate and https.key";
                return conflict("quic.publicly_trusted", help.into());
            }
            _ => {}
        }
        if let Err((path, text)) = config.redis.check() {
            return conflict(path, text);
        }
        match config.blobs.place() {
            Err((path, text)) => return conflict(path, text),
            Ok(None) if config.redis.keep_entries > 0 => {
                let why = "is set: say with blobs.folder or blobs.s3_bucket where older entries go";
                return conflict("redis.keep_entries", why.into());
            }
            Ok(_) => {}
        }
        if config.files.expire_hours == 0 {
            return conflict("files.expire_hours", "is 1 at least: a file must be given the time to come".into());
        }
        let mut warnings = warnings;
        if config.serves_files_nowhere() {
            warnings.push(
                "files are not served: say with blobs.folder or blobs.s3_bucket where all servers of this Redis find them"
                    .into(),
            );
        }
        match config.storage.backend {
            Backend::Redis if config.redis.url.is_empty() => {
                return conflict("storage.backend", "is redis: name its address with redis.url".into());
            }
            Backend::Redis if config.storage.engine.is_some() => {
                return conflict("storage.engine", "is set, and storage.backend is redis, which has no engine".into());
            }
            Backend::Redis if config.demo => {
                let why = "is redis: --demo has well-known passwords, and other servers would serve them";
                return conflict("storage.backend", why.into());
            }
            Backend::Embedded if !config.redis.url.is_empty() => warnings.push(format!(
                "{}: redis.url is set and not used: storage.backend is embedded",
                layers.source("redis.url")
            )),
            Backend::Redis | Backend::Embedded => {}
        }
        if let Err(error) = EnvFilter::builder().parse(&config.log.filter) {
            return conflict("log.filter", format!("is no filter, as info or rill_server=debug,info: {error}"));
        }
        Ok(Self { config, warnings, layers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Cli, Command, Registration, Source};
    use clap::Parser;
    use std::{collections::BTreeMap, fs};

    fn load(args: &[&str], variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
        let command = Cli::try_parse_from(["rill", "serve"].iter().chain(args)).unwrap().command;
        let Command::Serve(serve) = command else { panic!("{command:?}") };
        let variables: BTreeMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        serve.load_beside(&variables)
    }

    fn refused(args: &[&str], variables: &[(&str, &str)]) -> String {
        load(args, variables).unwrap_err().to_string()
    }

    #[test]
    fn nothing_given_serves_this_machine_in_the_clear_and_others_encrypted() {
        let config = load(&[], &[]).unwrap().config;
        assert_eq!(config, Config::default());
        assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(
            (config.https.listen.to_string(), config.quic.listen.to_string()),
            ("[::]:8443".into(), "[::]:8443".into())
        );
    }

    #[test]
    fn flags_lie_over_variables_and_those_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rill.toml");
        fs::write(&path, "data = \"file\"\n[limits]\nconnections = 1\nconnections_per_user = 1\n[http]\nallowed_origins = [\"https://a.example\"]\n").unwrap();
        let file = path.to_str().unwrap();
        let variables = [
            ("RILL_CONFIG", file),
            ("RILL_DATA", "variable"),
            ("RILL_LIMITS_CONNECTIONS", "2"),
            ("RILL_LOG", "debug"),
            ("RILL_HTTPS", ""),
            ("RILL_ACCOUNTS_REGISTRATION", "closed"),
            ("RILL_LIMITS_CONECTIONS", "3"),
            ("RILL_PORT_80_TCP", "x"),
        ];
        let loaded = load(&["--data", "flag", "--set", "accounts.registration=invitation"], &variables).unwrap();
        let config = &loaded.config;
        assert_eq!(config.data.to_str(), Some("flag"));
        assert_eq!((config.limits.connections, config.limits.connections_per_user), (2, 1));
        assert_eq!(config.http.allowed_origins, ["https://a.example"]);
        assert_eq!((config.log.filter.as_str(), config.accounts.registration), ("debug", Registration::Invitation));
        assert_eq!(loaded.source("data"), Source::Flag("--data".into()));
        assert_eq!(loaded.source("accounts.registration"), Source::Flag("--set accounts.registration".into()));
        assert_eq!(loaded.source("limits.connections"), Source::Variable("RILL_LIMITS_CONNECTIONS".into()));
        assert_eq!(loaded.source("limits.connections_per_user"), Source::File { path, line: 4 });
        assert_eq!(loaded.source("https.listen"), Source::Default);
        let warnings = loaded.warnings.join("\n");
        assert!(
            warnings.contains(
                "RILL_LIMITS_CONECTIONS is set and means nothing here; did you mean RILL_LIMITS_CONNECTIONS?"
            ),
            "{warnings}"
        );
        assert!(warnings.contains("RILL_PORT_80_TCP"), "{warnings}");
        assert_eq!(loaded.warnings.len(), 2, "{warnings}");
    }

    #[test]
    fn what_is_refused_names_its_source_its_key_and_what_to_do() {
        for (args, variables, expected) in [
            (&["--http", "80"][..], &[][..], "--http: http.listen must be an address with a port"),
            (&[], &[("RILL_HTTP", "x")][..], "RILL_HTTP: http.listen must be an address with a port"),
            (
                &[],
                &[("RILL_LIMITS_CONNECTIONS", "many")],
                "RILL_LIMITS_CONNECTIONS: limits.connections must be a whole number from 0 to 4294967295, not \"many\"",
            ),
            (
                &["--set", "limits.conections=1"],
                &[],
                "--set: there is no key limits.conections; did you mean limits.connections?",
            ),
            (&["--set", "log.format=xml"], &[], "--set log.format: log.format must be one of text, json, not \"xml\""),
            (&["--set", "data"], &[], "--set data: write --set KEY=VALUE"),
            (&["--demo", "--https", "0.0.0.0:1"], &[], "--https: https.listen (--https) is 0.0.0.0:1: --demo has"),
            (&["--demo", "--http", "0.0.0.0:1"], &[], "--http: http.listen (--http) is 0.0.0.0:1: --demo has"),
            (&["--tls-cert", "a.pem"], &[], "--tls-cert: https.certificate (--tls-cert) is set without https.key"),
            (
                &["--set", "quic.publicly_trusted=true"],
                &[],
                "--set quic.publicly_trusted: quic.publicly_trusted is true: name",
            ),
            (&["--allow-origin", "chat.example"], &[], "--allow-origin: http.allowed_origins must be origins of pages"),
            (&["--set", "log.filter=a=b=c"], &[], "--set log.filter: log.filter is no filter"),
            (
                &["--set", "storage.backend=redis"],
                &[],
                "--set storage.backend: storage.backend is redis: name its address with redis.url",
            ),
            (
                &["--set", "storage.backend=redis", "--set", "storage.engine=sled"],
                &[("RILL_REDIS_URL", "redis://a")],
                "--set storage.engine: storage.engine is set, and storage.backend is redis",
            ),
            (
                &["--demo", "--set", "storage.backend=redis"],
                &[("RILL_REDIS_URL", "redis://a")],
                "--set storage.backend: storage.backend is redis: --demo has",
            ),
            (
                &["--set", "redis.url=rediss//:hush@a"],
                &[],
                "--set redis.url: redis.url must be addresses as redis://HOST:6379 or rediss://USER:PASSWORD@HOST:6379/0, more than one for a cluster, not what is there",
            ),
            (
                &["--set", "redis.url=redis://a:1,rediss://b:2"],
                &[],
                "--set redis.url: redis.url names several addresses, which is a cluster",
            ),
            (
                &["--set", "redis.password_file=p"],
                &[("RILL_REDIS_URL", "redis://:hush@a")],
                "--set redis.password_file: redis.password_file is set, and redis.url has a password too",
            ),
            (
                &["--set", "redis.ca=ca.pem"],
                &[("RILL_REDIS_URL", "redis://a")],
                "--set redis.ca: redis.ca is set, and redis.url is not encrypted",
            ),
            (&["--set", "redis.prefix=a{b}"], &[], "--set redis.prefix: redis.prefix has 1 to 64 letters"),
            (&["--set", "redis.wait_timeout_ms=0"], &[], "--set redis.wait_timeout_ms: redis.wait_timeout_ms is 1 to"),
            (&["--set", "redis.keep_entries=255"], &[], "--set redis.keep_entries: redis.keep_entries is 256 at least"),
            (&["--set", "redis.keep_entries=1000"], &[], "--set redis.keep_entries: redis.keep_entries is set: say"),
            (
                &["--set", "blobs.s3_bucket=b", "--set", "blobs.folder=f"],
                &[],
                "--set blobs.s3_bucket: blobs.s3_bucket is set, and blobs.folder too",
            ),
            (&["--set", "files.expire_hours=0"], &[], "--set files.expire_hours: files.expire_hours is 1 at least"),
            (
                &["--set", "files.refused_types=exe"],
                &[],
                "--set files.refused_types: files.refused_types must be media types and extensions",
            ),
            (&["--set", "blobs.s3_bucket=b"], &[], "--set blobs.s3_bucket: blobs.s3_bucket is set: blobs.s3_access"),
            (
                &["--set", "blobs.s3_bucket=b", "--set", "blobs.s3_endpoint=minio:9000"],
                &[],
                "--set blobs.s3_endpoint: blobs.s3_endpoint is an address",
            ),
            (&["--config", "/nonexistent/rill.toml"], &[], "/nonexistent/rill.toml cannot be read: No such file"),
        ] {
            let error = refused(args, variables);
            assert!(error.starts_with(expected), "{error:?} instead of {expected:?}");
        }
    }

    #[test]
    fn a_demonstration_stays_on_this_machine() {
        let config = load(&["--demo"], &[]).unwrap().config;
        assert!(config.https.listen.ip().is_loopback() && config.quic.listen.ip().is_loopback());
    }

    #[test]
    fn what_is_shown_is_a_configuration_without_its_secrets() {
        let loaded = load(&["--set", "metrics.token=hush-hush"], &[("RILL_LIMITS_CONNECTIONS", "5")]).unwrap();
        let shown = loaded.show();
        assert!(!shown.contains("hush") && shown.contains("# metrics.token is set and hidden"), "{shown}");
        assert!(!format!("{:?}", loaded.config).contains("hush"));
        let line = shown.lines().find(|line| line.starts_with("limits.connections =")).unwrap();
        assert!(line.starts_with("limits.connections = 5 ") && line.ends_with("# RILL_LIMITS_CONNECTIONS"), "{line}");
        let secret = load(&["--set", "redis.url=redis://:hush@a,redis://:hush@b"], &[]).unwrap();
        let shown_secret = secret.show();
        assert!(!shown_secret.contains("hush") && !format!("{:?}", secret.config).contains("hush"), "{shown_secret}");
        assert!(
            shown_secret.contains("# redis.url is redis://a:6379, redis://b:6379 with a password"),
            "{shown_secret}"
        );
        assert!(secret.warnings[0].contains("storage.backend is embedded"), "{:?}", secret.warnings);
        let open = load(&["--set", "redis.url=redis://a"], &[("RILL_STORAGE_BACKEND", "redis")]).unwrap();
        assert!(open.show().contains("redis.url = [\"redis://a\"]"), "{}", open.show());
        let again: Config = toml::from_str(&shown).unwrap();
        let without = Config { metrics: Default::default(), ..loaded.config };
        assert_eq!(again, without);
    }
}
