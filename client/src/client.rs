//! The handle of a client: what an application calls.

use rill_protocol::{
    ClientId, Code, RoomId, UserId,
    limits::{BATCH_POSTS_MAX, CLIENT_FRAME_BODY_BYTES_MAX, PRESENCE_WATCH_MAX, TEXT_BYTES_MAX},
    message::{
        BatchPost, Direction, MemberPage, PeoplePage, ProfileAnswer, ReadState, ReceiptPage, RoomInfo, RoomPage,
        UserInfo,
    },
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    Config, Credentials, Endpoints, Error, Events, Failure, HistoryPage, NewProfile, NewStatus, Posted, State,
    files::{Download, DownloadHandle, Shelf, Transfers, Upload, UploadHandle, download, upload},
    http::Api,
    limits, random,
    session::{
        Answer, Command, OutboxFile, Outcome, Pending, PreferencesChange, QueuedPost, Request, Shared, Supervisor,
        Tickets,
    },
};

/// What a message of a batch costs beside its text, and the batch beside its messages, at
/// most.
const BATCH_POST_BYTES: usize = 32;

/// A handle on a running session; clones are the same session. When the last one is
/// dropped the session closes in peace.
#[derive(Clone, Debug)]
pub struct Client {
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
    outbox: Option<OutboxFile>,
    transfers: Arc<Transfers>,
    task: Arc<tokio::sync::Mutex<Option<JoinHandle<()>>>>,
}

/// A post that was taken and will be delivered once.
#[derive(Debug)]
pub struct Receipt {
    /// The post's id, by which the entry will be known.
    pub client_id: ClientId,
    outcome: oneshot::Receiver<Outcome<Error>>,
}

impl Receipt {
    /// Resolves when the post is on the server's disk, or was refused for good.
    pub async fn posted(self) -> Result<Posted, Error> {
        let mut posted = self.outcome.await.unwrap_or(Err(Error::Closed))?;
        posted.pop().ok_or_else(wrong_answer)
    }
}

/// A batch that was taken and will be delivered once and as a whole.
#[derive(Debug)]
pub struct BatchReceipt {
    /// The ids of its messages, in order.
    pub client_ids: Vec<ClientId>,
    outcome: oneshot::Receiver<Outcome<Error>>,
}

impl BatchReceipt {
    /// Resolves when every message is on the server's disk, or all were refused for good.
    pub async fn posted(self) -> Result<Vec<Posted>, Error> {
        self.outcome.await.unwrap_or(Err(Error::Closed))
    }
}

impl Client {
    /// Logs in if need be and starts a session, which connects by itself, again and
    /// again. Fails when the login or the API does; see [`Client::online`] for the
    /// connection.
    pub async fn connect(config: Config) -> Result<(Self, Events), Error> {
        let Config { server, endpoints, nodes, transport, fallback, credentials, trust, client_name, outbox, .. } =
            config;
        let outbox_path = outbox;
        let outbox = outbox_path.as_deref().map(OutboxFile::open).transpose()?;
        // Nobody else has it, who has the outbox.
        let (shelf, uploads_left) = outbox_path.as_deref().map(Shelf::open).transpose()?.unzip();
        let api = server.as_ref().map(|server| Api::new(server, &trust)).transpose()?;
        let needs_api = || Error::Url("the address of the server is missing".to_owned());
        let tickets = match credentials {
            Credentials::Tickets(tickets) => Tickets::new(tickets, None),
            Credentials::Token(token) => Tickets::new(Vec::new(), Some(token)),
            Credentials::Password { username, password } => {
                let api = api.as_ref().ok_or_else(needs_api)?;
                Tickets::new(Vec::new(), Some(api.login(&username, &password, &client_name).await?.token))
            }
        };
        // What the configuration names is not asked for, now or later.
        let (endpoints, server) = match (endpoints, server, &api) {
            (Some(endpoints), ..) => (endpoints, None),
            (None, Some(server), Some(api)) => (Endpoints::of(&server, &api.server().await?)?, Some(server)),
            (None, ..) => return Err(needs_api()),
        };
        let endpoints = Some(endpoints);
        let (outbox, left) = outbox.map_or((None, Vec::new()), |(file, left)| (Some(file), left));
        let queued = left.iter().map(QueuedPost::count).sum();
        let left: Vec<Pending> = left.into_iter().map(|post| Pending { post, receipt: None }).collect();
        let shared = Arc::new(Shared::new(queued));
        let transfers = Transfers::new(Arc::clone(&shared), shelf, config.transfers_at_once);
        upload::go_on(&transfers, uploads_left.unwrap_or_default(), config.resumed_throttle.as_ref());
        let (commands, commands_end) = mpsc::channel(limits::COMMANDS_MAX);
        let (events_end, events) = mpsc::channel(limits::EVENTS_MAX);
        let seed = random::seed();
        let nodes = nodes.into();
        let supervisor =
            Supervisor { kind: transport, fallback, api, server, endpoints, nodes, trust, client_name, tickets, seed };
        let outbox_end = outbox.clone().map(|file| (file, left));
        let task = tokio::spawn(supervisor.run(commands_end, events_end, Arc::clone(&shared), outbox_end));
        let task = Arc::new(tokio::sync::Mutex::new(Some(task)));
        Ok((Self { commands, shared, outbox, transfers, task }, Events(events)))
    }

    /// Takes a post. It is delivered once and in the order of the calls, over as many
    /// connections as it takes; with a persistent outbox also if this process dies
    /// after this has returned.
    pub async fn post(&self, room: RoomId, text: impl Into<String>) -> Result<Receipt, Error> {
        let text = text.into();
        check(&text)?;
        let client_id = random::client_id();
        let outcome = self.take(QueuedPost { room, client_id, text, rest: Vec::new() }).await?;
        Ok(Receipt { client_id, outcome })
    }

    /// Takes several posts that stand in the log together, in this order and with nothing
    /// in between, or not at all. Like [`Client::post`] otherwise. At most
    /// [`BATCH_POSTS_MAX`] of them, and less than 32 KiB in all.
    pub async fn post_batch(
        &self,
        room: RoomId,
        texts: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<BatchReceipt, Error> {
        let posts = texts.into_iter().map(|text| BatchPost { client_id: random::client_id(), text: text.into() });
        let posts: Vec<BatchPost> = posts.take(BATCH_POSTS_MAX + 1).collect();
        posts.iter().try_for_each(|post| check(&post.text))?;
        let bytes: usize = posts.iter().map(|post| post.text.len() + BATCH_POST_BYTES).sum();
        if posts.len() > BATCH_POSTS_MAX || bytes > CLIENT_FRAME_BODY_BYTES_MAX - BATCH_POST_BYTES {
            return Err(Failure::new(Code::TooMany).into());
        }
        let client_ids = posts.iter().map(|post| post.client_id).collect();
        let mut posts = posts.into_iter();
        let BatchPost { client_id, text } = posts.next().ok_or(Failure::new(Code::EmptyText))?;
        let outcome = self.take(QueuedPost { room, client_id, text, rest: posts.collect() }).await?;
        Ok(BatchReceipt { client_ids, outcome })
    }

    /// Keeps a post and hands it to the session.
    async fn take(&self, post: QueuedPost) -> Result<oneshot::Receiver<Outcome<Error>>, Error> {
        let count = post.count();
        self.reserve_posts(count)?;
        let (receipt, outcome) = oneshot::channel();
        let pending = Pending { post, receipt: Some(receipt) };
        if let Some(file) = &self.outbox
            && let Err(error) = file.add(pending.post.clone()).await
        {
            self.release_posts(count);
            return Err(error);
        }
        if self.commands.send(Command::Post(pending)).await.is_err() {
            self.release_posts(count);
            return Err(Error::Closed);
        }
        Ok(outcome)
    }

    /// Takes a file to send as a message. It goes on by itself, over as many connections as
    /// it takes, while the client lives; with a persistent outbox also in the next process
    /// that opens that, as long as the file is what it was. The same file to the same room is
    /// the same upload, until that is over; and one that an earlier process had begun is taken up.
    pub async fn upload(&self, upload: Upload) -> Result<UploadHandle, Error> {
        upload::begin(&self.transfers, upload).await
    }

    /// The uploads that are not over, those of an earlier process among them.
    pub fn uploads(&self) -> Vec<UploadHandle> {
        self.transfers.uploads()
    }

    /// Fetches the file of a message. It goes on by itself while the client lives; the same
    /// call of a later process goes on with what has come.
    pub fn download(&self, download: Download) -> DownloadHandle {
        download::begin(&self.transfers, download)
    }

    fn reserve_posts(&self, count: usize) -> Result<(), Error> {
        let reserved = self.shared.queued.send_if_modified(|queued| {
            let has_room = *queued + count <= limits::OUTBOX_POSTS_MAX;
            *queued += if has_room { count } else { 0 };
            has_room
        });
        if reserved { Ok(()) } else { Err(Error::OutboxFull) }
    }

    fn release_posts(&self, count: usize) {
        self.shared.queued.send_modify(|queued| *queued = queued.saturating_sub(count));
    }

    /// How many posts wait for their ack.
    pub fn queued(&self) -> usize {
        *self.shared.queued.borrow()
    }

    /// Resolves when every post was answered; `false` when `patience` ended first.
    pub async fn flush(&self, patience: Duration) -> bool {
        let mut queued = self.shared.queued.subscribe();
        timeout(patience, queued.wait_for(|queued| *queued == 0)).await.is_ok()
    }

    /// Creates a room with the user as its first member.
    pub async fn create_room(&self, name: impl Into<String>) -> Result<RoomInfo, Error> {
        self.ask_room(Request::CreateRoom { client_id: random::client_id(), name: name.into() }).await
    }

    /// Joins a room; joining twice is no error.
    pub async fn join(&self, room: RoomId) -> Result<RoomInfo, Error> {
        self.ask_room(Request::JoinRoom { client_id: random::client_id(), room }).await
    }

    /// Leaves a room; leaving twice is no error.
    pub async fn leave(&self, room: RoomId) -> Result<(), Error> {
        match self.ask(Request::LeaveRoom { client_id: random::client_id(), room }).await? {
            Answer::Done => Ok(()),
            _ => Err(wrong_answer()),
        }
    }

    /// A page of the directory, newest room first, behind `after`.
    pub async fn rooms(&self, after: Option<RoomId>, limit: u32) -> Result<RoomPage, Error> {
        match self.ask(Request::ListRooms { after, limit }).await? {
            Answer::Rooms(page) => Ok(page),
            _ => Err(wrong_answer()),
        }
    }

    /// A page of a room's members in the order of their ids, behind `after`.
    pub async fn members(&self, room: RoomId, after: Option<UserId>, limit: u32) -> Result<MemberPage, Error> {
        match self.ask(Request::ListMembers { room, after, limit }).await? {
            Answer::Members(page) => Ok(page),
            _ => Err(wrong_answer()),
        }
    }

    /// A page of messages before or after `seq`, which is not itself included.
    pub async fn history(
        &self,
        room: RoomId,
        direction: Direction,
        seq: u64,
        limit: u32,
    ) -> Result<HistoryPage, Error> {
        match self.ask(Request::GetMessages { room, direction, seq, limit }).await? {
            Answer::Messages(page) => Ok(page),
            _ => Err(wrong_answer()),
        }
    }

    /// Names of at most 200 users; unknown ids are left out.
    pub async fn users(&self, users: Vec<UserId>) -> Result<Vec<UserInfo>, Error> {
        match self.ask(Request::GetUsers { users }).await? {
            Answer::Users(users) => Ok(users),
            _ => Err(wrong_answer()),
        }
    }

    /// People whose name or username a text is found in, also by pinyin, behind `after`; everybody
    /// for an empty one.
    pub async fn find_people(
        &self,
        text: impl Into<String>,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<PeoplePage, Error> {
        match self.ask(Request::FindPeople { text: text.into(), after, limit }).await? {
            Answer::People(page) => Ok(page),
            _ => Err(wrong_answer()),
        }
    }

    /// What there is to know of a user.
    pub async fn profile(&self, user: UserId) -> Result<ProfileAnswer, Error> {
        match self.ask(Request::GetProfile { user }).await? {
            Answer::Profile(answer) => Ok(answer),
            _ => Err(wrong_answer()),
        }
    }

    /// What the user says of themselves from now on; how it is then.
    pub async fn set_profile(&self, profile: NewProfile) -> Result<ProfileAnswer, Error> {
        match self.ask(Request::SetProfile(profile)).await? {
            Answer::Profile(answer) => Ok(answer),
            _ => Err(wrong_answer()),
        }
    }

    /// What the user says of the moment from now on.
    pub async fn set_status(&self, status: NewStatus) -> Result<(), Error> {
        match self.ask(Request::SetStatus(status)).await? {
            Answer::Done => Ok(()),
            _ => Err(wrong_answer()),
        }
    }

    /// Blocks somebody, or does so no more: they see nothing of the user's presence and cannot
    /// write to them alone. Nothing tells them. Whom the user blocks stands in
    /// [`crate::Event::OwnProfile`].
    pub async fn set_block(&self, user: UserId, is_blocked: bool) -> Result<(), Error> {
        match self.ask(Request::SetBlock { user, is_blocked }).await? {
            Answer::Done => Ok(()),
            _ => Err(wrong_answer()),
        }
    }

    /// The chat of the user with somebody else, made if there is none. It is called as the other one
    /// is shown; [`crate::Event::RoomDetails`] says who that is.
    pub async fn open_private_chat(&self, user: UserId) -> Result<RoomInfo, Error> {
        self.ask_room(Request::OpenPrivateChat { user }).await
    }

    /// Whose presence is told, in the place of those before: at most 200. Said again on every
    /// connection.
    pub async fn watch(&self, users: Vec<UserId>) -> Result<(), Error> {
        if users.len() > PRESENCE_WATCH_MAX {
            return Err(Failure::new(Code::TooMany).into());
        }
        self.commands.send(Command::Watch(users)).await.map_err(|_| Error::Closed)
    }

    /// Whether this device is in use; it counts as used until this says otherwise. Said again on
    /// every connection.
    pub async fn set_idle(&self, is_idle: bool) -> Result<(), Error> {
        self.commands.send(Command::Idle(is_idle)).await.map_err(|_| Error::Closed)
    }

    /// The user writes in a room, or has stopped: said at most every [`TYPING_INTERVAL_MS`], and
    /// lost where there is no connection.
    ///
    /// [`TYPING_INTERVAL_MS`]: rill_protocol::limits::TYPING_INTERVAL_MS
    pub async fn typing(&self, room: RoomId, is_typing: bool) -> Result<(), Error> {
        self.commands.send(Command::Typing { room, is_typing }).await.map_err(|_| Error::Closed)
    }

    /// The user has read a room up to an entry; how they stand then. A mark that is there
    /// already, or further, stays.
    pub async fn mark_read(&self, room: RoomId, seq: u64) -> Result<ReadState, Error> {
        self.ask_mark(Request::MarkRead { room, seq }).await
    }

    /// An entry and what is behind it is to be unread; how the user stands then.
    pub async fn mark_unread(&self, room: RoomId, seq: u64) -> Result<ReadState, Error> {
        self.ask_mark(Request::MarkUnread { client_id: random::client_id(), room, seq }).await
    }

    async fn ask_mark(&self, request: Request) -> Result<ReadState, Error> {
        match self.ask(request).await? {
            Answer::Marked(state) => Ok(state),
            _ => Err(wrong_answer()),
        }
    }

    /// A page of how far the others have read in a room of at most 1,000, behind `after`.
    pub async fn receipts(&self, room: RoomId, after: Option<UserId>, limit: u32) -> Result<ReceiptPage, Error> {
        match self.ask(Request::GetReceipts { room, after, limit }).await? {
            Answer::Receipts(page) => Ok(page),
            _ => Err(wrong_answer()),
        }
    }

    /// Changes what the user wants of a room, on every device.
    pub async fn set_room_preferences(&self, room: RoomId, change: PreferencesChange) -> Result<(), Error> {
        self.ask_done(Request::SetRoomPreferences { client_id: random::client_id(), room, change }).await
    }

    /// Keeps what stands in a room's field and was not posted; empty where nothing does.
    pub async fn set_draft(&self, room: RoomId, text: impl Into<String>) -> Result<(), Error> {
        self.ask_done(Request::SetDraft { client_id: random::client_id(), room, text: text.into() }).await
    }

    /// Whether others are not told how far the user has read.
    pub async fn hide_receipts(&self, hidden: bool) -> Result<(), Error> {
        self.ask_done(Request::HideReceipts { client_id: random::client_id(), hidden }).await
    }

    async fn ask_done(&self, request: Request) -> Result<(), Error> {
        match self.ask(request).await? {
            Answer::Done => Ok(()),
            _ => Err(wrong_answer()),
        }
    }

    /// Names the room on the screen: its entries come before all others.
    pub async fn view(&self, room: Option<RoomId>) -> Result<(), Error> {
        self.commands.send(Command::View(room)).await.map_err(|_| Error::Closed)
    }

    /// This machine has another address now, as after a change of networks. QUIC takes the connection
    /// along to a new socket; WebTransport and a WebSocket cannot, so the client connects again
    /// and resumes. Without being told the client finds out by itself, which takes longer.
    pub async fn rebind(&self) -> Result<(), Error> {
        self.commands.send(Command::Rebind).await.map_err(|_| Error::Closed)
    }

    /// The way to the server, as it is now.
    pub fn state(&self) -> State {
        self.shared.state.borrow().clone()
    }

    /// Resolves when the session is attached; fails when it is over.
    pub async fn online(&self) -> Result<(), Error> {
        let mut state = self.shared.state.subscribe();
        let settled = |state: &State| !matches!(state, State::Connecting | State::Offline { .. });
        let Ok(state) = state.wait_for(settled).await else { return Err(Error::Closed) };
        match &*state {
            State::LoggedOut(failure) | State::Stopped(failure) => Err(failure.clone().into()),
            State::Closed => Err(Error::Closed),
            _ => Ok(()),
        }
    }

    /// Whose session it is; known once it was connected.
    pub fn user(&self) -> Option<UserId> {
        self.shared.me.get().copied()
    }

    /// The last measured round trip.
    pub fn round_trip(&self) -> Option<Duration> {
        self.shared.round_trip()
    }

    /// Closes the connection in peace and waits until that is done. Posts that were
    /// not answered stay in a persistent outbox; see [`Client::flush`].
    pub async fn close(&self) {
        self.shared.closing.notify_one();
        if let Some(task) = self.task.lock().await.take() {
            task.await.ok();
        }
    }

    pub(crate) async fn ask_room(&self, request: Request) -> Result<RoomInfo, Error> {
        match self.ask(request).await? {
            Answer::Room(room) => Ok(room),
            _ => Err(wrong_answer()),
        }
    }

    /// Asks until there is an answer; dropping the future gives up.
    pub(crate) async fn ask(&self, request: Request) -> Result<Answer, Error> {
        let (answer, outcome) = oneshot::channel();
        self.commands.send(Command::ask(request, answer)).await.map_err(|_| Error::Closed)?;
        outcome.await.unwrap_or(Err(Error::Closed))
    }
}

fn check(text: &str) -> Result<(), Error> {
    if text.is_empty() {
        return Err(Failure::new(Code::EmptyText).into());
    }
    if text.len() > TEXT_BYTES_MAX {
        return Err(Failure::new(Code::TextTooLong).into());
    }
    Ok(())
}

pub(crate) fn wrong_answer() -> Error {
    Error::Transport("the server answered another question".to_owned())
}
