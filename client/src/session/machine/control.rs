//! Frames of the control stream.

use rill_protocol::{
    Code, Frame, Kind, U53,
    codec::{self, DecodeError},
    message::{
        Accepted, AcceptedBatch, Attached, Done, Failed, GoAway, InvitationGone, InvitedToRoom, LaneClass, Marked,
        MemberPage, MemberRoles, MessagePage, OutsidePage, PeoplePage, Pong, ProfileAnswer, ReceiptPage, Resumed,
        RoomAdded, RoomAnswer, RoomDetails, RoomLinkMade, RoomLinks, RoomPage, RoomRemoved, UserEntryHeader, UserHead,
        Users,
    },
};
use std::time::{Duration, Instant};

use super::{super::command::Answer, Machine, Output, Phase};
use crate::event::{Event, HistoryPage};

impl Machine {
    /// A frame of the control stream or of a history stream: answers may come on both.
    pub(crate) fn frame(&mut self, frame: &Frame, now: Instant) -> Result<(), DecodeError> {
        match frame.known() {
            Some(Kind::Attached) => {
                let Attached { request, user_epoch, snapshot } = frame.decode()?;
                self.requests.finish(request);
                self.rooms.attached(user_epoch, snapshot);
                self.own_begins(snapshot);
            }
            Some(Kind::RoomAdded) => {
                let RoomAdded { header, room } = frame.decode()?;
                let id = room.id;
                self.rooms.passed(header.seq.get());
                let is_new = self.rooms.add(room, &mut self.events);
                if self.is_online() {
                    // Also one that is known: they left and are back, and an answer that is on
                    // its way may be from between.
                    self.resume(vec![id]);
                    if is_new && self.view == Some(id) {
                        self.send_view();
                    }
                }
            }
            Some(Kind::RoomRemoved) => {
                let RoomRemoved { header, room } = frame.decode()?;
                self.rooms.passed(header.seq.get());
                self.rooms.remove(room, &mut self.events);
                self.own_loses(room);
                self.chats.remove(room);
            }
            Some(Kind::InvitedToRoom) => {
                let InvitedToRoom { header, room, by, by_name } = frame.decode()?;
                self.rooms.passed(header.seq.get());
                self.events.push_back(Event::Invited { room, by, by_name });
            }
            Some(Kind::InvitationGone) => {
                let InvitationGone { header, room } = frame.decode()?;
                self.rooms.passed(header.seq.get());
                self.events.push_back(Event::InvitationGone(room));
            }
            Some(Kind::RoomPreferences) => self.preferences(frame.decode()?),
            Some(Kind::Draft) => self.draft(frame.decode()?),
            Some(Kind::ReceiptsHidden) => self.receipts_hidden(frame.decode()?),
            Some(Kind::UserHead) => {
                let UserHead { seq } = frame.decode()?;
                self.user_head(seq);
            }
            Some(Kind::Resumed) => self.resumed(&frame.decode::<Resumed>()?),
            Some(Kind::Accepted) => self.accepted(&frame.decode::<Accepted>()?),
            Some(Kind::AcceptedBatch) => {
                let AcceptedBatch { request, epoch, posts } = frame.decode()?;
                self.placed(request, epoch, &posts);
            }
            Some(Kind::Failed) => {
                let Failed { request, code, detail } = frame.decode()?;
                self.failed(request, code, detail, now);
            }
            Some(Kind::Done) => {
                let Done { request } = frame.decode()?;
                self.answered(request, Answer::Done);
            }
            Some(Kind::RoomAnswer) => {
                let RoomAnswer { request, room } = frame.decode()?;
                self.answered(request, Answer::Room(room));
            }
            Some(Kind::RoomPage) => {
                let page: RoomPage = frame.decode()?;
                self.answered(page.request, Answer::Rooms(page));
            }
            Some(Kind::MemberPage) => {
                let page: MemberPage = frame.decode()?;
                self.answered(page.request, Answer::Members(page));
            }
            Some(Kind::Users) => {
                let Users { request, users } = frame.decode()?;
                self.answered(request, Answer::Users(users));
            }
            Some(Kind::OutsidePage) => {
                let page: OutsidePage = frame.decode()?;
                self.answered(page.request, Answer::Outside(page));
            }
            Some(Kind::RoomLinkMade) => {
                let made: RoomLinkMade = frame.decode()?;
                self.answered(made.request, Answer::LinkMade(made));
            }
            Some(Kind::RoomLinks) => {
                let RoomLinks { request, links } = frame.decode()?;
                self.answered(request, Answer::Links(links));
            }
            Some(Kind::RoomDetails) => self.room_details(frame.decode::<RoomDetails>()?.rooms),
            Some(Kind::Delivered) => self.delivered(frame.decode()?),
            Some(Kind::MemberRoles) => self.events.push_back(Event::MemberRoles(frame.decode::<MemberRoles>()?.roles)),
            Some(Kind::Marked) => {
                let Marked { request, state } = frame.decode()?;
                self.answered(request, Answer::Marked(state));
            }
            Some(Kind::ReceiptPage) => {
                let page: ReceiptPage = frame.decode()?;
                self.answered(page.request, Answer::Receipts(page));
            }
            Some(Kind::ReadStates) => self.read_states(frame.decode()?),
            Some(Kind::Receipts) => self.receipts(frame.decode()?),
            Some(Kind::UserAvatars) => self.user_avatars(frame.decode()?),
            Some(Kind::RoomAvatars) => self.room_avatars(frame.decode()?),
            Some(Kind::Presence) => self.presence(frame.decode()?),
            Some(Kind::PresenceDetails) => self.presence_details(frame.decode()?),
            Some(Kind::RoomOnline) => self.room_online(frame.decode()?),
            Some(Kind::UserNames) => self.user_names(frame.decode()?),
            Some(Kind::Typing) => self.others_type(frame.decode()?),
            Some(Kind::PeoplePage) => {
                let page: PeoplePage = frame.decode()?;
                self.answered(page.request, Answer::People(page));
            }
            Some(Kind::ProfileAnswer) => {
                let answer: ProfileAnswer = frame.decode()?;
                match answer.request {
                    0 => self.own_profile(answer),
                    request => self.answered(request, Answer::Profile(answer)),
                }
            }
            Some(Kind::EmojiVersion) => self.emoji_version(frame.decode()?),
            // Their page comes right behind them.
            Some(Kind::MessageChanges) => self.page_changes = Some(frame.decode()?),
            Some(Kind::MessageFiles) => self.page_files = Some(frame.decode()?),
            Some(Kind::MessagePage) => {
                let MessagePage { request, epoch, as_of, messages, next } = frame.decode()?;
                let files = self.page_files.take_if(|of_page| of_page.request == request);
                let files = files.map(|of_page| of_page.files).unwrap_or_default();
                let changes = self.page_changes.take_if(|of_page| of_page.request == request);
                let (room_changes, member_changes) =
                    changes.map(|of_page| (of_page.rooms, of_page.members)).unwrap_or_default();
                let page = HistoryPage { epoch, as_of, messages, files, room_changes, member_changes, next };
                self.answered(request, Answer::Messages(page));
            }
            Some(Kind::Pong) => {
                let pong: Pong = frame.decode()?;
                self.pong(&pong, now);
            }
            Some(Kind::GoAway) => {
                let GoAway { reconnect_after_ms } = frame.decode()?;
                self.go_away = Some(Duration::from_millis(u64::from(reconnect_after_ms)));
                self.give_up(Code::GoingAway, "");
            }
            // Of a later version: an entry of the user's log still counts.
            None if Kind::is_user_entry(frame.kind) => {
                let (UserEntryHeader { seq, .. }, _) = codec::decode_prefix(&frame.body)?;
                self.rooms.passed(seq.get());
            }
            _ => {}
        }
        Ok(())
    }

    fn user_head(&mut self, seq: U53) {
        self.rooms.complete(seq.get(), &mut self.events);
        self.own_is_complete();
        if self.phase != Phase::Attaching {
            return;
        }
        self.phase = Phase::Online;
        for class in [LaneClass::InView, LaneClass::Others] {
            self.out.push_back(Output::OpenLane(class));
        }
        if self.view.is_some() {
            self.send_view();
        }
        self.resume(self.rooms.ids());
        self.wish_again();
    }

    fn resumed(&mut self, answer: &Resumed) {
        let Some(rooms) = self.resumed_rooms(answer.request) else { return };
        for room in rooms {
            let outcome = answer.rooms.iter().find(|outcome| outcome.room == room);
            let Some(tail) = self.rooms.tail(room) else { continue };
            let verdict = tail.resumed(answer.request, outcome, &mut self.events);
            self.chats.moved(room);
            self.judge(room, verdict);
        }
    }
}
