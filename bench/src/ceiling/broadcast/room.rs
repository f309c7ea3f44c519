//! One room without rules: posts in, batches out.

use anyhow::{Context, anyhow, bail};
use bytes::{Bytes, BytesMut};
use rill_protocol::{
    FrameDecoder, U53, UserId, codec,
    limits::{CLIENT_FRAME_BODY_BYTES_MAX, LANE_IN_FLIGHT_BYTES_MAX},
    message::{EntryHeader, EntryPosted, LaneClass, LaneReady, Post},
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::{
    sync::{
        broadcast::{
            self,
            error::{RecvError, TryRecvError},
        },
        mpsc,
    },
    time::{Instant, sleep_until},
};

/// Posts that wait to be gathered.
const POSTS_WAITING_MAX: usize = 1_024;
/// Batches that the slowest member may be behind. Who is further behind is sent away, and the run
/// with them.
const BATCHES_BEHIND_MAX: usize = 8_192;
/// Tokio's clock goes by the millisecond and rounds up: what is due in this time is due at its
/// next tick, so a post waits a millisecond at most.
const UNTIL_THE_NEXT_TICK: Duration = Duration::from_nanos(1);
/// Of the only room, on every lane.
const HANDLE: u32 = 1;

#[derive(Clone)]
pub(super) struct Room {
    posts: mpsc::Sender<Post>,
    batches: broadcast::Sender<Bytes>,
}

/// What one member has not been sent yet.
pub(super) struct Batches(broadcast::Receiver<Bytes>);

/// What one member posts.
pub(super) struct Posts {
    frames: FrameDecoder,
    to: mpsc::Sender<Post>,
}

impl Room {
    pub(super) fn open(behind: u64) -> Self {
        let (posts, waiting) = mpsc::channel(POSTS_WAITING_MAX);
        let batches = broadcast::Sender::new(BATCHES_BEHIND_MAX);
        tokio::spawn(gather(waiting, batches.clone(), behind));
        Self { posts, batches }
    }

    /// A member comes. They get what is gathered from now on, behind the frame that tells them.
    pub(super) fn join(&self) -> (Bytes, Batches, Posts) {
        let batches = Batches(self.batches.subscribe());
        let posts = Posts { frames: FrameDecoder::new(CLIENT_FRAME_BODY_BYTES_MAX), to: self.posts.clone() };
        (codec::frame(&LaneReady { class: LaneClass::InView }), batches, posts)
    }
}

impl Batches {
    /// What waits, up to the length of one write. Cancel safe.
    pub(super) async fn next(&mut self) -> anyhow::Result<Vec<Bytes>> {
        let first = match self.0.recv().await {
            Ok(batch) => batch,
            Err(RecvError::Lagged(batches)) => return Err(behind(batches)),
            Err(RecvError::Closed) => bail!("the room is closed"),
        };
        let mut bytes = first.len();
        let mut taken = vec![first];
        while bytes < LANE_IN_FLIGHT_BYTES_MAX {
            match self.0.try_recv() {
                Ok(batch) => {
                    bytes += batch.len();
                    taken.push(batch);
                }
                Err(TryRecvError::Lagged(batches)) => return Err(behind(batches)),
                Err(_) => break,
            }
        }
        Ok(taken)
    }
}

/// Said here, since other ends of a connection are those of the run.
fn behind(batches: u64) -> anyhow::Error {
    let error = anyhow!("a member is {batches} batches behind");
    eprintln!("rill-bench broadcast: {error}");
    error
}

impl Posts {
    pub(super) async fn take(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.frames.push(bytes);
        while let Some(frame) = self.frames.next_frame()? {
            let post = frame.decode_if::<Post>().context("a frame that is no post")??;
            self.to.send(post).await?;
        }
        Ok(())
    }
}

/// Gives every post its place, and hands on what came within a moment.
async fn gather(mut posts: mpsc::Receiver<Post>, batches: broadcast::Sender<Bytes>, behind: u64) {
    let (mut seq, mut batch) = (behind, BytesMut::new());
    while let Some(first) = posts.recv().await {
        seq += 1;
        put(&mut batch, seq, first);
        let moment = sleep_until(Instant::now() + UNTIL_THE_NEXT_TICK);
        tokio::pin!(moment);
        while batch.len() < LANE_IN_FLIGHT_BYTES_MAX {
            tokio::select! {
                biased;
                () = &mut moment => break,
                Some(post) = posts.recv() => {
                    seq += 1;
                    put(&mut batch, seq, post);
                }
            }
        }
        // Nobody may be there any more.
        let _ = batches.send(batch.split().freeze());
    }
}

fn put(batch: &mut BytesMut, seq: u64, post: Post) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let header = EntryHeader {
        room: HANDLE,
        seq: U53::saturating(seq),
        at_ms: U53::saturating(since.as_millis() as u64),
        author: UserId::default(),
        client_id: post.client_id,
    };
    codec::put_frame(batch, &EntryPosted { header, text: post.text });
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::RoomId;

    #[tokio::test]
    async fn every_member_gets_every_post_once_and_at_its_place() {
        let room = Room::open(40);
        let (_, mut early, mut posts) = room.join();
        let (_, mut other, _) = room.join();
        let post = |number: u8| Post {
            request: 0,
            room: RoomId::default(),
            client_id: Default::default(),
            text: number.to_string(),
        };
        for number in 0..100 {
            posts.take(&codec::frame(&post(number))).await.unwrap();
        }
        for batches in [&mut early, &mut other] {
            let (mut frames, mut came) = (FrameDecoder::new(CLIENT_FRAME_BODY_BYTES_MAX), Vec::new());
            while came.len() < 100 {
                batches.next().await.unwrap().iter().for_each(|batch| frames.push(batch));
                while let Some(frame) = frames.next_frame().unwrap() {
                    let EntryPosted { header, text } = frame.decode().unwrap();
                    came.push((header.seq.get(), text));
                }
            }
            assert_eq!(came, (0..100).map(|number| (41 + number, number.to_string())).collect::<Vec<_>>());
        }
    }
}
