//! Commits that come while others are under way go together: one write, one answer to wait
//! for and one wake for all of them. While nothing is under way one goes at once, so that
//! being alone costs nothing.
//!
//! Each is answered for itself, and by the connection that it was meant for. Only commits to
//! one server are gathered: a cluster has a place for each.

use parking_lot::Mutex;
use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisResult, Value};
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::oneshot;

use super::{connect::Connection, options::Spawn};
use crate::limits::{GATHERED_BYTES_MAX, GATHERED_COMMITS_MAX, GATHERINGS_UNDER_WAY_MAX};

/// See the module.
pub(super) struct Gathering {
    spawn: Spawn,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Commit>,
    /// What was sent over the connection of this number and is not answered. What another
    /// one still owes an answer to holds up nobody.
    connection: u64,
    under_way: usize,
}

struct Commit {
    connection: Connection,
    command: Cmd,
    bytes: usize,
    answer: oneshot::Sender<RedisResult<Value>>,
}

/// The right to have something under way on a connection; given on when it ends, however.
struct Turn<'a> {
    gathering: &'a Arc<Gathering>,
    connection: u64,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Where tasks end because everything does, nobody serves those that wait.
        if !self.gathering.state.lock().ends(self.connection) && tokio::runtime::Handle::try_current().is_ok() {
            let gathering = Arc::clone(self.gathering);
            (self.gathering.spawn)(Box::pin(gathering.serve(self.connection)));
        }
    }
}

impl State {
    /// Whether something may be sent now; it is counted then. Numbers of connections only
    /// grow: of an older one nothing waits any more, and nothing is counted.
    fn begins(&mut self, connection: u64) -> bool {
        if connection < self.connection {
            return true;
        }
        if connection > self.connection {
            (self.connection, self.under_way) = (connection, 0);
            // They were not sent: who asked does so again, over the new one.
            self.waiting.clear();
        }
        let may = self.under_way < GATHERINGS_UNDER_WAY_MAX;
        self.under_way += usize::from(may);
        may
    }

    /// Whether a turn is over, because nothing waits or another connection has taken its place.
    fn ends(&mut self, connection: u64) -> bool {
        if self.connection != connection {
            return true;
        }
        if self.waiting.is_empty() {
            self.under_way -= 1;
        }
        self.waiting.is_empty()
    }

    /// A connection is lost, or does not answer: what waits for it would only wait longer.
    fn lost(&mut self, connection: u64) {
        if self.connection == connection {
            self.waiting.clear();
        }
    }

    /// The first that wait, and go over one connection. Who has given up is left out.
    fn take(&mut self) -> Vec<Commit> {
        let (mut taken, mut bytes): (Vec<Commit>, usize) = (Vec::new(), 0);
        while let Some(next) = self.waiting.front() {
            let fits = taken.first().is_none_or(|first| {
                let is_one_way = first.connection.number == next.connection.number;
                is_one_way && taken.len() < GATHERED_COMMITS_MAX && bytes + next.bytes <= GATHERED_BYTES_MAX
            });
            if !fits {
                break;
            }
            bytes += next.bytes;
            taken.extend(self.waiting.pop_front().filter(|commit| !commit.answer.is_closed()));
        }
        taken
    }
}

impl Gathering {
    pub(super) fn new(spawn: Spawn) -> Arc<Self> {
        Arc::new(Self { spawn, state: Mutex::default() })
    }

    /// Sends a command that writes, alone or with others.
    pub(super) async fn send(self: &Arc<Self>, connection: &mut Connection, command: &Cmd) -> RedisResult<Value> {
        let number = connection.number;
        let answer = {
            let mut state = self.state.lock();
            if state.begins(number) {
                None
            } else {
                let bytes =
                    command.args_iter().map(|arg| if let redis::Arg::Simple(arg) = arg { arg.len() } else { 0 });
                let (answer, answered) = oneshot::channel();
                let (command, bytes) = (command.clone(), bytes.sum());
                state.waiting.push_back(Commit { connection: connection.clone(), command, bytes, answer });
                Some(answered)
            }
        };
        match answer {
            None => {
                let _turn = Turn { gathering: self, connection: number };
                let answer = connection.send_one(command).await;
                if answer.as_ref().is_err_and(is_lost) {
                    self.state.lock().lost(number);
                }
                answer
            }
            Some(answered) => answered.await.unwrap_or_else(|_| Err(unanswered())),
        }
    }

    /// Sends what waits until nothing does.
    async fn serve(self: Arc<Self>, connection: u64) {
        loop {
            let commits = self.state.lock().take();
            if !send(commits).await {
                self.state.lock().lost(connection);
            }
            if self.state.lock().ends(connection) {
                return;
            }
        }
    }
}

/// Whether it is the connection that failed, not what was asked.
fn is_lost(error: &RedisError) -> bool {
    error.is_timeout() || error.is_io_error() || error.is_connection_dropped()
}

fn unanswered() -> RedisError {
    (ErrorKind::Io, "a commit was given up before it was sent").into()
}

/// Whether the connection has answered.
async fn send(commits: Vec<Commit>) -> bool {
    let Some(first) = commits.first() else { return true };
    let mut connection = first.connection.clone();
    let (mut commands, mut answers) = (Pipeline::with_capacity(commits.len()), Vec::with_capacity(commits.len()));
    for Commit { command, answer, .. } in commits {
        commands.add_command(command);
        answers.push(answer);
    }
    // Whoever asked may be gone by now.
    match connection.pipeline_at(&commands, b"").await {
        Ok(values) if values.len() == answers.len() => {
            for (answer, value) in answers.into_iter().zip(values) {
                let _ = answer.send(value.extract_error());
            }
            true
        }
        outcome => {
            let error = outcome.err().unwrap_or_else(unanswered);
            answers.into_iter().for_each(|answer| drop(answer.send(Err(error.clone()))));
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_under_way_and_what_another_connection_owes_holds_up_nobody() {
        let mut state = State::default();
        assert!((0..GATHERINGS_UNDER_WAY_MAX).all(|_| state.begins(1)) && !state.begins(1));
        assert!(state.begins(2), "a new connection has nothing under way");
        assert!(state.ends(1) && state.under_way == 1, "the old one's turns count no more");
        assert!(state.begins(1) && state.ends(1), "who still has the old one sends, and takes nobody's turn");
        assert_eq!((state.connection, state.under_way), (2, 1));
        assert!(state.ends(2) && state.under_way == 0);
    }
}
