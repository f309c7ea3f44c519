//! An image: what its sender's camera wrote stays with them, and others get it smaller too.

use bytes::Bytes;
use rill_client::TransportKind;
use rill_protocol::{U53, message::FileVariant};

use crate::{
    client::{File, Reading},
    making,
    server::Server,
};

/// A picture with a text in it that nobody else is to see.
fn picture() -> Bytes {
    let mut png = Vec::new();
    let pixels = image::RgbImage::from_fn(800, 600, |x, y| image::Rgb([x as u8, y as u8, (x ^ y) as u8]));
    pixels.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
    making::png_with(&png, &[making::chunk(b"tEXt", b"Comment\0taken at home")]).into()
}

over_each! {
    an_image_is_stripped_and_made_smaller
}

async fn an_image_is_stripped_and_made_smaller(kind: TransportKind) {
    let server = Server::start().await;
    let mut session = server.person("mia").await.connect(&server, kind).await;
    let room = session.create("pictures").await;
    let file = File::new(room, "photo.png", picture());
    assert!(file.bytes.windows(13).any(|part| part == b"taken at home"));
    let uploaded = file.upload(&session).await;
    let image = uploaded.state.image.expect("it is an image");
    assert_eq!((image.width, image.height, image.animated), (800, 600, false));
    assert_eq!(uploaded.state.media_type, "image/png");
    let mut reading = Reading::open(&session).await;
    let mut sides = Vec::new();
    for variant in [FileVariant::Original, FileVariant::Preview, FileVariant::Thumbnail] {
        reading.ask(room, uploaded.seq, variant, 0..U53::MAX.get()).await;
        let start = reading.start().await.unwrap();
        let bytes = reading.bytes(0, start.length.get()).await.unwrap();
        assert!(!bytes.windows(13).any(|part| part == b"taken at home"));
        sides.push(image::load_from_memory(&bytes).unwrap().width());
    }
    assert_eq!(sides, [800, 800, 320]);
}
