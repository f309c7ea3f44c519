//! Stores of every released format are brought to the present one, and told of before.

use crate::{
    files::open,
    fixture::{FIFTH, FIRST, FOURTH, PRESENT, SECOND, THIRD, laid_out, opened_and_gone_on},
};
use rill_storage::{
    StoreError,
    embedded::{self, Migration},
};

fn migrate(path: &std::path::Path, only_tell: bool) -> Migration {
    embedded::migrate(path, only_tell, &mut |_| {}).unwrap()
}

#[tokio::test]
async fn a_store_of_every_released_format_becomes_one_of_the_present() {
    let rooms = [("former_member", 2), ("member", 1), ("room", 2), ("room_head", 2)];
    let others = [("standing", 3), ("user_entry", 3)];
    let with = |more: &[(&'static str, u64)]| [&rooms[..], &others, more].concat();
    for (name, from, older) in [
        (FIRST, 1, with(&[("entry", 9), ("session", 1), ("user", 2)])),
        (SECOND, 1, with(&[("entry", 9)])),
        (THIRD, 2, with(&[])),
        (
            FOURTH,
            2,
            vec![
                ("former_member", 2),
                ("member", 2),
                ("room", 3),
                ("room_head", 3),
                ("standing", 4),
                ("user_entry", 3),
            ],
        ),
        (FIFTH, 2, vec![("standing", 7), ("user_entry", 3)]),
        (PRESENT, 3, vec![]),
    ] {
        let (directory, _) = laid_out(name);
        let path = directory.path();
        std::fs::write(path.join("engine"), crate::ENGINE.name()).unwrap();
        let told = migrate(path, true);
        assert_eq!((told.from, told.to), (from, 3), "{name}");
        assert_eq!(told.older, older.into_iter().collect(), "{name}");
        assert_eq!(told.is_present(), name == PRESENT);
        // Telling changes nothing.
        assert_eq!(migrate(path, true), told);

        assert_eq!(migrate(path, false), told);
        let now = migrate(path, true);
        assert!(now.is_present() && now.rows == told.rows, "{name}: {now:?}");
        assert_eq!(embedded::check(path, &mut |_| {}).unwrap().findings, [], "{name}");
        let opened = open(path);
        opened_and_gone_on(&opened.store).await;
        opened.handle.close().unwrap();
    }
}

#[test]
fn a_store_in_use_is_left_alone() {
    let (directory, _) = laid_out(PRESENT);
    let opened = open(directory.path());
    let refused = embedded::migrate(directory.path(), true, &mut |_| {});
    assert!(matches!(refused, Err(StoreError::Locked { .. })), "{refused:?}");
    opened.handle.close().unwrap();
}
