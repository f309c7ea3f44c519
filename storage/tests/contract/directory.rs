//! The list of rooms.

use crate::stage::{Kind, START_MS, contract, room};

async fn rooms_are_listed_newest_first_in_pages(kind: Kind) {
    let stage = kind.open();
    let directory = &stage.store.directory;
    assert_eq!(directory.page(None, 10).await.unwrap(), []);
    // Room 3 is as old as room 4: ids decide.
    for (number, age) in [(1, 30), (5, 0), (3, 20), (4, 20), (2, 25)] {
        directory.announce(room(number), START_MS - age).await.unwrap();
    }
    let expected = [5, 4, 3, 2, 1].map(room);
    assert_eq!(directory.page(None, 10).await.unwrap(), expected);
    let mut walked = Vec::new();
    while let Some(page) =
        Some(directory.page(walked.last().copied(), 2).await.unwrap()).filter(|page| !page.is_empty())
    {
        assert!(page.len() <= 2);
        walked.extend(page);
    }
    assert_eq!(walked, expected);
    assert_eq!(directory.page(None, 0).await.unwrap(), []);
    assert_eq!(directory.page(Some(room(9)), 10).await.unwrap(), [], "behind a room that is not listed is nothing");
}

async fn announcing_again_changes_nothing(kind: Kind) {
    let stage = kind.open();
    let directory = &stage.store.directory;
    directory.announce(room(1), START_MS).await.unwrap();
    directory.announce(room(2), START_MS + 1).await.unwrap();
    directory.announce(room(1), START_MS).await.unwrap();
    directory.announce(room(1), START_MS + 9).await.unwrap();
    assert_eq!(directory.page(None, 10).await.unwrap(), [room(2), room(1)]);
}

contract! {
    rooms_are_listed_newest_first_in_pages
    announcing_again_changes_nothing
}
