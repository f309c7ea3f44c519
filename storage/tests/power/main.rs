//! A loss of power at any moment costs nothing that was acknowledged.
//!
//! The store lives on an ext4 whose device is a loop device over a file that this program
//! itself provides (FUSE), so every write and flush of the device passes through here. Then
//! the power is cut: the disk is put back together as it was durable at some moment, with
//! the writes that no flush had followed dropped, torn or kept at random; it is mounted,
//! the store opened and all that had been acknowledged by then looked for. The same is done to
//! blobs that grow.
//!
//! Needs Linux, root, `/dev/fuse`, loop devices and e2fsprogs: `make power-cut`. Without
//! root it says so, and fails where `CI` is set.
#![allow(clippy::disallowed_methods)] // a program of its own, with threads of its own

mod acknowledged;
mod disk;
mod files;
mod fuse;
mod life;
mod mounted;

use acknowledged::Acknowledged;
use anyhow::{Context, ensure};
use disk::{Disk, Unflushed};
use life::Life;
use mounted::{Mounted, fresh_ext4, write_image};
use rill_storage::EngineKind;
use std::{path::Path, process::ExitCode};

const DISK_BYTES: u64 = 64 * 1024 * 1024;
const CUTS: usize = 20;

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

fn main() -> ExitCode {
    let cuts = std::env::var("POWER_CUTS").ok().and_then(|cuts| cuts.parse().ok()).unwrap_or(CUTS);
    if !rustix::process::geteuid().is_root() {
        eprintln!("power cut: needs root, for mounting; nothing was tested");
        // On a developer's machine that is no mistake of the code.
        return if std::env::var_os("CI").is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let mut code = ExitCode::SUCCESS;
    for engine in EngineKind::ALL {
        if let Err(error) = play(engine, cuts) {
            eprintln!("power cut, {engine}: {error:#}");
            code = ExitCode::FAILURE;
        }
    }
    if let Err(error) = play_files(cuts) {
        eprintln!("power cut, files: {error:#}");
        code = ExitCode::FAILURE;
    }
    code
}

/// The same with blobs that grow.
fn play_files(cuts: usize) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let scratch = tempfile::tempdir()?;
    let disk = Disk::new(fresh_ext4(DISK_BYTES, scratch.path())?);
    let (acknowledged, first) = {
        let fuse = fuse::Mounted::new(disk.clone(), &scratch.path().join("fuse")).context("FUSE cannot be used")?;
        let ext4 = Mounted::new(&fuse.file(), &scratch.path().join("live")).context("the disk cannot be mounted")?;
        let first = disk.moment();
        (runtime.block_on(files::live(&ext4.place.join("blobs"), &disk))?, first)
    };
    let moments = disk.moment();
    println!("power cut, files: {} acknowledged, {moments} writes and flushes", acknowledged.by(moments, |_| true));
    let come_back = |image: &[u8], moment| {
        let file = scratch.path().join("left.ext4");
        write_image(&file, image)?;
        let ext4 = Mounted::new(&file, &scratch.path().join("left")).context("the file system is damaged")?;
        // Twice: what goes on must not lose anything either.
        (0..2).try_for_each(|_| runtime.block_on(files::check(&ext4.place.join("blobs"), &acknowledged, moment)))
    };
    let (mut random, mut failed) = (Random(7), 0);
    for cut in 0..cuts {
        let moment = first + random.next() as usize % (moments - first);
        let unflushed = [Unflushed::Dropped, Unflushed::Some, Unflushed::Torn][cut % 3];
        let known = acknowledged.by(moment, |_| true);
        match come_back(&disk.after_cut(moment, unflushed, || random.next()), moment) {
            Ok(()) => println!("  cut at {moment:6}, unflushed {unflushed:?}: {known} acknowledged steps are there"),
            Err(error) => {
                failed += 1;
                println!("  cut at {moment:6}, unflushed {unflushed:?}: {error:#}");
            }
        }
    }
    ensure!(failed == 0, "{failed} of {cuts} cuts cost something");
    let lie = come_back(&disk.after_cut(moments, Unflushed::Lying(moments / 3), || 0), moments);
    ensure!(lie.is_err(), "a disk that loses what was flushed went unnoticed");
    Ok(())
}

fn play(engine: EngineKind, cuts: usize) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let scratch = tempfile::tempdir()?;
    let disk = Disk::new(fresh_ext4(DISK_BYTES, scratch.path())?);
    let Life { acknowledged, first_start, settlings } = {
        let fuse = fuse::Mounted::new(disk.clone(), &scratch.path().join("fuse")).context("FUSE cannot be used")?;
        let ext4 = Mounted::new(&fuse.file(), &scratch.path().join("live")).context("the disk cannot be mounted")?;
        runtime.block_on(life::live(&ext4.place.join("data"), engine, &disk))?
    };
    let (moments, flushes) = (disk.moment(), disk.flushes());
    let posts = acknowledged.by(moments, life::is_post);
    println!(
        "power cut, {engine}: {posts} posts, {moments} writes and flushes of the device, {flushes} of them flushes"
    );
    ensure!(flushes > 100, "the device's flushes do not arrive");

    let mut random = Random(engine as u64 + 1);
    let mut failed = 0;
    for cut in 0..cuts {
        let within = match cut % 7 {
            0 => first_start.clone(),
            1 | 3 | 5 => settlings[cut % settlings.len()].clone(),
            _ => first_start.start..moments,
        };
        let moment = within.start + random.next() as usize % within.len();
        let unflushed = [Unflushed::Dropped, Unflushed::Some, Unflushed::Torn][cut % 3];
        let image = disk.after_cut(moment, unflushed, || random.next());
        let posts = acknowledged.by(moment, life::is_post);
        match come_back(&runtime, scratch.path(), &image, engine, &acknowledged, moment) {
            Ok(()) => println!("  cut at {moment:6}, unflushed {unflushed:?}: {posts} acknowledged posts are there"),
            Err(error) => {
                failed += 1;
                println!("  cut at {moment:6}, unflushed {unflushed:?}: {error:#}");
            }
        }
    }
    ensure!(failed == 0, "{failed} of {cuts} cuts cost something");

    // A disk that lies must be found out, or the test finds nothing.
    let image = disk.after_cut(moments, Unflushed::Lying(moments / 3), || 0);
    let lie = come_back(&runtime, scratch.path(), &image, engine, &acknowledged, moments);
    ensure!(lie.is_err(), "a disk that loses what was flushed went unnoticed");
    Ok(())
}

/// Mounts what is left, opens the store and checks it; twice, for a start must not lose
/// anything either.
fn come_back(
    runtime: &tokio::runtime::Runtime,
    scratch: &Path,
    image: &[u8],
    engine: EngineKind,
    acknowledged: &Acknowledged<life::Done>,
    moment: usize,
) -> anyhow::Result<()> {
    let file = scratch.join("left.ext4");
    write_image(&file, image)?;
    let ext4 = Mounted::new(&file, &scratch.join("left")).context("the file system is damaged")?;
    for _ in 0..2 {
        let opened = life::open(&ext4.place.join("data"), engine)?;
        let checked = runtime.block_on(life::check(&opened.store, acknowledged, moment));
        let closed = opened.handle.close();
        checked?;
        closed?;
    }
    Ok(())
}
