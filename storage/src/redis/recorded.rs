//! Where a node has seen logs end, kept in its data directory: what tells a Redis that went
//! back while no node ran (see [`super::seen`]).
//!
//! The file is append only, a record of fixed size a log, the last one of a log counts. A
//! thread of its own writes what has changed a few times a second and syncs it less often:
//! no commit waits for it, it lags by moments and never runs ahead. Beside the logs it
//! records which Redis they were last held against: a start that finds the same needs no
//! look at any of them. Damaged records are skipped.

use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::seen::{Mark, Met, Point, Seen};
use crate::{
    StoreError,
    embedded::heads::LogId,
    limits::{LOGS_RECORDED_EVERY_MS, LOGS_RECORDED_FILE_BYTES_MIN, LOGS_RECORDED_SYNC_WRITES},
    platform,
};

const FILE: &str = "redis.heads";
const MAGIC: &[u8; 8] = b"rillrh01";
const CONTENT_BYTES: usize = 1 + 16 + 16 + 8 + 16 + 16 + 2 * 16;
const RECORD_BYTES: usize = CONTENT_BYTES + 8;
type Bytes = [u8; RECORD_BYTES];

/// What one record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Log(LogId, Point),
    /// What stands before it was held against this Redis.
    Met(Met),
}

fn checksum(content: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    sum.copy_from_slice(&blake3::hash(content).as_bytes()[..8]);
    sum
}

/// Kind, id, epoch, seq; mark and epochs that were left, or zeros.
fn encode(record: Record) -> Bytes {
    let (kind, id, point) = match record {
        Record::Log(LogId::Room(room), point) => (0, room.0, Some(point)),
        Record::Log(LogId::User(user), point) => (1, user.0, Some(point)),
        Record::Met(met) => (2, met.0, None),
    };
    let mut bytes = [0; RECORD_BYTES];
    bytes[0] = kind;
    bytes[1..17].copy_from_slice(&id);
    if let Some(point) = point {
        bytes[17..33].copy_from_slice(&point.epoch.0);
        bytes[33..41].copy_from_slice(&point.seq.to_le_bytes());
        if let Some(mark) = point.mark {
            bytes[41..57].copy_from_slice(&mark.author.0);
            bytes[57..73].copy_from_slice(&mark.client_id.0);
        }
        for (epoch, place) in point.left.iter().flatten().zip(bytes[73..CONTENT_BYTES].chunks_mut(16)) {
            place.copy_from_slice(&epoch.0);
        }
    }
    let sum = checksum(&bytes[..CONTENT_BYTES]);
    bytes[CONTENT_BYTES..].copy_from_slice(&sum);
    bytes
}

fn decode(bytes: &Bytes) -> Option<Record> {
    let (content, sum) = bytes.split_at(CONTENT_BYTES);
    if sum != checksum(content) {
        return None;
    }
    let part = |from: usize| <[u8; 16]>::try_from(&content[from..from + 16]).ok();
    let log = match content[0] {
        0 => LogId::Room(RoomId(part(1)?)),
        1 => LogId::User(UserId(part(1)?)),
        2 => return Some(Record::Met(Met(part(1)?))),
        _ => return None,
    };
    let (author, client_id) = (part(41)?, part(57)?);
    let is_marked = author != [0; 16] || client_id != [0; 16];
    let mark = is_marked.then_some(Mark { author: UserId(author), client_id: ClientId(client_id) });
    let seq = u64::from_le_bytes(content[33..41].try_into().ok()?);
    let left = [part(73)?, part(89)?].map(|epoch| Some(Epoch(epoch)).filter(|epoch| epoch.0 != [0; 16]));
    Some(Record::Log(log, Point { epoch: Epoch(part(17)?), seq, mark, left }))
}

/// Reads what there is; returns how many records are damaged.
fn load(path: &Path, mut take: impl FnMut(Record)) -> io::Result<u64> {
    let mut file = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut magic = [0; MAGIC.len()];
    if file.read_exact(&mut magic).is_err() || magic != *MAGIC {
        return Ok(1);
    }
    let (mut bytes, mut damaged) = ([0; RECORD_BYTES], 0);
    loop {
        match file.read_exact(&mut bytes) {
            Ok(()) => match decode(&bytes) {
                Some(record) => take(record),
                None => damaged += 1,
            },
            // The end; a cut record is one that was under way.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(damaged),
            Err(error) => return Err(error),
        }
    }
}

/// The open file.
struct Heads {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl Heads {
    /// Puts a file with exactly these records in place of the one there is.
    fn rewrite(path: &Path, records: impl Iterator<Item = Record>) -> io::Result<Self> {
        let fresh = path.with_extension("heads.new");
        let mut file = BufWriter::new(File::create(&fresh)?);
        file.write_all(MAGIC)?;
        let mut bytes = MAGIC.len() as u64;
        for record in records {
            file.write_all(&encode(record))?;
            bytes += RECORD_BYTES as u64;
        }
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        path.parent().map_or(Ok(()), platform::sync_directory)?;
        Ok(Self { path: path.to_owned(), file, bytes })
    }

    /// All or nothing.
    fn append(&mut self, records: &[Record]) -> io::Result<()> {
        let bytes: Vec<u8> = records.iter().flat_map(|record| encode(*record)).collect();
        if let Err(error) = self.file.write_all(&bytes) {
            self.file.set_len(self.bytes)?;
            self.file.seek(SeekFrom::Start(self.bytes))?;
            return Err(error);
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Twice what it has to say, and more than a little.
    fn is_long(&self, logs: usize) -> bool {
        self.bytes > LOGS_RECORDED_FILE_BYTES_MIN.max(2 * (logs * RECORD_BYTES) as u64)
    }
}

/// See the module. Dropping it writes and syncs what is left.
pub(super) struct Recorder {
    end: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Reads what the directory has, and records from here on what is seen.
    pub(super) fn start(directory: &Path, seen: &Arc<Seen>) -> Result<Self, StoreError> {
        let path = directory.join(FILE);
        let fault = |error: io::Error| StoreError::Open { path: path.clone(), detail: error.to_string() };
        let damaged = load(&path, |record| seen.recall(record)).map_err(fault)?;
        if damaged > 0 {
            tracing::warn!(path = %path.display(), damaged, "records of where logs ended are damaged, and skipped");
        }
        let heads = Heads::rewrite(&path, seen.all().into_iter()).map_err(fault)?;
        let (end, ended) = sync_channel(1);
        let seen = Arc::clone(seen);
        let thread = thread::Builder::new().name("rill-heads".into()).spawn(move || record(heads, &seen, &ended));
        Ok(Self { end: Some(end), thread: Some(thread.map_err(fault)?) })
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn record(mut heads: Heads, seen: &Seen, ended: &Receiver<()>) {
    let (mut waiting, mut unsynced, mut is_failing) = (Vec::new(), 0, false);
    loop {
        let is_last = match ended.recv_timeout(Duration::from_millis(LOGS_RECORDED_EVERY_MS)) {
            Err(RecvTimeoutError::Timeout) => false,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
        };
        let outcome = write(&mut heads, seen, &mut waiting, &mut unsynced, is_last);
        if let Err(error) = &outcome
            && !is_failing
        {
            // They stay in memory; it is tried again.
            tracing::warn!(path = %heads.path.display(), %error, "where logs end cannot be recorded now");
        }
        is_failing = outcome.is_err();
        if is_last {
            return;
        }
    }
}

/// What has changed; what cannot be written waits, and no more of it than there are logs.
fn write(
    heads: &mut Heads,
    seen: &Seen,
    waiting: &mut Vec<Record>,
    unsynced: &mut u32,
    is_last: bool,
) -> io::Result<()> {
    if waiting.is_empty() {
        *waiting = seen.changed();
    }
    if !waiting.is_empty() {
        heads.append(waiting)?;
        waiting.clear();
        *unsynced += 1;
        let (logs, path) = (seen.count(), heads.path.clone());
        if heads.is_long(logs) {
            *heads = Heads::rewrite(&path, seen.all().into_iter())?;
            *unsynced = 0;
        }
    } else if *unsynced > 0 {
        // A pause.
        *unsynced = LOGS_RECORDED_SYNC_WRITES;
    }
    if *unsynced >= LOGS_RECORDED_SYNC_WRITES || is_last && *unsynced > 0 {
        platform::sync_data(&heads.file)?;
        *unsynced = 0;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Epoch = Epoch([5; 16]);

    fn log(number: u8, seq: u64) -> Record {
        Record::Log(LogId::Room(RoomId([number; 16])), Point { epoch: EPOCH, seq, mark: None, left: [None; 2] })
    }

    fn records(path: &Path) -> (Vec<Record>, u64) {
        let mut found = Vec::new();
        let damaged = load(path, |record| found.push(record)).unwrap();
        (found, damaged)
    }

    #[test]
    fn what_was_appended_is_found_and_damage_costs_its_own_record() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        assert_eq!(records(&path), (vec![], 0));
        let mark = Mark { author: UserId([2; 16]), client_id: ClientId([3; 16]) };
        let marked = Record::Log(
            LogId::User(UserId([1; 16])),
            Point { epoch: EPOCH, seq: 9, mark: Some(mark), left: [Some(Epoch([6; 16])), Some(Epoch([7; 16]))] },
        );
        let all = [log(1, 7), marked, Record::Met(Met([4; 16])), log(2, u64::MAX)];
        let mut heads = Heads::rewrite(&path, all[..1].iter().copied()).unwrap();
        heads.append(&all[1..]).unwrap();
        assert_eq!(records(&path), (all.to_vec(), 0));
        assert_eq!(heads.bytes, fs::metadata(&path).unwrap().len());

        let mut bytes = fs::read(&path).unwrap();
        bytes[MAGIC.len() + RECORD_BYTES + 35] ^= 1;
        bytes.extend_from_slice(&[0; RECORD_BYTES / 2]);
        fs::write(&path, bytes).unwrap();
        assert_eq!(records(&path), (vec![all[0], all[2], all[3]], 1));
        fs::write(&path, "something else").unwrap();
        assert_eq!(records(&path), (vec![], 1));
    }

    #[test]
    fn the_file_grows_no_longer_than_twice_what_it_says() {
        let directory = tempfile::tempdir().unwrap();
        let seen = Arc::new(Seen::default());
        let mut heads = Heads::rewrite(&directory.path().join(FILE), seen.all().into_iter()).unwrap();
        let (mut waiting, mut unsynced) = (Vec::new(), 0);
        let rounds = LOGS_RECORDED_FILE_BYTES_MIN / (100 * RECORD_BYTES as u64) + 2;
        for seq in 1..=rounds {
            (0..100).for_each(|number| seen.recall(log(number, seq)));
            seen.all_changed();
            write(&mut heads, &seen, &mut waiting, &mut unsynced, false).unwrap();
        }
        assert!(heads.bytes < LOGS_RECORDED_FILE_BYTES_MIN / 2, "{}", heads.bytes);
        let (found, _) = records(&heads.path);
        assert_eq!(found.iter().rev().find(|record| matches!(record, Record::Log(..))), Some(&log(99, rounds)));
    }
}
