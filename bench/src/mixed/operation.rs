//! What people do, and how often.

use crate::dice::Dice;

/// One thing that somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// From the call to a session that stands.
    Connect,
    Join,
    /// From the moment when it was due to its ack.
    Post,
    /// A page of what was said before.
    History,
    /// Who is in a room, and their names.
    Members,
    /// What rooms there are.
    Directory,
    /// Another room on the screen. It has no answer.
    View,
    /// Until the file is whole on the server's disk.
    SendFile,
    FetchFile,
    SendPicture,
    FetchThumbnail,
}

impl Operation {
    pub(crate) const ALL: [Self; 11] = [
        Self::Connect,
        Self::Join,
        Self::Post,
        Self::History,
        Self::Members,
        Self::Directory,
        Self::View,
        Self::SendFile,
        Self::FetchFile,
        Self::SendPicture,
        Self::FetchThumbnail,
    ];

    /// In a report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Join => "join",
            Self::Post => "post",
            Self::History => "history",
            Self::Members => "members",
            Self::Directory => "directory",
            Self::View => "view",
            Self::SendFile => "send_file",
            Self::FetchFile => "fetch_file",
            Self::SendPicture => "send_picture",
            Self::FetchThumbnail => "fetch_thumbnail",
        }
    }
}

/// Of a hundred things that somebody does; a burst of posts is one.
const CHANCES: [(Operation, usize); 9] = [
    (Operation::Post, 45),
    (Operation::History, 17),
    (Operation::View, 13),
    (Operation::Members, 7),
    (Operation::Directory, 4),
    (Operation::SendFile, 3),
    (Operation::FetchFile, 5),
    (Operation::SendPicture, 2),
    (Operation::FetchThumbnail, 4),
];

pub(crate) fn draw(dice: &mut Dice) -> Operation {
    let mut left = dice.below(CHANCES.iter().map(|(_, chance)| chance).sum());
    for (operation, chance) in CHANCES {
        match left.checked_sub(chance) {
            Some(rest) => left = rest,
            None => return operation,
        }
    }
    Operation::Post
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_drawn_as_often_as_it_says() {
        let mut dice = Dice::new(1, "draw");
        let drawn: Vec<Operation> = (0..20_000).map(|_| draw(&mut dice)).collect();
        for (operation, chance) in CHANCES {
            let share = drawn.iter().filter(|drawn| **drawn == operation).count() as f64 / 200.0;
            assert!((share - chance as f64).abs() < 2.0, "{operation:?}: {share} of {chance}");
        }
        assert_eq!(CHANCES.iter().map(|(_, chance)| chance).sum::<usize>(), 100);
    }

    #[test]
    fn names_are_the_keys_of_a_report_and_differ() {
        let mut names = Operation::ALL.map(Operation::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Operation::ALL.len());
    }
}
