//! All agents of a load generator, as the process that started them sees them.

use anyhow::{Context, bail};
use parking_lot::Mutex;
use rill_client::TransportKind;
use std::{
    env,
    process::{Child, ChildStdin, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc::{self, error::TryRecvError},
    time::sleep,
};

use super::wire::{Beat, Gather, Moment, Order, Report, heard, say};
use crate::{
    load::Counts,
    pulse::Pulse,
    schedule::Schedule,
    talk::Plan,
    tally::{Set, Totals},
    target::Target,
};

const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Reports other than those of how far an agent is: each has one at a time.
const REPORTS_MAX: usize = 4;

/// See the module.
pub(crate) struct Crew {
    agents: Vec<Agent>,
}

/// One process; dropping it ends that.
struct Agent {
    number: usize,
    child: Child,
    orders: Option<ChildStdin>,
    reports: mpsc::Receiver<anyhow::Result<Report>>,
    counts: Arc<Mutex<Counts>>,
}

/// Something is being said, in all of them.
pub(crate) struct CrewRound {
    crew: Crew,
    pub(crate) schedule: Schedule,
}

impl Crew {
    /// Starts so many, and connects the users of a target: user `u` in agent `u mod count`.
    pub(crate) async fn gather(
        (count, workers): (usize, usize),
        target: &mut Target,
        transport: impl Fn(usize) -> TransportKind,
        rooms: usize,
        pulse: &Arc<Pulse>,
    ) -> anyhow::Result<Self> {
        let rooms = target.rooms_beforehand(&transport, rooms).await?;
        let way = target.way();
        let mut agents =
            (0..count).map(|number| Agent::start(number, workers, pulse)).collect::<Result<Vec<_>, _>>()?;
        let mut users: Vec<Vec<_>> = (0..count).map(|_| Vec::new()).collect();
        for (number, rights) in target.take_rights()?.into_iter().enumerate() {
            users[number % count].push((number, transport(number).to_string(), rights));
        }
        for (agent, users) in agents.iter_mut().zip(users) {
            agent.order(&Order::Gather(Gather { way: way.clone(), users, rooms: rooms.clone() })).await?;
        }
        for agent in &mut agents {
            match agent.report().await? {
                Report::Gathered => {}
                _ => return Err(agent.confused()),
            }
        }
        Ok(Self { agents })
    }

    /// The processes.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.agents.iter().map(|agent| agent.child.id()).collect()
    }

    pub(crate) async fn begin(mut self, plan: &Plan, start: Instant) -> anyhow::Result<CrewRound> {
        let moment = Moment::of(start)?;
        for agent in &mut self.agents {
            *agent.counts.lock() = Counts::default();
            agent.order(&Order::Begin(*plan, moment)).await?;
        }
        Ok(CrewRound { crew: self, schedule: plan.schedule(start) })
    }

    /// Everybody leaves, and the processes end.
    pub(crate) async fn leave(mut self) -> anyhow::Result<()> {
        for agent in &mut self.agents {
            agent.order(&Order::Leave).await?;
            agent.orders = None;
        }
        for agent in &mut self.agents {
            // It says nothing any more; its end is the end of what it says.
            match agent.reports.recv().await {
                None => {}
                Some(Ok(Report::Failed(why))) => bail!("agent_failed: agent {}: {why}", agent.number),
                Some(_) => return Err(agent.confused()),
            }
        }
        Ok(())
    }
}

impl CrewRound {
    /// Until everything that was said was answered and read: true; or until the patience ends.
    pub(crate) async fn is_complete_within(&mut self, drain: Duration) -> anyhow::Result<bool> {
        let end = self.schedule.end();
        let deadline = self.schedule.gives_up_at().unwrap_or(end) + drain;
        while Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
            let mut counts = Counts::default();
            for agent in &mut self.crew.agents {
                agent.still_there().await?;
                counts = counts.and(*agent.counts.lock());
            }
            if Instant::now() >= end && counts.are_complete(&self.schedule) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What came of it.
    pub(crate) async fn end(mut self) -> anyhow::Result<(Crew, Totals)> {
        let agents = &mut self.crew.agents;
        for agent in &mut *agents {
            agent.order(&Order::Stop).await?;
        }
        let mut acked = Set::default();
        for agent in &mut *agents {
            match agent.report().await? {
                Report::Acked(to_its_users) => acked.unite(&to_its_users),
                _ => return Err(agent.confused()),
            }
        }
        let reckon = Order::Reckon(acked);
        for agent in &mut *agents {
            agent.order(&reckon).await?;
        }
        let mut all: Option<Totals> = None;
        for agent in agents {
            match (agent.report().await?, &mut all) {
                (Report::Totals(totals), None) => all = Some(*totals),
                (Report::Totals(totals), Some(all)) => all.add(&totals)?,
                _ => return Err(agent.confused()),
            }
        }
        Ok((self.crew, all.context("there is no agent")?))
    }
}

impl Agent {
    fn start(number: usize, workers: usize, pulse: &Arc<Pulse>) -> anyhow::Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args(["agent", "--workers", &workers.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("agent_start: a process of the load generator cannot be started")?;
        let (orders, stdout) = (child.stdin.take(), child.stdout.take());
        let (tell, reports) = mpsc::channel(REPORTS_MAX);
        let counts = Arc::<Mutex<Counts>>::default();
        let agent = Self { number, child, orders, reports, counts: Arc::clone(&counts) };
        let (stdout, pulse) = (stdout.context("agent_start: no stdout")?, Arc::clone(pulse));
        // Ends with what the process says.
        thread::spawn(move || {
            let mut before = (0, 0);
            for report in heard::<Report>(stdout) {
                match report {
                    Ok(Report::Beat(Beat { counts: now, errors, connections, latency })) => {
                        *counts.lock() = now;
                        pulse.add(&latency, (errors, connections), before);
                        before = (errors, connections);
                    }
                    other => {
                        if tell.blocking_send(other).is_err() {
                            return;
                        }
                    }
                }
            }
        });
        Ok(agent)
    }

    async fn order(&mut self, order: &Order) -> anyhow::Result<()> {
        let told = self.orders.as_mut().context("it was told to leave").and_then(|orders| say(orders, order));
        // Where it cannot be told anything it has ended; how is more than that a pipe is broken.
        if told.is_err() { Err(self.died().await) } else { Ok(()) }
    }

    async fn report(&mut self) -> anyhow::Result<Report> {
        match self.reports.recv().await {
            Some(Ok(Report::Failed(why))) => bail!("agent_failed: agent {}: {why}", self.number),
            Some(report) => report.with_context(|| format!("agent_confused: agent {}", self.number)),
            None => Err(self.died().await),
        }
    }

    /// Where nothing is to be said by now.
    async fn still_there(&mut self) -> anyhow::Result<()> {
        match self.reports.try_recv() {
            Err(TryRecvError::Empty) => Ok(()),
            Err(TryRecvError::Disconnected) => Err(self.died().await),
            Ok(Ok(Report::Failed(why))) => bail!("agent_failed: agent {}: {why}", self.number),
            Ok(_) => Err(self.confused()),
        }
    }

    fn confused(&self) -> anyhow::Error {
        anyhow::anyhow!("agent_confused: agent {} says what it was not asked for", self.number)
    }

    async fn died(&mut self) -> anyhow::Error {
        let number = self.number;
        // What it said last is more than that it is gone.
        while let Some(report) = self.reports.recv().await {
            if let Ok(Report::Failed(why)) = report {
                return anyhow::anyhow!("agent_failed: agent {number}: {why}");
            }
        }
        match self.child.wait() {
            Ok(status) => anyhow::anyhow!("agent_died: agent {number} of the load generator ended with {status}"),
            Err(error) => anyhow::anyhow!("agent_died: agent {number} of the load generator: {error}"),
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
