//! What the place of files holds is counted anew now and then.

use rill_server::{
    config,
    files::service::{Begun, FileError},
};

use crate::{client::random, stopped::Bare};

#[tokio::test]
async fn what_is_still_to_come_counts_too() {
    let bare = Bare::with(config::Files { kept_mib: 1, ..Default::default() }).await;
    let large = random(600 << 10);
    let new = bare.told(&large);
    let Ok(Begun::Going(mut upload)) = bare.files.begin(bare.user, new).await else { panic!("there is room") };
    upload.write(large.slice(..100 << 10)).await.unwrap();
    upload.suspend().await.unwrap();
    // As another server sees it, or this one after a start.
    let there = bare.beside(bare.store.clone());
    there.count().await.unwrap();
    let refused = there.begin(bare.user, bare.told(&random(600 << 10))).await.err().expect("there is no room");
    assert_eq!(refused.code().name(), "storage_full");
    assert!(matches!(there.begin(bare.user, bare.told(&random(300 << 10))).await, Ok(Begun::Going(_))));
}

#[tokio::test]
async fn what_was_given_up_counts_no_more() {
    let bare = Bare::with(config::Files { kept_mib: 1, ..Default::default() }).await;
    let Ok(Begun::Going(upload)) = bare.files.begin(bare.user, bare.told(&random(600 << 10))).await else {
        panic!("there is room")
    };
    bare.files.count().await.unwrap();
    drop(upload.give_up(FileError::DigestWrong).await);
    assert!(matches!(bare.files.begin(bare.user, bare.told(&random(600 << 10))).await, Ok(Begun::Going(_))));
}
