//! The recorded heads: the end of every log, kept beside the engine and not in it.
//!
//! An engine that lost its tail, or a directory that was put back to an older state,
//! looks healthy from within: its logs are only shorter. Whoever saw the lost entries
//! would take the new ones under the same seqs for those. This file tells the two
//! apart at the next start (see [`super::epochs`]).
//!
//! It is append only, a record of fixed size per log and batch, the last one of a log
//! counts. It is written after each barrier and synced in pauses: it lags the engine by
//! moments and never runs ahead of it. Damaged records are skipped.

use parking_lot::Mutex;
use rill_protocol::{Epoch, RoomId, UserId};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Seek as _, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use crate::{
    limits::{HEADS_BYTES_MAX, HEADS_COMPACT_BYTES, HEADS_SYNC_BATCHES},
    platform,
};

/// Which log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum LogId {
    Room(RoomId),
    User(UserId),
}

/// Where a log ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) epoch: Epoch,
    pub(crate) seq: u64,
}

/// The last recorded head of each log.
pub(super) type Latest = BTreeMap<LogId, Recorded>;

const MAGIC: &[u8; 8] = b"rillhd01";
const CHECKSUM_AT: usize = 1 + 16 + 16 + 8;
const RECORD_BYTES: usize = CHECKSUM_AT + 8;

fn checksum(content: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    sum.copy_from_slice(&blake3::hash(content).as_bytes()[..8]);
    sum
}

fn encode(log: LogId, head: Recorded) -> [u8; RECORD_BYTES] {
    let (kind, id) = match log {
        LogId::Room(room) => (0, room.0),
        LogId::User(user) => (1, user.0),
    };
    let mut record = [0; RECORD_BYTES];
    record[0] = kind;
    record[1..17].copy_from_slice(&id);
    record[17..33].copy_from_slice(&head.epoch.0);
    record[33..41].copy_from_slice(&head.seq.to_le_bytes());
    let sum = checksum(&record[..CHECKSUM_AT]);
    record[CHECKSUM_AT..].copy_from_slice(&sum);
    record
}

fn decode(record: &[u8; RECORD_BYTES]) -> Option<(LogId, Recorded)> {
    let (content, sum) = record.split_at(CHECKSUM_AT);
    if sum != checksum(content) {
        return None;
    }
    let part = |from: usize| <[u8; 16]>::try_from(&content[from..from + 16]).ok();
    let log = match content[0] {
        0 => LogId::Room(RoomId(part(1)?)),
        1 => LogId::User(UserId(part(1)?)),
        _ => return None,
    };
    let seq = u64::from_le_bytes(content[33..].try_into().ok()?);
    Some((log, Recorded { epoch: Epoch(part(17)?), seq }))
}

/// What the file records, and how many of its records are damaged. `None` without a
/// file.
pub(super) fn load(path: &Path) -> io::Result<Option<(Latest, usize)>> {
    let mut file = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let (mut latest, mut damaged) = (Latest::new(), 0);
    let mut magic = [0; MAGIC.len()];
    if file.read_exact(&mut magic).is_err() || magic != *MAGIC {
        return Ok(Some((latest, 1)));
    }
    let mut record = [0; RECORD_BYTES];
    loop {
        match file.read_exact(&mut record) {
            Ok(()) => match decode(&record) {
                Some((log, head)) => drop(latest.insert(log, head)),
                None => damaged += 1,
            },
            // The end; a cut record is one that was never synced.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Some((latest, damaged))),
            Err(error) => return Err(error),
        }
    }
}

/// Where heads are recorded.
pub(super) trait RecordHeads: Send {
    /// Records where a durable batch left its logs. On a full disk it is recorded with the
    /// next batch that finds room: the record lags anyway.
    fn append(&mut self, heads: &[(LogId, Epoch, u64)]) -> io::Result<()>;
    /// Whether there is something to do in a pause.
    fn is_unsynced(&self) -> bool;
    /// What a pause is for.
    fn tend(&mut self) -> io::Result<()>;
}

/// The open file.
pub(super) struct Heads {
    path: PathBuf,
    /// Shared and not opened again: there may be no file handle left.
    file: Arc<File>,
    bytes: u64,
    unsynced_batches: u32,
    /// What a full disk did not take.
    waiting: Latest,
    syncer: Option<Syncer>,
}

/// A thread that syncs the file while batches go on: on a busy disk that can take long.
struct Syncer {
    files: Option<SyncSender<Arc<File>>>,
    failure: Arc<Mutex<Option<io::Error>>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    fn start() -> io::Result<Self> {
        let (files, asked) = sync_channel::<Arc<File>>(1);
        let failure = Arc::new(Mutex::new(None));
        let failed = Arc::clone(&failure);
        let thread = thread::Builder::new().name("rill-heads".into()).spawn(move || {
            while let Ok(file) = asked.recv() {
                if let Err(error) = file.sync_data() {
                    *failed.lock() = Some(error);
                }
            }
        })?;
        Ok(Self { files: Some(files), failure, thread: Some(thread) })
    }

    /// Has the file synced soon; `false` while that waits for an earlier time.
    fn ask(&self, file: &Arc<File>) -> io::Result<bool> {
        if let Some(error) = self.failure.lock().take() {
            return Err(error);
        }
        Ok(self.files.as_ref().is_some_and(|files| files.try_send(Arc::clone(file)).is_ok()))
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        drop(self.files.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Heads {
    /// Puts a file with exactly these heads in place of the one there is.
    pub(super) fn rewrite(path: &Path, latest: &Latest) -> io::Result<Self> {
        let fresh = path.with_extension("new");
        let mut file = BufWriter::new(File::create(&fresh)?);
        file.write_all(MAGIC)?;
        for (log, head) in latest {
            file.write_all(&encode(*log, *head))?;
        }
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        path.parent().map_or(Ok(()), platform::sync_directory)?;
        let bytes = (MAGIC.len() + latest.len() * RECORD_BYTES) as u64;
        let file = Arc::new(file);
        Ok(Self { path: path.to_owned(), file, bytes, unsynced_batches: 0, waiting: Latest::new(), syncer: None })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.unsynced_batches = 0;
        self.file.sync_data()
    }

    /// The same while the next batches go on.
    fn sync_beside(&mut self) -> io::Result<()> {
        let syncer = match self.syncer.take().map_or_else(Syncer::start, Ok) {
            Ok(syncer) => syncer,
            // Without a thread for it.
            Err(_) => return self.sync(),
        };
        if self.syncer.insert(syncer).ask(&self.file)? {
            // A pause syncs what comes behind, were it only one batch.
            self.unsynced_batches = 1;
        }
        Ok(())
    }

    fn compact(&mut self) -> io::Result<()> {
        let (latest, _) = load(&self.path)?.unwrap_or_default();
        match Self::rewrite(&self.path, &latest) {
            Ok(rewritten) => {
                let (waiting, syncer) = (std::mem::take(&mut self.waiting), self.syncer.take());
                *self = Self { waiting, syncer, ..rewritten };
            }
            // The long file is as good, only longer.
            Err(error) if platform::is_full(&error) => return self.sync(),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl RecordHeads for Heads {
    fn append(&mut self, heads: &[(LogId, Epoch, u64)]) -> io::Result<()> {
        self.waiting.extend(heads.iter().map(|(log, epoch, seq)| (*log, Recorded { epoch: *epoch, seq: *seq })));
        let records: Vec<u8> = self.waiting.iter().flat_map(|(log, head)| encode(*log, *head)).collect();
        if records.is_empty() {
            return Ok(());
        }
        let mut file = &*self.file;
        if let Err(error) = file.write_all(&records) {
            file.set_len(self.bytes)?;
            file.seek(SeekFrom::Start(self.bytes))?;
            return if platform::is_full(&error) { Ok(()) } else { Err(error) };
        }
        self.waiting.clear();
        self.bytes += records.len() as u64;
        self.unsynced_batches += 1;
        if self.bytes > HEADS_BYTES_MAX {
            return self.compact();
        }
        if self.unsynced_batches >= HEADS_SYNC_BATCHES {
            return self.sync_beside();
        }
        Ok(())
    }

    fn is_unsynced(&self) -> bool {
        self.unsynced_batches > 0
    }

    fn tend(&mut self) -> io::Result<()> {
        if self.bytes > HEADS_COMPACT_BYTES { self.compact() } else { self.sync() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(number: u8) -> LogId {
        LogId::Room(RoomId([number; 16]))
    }

    const EPOCH: Epoch = Epoch([5; 16]);

    fn seqs(path: &Path) -> (Latest, usize) {
        load(path).unwrap().unwrap()
    }

    #[test]
    fn the_last_record_of_a_log_counts_also_after_compaction() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("heads");
        assert!(load(&path).unwrap().is_none());
        let mut heads = Heads::rewrite(&path, &Latest::new()).unwrap();
        for seq in 1..=100 {
            heads.append(&[(room(1), EPOCH, seq), (room(2), EPOCH, seq * 2), (room(1), EPOCH, seq + 1)]).unwrap();
        }
        let user = LogId::User(UserId([1; 16]));
        heads.append(&[(user, EPOCH, 7)]).unwrap();
        let expected: Latest =
            [(room(1), 101), (room(2), 200), (user, 7)].map(|(log, seq)| (log, Recorded { epoch: EPOCH, seq })).into();
        assert_eq!(seqs(&path), (expected.clone(), 0));
        let before = fs::metadata(&path).unwrap().len();
        heads.compact().unwrap();
        assert!(fs::metadata(&path).unwrap().len() < before / 10);
        assert_eq!(seqs(&path), (expected, 0));
        heads.append(&[(user, EPOCH, 8)]).unwrap();
        assert_eq!(seqs(&path).0[&user].seq, 8);
    }

    #[test]
    fn damage_and_a_torn_tail_cost_only_their_own_records() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("heads");
        let mut heads = Heads::rewrite(&path, &Latest::new()).unwrap();
        for number in 1..=3 {
            heads.append(&[(room(number), EPOCH, 9)]).unwrap();
        }
        let mut bytes = fs::read(&path).unwrap();
        bytes[MAGIC.len() + RECORD_BYTES + 35] ^= 1;
        bytes.extend_from_slice(&[0; RECORD_BYTES / 2]);
        fs::write(&path, bytes).unwrap();
        let (latest, damaged) = seqs(&path);
        assert_eq!(damaged, 1);
        assert!(latest.contains_key(&room(1)) && !latest.contains_key(&room(2)) && latest.contains_key(&room(3)));
    }

    #[test]
    fn a_file_that_is_something_else_is_reported() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("heads");
        fs::write(&path, b"not heads").unwrap();
        assert_eq!(seqs(&path), (Latest::new(), 1));
    }
}
