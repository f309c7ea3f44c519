//! What an acknowledgement means, in one honest sentence.

use std::fmt;

use super::probe::{Primary, Probe, Settings};

/// How what is acknowledged is kept. Ordered: what may lose more comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// In the memory of Redis.
    InMemory,
    /// Dumped now and then.
    Dumped,
    /// In the append-only file, written when the system does.
    WhenTheSystemWrites,
    /// In the append-only file; Redis does not tell when that is written.
    Unknown,
    /// On disk within a second.
    WithinASecond,
    /// On disk before it is acknowledged.
    OnDisk,
}

/// Whether an acknowledgement waits until Redis has synced its append-only file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synced {
    #[default]
    NotAsked,
    Awaited,
    /// It was asked for, and this Redis has no `WAITAOF`.
    Unknown,
    /// It was asked for, and there is no such file.
    Nowhere,
}

impl Synced {
    /// What of the wish can be had.
    pub(super) fn of(is_wished: bool, probe: &Probe) -> Self {
        match is_wished {
            false => Self::NotAsked,
            true if !probe.has_waitaof => Self::Unknown,
            true if !probe.primaries.iter().all(|primary| primary.append_only) => Self::Nowhere,
            true => Self::Awaited,
        }
    }
}

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durability {
    pub kept: Kept,
    pub synced: Synced,
    /// Replicas that must have a write before it is acknowledged.
    pub replicas_awaited: u32,
    /// Replicas that are connected, of the primary with the fewest.
    pub replicas: u32,
}

fn kept(primary: &Primary, settings: Option<&Settings>) -> Kept {
    match settings {
        _ if primary.append_only && primary.append_only_failed => Kept::InMemory,
        None if primary.append_only => Kept::Unknown,
        None => Kept::InMemory,
        Some(settings) if primary.append_only => match settings.append_fsync.as_str() {
            "always" if settings.pauses_fsync => Kept::WhenTheSystemWrites,
            "always" => Kept::OnDisk,
            "everysec" => Kept::WithinASecond,
            _ => Kept::WhenTheSystemWrites,
        },
        Some(settings) if settings.dumps => Kept::Dumped,
        Some(_) => Kept::InMemory,
    }
}

impl Durability {
    /// Of a cluster, what its weakest primary does.
    pub(super) fn of(probe: &Probe, replicas_awaited: u32, synced: Synced) -> Self {
        let settings = |at: usize| probe.settings.as_ref().and_then(|all| all.get(at));
        let each = probe.primaries.iter().enumerate().map(|(at, primary)| kept(primary, settings(at)));
        let kept = each.min().unwrap_or(Kept::InMemory);
        // Without the file there is nothing that could be awaited.
        let is_awaited = synced == Synced::Awaited && kept >= Kept::WhenTheSystemWrites;
        Self {
            kept: if is_awaited { Kept::OnDisk } else { kept },
            synced,
            replicas_awaited,
            replicas: probe.primaries.iter().map(|primary| primary.replicas).min().unwrap_or(0),
        }
    }

    /// Whether acknowledgements wait for all that the configuration says.
    pub fn is_as_wished(&self) -> bool {
        matches!(self.synced, Synced::NotAsked | Synced::Awaited)
    }

    /// Whether something acknowledged may be lost when one machine fails.
    pub fn may_lose(&self) -> bool {
        self.kept != Kept::OnDisk && self.replicas_awaited == 0
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.replicas_awaited > 0 {
            let place = if self.synced == Synced::Awaited { "on the disks of" } else { "on" };
            let (awaited, replicas) = (self.replicas_awaited, self.replicas);
            write!(out, "every acknowledged message is {place} {awaited} of {replicas} replicas, and ")?;
        }
        out.write_str(match self.kept {
            Kept::InMemory => "acknowledged messages are in the memory of Redis only, and gone when it ends (appendonly no)",
            Kept::Dumped => {
                "acknowledged messages are on disk when Redis next dumps its data; if it dies before, they are lost (appendonly no)"
            }
            Kept::WhenTheSystemWrites => {
                "acknowledged messages are on disk when the system writes them; if the machine dies before, they are lost \
                 (appendfsync no, or no-appendfsync-on-rewrite yes)"
            }
            Kept::Unknown => {
                "Redis keeps an append-only file and does not let us see appendfsync (CONFIG GET): acknowledged messages may be lost"
            }
            Kept::WithinASecond => {
                "acknowledged messages are on disk within a second; if Redis dies before, they are lost (appendfsync everysec)"
            }
            Kept::OnDisk if self.synced == Synced::Awaited => "every acknowledged message is on the disk of Redis (WAITAOF)",
            Kept::OnDisk => "every acknowledged message is on the disk of Redis (appendfsync always)",
        })?;
        out.write_str(match self.synced {
            Synced::NotAsked | Synced::Awaited => "",
            Synced::Unknown => {
                "; redis.wait_fsync is set and waits for nothing: this Redis has no WAITAOF, which came with 7.2"
            }
            Synced::Nowhere => "; redis.wait_fsync is set and waits for nothing: this Redis has no append-only file",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_what_an_ack_means_by_them() {
        let check = |append_only, fsync: &str, pauses_fsync, dumps, expected, may_lose| {
            let settings = Settings { append_fsync: fsync.into(), pauses_fsync, dumps };
            let primary = Primary { append_only, ..Primary::default() };
            let probe = Probe {
                version: "7.0.15".into(),
                is_cluster: false,
                has_sharded_channels: true,
                has_waitaof: true,
                primaries: vec![primary],
                settings: Some(vec![settings]),
            };
            let durability = Durability::of(&probe, 0, Synced::NotAsked);
            assert_eq!((durability.kept, durability.may_lose()), (expected, may_lose), "{fsync}");
            assert!(!Durability::of(&probe, 1, Synced::NotAsked).may_lose());
            let waiting = Durability::of(&probe, 0, Synced::of(true, &probe));
            assert_eq!(waiting.may_lose(), !append_only, "{waiting}");
            assert_eq!(waiting.synced, if append_only { Synced::Awaited } else { Synced::Nowhere });
            let older = Probe { has_waitaof: false, ..probe.clone() };
            let not_waiting = Durability::of(&older, 0, Synced::of(true, &older));
            assert_eq!(not_waiting.may_lose(), may_lose);
            assert!(not_waiting.to_string().contains("no WAITAOF"), "{not_waiting}");
            let untold = Probe { settings: None, ..probe };
            assert!(Durability::of(&untold, 0, Synced::NotAsked).may_lose());
        };
        check(false, "always", false, false, Kept::InMemory, true);
        check(false, "everysec", false, true, Kept::Dumped, true);
        check(true, "no", false, true, Kept::WhenTheSystemWrites, true);
        check(true, "everysec", false, true, Kept::WithinASecond, true);
        check(true, "always", false, true, Kept::OnDisk, false);
        check(true, "always", true, true, Kept::WhenTheSystemWrites, true);
    }

    #[test]
    fn a_cluster_keeps_what_its_weakest_primary_keeps() {
        let settings = |fsync: &str| Settings { append_fsync: fsync.into(), pauses_fsync: false, dumps: false };
        let probe = Probe {
            version: "7.0.15".into(),
            is_cluster: true,
            has_sharded_channels: true,
            has_waitaof: true,
            primaries: vec![
                Primary { append_only: true, replicas: 2, ..Primary::default() },
                Primary { append_only: true, replicas: 1, ..Primary::default() },
            ],
            settings: Some(vec![settings("always"), settings("everysec")]),
        };
        let durability = Durability::of(&probe, 0, Synced::NotAsked);
        assert_eq!((durability.kept, durability.replicas), (Kept::WithinASecond, 1));
    }
}
