//! One upload's stream: what the session does of it, without frames.

use bytes::Bytes;
use rill_protocol::UserId;
use rill_server::files::service::{Begun, FileError, Files, NewUpload, Upload};
use std::{pin::pin, sync::Arc};
use tokio::sync::mpsc;

use super::notes::{Notes, Writing};

/// What the peer sends.
pub(super) enum Order {
    Chunk(usize),
    WrongChunk(usize),
    TooMuch,
    Progress,
    Finish([u8; 32]),
    Cancel,
}

pub(super) struct Stream {
    pub(super) files: Arc<Files>,
    pub(super) notes: Arc<Notes>,
    pub(super) user: UserId,
    pub(super) content: Bytes,
}

impl Stream {
    /// Runs it to its end. Whoever closes the orders closes the stream.
    pub(super) async fn run(self, new: NewUpload, orders: mpsc::Receiver<Order>) {
        let (room, transfer) = (new.room, new.transfer);
        match self.files.begin(self.user, new).await {
            Ok(Begun::Going(upload)) => {
                let writing = self.notes.writes((self.user, transfer));
                if let Some(settled) = self.receive(*upload, orders, &writing).await {
                    self.notes.complete(room, transfer, &settled);
                }
            }
            Ok(Begun::Settled(settled)) => self.notes.complete(room, transfer, &settled),
            Err(_) => {}
        }
    }

    async fn receive(
        &self,
        mut upload: Upload,
        mut orders: mpsc::Receiver<Order>,
        writing: &Writing,
    ) -> Option<rill_server::files::service::Settled> {
        let mut taken = pin!(upload.taken());
        let mut told = upload.durable();
        loop {
            let order = tokio::select! {
                biased;
                () = &mut taken => None,
                order = orders.recv() => order,
            };
            let outcome = match order {
                None => {
                    drop(upload.suspend().await);
                    return None;
                }
                Some(Order::Chunk(bytes)) => {
                    let (at, end) = (upload.offset() as usize, self.content.len());
                    let bytes = self.content.slice(at.min(end)..(at + bytes).min(end).max(at.min(end)));
                    give(&mut upload, writing, bytes).await
                }
                Some(Order::WrongChunk(bytes)) => {
                    let left = (upload.size() - upload.offset()) as usize;
                    give(&mut upload, writing, vec![0xEE; bytes.min(left)].into()).await
                }
                Some(Order::TooMuch) => {
                    let left = (upload.size() - upload.offset()) as usize;
                    let outcome = upload.write(vec![0; left + 1].into()).await;
                    assert!(matches!(outcome, Err(FileError::SizeWrong { .. })), "{outcome:?}");
                    outcome
                }
                Some(Order::Progress) => match upload.durable() {
                    // Nothing will come.
                    durable if durable == upload.offset() => Ok(()),
                    _ => {
                        let more = async {
                            while upload.durable() <= told {
                                upload.moved().await?;
                            }
                            Ok(())
                        };
                        let waited = tokio::time::timeout(std::time::Duration::from_secs(1), more).await;
                        told = upload.durable();
                        match (waited, upload.noting()) {
                            (Ok(Ok(())), Some(noting)) => noting.await,
                            (Ok(outcome), _) => outcome,
                            (Err(_), _) => Ok(()),
                        }
                    }
                },
                Some(Order::Finish(digest)) => return upload.finish(digest).await.ok(),
                Some(Order::Cancel) => {
                    upload.give_up(FileError::Ended(rill_protocol::Code::TransferEnded)).await;
                    return None;
                }
            };
            if let Err(error) = outcome {
                if error.ends_transfer() {
                    upload.give_up(error).await;
                } else {
                    drop(upload.suspend().await);
                }
                return None;
            }
        }
    }
}

async fn give(upload: &mut Upload, writing: &Writing, bytes: Bytes) -> Result<(), FileError> {
    writing.gives(upload.offset() as usize, &bytes);
    upload.write(bytes).await
}
