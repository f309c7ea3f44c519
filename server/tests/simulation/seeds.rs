//! Many seeds, and one that somebody wants to read.

use rill_storage::planted::Bug;
use std::{
    env,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use crate::{
    groups, pictures,
    run::{Outcome, run},
    talks,
    witness::FilesLived,
};

/// Seeds of a plain `cargo test`, which builds this without optimisation. `make test` has
/// three thousand.
const SEEDS: u64 = 40;
/// The same for several nodes.
const NODE_SEEDS: u64 = 10;
const NODES: [usize; 2] = [2, 3];

/// The first seed among `0..count` that breaks a promise, and how. As many at once as
/// there are cores.
pub(crate) fn first_violation(count: u64, nodes: usize, bug: Option<Bug>) -> Option<(u64, String)> {
    let (next, found) = (AtomicU64::new(0), Mutex::new(None::<(u64, String)>));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= count || found.lock().expect("unpoisoned").is_some() {
                        return;
                    }
                    if let Some(violation) = run(seed, nodes, bug, false).violation {
                        let mut found = found.lock().expect("unpoisoned");
                        if found.as_ref().is_none_or(|(first, _)| seed < *first) {
                            *found = Some((seed, violation));
                        }
                    }
                }
            });
        }
    });
    found.into_inner().expect("unpoisoned")
}

fn asked(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

#[test]
fn every_seed_keeps_every_promise() {
    if let Some(seed) = asked("SEED") {
        let Outcome { violation, lines, .. } = run(seed, 1, None, true);
        lines.iter().for_each(|line| println!("{line}"));
        assert_eq!(violation, None, "seed {seed}");
        return;
    }
    if let Some((seed, violation)) = first_violation(asked("SEEDS").unwrap_or(SEEDS), 1, None) {
        panic!("seed {seed}: {violation}; see how with `make simulate SEED={seed}`");
    }
}

/// The same where nodes share a store: `NODE_SEEDS` of two and of three in turn, or the
/// one that `NODE_SEED` names.
#[test]
fn every_seed_keeps_every_promise_on_several_nodes() {
    if let Some(seed) = asked("NODE_SEED") {
        for nodes in NODES {
            let Outcome { violation, lines, .. } = run(seed, nodes, None, true);
            lines.iter().for_each(|line| println!("{line}"));
            assert_eq!(violation, None, "seed {seed} on {nodes} nodes");
        }
        return;
    }
    for nodes in NODES {
        let count = asked("NODE_SEEDS").unwrap_or(NODE_SEEDS) / NODES.len() as u64;
        if let Some((seed, violation)) = first_violation(count, nodes, None) {
            panic!("seed {seed} on {nodes} nodes: {violation}; see how with `make simulate NODE_SEED={seed}`");
        }
    }
}

/// Without files nothing would be found wrong with them: in a life there are about ten sends.
#[test]
fn lives_have_files() {
    const LIVES: u64 = 5;
    for nodes in [1, 3] {
        let (mut whole, mut fetched) = (0, 0);
        for seed in 0..LIVES {
            let FilesLived { whole: of_one, fetched: fetched_in_one } = run(seed, nodes, None, false).lived.files;
            (whole, fetched) = (whole + of_one, fetched + fetched_in_one);
        }
        println!("{LIVES} lives on {nodes} nodes: {whole} files are whole, {fetched} are fetched");
        assert!(whole >= 3 * LIVES && fetched > 0, "{whole} files, {fetched} fetched");
    }
}

/// Nor with pictures, of which one life in four has some.
#[test]
fn lives_have_pictures() {
    const OF_THEM: u64 = 3;
    let (mut changed, mut seen) = (0, 0);
    for life in 0..OF_THEM {
        let lived = run(life * pictures::LIVES + pictures::LIFE, 1, None, false).lived.pictures;
        (changed, seen) = (changed + lived.changed, seen + lived.seen);
    }
    println!("{OF_THEM} lives: {changed} pictures are changed, {seen} are seen");
    assert!(changed >= 5 * OF_THEM && seen >= OF_THEM, "{changed} changed, {seen} seen");
}

/// Nor with rooms that somebody runs, of which again one life in four has some.
#[test]
fn lives_have_groups() {
    const OF_THEM: u64 = 3;
    for nodes in [1, 2] {
        let (mut done, mut refused) = (0, 0);
        for life in 0..OF_THEM {
            let lived = run(life * groups::LIVES + groups::LIFE, nodes, None, false).lived.groups;
            (done, refused) = (done + lived.done, refused + lived.refused);
        }
        println!("{OF_THEM} lives on {nodes} nodes: {done} changes of rooms, {refused} are refused");
        assert!(done >= 20 * OF_THEM && refused >= OF_THEM, "{done} done, {refused} refused");
    }
}

/// Nor with chats of two, blocks, removals and reports, of which one life in eight has some.
#[test]
fn lives_have_talks() {
    const OF_THEM: u64 = 4;
    for nodes in [1, 2] {
        let mut all = talks::Lived::default();
        for life in 0..OF_THEM {
            let lived = run(life * talks::LIVES + talks::LIFE, nodes, None, false).lived.talks;
            all.opened += lived.opened;
            all.posts += lived.posts;
            all.blocks += lived.blocks;
            all.removed += lived.removed;
            all.reported += lived.reported;
        }
        println!("{OF_THEM} lives on {nodes} nodes: {all:?}");
        let talks::Lived { opened, posts, blocks, removed, reported } = all;
        assert!(opened >= 10 * OF_THEM && posts >= 10 * OF_THEM && blocks >= 5 * OF_THEM, "{all:?}");
        assert!(removed >= 5 * OF_THEM && reported >= OF_THEM, "{all:?}");
    }
}

#[test]
fn the_same_seed_is_the_same_life() {
    for (seed, nodes) in [(0, 1), (1, 1), (2, 1), (3, 1), (7_151, 1), (0, 2), (1, 3)] {
        let (first, second) = (run(seed, nodes, None, true), run(seed, nodes, None, true));
        let differs = first.lines.iter().zip(&second.lines).find(|(first, second)| first != second);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!((first.lines.len(), first.hash), (second.lines.len(), second.hash), "seed {seed}");
        assert!(first.lines.len() > 1_000, "seed {seed} is empty");
    }
    assert_ne!(run(1, 1, None, false).hash, run(2, 1, None, false).hash);
}
