//! A run: members on their seats, a warm-up, the posts that count, and what came of it.

use anyhow::{bail, ensure};
use hdrhistogram::Histogram;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet, time::sleep};

use super::{
    board::{Board, Standing},
    member::{Faults, Member, Phase, Saying},
    seat::Seat,
};
use crate::{
    processes::{Snapshot, Usage},
    pulse::{Moment, Pulse, View, Watch},
};

const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Without a delivery for so long, no more comes.
const PATIENCE: Duration = Duration::from_secs(30);
/// Members that come at the same time.
const JOINING_MAX: usize = 16;

/// What a run puts on its server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) members: usize,
    pub(crate) in_flight: usize,
    pub(crate) warm_up_posts: u32,
    pub(crate) posts: u32,
    pub(crate) saying: Saying,
}

impl Load {
    /// Whether a member keeps a post under way: they stand evenly among those who only read.
    fn posts(&self, member: usize) -> bool {
        let before = |member: usize| (member * self.in_flight).div_ceil(self.members);
        before(member + 1) > before(member)
    }
}

/// What a run came to, of the posts that count.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) standing: Standing,
    pub(crate) expected: u64,
    pub(crate) lost: u64,
    pub(crate) duplicated: u64,
    pub(crate) reordered: u64,
    pub(crate) misplaced: u64,
    pub(crate) latency: Histogram<u32>,
    /// From the first post to the last delivery.
    pub(crate) lasted: Duration,
    pub(crate) usage: Usage,
    pub(crate) timeline: Vec<Moment>,
}

/// Those who watch a run.
pub(crate) struct Show {
    pulse: Arc<Pulse>,
    watch: Watch,
}

impl Show {
    pub(crate) fn begin(view: View, server: u32) -> anyhow::Result<Self> {
        let pulse = Arc::new(Pulse::new()?);
        let watch = Watch::begin(&pulse, view)?;
        pulse.server(Some(server));
        pulse.stage("connecting");
        Ok(Self { pulse, watch })
    }
}

/// Seats everybody; each by their number, with the last entry that they do not read.
pub(crate) async fn seat<S, F>(members: usize, show: &Show, join: impl Fn(usize) -> F) -> anyhow::Result<Vec<(S, u64)>>
where
    S: Seat,
    F: Future<Output = anyhow::Result<(S, u64)>> + Send + 'static,
{
    let (mut joining, mut waiting) = (JoinSet::new(), 0..members);
    let mut seats = Vec::with_capacity(members);
    loop {
        while joining.len() < JOINING_MAX
            && let Some(number) = waiting.next()
        {
            let joined = join(number);
            joining.spawn(async move { joined.await.map(|seat| (number, seat)) });
        }
        let Some(seat) = joining.join_next().await else { break };
        seats.push(seat??);
        show.pulse.connected(1);
    }
    seats.sort_unstable_by_key(|(number, _)| *number);
    Ok(seats.into_iter().map(|(_, seat)| seat).collect())
}

/// Puts the load on the process behind the seats.
pub(crate) async fn drive<S: Seat>(
    load: Load,
    seats: Vec<(S, u64)>,
    show: Show,
    server: u32,
) -> anyhow::Result<Outcome> {
    let Show { pulse, watch: watched } = show;
    let all = load.warm_up_posts + load.posts;
    let board = Arc::new(Board::new(all, load.warm_up_posts, seats.len(), Arc::clone(&pulse))?);
    let (phase, phases) = watch::channel(Phase::Until(load.warm_up_posts));
    let mut members = JoinSet::new();
    for (number, (seat, base)) in seats.into_iter().enumerate() {
        let saying = load.posts(number).then_some(load.saying);
        members.spawn(Member::new(number, seat, base, saying, Arc::clone(&board)).run(phases.clone()));
    }
    pulse.stage("warming up");
    settle(&board, load.warm_up_posts, &mut members).await?;
    ensure!(board.is_settled(load.warm_up_posts), "the warm-up was not delivered: {:?}", board.standing());
    let before = board.standing();
    pulse.stage("measuring");
    let (start, snapshot) = (Instant::now(), Snapshot::take(Some(server))?);
    watched.counts_from(start);
    phase.send_replace(Phase::Until(all));
    settle(&board, all, &mut members).await?;
    let usage = snapshot.until_now()?;
    let lasted = board.last_delivery().saturating_duration_since(start);
    let timeline = watched.end().await?;
    phase.send_replace(Phase::Over);
    let mut faults = Faults::default();
    while let Some(member) = members.join_next().await {
        let Faults { duplicated, reordered, misplaced } = member??;
        faults.duplicated += duplicated;
        faults.reordered += reordered;
        faults.misplaced += misplaced;
    }
    let standing = board.standing().since(before);
    let expected = standing.acked * load.members as u64;
    let Faults { duplicated, reordered, misplaced } = faults;
    Ok(Outcome {
        lost: expected.saturating_sub(standing.delivered),
        standing,
        expected,
        duplicated,
        reordered,
        misplaced,
        latency: board.latency()?,
        lasted,
        usage,
        timeline,
    })
}

/// Until the posts below `limit` are with everybody, or nothing comes any more.
async fn settle(board: &Board, limit: u32, members: &mut JoinSet<anyhow::Result<Faults>>) -> anyhow::Result<()> {
    let (mut last, mut since) = (board.standing(), Instant::now());
    while !board.is_settled(limit) && since.elapsed() < PATIENCE {
        tokio::select! {
            Some(ended) = members.join_next() => {
                ended??;
                bail!("a member left early");
            }
            () = sleep(LOOK_EVERY) => {}
        }
        let now = board.standing();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(())
}

impl Outcome {
    /// Whether every post came to everybody once, in order, at one place.
    pub(crate) fn is_sound(&self) -> bool {
        let faults = self.lost + self.duplicated + self.reordered + self.misplaced + self.standing.refused;
        faults == 0 && self.standing.acked == self.standing.sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_members_post_and_they_stand_evenly() {
        for (members, in_flight) in [(500, 64), (64, 64), (7, 3), (1, 1), (100, 1)] {
            let saying = Saying { room: Default::default(), text_bytes: 100 };
            let load = Load { members, in_flight, warm_up_posts: 0, posts: 1, saying };
            let posting: Vec<usize> = (0..members).filter(|member| load.posts(*member)).collect();
            assert_eq!(posting.len(), in_flight, "{members} members");
            let apart_max = members.div_ceil(in_flight);
            assert!(posting.windows(2).all(|pair| pair[1] - pair[0] <= apart_max), "{posting:?}");
        }
    }
}
