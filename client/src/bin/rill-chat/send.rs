//! `rill-chat send`: files to a room, and nothing else.

use anyhow::{Context, bail};
use clap::Args;
use futures_util::future::join_all;
use rill_client::{
    Client,
    files::{Throttle, Upload},
};
use std::path::PathBuf;

use crate::{
    bars::Bars,
    print::{amount, harmless},
};
use rill_protocol::RoomId;

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
    /// What is left of an earlier start keeps to it too.
    pub(crate) fn throttle(&self) -> Option<Throttle> {
        self.kib_per_s.map(|rate| Throttle::new(rate << 10))
    }

    /// Sends them; prints a line for each that arrived.
    pub(crate) async fn run(self, client: &Client, room: RoomId) -> anyhow::Result<()> {
        let mut handles = Vec::new();
        let throttle = self.throttle();
        let mut caption = Some(self.caption);
        // Before the first message is posted.
        for path in &self.files {
            std::fs::File::open(path).with_context(|| path.display().to_string())?;
        }
        for path in &self.files {
            let mut upload = Upload::new(room, path).text(caption.take().unwrap_or_default());
            if let Some(throttle) = &throttle {
                upload = upload.throttle(throttle.clone());
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
        if failed > 0 {
            bail!("{failed} of {} files were not sent", handles.len());
        }
        Ok(())
    }
}
