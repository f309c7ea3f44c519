use super::*;

#[tokio::test]
async fn a_blob_is_what_was_written_until_it_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let place = BlobPlace::Folder(directory.path().join("blobs"));
    let name = BlobName([0xAB; 32]);
    let blobs = Blobs::open(&place).unwrap();
    assert_eq!(blobs.get(&name).await.unwrap(), None);
    blobs.put(&name, b"text").await.unwrap();
    blobs.put(&name, b"text").await.unwrap();
    let again = Blobs::open(&place).unwrap();
    assert_eq!(again.get(&name).await.unwrap().unwrap(), "text");
    assert_eq!(again.get(&BlobName([1; 32])).await.unwrap(), None);
    again.remove(&name).await.unwrap();
    again.remove(&name).await.unwrap();
    assert_eq!(blobs.get(&name).await.unwrap(), None);
}

#[tokio::test]
async fn damage_is_an_error_that_names_the_blob() {
    let directory = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(&BlobPlace::Folder(directory.path().to_owned())).unwrap();
    let name = BlobName([0xAB; 32]);
    blobs.put(&name, b"text").await.unwrap();
    let file = directory.path().join("ab").join("ab".repeat(31));
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[15] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let error = blobs.get(&name).await.unwrap_err().to_string();
    assert!(error.contains(&name.to_string()) && error.contains("damaged"), "{error}");
}
