//! Blobs that grow, in a folder: what was said to be durable of them is there after the power
//! was cut, what was finished is whole, what was removed does not come back, and the rest can
//! go on to the right digest.

use crate::{acknowledged::Acknowledged, disk::Disk};
use anyhow::{bail, ensure};
use bytes::Bytes;
use rill_storage::{
    StoreError,
    blobs::{Blob, BlobName, BlobPlace, Blobs, CHUNK_BYTES, Finished, Progress},
};
use std::path::Path;

const BLOBS: u64 = 24;
const SENDERS: u64 = 3;

/// Something that was said to be done.
#[derive(Clone, Debug)]
pub(crate) enum Done {
    Durable { number: u64, progress: Progress },
    Finished(u64),
    Removed(u64),
}

fn content(number: u64) -> Bytes {
    let mut content = vec![0; 6 * CHUNK_BYTES + (number * 9_001) as usize];
    blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof().fill(&mut content);
    content.into()
}

fn blob(number: u64) -> Blob {
    Blob { name: BlobName(*blake3::hash(&number.to_le_bytes()).as_bytes()), size: content(number).len() as u64 }
}

fn open(folder: &Path) -> anyhow::Result<Blobs> {
    Ok(Blobs::open(&BlobPlace::Folder(folder.to_owned()))?)
}

/// Several send at once; some stop in the middle, some are removed.
pub(crate) async fn live(folder: &Path, disk: &Disk) -> anyhow::Result<Acknowledged<Done>> {
    let acknowledged = Acknowledged::default();
    let mut at_work = tokio::task::JoinSet::new();
    for sender in 0..SENDERS {
        let (blobs, disk, acknowledged) = (open(folder)?, disk.clone(), acknowledged.clone());
        at_work.spawn(async move {
            for number in (sender..BLOBS).step_by(SENDERS as usize) {
                send(&blobs, number, &disk, &acknowledged).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(worked) = at_work.join_next().await {
        worked??;
    }
    Ok(acknowledged)
}

async fn send(blobs: &Blobs, number: u64, disk: &Disk, acknowledged: &Acknowledged<Done>) -> anyhow::Result<()> {
    let (blob, content) = (blob(number), content(number));
    let mut staged = blobs.stage(blob, &Progress::default()).await?;
    while staged.offset() < blob.size {
        let from = staged.offset() as usize;
        staged.write(content.slice(from..content.len().min(from + CHUNK_BYTES + 77))).await?;
        staged.sync();
        let progress = staged.progress().await?.clone();
        acknowledged.note(disk, Done::Durable { number, progress });
        // Taken up in the middle by another.
        if number % 4 == 1 && from > 0 && staged.known().durable > blob.size / 2 {
            let progress = staged.suspend().await?;
            staged = blobs.stage(blob, &progress).await?;
        }
        if number % 4 == 2 && from > 3 * CHUNK_BYTES {
            let progress = staged.suspend().await?;
            acknowledged.note(disk, Done::Durable { number, progress });
            return Ok(());
        }
    }
    ensure!(staged.finish(blake3::hash(&content)).await? == Finished::Whole);
    acknowledged.note(disk, Done::Finished(number));
    if number % 4 == 3 {
        blobs.remove(&blob.name).await?;
        acknowledged.note(disk, Done::Removed(number));
    }
    Ok(())
}

/// Holds a folder that came back against what was acknowledged by that moment.
pub(crate) async fn check(folder: &Path, acknowledged: &Acknowledged<Done>, moment: usize) -> anyhow::Result<()> {
    let blobs = open(folder)?;
    let all = acknowledged.all();
    for number in 0..BLOBS {
        let (blob, content) = (blob(number), content(number));
        let (mut noted, mut is_finished, mut is_removed) = (Progress::default(), false, None);
        for (at, done) in &all {
            match done {
                Done::Durable { number: of, progress } if *of == number && *at <= moment => noted = progress.clone(),
                Done::Finished(of) if *of == number => is_finished |= *at <= moment,
                Done::Removed(of) if *of == number => is_removed = Some(*at <= moment),
                _ => {}
            }
        }
        match is_removed {
            Some(true) => {
                let read = blobs.read(blob, blob.size, 0..1).await.map(drop);
                ensure!(matches!(read, Err(StoreError::BlobMissing { .. })), "blob {number} is back: {read:?}");
                continue;
            }
            // It may have gone already.
            Some(false) => continue,
            None => {}
        }
        let durable = if is_finished { blob.size } else { noted.durable };
        read(&blobs, blob, &content, durable).await.map_err(|error| error.context(format!("blob {number}")))?;
        let mut staged = blobs.stage(blob, &noted).await?;
        ensure!(staged.offset() >= durable, "blob {number} was durable to {durable} and has {}", staged.offset());
        while staged.offset() < blob.size {
            let from = staged.offset() as usize;
            staged.write(content.slice(from..content.len().min(from + CHUNK_BYTES))).await?;
        }
        ensure!(
            staged.finish(blake3::hash(&content)).await? == Finished::Whole,
            "blob {number} came to something else"
        );
    }
    Ok(())
}

async fn read(blobs: &Blobs, blob: Blob, content: &Bytes, durable: u64) -> anyhow::Result<()> {
    if durable == 0 {
        return Ok(());
    }
    let (mut stream, mut at) = (blobs.read(blob, durable, 0..durable).await?, 0);
    while let Some(piece) = stream.next().await? {
        if piece != content[at..at + piece.len()] {
            bail!("its bytes from {at} are others");
        }
        at += piece.len();
    }
    ensure!(at as u64 == durable);
    Ok(())
}
