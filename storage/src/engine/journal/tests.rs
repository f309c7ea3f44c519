//! The journal cut at every length, with every byte flipped, with files missing, and
//! with an engine that fails or forgets.

use super::*;
use crate::engine::memory::MemoryEngine;
use parking_lot::RwLock;
use std::{fs, ops::ControlFlow};
use tempfile::TempDir;

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// An engine in memory that outlives its journal, and fails when told to.
#[derive(Clone)]
struct Kept(Arc<RwLock<KeptState>>);

struct KeptState {
    engine: MemoryEngine,
    fails: bool,
}

impl Kept {
    fn new() -> Self {
        Self(Arc::new(RwLock::new(KeptState { engine: MemoryEngine::new(1 << 28), fails: false })))
    }
}

impl Engine for Kept {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.read().engine.get(key)
    }

    fn scan(&self, from: &[u8], until: &[u8], way: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.0.read().engine.scan(from, until, way, visit)
    }

    fn commit(&self, batch: Overlay) -> Result<(), StoreError> {
        let state = self.0.read();
        if state.fails { Err(StoreError::Engine("it takes nothing".into())) } else { state.engine.commit(batch) }
    }

    fn barrier(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn opened(engine: &Kept, directory: &Path) -> Result<Journaled, StoreError> {
    open(Arc::new(engine.clone()), directory, directory, 0)
}

/// Batch `number`: a row of its own, one that every batch replaces, and one that goes.
fn batch(number: u8) -> Overlay {
    Overlay::from([
        (vec![1, number], Some(vec![number; 3 + usize::from(number)])),
        (vec![2], Some(vec![number])),
        (vec![3, number], Some(vec![number])),
        (vec![3, number - 1], None),
    ])
}

/// What `count` batches come to.
fn expected(count: u8) -> Rows {
    let mut rows = Overlay::new();
    (1..=count).for_each(|number| rows.extend(batch(number)));
    rows.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

fn write(journal: &Journaled, number: u8) {
    journal.commit(batch(number)).unwrap();
    journal.barrier().unwrap();
    journal.publish();
}

fn rows(engine: &dyn Engine, direction: Direction) -> Rows {
    let mut rows = Vec::new();
    let mut visit = |key: &[u8], value: &[u8]| {
        rows.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    };
    engine.scan(&[0], &[OWN], direction, &mut visit).unwrap();
    rows
}

const OWN: u8 = crate::engine::OWN_KEYS;

/// A journal as a killed process leaves it: batches 1 to `count`, none in the engine.
fn left(count: u8) -> (TempDir, PathBuf, Vec<usize>) {
    let directory = tempfile::tempdir().unwrap();
    let journal = opened(&Kept::new(), directory.path()).unwrap();
    let file = fs::read_dir(directory.path()).unwrap().next().unwrap().unwrap().path();
    let mut ends = vec![fs::metadata(&file).unwrap().len() as usize];
    for number in 1..=count {
        write(&journal, number);
        ends.push(fs::metadata(&file).unwrap().len() as usize);
    }
    (directory, file, ends)
}

/// Opens a journal of one file with these bytes over an empty engine.
fn reopened(name: &Path, bytes: &[u8]) -> Result<Rows, StoreError> {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(name.file_name().unwrap()), bytes).unwrap();
    let engine = Kept::new();
    let found = rows(&opened(&engine, directory.path())?, Direction::Forward);
    // Once more: the engine has it now, and the journal is empty.
    assert_eq!(rows(&opened(&engine, directory.path()).unwrap(), Direction::Forward), found);
    assert_eq!(rows(&engine, Direction::Forward), found);
    Ok(found)
}

#[test]
fn a_batch_is_seen_when_it_is_published_and_not_before() {
    let directory = tempfile::tempdir().unwrap();
    let journal = opened(&Kept::new(), directory.path()).unwrap();
    write(&journal, 1);
    journal.commit(batch(2)).unwrap();
    journal.barrier().unwrap();
    assert_eq!(rows(&journal, Direction::Forward), expected(1));
    journal.publish();
    assert_eq!(rows(&journal, Direction::Forward), expected(2));
    assert_eq!(journal.get(&[3, 1]).unwrap(), None);
    assert_eq!(journal.get(&[2]).unwrap(), Some(vec![2]));
}

#[test]
fn every_batch_is_there_again_after_a_crash() {
    let (_directory, file, _) = left(20);
    let bytes = fs::read(&file).unwrap();
    assert_eq!(reopened(&file, &bytes).unwrap(), expected(20));
}

#[test]
fn a_tail_cut_at_any_length_loses_the_batches_that_were_cut_and_no_other() {
    let (_directory, file, ends) = left(4);
    let bytes = fs::read(&file).unwrap();
    for cut in ends[0]..=bytes.len() {
        // The zeros that fill a frame up may be missing.
        let whole = ends.iter().skip(1).filter(|end| cut + 7 >= **end && reads_to(&bytes[..cut], **end)).count();
        assert_eq!(reopened(&file, &bytes[..cut]).unwrap(), expected(whole as u8), "cut at {cut}");
    }
}

/// Whether the frame that ends at `end` is whole in `bytes`.
fn reads_to(bytes: &[u8], end: usize) -> bool {
    (1..end).step_by(1).any(|at| {
        at % frame::ALIGNMENT == 0
            && bytes.get(at..).and_then(frame::decode).is_some_and(|found| at + found.bytes == end)
    })
}

#[test]
fn a_beginning_that_is_cut_is_damage() {
    let (_directory, file, ends) = left(1);
    let bytes = fs::read(&file).unwrap();
    for cut in 0..ends[0] {
        let error = reopened(&file, &bytes[..cut]).unwrap_err().to_string();
        assert!(error.contains("frames") && error.contains("backup"), "{error}");
    }
}

#[test]
fn a_flipped_bit_anywhere_is_damage_or_a_batch_that_was_never_acknowledged() {
    let (_directory, file, ends) = left(3);
    let bytes = fs::read(&file).unwrap();
    for at in 0..bytes.len() {
        for bit in [0, 3, 7] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            match reopened(&file, &flipped) {
                Err(StoreError::Open { path, detail }) => {
                    assert_eq!(path.file_name(), file.file_name());
                    assert!(detail.contains("backup"), "{detail}");
                }
                Err(other) => panic!("{other}"),
                // The last frame may have been torn; zeros between frames say nothing.
                Ok(found) if at >= ends[2] => assert!(found == expected(2) || found == expected(3), "at {at}"),
                Ok(found) => assert_eq!(found, expected(3), "at {at}"),
            }
        }
    }
}

#[test]
fn zeros_behind_the_last_batch_are_its_end_and_hide_no_damage() {
    let (_directory, file, ends) = left(3);
    let bytes = fs::read(&file).unwrap();
    let ahead = |bytes: &[u8]| [bytes, &[0; 4096]].concat();
    assert_eq!(reopened(&file, &ahead(&bytes)).unwrap(), expected(3));
    for cut in ends[2]..ends[3] - 7 {
        // What was written over the zeros is torn.
        let whole = if reads_to(&ahead(&bytes[..cut]), ends[3]) { 3 } else { 2 };
        assert_eq!(reopened(&file, &ahead(&bytes[..cut])).unwrap(), expected(whole), "cut at {cut}");
    }
    for at in ends[0]..ends[2] {
        let mut flipped = ahead(&bytes);
        flipped[at] ^= 8;
        assert!(reopened(&file, &flipped).map_or(true, |found| found == expected(3)), "at {at}");
    }
}

/// The frame of a batch of one row.
fn frame_of(number: u64, value: Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::encode(number, &Overlay::from([(vec![1; 4], Some(value))]), &mut bytes).unwrap();
    bytes
}

#[test]
fn damage_before_a_frame_that_ends_with_a_zero_is_damage_too() {
    let (_directory, file, ends) = left(1);
    let mut bytes = fs::read(&file).unwrap();
    let last = (0u32..).map(|value| frame_of(2, value.to_le_bytes().to_vec())).find(|frame| frame.ends_with(&[0]));
    bytes.extend(last.unwrap());
    bytes.extend([0; 4096]);
    assert_eq!(reopened(&file, &bytes).unwrap().len(), expected(1).len() + 1);
    bytes[ends[0] + 20] ^= 1;
    assert!(matches!(reopened(&file, &bytes), Err(StoreError::Open { .. })));
}

#[test]
fn a_frame_that_a_text_spells_out_is_none() {
    let (_directory, file, ends) = left(2);
    let spelt = frame_of(1 << 40, b"text".to_vec());
    // At every place that frames can begin at, in a batch whose beginning never came to the disk.
    let torn = (0..frame::ALIGNMENT).map(|shift| {
        let text = [&vec![b' '; shift][..], &spelt, &spelt].concat();
        let mut torn = frame_of(3, text);
        torn[..frame::ALIGNMENT].fill(0);
        torn
    });
    for torn in torn {
        let bytes = [&fs::read(&file).unwrap()[..], &torn, &[0; 4096]].concat();
        assert_eq!(reopened(&file, &bytes).unwrap(), expected(2));
    }
    assert_eq!(fs::metadata(&file).unwrap().len() as usize, ends[2]);
}

#[test]
fn numbers_leap_at_a_start_and_nothing_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Kept::new();
    let mut count = 0;
    for leap in [1_000, 0, 77] {
        let journal = open(Arc::new(engine.clone()), directory.path(), directory.path(), leap).unwrap();
        assert_eq!(rows(&journal, Direction::Forward), expected(count));
        count += 1;
        write(&journal, count);
    }
    let (first, _) = segment::list(directory.path()).unwrap().remove(0);
    assert_eq!(first, 1 + 1_000 + 1 + 1 + 77);
    // Cut short right behind a leap: what was begun before it is there, and the engine is
    // ahead; or what was begun behind it is there too.
    for has_begun in [false, true] {
        let next = recovery::recover(&engine, directory.path(), directory.path()).unwrap();
        drop(Segment::create(directory.path(), next).unwrap());
        let next = recovery::leap(&engine, next, 5).unwrap();
        if has_begun {
            drop(Segment::create(directory.path(), next).unwrap());
        }
        let journal = opened(&engine, directory.path()).unwrap();
        assert_eq!(rows(&journal, Direction::Forward), expected(count));
        count += 1;
        write(&journal, count);
    }
}

#[test]
fn files_made_ahead_take_batches_and_are_used_again() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Kept::new();
    let journal = opened(&engine, directory.path()).unwrap();
    let sizes = || -> Vec<u64> {
        let files = segment::list(directory.path()).unwrap();
        files.iter().map(|(_, path)| fs::metadata(path).unwrap().len()).collect()
    };
    write(&journal, 1);
    for number in [2, 3] {
        journal.spares.ask();
        journal.spares.wait();
        write(&journal, number);
        journal.tend().unwrap();
        journal.applier.wait().unwrap();
        journal.spares.wait();
    }
    // The one that is written to now; those of the generations are gone or wait to be used.
    write(&journal, 4);
    assert!(matches!(sizes()[..], [bytes] if bytes >= crate::limits::SPARE_BYTES_MIN), "{:?}", sizes());
    drop(journal);
    assert_eq!(rows(&opened(&engine, directory.path()).unwrap(), Direction::Forward), expected(4));
}

#[test]
fn what_the_engine_has_is_not_asked_of_the_journal() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Kept::new();
    let journal = opened(&engine, directory.path()).unwrap();
    (1..=3).for_each(|number| write(&journal, number));
    journal.settle().unwrap();
    assert_eq!(rows(&engine, Direction::Reverse), expected(3).into_iter().rev().collect::<Vec<_>>());
    (4..=5).for_each(|number| write(&journal, number));
    assert_eq!(rows(&engine, Direction::Forward), expected(3));
    assert_eq!(rows(&journal, Direction::Forward), expected(5));
    assert_eq!(rows(&journal, Direction::Reverse), expected(5).into_iter().rev().collect::<Vec<_>>());
    drop(journal);
    let journal = opened(&engine, directory.path()).unwrap();
    assert_eq!(rows(&journal, Direction::Forward), expected(5));
    write(&journal, 6);
    assert_eq!(rows(&journal, Direction::Forward), expected(6));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn an_engine_that_forgot_is_told_from_one_that_is_new() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Kept::new();
    let journal = opened(&engine, directory.path()).unwrap();
    (1..=3).for_each(|number| write(&journal, number));
    journal.settle().unwrap();
    write(&journal, 4);
    drop(journal);
    let error = opened(&Kept::new(), directory.path()).err().unwrap().to_string();
    assert!(error.contains("batch 0") && error.contains("batch 4") && error.contains("backup"), "{error}");
    // And the other way round: a journal that is gone.
    fs::remove_dir_all(directory.path()).unwrap();
    let error = opened(&engine, directory.path()).err().unwrap().to_string();
    assert!(error.contains("missing"), "{error}");
}

#[test]
fn a_file_missing_between_two_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let journal = opened(&Kept::new(), directory.path()).unwrap();
    write(&journal, 1);
    {
        // Two more files behind the first, as an applier that lags leaves them.
        let mut writer = journal.writer.lock();
        for number in [2, 3] {
            writer.segment = Segment::create(directory.path(), number).unwrap();
            frame::encode(number, &batch(number as u8), &mut writer.frame).unwrap();
            let frame = std::mem::take(&mut writer.frame);
            writer.segment.append(&frame).unwrap();
        }
    }
    drop(journal);
    let copy = tempfile::tempdir().unwrap();
    for (_, path) in segment::list(directory.path()).unwrap() {
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    assert_eq!(rows(&opened(&Kept::new(), directory.path()).unwrap(), Direction::Forward), expected(3));
    fs::remove_file(segment::list(copy.path()).unwrap().remove(1).1).unwrap();
    let error = opened(&Kept::new(), copy.path()).err().unwrap().to_string();
    assert!(error.contains("from 2 to 2"), "{error}");
}

#[test]
fn a_torn_batch_stays_left_out_when_the_start_after_it_is_cut_short() {
    let (directory, file, ends) = left(3);
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..ends[2] + 20]).unwrap();
    // The new file was made, the old one not yet removed.
    drop(Segment::create(directory.path(), 3).unwrap());
    assert_eq!(rows(&opened(&Kept::new(), directory.path()).unwrap(), Direction::Forward), expected(2));
}

#[test]
fn a_file_that_was_begun_and_taken_back_is_no_gap_where_its_removal_was_lost() {
    let (directory, ..) = left(3);
    drop(Segment::create(directory.path(), 2).unwrap());
    assert_eq!(rows(&opened(&Kept::new(), directory.path()).unwrap(), Direction::Forward), expected(3));
}

#[test]
fn a_pause_in_which_no_file_can_be_begun_costs_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Kept::new();
    let journal = opened(&engine, directory.path()).unwrap();
    write(&journal, 1);
    // In the place of the next file.
    let obstacle = directory.path().join(format!("{:020}.frames", 2));
    fs::create_dir(&obstacle).unwrap();
    journal.tend().unwrap();
    assert_eq!(rows(&engine, Direction::Forward), []);
    write(&journal, 2);
    fs::remove_dir(&obstacle).unwrap();
    journal.settle().unwrap();
    assert_eq!(rows(&engine, Direction::Forward), expected(2));
}

#[test]
fn generations_turn_under_load_and_their_files_go() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Kept::new();
    let journal = opened(&engine, directory.path()).unwrap();
    let total = 3 * GENERATION_BYTES / 300_000;
    for number in 0..total {
        let key = vec![1, (number % 7) as u8];
        journal.commit(Overlay::from([(key, Some(vec![number as u8; 300_000]))])).unwrap();
        journal.barrier().unwrap();
        journal.publish();
        let newest = journal.get(&[1, (number % 7) as u8]).unwrap().unwrap();
        assert_eq!(newest[0], number as u8);
    }
    journal.settle().unwrap();
    assert_eq!(rows(&engine, Direction::Forward), rows(&journal, Direction::Forward));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    drop(journal);
    assert_eq!(rows(&opened(&engine, directory.path()).unwrap(), Direction::Forward).len(), 7);
}

#[test]
fn an_engine_that_takes_nothing_stops_the_writes_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Kept::new();
    let journal = opened(&engine, directory.path()).unwrap();
    write(&journal, 1);
    engine.0.write().fails = true;
    assert!(journal.settle().is_err());
    assert_eq!(rows(&journal, Direction::Forward), expected(1), "reads go on");
    drop(journal);
    engine.0.write().fails = false;
    assert_eq!(rows(&opened(&engine, directory.path()).unwrap(), Direction::Forward), expected(1));
}
