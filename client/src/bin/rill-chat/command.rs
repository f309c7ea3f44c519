//! What a typed line means.

/// One line of input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Something to say.
    Say(String),
    Rooms,
    Join(String),
    Create(String),
    /// Whom to talk to alone.
    Message(String),
    Leave,
    /// Deletes the current room, which is called so.
    DeleteRoom(String),
    Members,
    History,
    /// The path of a file to send.
    Send(String),
    Files,
    /// The number of a file to fetch.
    Get(u64),
    /// Removes one's last message, or the message of this number.
    Remove(Option<u64>),
    /// The path of an image.
    Avatar(String),
    Help,
    Quit,
    /// Nothing was typed.
    Nothing,
    /// A command that does not exist, or one without what it needs.
    Odd(String),
}

pub(crate) const HELP: &str = "\
/rooms          all rooms; * marks yours, @ people whom you talk to alone
/join NAME      enters a room, joining it if you are no member
/create NAME    makes a room and enters it
/msg NAME       enters the chat of you and that person alone
/leave          leaves the current room for good
/delete-room NAME  deletes the current room for everybody, with all that was said in it, if that is its name
/members        who is in the current room; + marks who is online
/history        older messages of the current room
/send PATH      sends a file to the current room
/files          files of the current room
/get N          fetches file number N into the folder that you are in
/remove [N]     removes your last message of the current room, or message number N
/avatar PATH    makes an image your picture
/help           this
/quit           ends
//text          says a line that begins with /";

impl Command {
    pub(crate) fn parse(line: &str) -> Self {
        let line = line.trim_end_matches(['\r', '\n']);
        if line.trim().is_empty() {
            return Self::Nothing;
        }
        let Some(typed) = line.strip_prefix('/') else { return Self::Say(line.to_owned()) };
        if typed.starts_with('/') {
            return Self::Say(typed.to_owned());
        }
        let (name, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
        let rest = rest.trim();
        let with = |what: &str, make: fn(String) -> Self| {
            if rest.is_empty() { Self::Odd(format!("/{name} needs {what}")) } else { make(rest.to_owned()) }
        };
        match name {
            "join" => with("a name", Self::Join),
            "create" => with("a name", Self::Create),
            "msg" => with("a person's username", Self::Message),
            "delete-room" => with("the name of the current room, to be sure", Self::DeleteRoom),
            "rooms" => Self::Rooms,
            "leave" => Self::Leave,
            "members" => Self::Members,
            "history" => Self::History,
            "send" => with("the path of a file", Self::Send),
            "files" => Self::Files,
            "get" => match rest.parse() {
                Ok(number) => Self::Get(number),
                Err(_) => Self::Odd("/get needs the number of a file: /files lists them".to_owned()),
            },
            "remove" if rest.is_empty() => Self::Remove(None),
            "remove" => match rest.parse() {
                Ok(number) => Self::Remove(Some(number)),
                Err(_) => Self::Odd("/remove needs the number of a message, or nothing for your last one".to_owned()),
            },
            "avatar" => with("the path of an image", Self::Avatar),
            "help" => Self::Help,
            "quit" => Self::Quit,
            other => Self::Odd(format!("there is no /{other}: /help lists what there is")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_said_and_commands_are_done() {
        let check = |line: &str, expected: Command| assert_eq!(Command::parse(line), expected, "{line:?}");
        check("hello\n", Command::Say("hello".to_owned()));
        check("  indented stays\r\n", Command::Say("  indented stays".to_owned()));
        check("//usr is a folder", Command::Say("/usr is a folder".to_owned()));
        check("/join 技术 交流 ", Command::Join("技术 交流".to_owned()));
        check("/create\tx", Command::Create("x".to_owned()));
        check("/delete-room 技术 交流", Command::DeleteRoom("技术 交流".to_owned()));
        assert!(matches!(Command::parse("/delete-room "), Command::Odd(_)));
        check("/msg 李明", Command::Message("李明".to_owned()));
        assert!(matches!(Command::parse("/msg "), Command::Odd(_)));
        check("/send ~/my plan.pdf", Command::Send("~/my plan.pdf".to_owned()));
        check("/get 42", Command::Get(42));
        assert!(matches!(Command::parse("/get ../x"), Command::Odd(_)));
        check("/remove", Command::Remove(None));
        check("/remove 7", Command::Remove(Some(7)));
        assert!(matches!(Command::parse("/remove all"), Command::Odd(_)));
        check("/quit", Command::Quit);
        check(" \n", Command::Nothing);
        check("/avatar ~/me.png", Command::Avatar("~/me.png".to_owned()));
        check("/join", Command::Odd("/join needs a name".to_owned()));
        check("/send", Command::Odd("/send needs the path of a file".to_owned()));
        assert!(matches!(Command::parse("/dance"), Command::Odd(_)));
    }

    #[test]
    fn help_names_every_command() {
        for name in HELP.lines().filter_map(|line| line.split_whitespace().next()) {
            assert!(!matches!(Command::parse(&format!("{name} 1")), Command::Odd(_)), "{name} is no command");
        }
        let names = [
            "rooms",
            "join",
            "create",
            "msg",
            "leave",
            "delete-room",
            "members",
            "history",
            "send",
            "files",
            "get",
            "remove",
            "avatar",
            "help",
            "quit",
        ];
        for name in names {
            assert!(HELP.contains(&format!("/{name}")), "{name}");
        }
    }
}
