//! `rill-chat send`: files to a room, and nothing else.

use anyhow::{Context, bail};
use clap::Args;
use futures_util::future::join_all;
use rill_client::{
    Client,
    files::{Throttle, Upload},
};
use rill_protocol::{
    RoomId, TransferId, U53,
    limits::HISTORY_PAGE_MAX,
    message::{Direction, FileInfo, FileOutcome},
};
use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    bars::Bars,
    chat::note,
    print::{amount, harmless},
};

/// Sends files to a room as messages. A file whose sending was interrupted goes on where it
/// was when it is sent again.
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// What stands beside the first of them.
    #[arg(long, default_value = "")]
    caption: String,
    /// Not faster than so many KiB a second, all of them together.
    #[arg(long)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    kib_per_s: Option<u64>,
}

impl SendArgs {
    /// For all of them, and for what is left of an earlier start.
    pub(crate) fn throttle(&self) -> Option<Throttle> {
        self.kib_per_s.map(|rate| Throttle::new(rate << 10))
    }

    /// Sends them; prints a line for each that arrived.
    pub(crate) async fn run(self, client: &Client, room: RoomId, throttle: Option<Throttle>) -> anyhow::Result<()> {
        // Before the first message is posted.
        for path in &self.files {
            is_readable(path).with_context(|| path.display().to_string())?;
        }
        let mut begun = begun(client, room).await?;
        let mut handles = Vec::new();
        let mut caption = Some(self.caption);
        for path in &self.files {
            let mut upload = Upload::new(room, path).text(caption.take().unwrap_or_default());
            if let Some(throttle) = &throttle {
                upload = upload.throttle(throttle.clone());
            }
            if let Some(transfer) = taken_up(&mut begun, path) {
                upload = upload.transfer(transfer);
            }
            handles.push(client.upload(upload).await.with_context(|| path.display().to_string())?);
        }
        let bars = Bars::new(handles.iter().map(|handle| (handle.name.clone(), handle.watch())).collect());
        let outcomes = bars.during(join_all(handles.iter().map(|handle| handle.done()))).await;
        let mut failed = 0;
        for (handle, outcome) in handles.iter().zip(outcomes) {
            let name = harmless(&handle.name);
            match outcome {
                Ok(file) => println!("file {}: {name}, {}", file.seq, amount(handle.progress().size_bytes)),
                Err(error) => {
                    eprintln!("rill-chat: {name}: {error}");
                    failed += 1;
                }
            }
        }
        for left in client.uploads() {
            note(&format!("{} of an earlier start is still on its way: the next start goes on with it", left.name));
        }
        if failed > 0 {
            bail!("{failed} of {} files were not sent", handles.len());
        }
        Ok(())
    }
}

fn is_readable(path: &Path) -> io::Result<()> {
    // Looked at first: to open a pipe is to wait for whoever writes to it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    fs::File::open(path).map(drop)
}

/// The user's own files that are on their way to the room, and not from here: another device or a
/// lost state folder.
async fn begun(client: &Client, room: RoomId) -> anyhow::Result<Vec<FileInfo>> {
    let page = client.history(room, Direction::Before, U53::MAX.get(), HISTORY_PAGE_MAX as u32).await?;
    let known: HashSet<_> = client.uploads().into_iter().map(|upload| upload.transfer).collect();
    let is_own = |seq| page.messages.iter().any(|message| message.seq == seq && Some(message.author) == client.user());
    let files = page.files.iter().filter(|file| file.state.outcome == FileOutcome::Pending && is_own(file.seq));
    Ok(files.map(|file| file.file.clone()).filter(|file| !known.contains(&file.transfer)).collect())
}

/// Whoever sends the same file again goes on with it.
fn taken_up(begun: &mut Vec<FileInfo>, path: &Path) -> Option<TransferId> {
    let size = fs::metadata(path).ok()?.len();
    let name = path.file_name()?.to_str()?;
    let at = begun.iter().position(|file| file.name == name && file.size.get() == size)?;
    Some(begun.swap_remove(at).transfer)
}
