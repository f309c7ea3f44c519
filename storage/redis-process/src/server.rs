//! One redis-server.

use redis::{Client, ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo, Value};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

use crate::{
    Error,
    guard::Guard,
    options::Options,
    port::{BUS_ABOVE, Port},
    until,
};

/// A user of our own beside an ACL file's, for what this crate asks of the server.
const KEEPER: &str = "rill-redis-process";
/// Somebody may take the port between our look and the server's start.
const STARTS_MAX: usize = 5;

/// A server that lives no longer than this value.
pub struct Server {
    options: Options,
    is_cluster_node: bool,
    port: Port,
    directory: TempDir,
    keeper: String,
    guard: Guard,
    running: Option<Child>,
}

impl Server {
    /// Starts a server and waits until it answers.
    pub fn start(options: &Options) -> Result<Self, Error> {
        Self::start_as(options, false)
    }

    pub(crate) fn start_as(options: &Options, is_cluster_node: bool) -> Result<Self, Error> {
        let mut last = Error::Start("no port is free".into());
        for _ in 0..STARTS_MAX {
            let Some(port) = Port::take() else { break };
            let mut random = [0; 16];
            getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
            let directory = tempfile::Builder::new().prefix("rill-redis-").tempdir()?;
            let mut server = Self {
                guard: Guard::of(directory.path())?,
                options: options.clone(),
                is_cluster_node,
                port,
                directory,
                keeper: random.iter().map(|byte| format!("{byte:02x}")).collect(),
                running: None,
            };
            match server.restart() {
                Ok(()) => return Ok(server),
                Err(Error::Missing) => return Err(Error::Missing),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Starts it again, on its port and in its directory, and waits until it answers. One
    /// that runs is stopped first.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.stop()?;
        let configuration = self.directory.path().join("redis.conf");
        fs::write(&configuration, self.configuration())?;
        if !self.options.acl.is_empty() {
            let keeper = format!("user {KEEPER} on >{} ~* &* +@all", self.keeper);
            let lines: Vec<_> = self.options.acl.iter().chain([&keeper]).map(String::as_str).collect();
            fs::write(self.directory.path().join("users.acl"), lines.join("\n") + "\n")?;
        }
        let binary = std::env::var_os("RILL_REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
        let child = Command::new(binary)
            .arg(&configuration)
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => Error::Missing,
                _ => Error::Io(error),
            })?;
        let id = child.id();
        self.running = Some(child);
        self.guard.tell(Some(id))?;
        self.wait_until_it_answers()
    }

    fn configuration(&self) -> String {
        let (port, directory) = (self.port.number, self.directory.path().display());
        let (plain, tls) = if self.options.tls.is_some() { (0, port) } else { (port, 0) };
        let mut lines = format!(
            "bind 127.0.0.1\nport {plain}\ndir \"{directory}\"\nunixsocket \"{}\"\nunixsocketperm 700\n\
             logfile redis.log\ndaemonize no\n",
            self.socket().display(),
        );
        if tls != 0 {
            lines.push_str(&format!("tls-port {tls}\n"));
        }
        if self.is_cluster_node {
            lines.push_str("cluster-enabled yes\ncluster-config-file nodes.conf\ncluster-node-timeout 2000\n");
        }
        if !self.options.acl.is_empty() {
            lines.push_str("aclfile users.acl\n");
            lines.push_str(&format!("masteruser {KEEPER}\nmasterauth {}\n", self.keeper));
        } else if let Some(password) = &self.options.password {
            lines.push_str(&format!("masterauth {password}\n"));
        }
        lines + &self.options.lines()
    }

    fn socket(&self) -> std::path::PathBuf {
        self.directory.path().join("socket")
    }

    fn wait_until_it_answers(&mut self) -> Result<(), Error> {
        let mut end = None;
        let waited = until("it does not answer", || {
            if let Some(running) = &mut self.running
                && let Some(status) = running.try_wait()?
            {
                end = Some(status);
                return Ok(true);
            }
            match self.command(&["PING"]) {
                Ok(_) => Ok(true),
                // Not listening yet, or reading what it has on disk.
                Err(Error::Redis(error)) if error.is_io_error() || error.code() == Some("LOADING") => Ok(false),
                Err(error) => Err(error),
            }
        });
        let Some(status) = end else { return waited };
        self.running = None;
        self.guard.tell(None)?;
        let log = fs::read_to_string(self.directory.path().join("redis.log")).unwrap_or_default();
        let last: Vec<_> = log.lines().rev().take(8).collect();
        Err(Error::Start(format!("{status}: {}", last.into_iter().rev().collect::<Vec<_>>().join(" | "))))
    }

    /// Asks the server something on its own door, past its TLS and as a user who may all.
    pub fn command(&self, words: &[&str]) -> Result<Value, Error> {
        let mut user = RedisConnectionInfo::default();
        if !self.options.acl.is_empty() {
            user = user.set_username(KEEPER).set_password(&self.keeper);
        } else if let Some(password) = &self.options.password {
            user = user.set_password(password);
        }
        let door = ConnectionAddr::Unix(self.socket()).into_connection_info()?.set_redis_settings(user);
        let mut connection = Client::open(door)?.get_connection_with_timeout(Duration::from_secs(5))?;
        connection.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut command = redis::Cmd::new();
        command.arg(words);
        Ok(command.query(&mut connection)?)
    }

    /// A field of `INFO`.
    pub fn info(&self, field: &str) -> Result<Option<String>, Error> {
        let info: String = redis::from_redis_value(self.command(&["INFO", "all"])?)
            .map_err(|error| Error::Unsettled(error.to_string()))?;
        let line = info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        Ok(line.map(|value| value.trim().to_owned()))
    }

    /// Where clients connect: `redis://` or `rediss://`, with the default user's password.
    pub fn url(&self) -> String {
        match &self.options.password {
            Some(password) => self.url_of("", password),
            None => format!("{}://{}", self.scheme(), self.address()),
        }
    }

    /// The same for another user.
    pub fn url_of(&self, user: &str, password: &str) -> String {
        format!("{}://{user}:{password}@{}", self.scheme(), self.address())
    }

    fn scheme(&self) -> &'static str {
        if self.options.tls.is_some() { "rediss" } else { "redis" }
    }

    pub fn port(&self) -> u16 {
        self.port.number
    }

    pub(crate) fn bus_port(&self) -> u16 {
        self.port.number + BUS_ABOVE
    }

    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port.number).into()
    }

    /// Where its files lie.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Nothing while it is down.
    pub fn process_id(&self) -> Option<u32> {
        self.running.as_ref().map(Child::id)
    }

    /// `kill -9`: what it had not written is gone.
    pub fn kill(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        // An error says that the shell is gone.
        let _ = self.guard.tell(None);
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Asks it to end and waits for that; it writes what it keeps. One that is down stays so.
    pub fn stop(&mut self) -> Result<(), Error> {
        if self.running.is_none() {
            return Ok(());
        }
        self.resume()?;
        self.signal(Signal::TERM)?;
        let running = &mut self.running;
        let ended = until("it does not stop", || match running {
            Some(running) => Ok(running.try_wait()?.is_some()),
            None => Ok(true),
        });
        self.kill();
        ended
    }

    /// Stops its process in the middle of whatever it does; its connections stay open.
    pub fn pause(&self) -> Result<(), Error> {
        self.signal(Signal::STOP)?;
        let Some(id) = self.id() else { return Ok(()) };
        // The signal takes its time: when this returns the process stands still.
        waitid(WaitId::Pid(id), WaitIdOptions::STOPPED).map_err(io::Error::from)?;
        Ok(())
    }

    /// Lets it go on.
    pub fn resume(&self) -> Result<(), Error> {
        self.signal(Signal::CONT)
    }

    fn id(&self) -> Option<Pid> {
        self.process_id().and_then(|id| Pid::from_raw(id.try_into().ok()?))
    }

    fn signal(&self, signal: Signal) -> Result<(), Error> {
        let id = self.id().ok_or_else(|| Error::Unsettled("it is down".into()))?;
        Ok(kill_process(id, signal).map_err(io::Error::from)?)
    }

    /// Makes it a replica and waits until it has everything.
    pub fn replicate(&self, primary: &Self) -> Result<(), Error> {
        // Its own users are not the primary's: it must show the primary's.
        if !primary.options.acl.is_empty() {
            self.command(&["CONFIG", "SET", "masteruser", KEEPER])?;
            self.command(&["CONFIG", "SET", "masterauth", &primary.keeper])?;
        }
        self.command(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()])?;
        until("the replica does not follow", || Ok(self.info("master_link_status")?.as_deref() == Some("up")))
    }

    /// Makes a replica a primary of its own.
    pub fn promote(&self) -> Result<(), Error> {
        self.command(&["REPLICAOF", "NO", "ONE"]).map(drop)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        self.guard.dismiss();
    }
}
