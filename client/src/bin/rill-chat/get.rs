//! `rill-chat get`: files of a room, listed or fetched.

use anyhow::{Context, bail};
use clap::Args;
use futures_util::future::join_all;
use rill_client::{
    Client,
    files::{
        Download, DownloadHandle, Throttle,
        name::{numbered, safe_name},
    },
};
use rill_protocol::{
    RoomId,
    limits::HISTORY_PAGE_MAX,
    message::{Direction, MessageFile},
};
use std::path::{Path, PathBuf};

use crate::{
    bars::Bars,
    line::LineFile,
    print::{amount, described},
};

/// Files that are listed at once.
const LISTED_MAX: usize = 50;
/// Pages of history that are searched for them.
const PAGES_MAX: usize = 100;

/// Fetches files of a room by their numbers; without any, lists the room's newest files.
#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// The numbers, as the list and the conversation show them.
    numbers: Vec<u64>,
    /// The folder they go to, or for a single one the file.
    #[arg(long, default_value = ".")]
    into: PathBuf,
    /// Not faster than so many KiB a second, all of them together.
    #[arg(long)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    kib_per_s: Option<u64>,
}

impl GetArgs {
    /// Fetches them; prints a line for each that came.
    pub(crate) async fn run(self, client: &Client, room: RoomId) -> anyhow::Result<()> {
        if self.numbers.is_empty() {
            let files = list(client, room).await?;
            files.iter().for_each(|file| println!("{}", described(&LineFile::from(file))));
            return Ok(());
        }
        if self.numbers.len() > 1 && !self.into.is_dir() {
            bail!("{} is no folder", self.into.display());
        }
        let throttle = self.kib_per_s.map(|rate| Throttle::new(rate << 10));
        let mut going: Vec<(PathBuf, DownloadHandle)> = Vec::new();
        let (wanted, mut failed) = (self.numbers.len(), 0);
        for number in self.numbers {
            // One that is not there keeps nobody from the others.
            let file = match find(client, room, number).await {
                Ok(file) => file,
                Err(error) if wanted > 1 => {
                    eprintln!("rill-chat: {error}");
                    failed += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let is_taken = |path: &Path| path.exists() || going.iter().any(|(other, _)| other == path);
            let mut download = download(room, &file, &self.into, is_taken)?;
            if let Some(throttle) = &throttle {
                download = download.throttle(throttle.clone());
            }
            going.push((download.path().to_owned(), client.download(download)));
        }
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bars = Bars::new(going.iter().map(|(path, handle)| (name(path), handle.watch())).collect());
        let outcomes = bars.during(join_all(going.iter().map(|(_, handle)| handle.done()))).await;
        for ((path, _), outcome) in going.iter().zip(outcomes) {
            match outcome {
                Ok(file) => println!("{}, {}", file.path.display(), amount(file.size_bytes)),
                Err(error) => {
                    eprintln!("rill-chat: {}: {error}", path.display());
                    failed += 1;
                }
            }
        }
        if failed > 0 {
            bail!("{failed} of {wanted} files did not come");
        }
        Ok(())
    }
}

/// The newest files of a room, oldest first.
pub(crate) async fn list(client: &Client, room: RoomId) -> anyhow::Result<Vec<MessageFile>> {
    let mut files = Vec::new();
    let mut before = (1 << 53) - 1;
    for _ in 0..PAGES_MAX {
        let page = client.history(room, Direction::Before, before, HISTORY_PAGE_MAX as u32).await?;
        files.extend(page.files.into_iter().rev());
        match page.next {
            Some(next) if files.len() < LISTED_MAX => before = next.get(),
            _ => break,
        }
    }
    files.truncate(LISTED_MAX);
    files.reverse();
    Ok(files)
}

/// The file of a number.
pub(crate) async fn find(client: &Client, room: RoomId, number: u64) -> anyhow::Result<MessageFile> {
    let page = client.history(room, Direction::After, number.saturating_sub(1), 1).await?;
    let found = page.files.into_iter().find(|file| file.seq.get() == number);
    found.with_context(|| format!("there is no file {number} in this room"))
}

/// Of a file of a room: into a folder, under a name that is free there; or to be that file.
pub(crate) fn download(
    room: RoomId,
    file: &MessageFile,
    into: &Path,
    is_taken: impl Fn(&Path) -> bool,
) -> anyhow::Result<Download> {
    let (is_folder, number) = (into.is_dir(), file.seq.get());
    let path = if is_folder { free(into, file, is_taken)? } else { into.to_owned() };
    let download = Download::new(room, number, path).transfer(file.file.transfer);
    Ok(if is_folder { download.keeping_others() } else { download })
}

/// A path in a folder that is not taken, after the name that somebody gave the file.
fn free(folder: &Path, file: &MessageFile, is_taken: impl Fn(&Path) -> bool) -> anyhow::Result<PathBuf> {
    let name = safe_name(&file.file.name, &format!("file-{}", file.seq.get()));
    let free = numbered(&folder.join(&name)).find(|path| !is_taken(path));
    free.with_context(|| format!("every name like {name} is taken"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::{
        TransferId, U53,
        message::{FileInfo, FileOutcome, FileState},
    };

    #[test]
    fn a_file_of_others_never_replaces_one_or_leaves_the_folder() {
        let check = |said: &str, taken: &[&str], expected: &str| {
            let size = U53::from(1);
            let info = FileInfo { transfer: TransferId::default(), name: said.to_owned(), size, voice: None };
            let state =
                FileState { outcome: FileOutcome::Complete, code: 0, size, media_type: String::new(), image: None };
            let file = MessageFile { seq: U53::from(7), file: info, state };
            let path = free(Path::new("d"), &file, |path| taken.iter().any(|name| path == Path::new("d").join(name)));
            assert_eq!(path.unwrap(), Path::new("d").join(expected), "{said}");
        };
        check("a.tar.gz", &[], "a.tar.gz");
        check("../../a.txt", &["a.txt", "a (1).txt"], "a (2).txt");
        check("/", &["file-7"], "file-7 (1)");
    }
}
