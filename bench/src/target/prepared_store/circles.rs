//! People who have many rooms: circles of users, each of whom is in all rooms of the circle,
//! and speakers, who are in the first room of every circle that is theirs.

use anyhow::{Context, anyhow};
use futures_util::{StreamExt, TryStreamExt, stream};
use rill_protocol::{ClientId, RoomId, Ticket, UserId};
use rill_storage::model::{Change, Mentions, NewEntry};

use super::Writer;

/// Users, rooms and memberships that are written at the same time: the committer makes batches
/// of them.
const AT_ONCE: usize = 512;

/// How users and rooms lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Circles {
    /// Users of a circle; the last one may have fewer.
    pub(crate) members: usize,
    /// Rooms of a circle.
    pub(crate) rooms: usize,
    /// They stand behind the other users. Circle `c` is that of speaker `c mod speakers`.
    pub(crate) speakers: usize,
    /// So many users, evenly spread, have a further room with the first speaker and nobody
    /// else. These rooms stand behind those of the circles.
    pub(crate) apart: usize,
}

impl Circles {
    pub(crate) fn count(&self, users: usize) -> usize {
        users.div_ceil(self.members)
    }

    /// The room in which a circle hears its speaker.
    pub(crate) fn first_room(&self, circle: usize) -> usize {
        circle * self.rooms
    }

    /// Of somebody who is no speaker.
    pub(crate) fn circle_of(&self, user: usize) -> usize {
        user / self.members
    }

    /// The number of the user, and of the room that they have with the first speaker.
    pub(crate) fn apart(&self, users: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (apart, first) = (self.apart, self.count(users) * self.rooms);
        (0..apart).map(move |number| (number * users / apart, first + number))
    }

    /// The rooms of each user, the speakers among them.
    fn rooms_of(&self, users: usize) -> Vec<Vec<usize>> {
        let mut all: Vec<Vec<usize>> = (0..users)
            .map(|user| {
                let first = self.first_room(self.circle_of(user));
                (first..first + self.rooms).collect()
            })
            .collect();
        all.resize_with(users + self.speakers, Vec::new);
        for circle in 0..self.count(users) {
            if let Some(speaker) = circle.checked_rem(self.speakers) {
                all[users + speaker].push(self.first_room(circle));
            }
        }
        for (user, room) in self.apart(users) {
            all[user].push(room);
            all[users].push(room);
        }
        all
    }
}

impl Writer {
    /// The tickets of everybody, and the rooms.
    pub(super) async fn circles(
        &self,
        users: usize,
        circles: Circles,
    ) -> anyhow::Result<(Vec<Vec<Ticket>>, Vec<RoomId>)> {
        let rooms_of = circles.rooms_of(users);
        let users_made = stream::iter(0..rooms_of.len()).map(|number| self.user(number));
        let written: Vec<(UserId, Vec<Ticket>)> = users_made.buffered(AT_ONCE).try_collect().await?;
        let (ids, tickets): (Vec<UserId>, Vec<Vec<Ticket>>) = written.into_iter().unzip();
        // Whoever comes first makes the room.
        let mut makers = vec![None; circles.count(users) * circles.rooms + circles.apart];
        for (user, rooms) in rooms_of.iter().enumerate() {
            for room in rooms {
                makers[*room].get_or_insert(user);
            }
        }
        let makers: Vec<usize> = makers.into_iter().collect::<Option<_>>().context("a room of nobody")?;
        let rooms_made = stream::iter(makers.iter().enumerate()).map(|(room, maker)| self.room(room, ids[*maker]));
        let made: Vec<RoomId> = rooms_made.buffered(AT_ONCE).try_collect().await?;
        let joins = rooms_of.iter().enumerate().flat_map(|(user, rooms)| rooms.iter().map(move |room| (user, *room)));
        let joins = joins.filter(|(user, room)| makers[*room] != *user);
        let joining = stream::iter(joins).map(|(user, room)| self.join(ids[user], made[room]));
        joining.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        Ok((tickets, made))
    }

    pub(super) async fn join(&self, user: UserId, room: RoomId) -> anyhow::Result<()> {
        let entry = NewEntry {
            author: user,
            client_id: ClientId(self.id()),
            at_ms: self.now_ms,
            digest: self.store.digest("join", &[]),
            change: Change::Join,
            mentions: Mentions::default(),
        };
        let joined = self.store.log.append(room, entry).await?;
        let joined = joined.map_err(|refused| anyhow!("a user cannot join: {refused:?}"))?;
        self.tell(user, room, joined.entry.seq).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_the_rooms_of_their_circle_and_speakers_the_first_of_each() {
        let circles = Circles { members: 2, rooms: 3, speakers: 2, apart: 2 };
        let rooms = circles.rooms_of(5);
        assert_eq!(circles.count(5), 3);
        assert_eq!(rooms[..2], [vec![0, 1, 2, 9], vec![0, 1, 2]]);
        assert_eq!(rooms[2..5], [vec![3, 4, 5, 10], vec![3, 4, 5], vec![6, 7, 8]]);
        assert_eq!(rooms[5..], [vec![0, 6, 9, 10], vec![3]]);
    }
}
