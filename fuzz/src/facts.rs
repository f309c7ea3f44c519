//! What a store kept of a file that was looked at.

use rill_protocol::message::FileVariant;
use rill_server::files::{
    FileName,
    render::{Facts, Renderer},
};
use rill_storage::{
    blobs::{Blob, BlobName},
    limits::CONTENT_FACTS_BYTES_MAX,
};

/// Takes `data` for facts.
pub fn file_facts(data: &[u8]) {
    let Ok(facts) = Facts::decode(data) else { return };
    assert_eq!(facts.encode(), data, "what is read has one form");
    assert!(data.len() <= CONTENT_FACTS_BYTES_MAX);
    let blob = Blob { name: BlobName([1; 32]), size: facts.size };
    let possible = Renderer::possible_blobs(blob.name);
    let derived = facts.derived_blobs(blob.name);
    assert!(derived.iter().all(|blob| possible.contains(&blob.name)));
    for variant in [FileVariant::Original, FileVariant::Thumbnail, FileVariant::Preview] {
        let Some(found) = facts.variant(blob, variant) else { continue };
        assert!(found.blob == blob || derived.contains(&found.blob), "it goes when the file goes");
    }
    assert!(!facts.name(&FileName::from_declared("a")).as_str().is_empty());
}
