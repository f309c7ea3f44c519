//! Running groups: what an application calls, and what is asked of the server for it.

use bytes::Bytes;
use rill_protocol::{
    RoomId, UserId,
    codec::frame,
    message::{
        ChangeMember, ChangeRoom, CreateGroup, DeclineInvitation, DeleteRoom, ListOutside, ListRoomLinks, MakeRoomLink,
        MemberAction, OpenRoomLink, OutsideList, OutsidePage, RevokeRoomLink, RoomAccess, RoomChange, RoomHistory,
        RoomInfo, RoomLinkInfo, RoomLinkMade, RoomSetting,
    },
};

use crate::{
    Client, Error,
    client::wrong_answer,
    random,
    session::{Answer, Request},
};

/// What a group is to begin with.
#[derive(Clone, Debug)]
pub struct NewGroup {
    pub name: String,
    /// May be empty.
    pub topic: String,
    pub access: RoomAccess,
    pub history: RoomHistory,
}

/// A request of this kind; its number is given when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GroupRequest {
    Create(CreateGroup),
    Change(ChangeRoom),
    Member(ChangeMember),
    Decline(DeclineInvitation),
    Outside(ListOutside),
    MakeLink(MakeRoomLink),
    Links(ListRoomLinks),
    RevokeLink(RevokeRoomLink),
    OpenLink(OpenRoomLink),
    Delete(DeleteRoom),
}

impl GroupRequest {
    pub(crate) fn encode(self, request: u32) -> Bytes {
        match self {
            Self::Create(body) => frame(&CreateGroup { request, ..body }),
            Self::Change(body) => frame(&ChangeRoom { request, ..body }),
            Self::Member(body) => frame(&ChangeMember { request, ..body }),
            Self::Decline(body) => frame(&DeclineInvitation { request, ..body }),
            Self::Outside(body) => frame(&ListOutside { request, ..body }),
            Self::MakeLink(body) => frame(&MakeRoomLink { request, ..body }),
            Self::Links(body) => frame(&ListRoomLinks { request, ..body }),
            Self::RevokeLink(body) => frame(&RevokeRoomLink { request, ..body }),
            Self::OpenLink(body) => frame(&OpenRoomLink { request, ..body }),
            Self::Delete(body) => frame(&DeleteRoom { request, ..body }),
        }
    }
}

impl Client {
    /// Creates a group that the user owns.
    pub async fn create_group(&self, group: NewGroup) -> Result<RoomInfo, Error> {
        let NewGroup { name, topic, access, history } = group;
        let body = CreateGroup { request: 0, client_id: random::client_id(), name, topic, access, history };
        self.ask_room(Request::Group(GroupRequest::Create(body))).await
    }

    /// Changes one setting of a room; what is so already is no error.
    pub async fn change_room(&self, room: RoomId, setting: RoomSetting, text: &str, value: u32) -> Result<(), Error> {
        let change = RoomChange { setting, text: text.to_owned(), value };
        self.ask_group_done(GroupRequest::Change(ChangeRoom {
            request: 0,
            client_id: random::client_id(),
            room,
            change,
        }))
        .await
    }

    /// Deletes a room that the user owns, for good and with all that was ever said in it. What is
    /// deleted already is no error.
    pub async fn delete_room(&self, room: RoomId) -> Result<(), Error> {
        let body = DeleteRoom { request: 0, client_id: random::client_id(), room };
        self.ask_group_done(GroupRequest::Delete(body)).await
    }

    /// Invites, removes, bans or promotes somebody, or takes that back.
    pub async fn change_member(&self, room: RoomId, user: UserId, action: MemberAction) -> Result<(), Error> {
        let body = ChangeMember { request: 0, client_id: random::client_id(), room, user, action };
        self.ask_group_done(GroupRequest::Member(body)).await
    }

    /// Declines an invitation, which [`Client::join`] accepts.
    pub async fn decline(&self, room: RoomId) -> Result<(), Error> {
        let body = DeclineInvitation { request: 0, client_id: random::client_id(), room };
        self.ask_group_done(GroupRequest::Decline(body)).await
    }

    /// A page of those who are invited or banned, behind `after`.
    pub async fn outside(
        &self,
        room: RoomId,
        list: OutsideList,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<OutsidePage, Error> {
        match self.ask_group(GroupRequest::Outside(ListOutside { request: 0, room, list, after, limit })).await? {
            Answer::Outside(page) => Ok(page),
            _ => Err(wrong_answer()),
        }
    }

    /// Makes a link into a room, for so many within so many seconds.
    pub async fn make_room_link(&self, room: RoomId, uses_max: u32, life_s: u32) -> Result<RoomLinkMade, Error> {
        let body = MakeRoomLink { request: 0, client_id: random::client_id(), room, life_s, uses_max };
        match self.ask_group(GroupRequest::MakeLink(body)).await? {
            Answer::LinkMade(made) => Ok(made),
            _ => Err(wrong_answer()),
        }
    }

    /// The open links into a room.
    pub async fn room_links(&self, room: RoomId) -> Result<Vec<RoomLinkInfo>, Error> {
        match self.ask_group(GroupRequest::Links(ListRoomLinks { request: 0, room })).await? {
            Answer::Links(links) => Ok(links),
            _ => Err(wrong_answer()),
        }
    }

    /// Takes a link back.
    pub async fn revoke_room_link(&self, room: RoomId, link: &str) -> Result<(), Error> {
        let link = link.to_owned();
        let body = RevokeRoomLink { request: 0, client_id: random::client_id(), room, link };
        self.ask_group_done(GroupRequest::RevokeLink(body)).await
    }

    /// Looks where a link leads, or goes there.
    pub async fn open_room_link(&self, text: &str, join: bool) -> Result<RoomInfo, Error> {
        let body = OpenRoomLink { request: 0, client_id: random::client_id(), text: text.to_owned(), join };
        self.ask_room(Request::Group(GroupRequest::OpenLink(body))).await
    }

    async fn ask_group(&self, request: GroupRequest) -> Result<Answer, Error> {
        self.ask(Request::Group(request)).await
    }

    async fn ask_group_done(&self, request: GroupRequest) -> Result<(), Error> {
        match self.ask_group(request).await? {
            Answer::Done => Ok(()),
            _ => Err(wrong_answer()),
        }
    }
}
