//! The recorded heads: the end of every log, kept beside the engine and not in it.
//!
//! An engine that lost its tail, or a directory that was put back to an older state,
//! looks healthy from within: its logs are only shorter. Whoever saw the lost entries
//! would take the new ones under the same seqs for those. This file tells the two
//! apart at the next start (see [`super::epochs`]).
//!
//! It is append only, a record of fixed size per log and batch, the last one of a log
//! counts. It is written after each barrier and synced in pauses: it lags the engine by
//! moments and never runs ahead of it. Damaged records are skipped. Where it has grown long
//! a short one takes its place, which is made while batches go on.

mod beside;

use rill_protocol::{Epoch, RoomId, UserId};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Seek as _, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    limits::{HEADS_COMPACT_BYTES, HEADS_SYNC_BATCHES},
    platform,
};
use beside::{Beside, Compacted};

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
/// Of a file that is being made; it counts for nothing.
const FRESH_ENDING: &str = "new";
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
    match File::open(path) {
        Ok(file) => read(&mut BufReader::new(file)).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(file: &mut impl Read) -> io::Result<(Latest, usize)> {
    let (mut latest, mut damaged) = (Latest::new(), 0);
    let mut magic = [0; MAGIC.len()];
    if file.read_exact(&mut magic).is_err() || magic != *MAGIC {
        return Ok((latest, 1));
    }
    let mut record = [0; RECORD_BYTES];
    loop {
        match file.read_exact(&mut record) {
            Ok(()) => match decode(&record) {
                Some((log, head)) => drop(latest.insert(log, head)),
                None => damaged += 1,
            },
            // The end; a cut record is one that was never synced.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok((latest, damaged)),
            Err(error) => return Err(error),
        }
    }
}

/// Makes a file with exactly these heads, durably but for its name; its length.
fn write(path: &Path, latest: &Latest) -> io::Result<(File, u64)> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(MAGIC)?;
    for (log, head) in latest {
        file.write_all(&encode(*log, *head))?;
    }
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok((file, (MAGIC.len() + latest.len() * RECORD_BYTES) as u64))
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
    /// Its name is not known to be durable.
    is_renamed: bool,
    /// What a full disk did not take.
    waiting: Latest,
    /// At which length a short file is made of it.
    compact_at_bytes: u64,
    is_compacting: bool,
    beside: Option<Beside>,
}

/// At which length a file that began with so much is long: when most of it counts no more.
fn long_bytes(begun_bytes: u64) -> u64 {
    HEADS_COMPACT_BYTES.max(begun_bytes.saturating_mul(2))
}

impl Heads {
    /// Puts a file with exactly these heads in place of the one there is.
    pub(super) fn rewrite(path: &Path, latest: &Latest) -> io::Result<Self> {
        let fresh = path.with_extension(FRESH_ENDING);
        let (file, bytes) = write(&fresh, latest)?;
        fs::rename(&fresh, path)?;
        path.parent().map_or(Ok(()), platform::sync_directory)?;
        Ok(Self {
            path: path.to_owned(),
            file: Arc::new(file),
            bytes,
            unsynced_batches: 0,
            is_renamed: false,
            waiting: Latest::new(),
            compact_at_bytes: long_bytes(bytes),
            is_compacting: false,
            beside: None,
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        if self.is_renamed {
            self.path.parent().map_or(Ok(()), platform::sync_directory)?;
        }
        (self.unsynced_batches, self.is_renamed) = (0, false);
        Ok(())
    }

    fn beside(&mut self) -> io::Result<&Beside> {
        let beside = self.beside.take().map_or_else(Beside::start, Ok)?;
        Ok(self.beside.insert(beside))
    }

    /// Has it synced while the next batches go on.
    fn sync_beside(&mut self) -> io::Result<()> {
        let (file, path) = (Arc::clone(&self.file), self.path.clone());
        let renamed_in = path.parent().filter(|_| self.is_renamed);
        let Ok(beside) = self.beside() else {
            // Without a thread for it.
            return self.sync();
        };
        if beside.ask_sync(&file, renamed_in) {
            // A pause syncs what comes behind, were it only one batch.
            (self.unsynced_batches, self.is_renamed) = (1, false);
        }
        Ok(())
    }

    /// Has a short file made while the next batches go on, and goes on in it once it is
    /// there. Where it cannot be made the long file is as good, only longer.
    fn compact_beside(&mut self) {
        if let Some(compacted) = self.beside.as_ref().and_then(Beside::compacted) {
            self.is_compacting = false;
            if let Err(error) = compacted.and_then(|compacted| self.adopt(compacted)) {
                tracing::warn!(%error, "the recorded heads go on in a long file");
                self.compact_at_bytes = long_bytes(self.bytes);
            }
        }
        if self.bytes > self.compact_at_bytes && !self.is_compacting {
            let (path, bytes) = (self.path.clone(), self.bytes);
            self.is_compacting = self.beside().is_ok_and(|beside| beside.ask_compact(&path, bytes));
        }
    }

    /// Goes on in a short file, behind what has been recorded since its making was begun.
    fn adopt(&mut self, compacted: Compacted) -> io::Result<()> {
        let Compacted { path, file, bytes, source, read_bytes } = compacted;
        let since_bytes = self.bytes - read_bytes;
        let copied = io::copy(&mut source.take(since_bytes), &mut &file)?;
        if copied != since_bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        fs::rename(path, &self.path)?;
        (self.file, self.bytes) = (Arc::new(file), bytes + since_bytes);
        self.compact_at_bytes = long_bytes(bytes);
        (self.unsynced_batches, self.is_renamed) = (self.unsynced_batches.max(1), true);
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
        self.compact_beside();
        if let Some(error) = self.beside.as_ref().and_then(Beside::failure) {
            return Err(error);
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
        match self.beside.as_ref().and_then(Beside::failure) {
            Some(error) => Err(error),
            None => self.sync(),
        }
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
    fn the_last_record_of_a_log_counts_also_in_the_short_file_that_takes_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("heads");
        assert!(load(&path).unwrap().is_none());
        let mut heads = Heads::rewrite(&path, &Latest::new()).unwrap();
        for seq in 1..=100 {
            heads.append(&[(room(1), EPOCH, seq), (room(2), EPOCH, seq * 2), (room(1), EPOCH, seq + 1)]).unwrap();
        }
        let user = LogId::User(UserId([1; 16]));
        heads.append(&[(user, EPOCH, 7)]).unwrap();
        let of = |seqs: [(LogId, u64); 3]| -> Latest {
            seqs.map(|(log, seq)| (log, Recorded { epoch: EPOCH, seq })).into_iter().collect()
        };
        assert_eq!(seqs(&path), (of([(room(1), 101), (room(2), 200), (user, 7)]), 0));

        heads.compact_at_bytes = 0;
        heads.append(&[(room(2), EPOCH, 201)]).unwrap();
        assert!(heads.is_compacting);
        // Recorded while it is made, and when it has been made.
        heads.append(&[(user, EPOCH, 8)]).unwrap();
        for seq in 102.. {
            heads.append(&[(room(1), EPOCH, seq)]).unwrap();
            let expected = of([(room(1), seq), (room(2), 201), (user, 8)]);
            assert_eq!(seqs(&path), (expected.clone(), 0));
            if !heads.is_compacting {
                // One of each log, and what came since.
                let records = (3 + 1 + seq - 101) as usize;
                assert_eq!(heads.bytes as usize, MAGIC.len() + records * RECORD_BYTES);
                assert!(heads.is_renamed && fs::metadata(&path).unwrap().len() == heads.bytes);
                heads.tend().unwrap();
                assert!(!heads.is_renamed && !heads.is_unsynced());
                heads.append(&[(user, EPOCH, 9)]).unwrap();
                assert_eq!(seqs(&path).0[&user].seq, 9);
                break;
            }
            std::thread::yield_now();
        }
        drop(heads);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn where_no_short_file_can_be_made_the_long_one_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("heads");
        let mut heads = Heads::rewrite(&path, &Latest::new()).unwrap();
        // In the place of the new file.
        fs::create_dir(path.with_extension(FRESH_ENDING)).unwrap();
        heads.compact_at_bytes = 0;
        for seq in 1.. {
            heads.append(&[(room(1), EPOCH, seq)]).unwrap();
            assert_eq!(seqs(&path).0[&room(1)].seq, seq);
            if !heads.is_compacting {
                break;
            }
            std::thread::yield_now();
        }
        assert_eq!((heads.is_renamed, heads.compact_at_bytes), (false, HEADS_COMPACT_BYTES));
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
