//! The bytes of a message's file: whole, a range of them, or that they are what the client has.
//!
//! Who asks is known as everywhere, by the page's cookie or a token: no address carries a secret.
//! Whether they may is asked anew for each request, and again while the bytes go out
//! ([`FileStream`]); so what a browser keeps it has to ask for too, before it shows it.
//! The bytes are pulled by whoever takes them: one who does not holds up nobody else.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use rill_protocol::{Code, U53, message::FileVariant};
use std::{ops::Range, sync::Arc};

use super::{
    Api,
    auth::Authenticated,
    conditional::is_known,
    error::ApiError,
    range::{Asked, asked},
    readers::Place,
};
use crate::{
    files::{
        content_disposition,
        service::{FileError, FileStream, Readable},
    },
    transport::Priority,
    wire::code::Failure,
};

/// Whoever opens a file by its address gets an origin of its own, in which nothing runs or loads.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");
/// A cache may keep it and has to ask each time: who may see it can change.
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("private, no-cache");
const KEEP_NOT: HeaderValue = HeaderValue::from_static("no-store");

/// The file as others get it.
pub(super) async fn original(
    api: State<Arc<Api>>,
    asker: Authenticated,
    method: Method,
    headers: HeaderMap,
    Path((room, seq)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    answer(&api, &asker, &method, &headers, (&room, &seq), FileVariant::Original).await
}

/// What was made of it.
pub(super) async fn variant(
    api: State<Arc<Api>>,
    asker: Authenticated,
    method: Method,
    headers: HeaderMap,
    Path((room, seq, variant)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let variant = match &*variant {
        "thumbnail" => FileVariant::Thumbnail,
        "preview" => FileVariant::Preview,
        _ => return Err(Code::NoSuchFile.into()),
    };
    answer(&api, &asker, &method, &headers, (&room, &seq), variant).await
}

async fn answer(
    api: &Api,
    Authenticated(identity): &Authenticated,
    method: &Method,
    headers: &HeaderMap,
    (room, seq): (&str, &str),
    variant: FileVariant,
) -> Result<Response, ApiError> {
    let files = api.services.files.as_ref().ok_or(Code::NoSuchFile)?;
    let seq = seq.parse().ok().filter(|seq| *seq <= U53::MAX.get());
    let (Ok(room), Some(seq)) = (room.parse(), seq) else { return Err(Code::NoSuchFile.into()) };
    let readable = files.open(identity.user, room, seq, variant).await.map_err(Failure::from)?;
    let tag = format!("\"{}\"", readable.etag);
    if is_known(headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, described(&readable, &tag)).into_response());
    }
    // A range is GET's alone (RFC 9110, section 14.2).
    let asked = if method == Method::GET { asked(headers, &tag, readable.size) } else { Asked::Whole };
    let (status, range) = match asked {
        // Part of a file would be taken for all of it.
        Asked::Whole if !readable.is_complete => return Err(Failure::from(FileError::NotReady).into()),
        Asked::Whole => (StatusCode::OK, 0..readable.size),
        Asked::Part(part) if part.start >= readable.available => {
            return Err(Failure::from(FileError::NotReady).into());
        }
        Asked::Part(part) => (StatusCode::PARTIAL_CONTENT, part.start..part.end.min(readable.available)),
        Asked::Beyond => return Ok(beyond(readable.size)),
    };
    let mut fields = described(&readable, &tag);
    if let (StatusCode::PARTIAL_CONTENT, Range { start, end }) = (status, &range) {
        fields.insert(header::CONTENT_RANGE, text(format!("bytes {start}-{}/{}", end - 1, readable.size)));
    }
    fields.insert(header::CONTENT_LENGTH, (range.end - range.start).into());
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(readable.media_type));
    // Text is read in the page, which shows it as text; by its own address it is saved.
    let is_inline = readable.is_inline && !readable.media_type.starts_with("text/");
    fields.insert(header::CONTENT_DISPOSITION, text(content_disposition(is_inline, &readable.name)));
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        let place = api.readers.place(identity.user).await?;
        body(readable.read(range).await.map_err(Failure::from)?, place).await?
    };
    let mut response = (status, fields, body).into_response();
    response.extensions_mut().insert(Priority::File);
    Ok(response)
}

/// What is said of a file whether its bytes follow or not.
fn described(readable: &Readable, tag: &str) -> HeaderMap {
    let fields: [(HeaderName, HeaderValue); 4] = [
        (header::ETAG, text(tag.to_owned())),
        (header::CACHE_CONTROL, if readable.is_complete { ASK_EACH_TIME } else { KEEP_NOT }),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    fields.into_iter().collect()
}

/// ASCII that was made here, and has no line in it.
fn text(value: String) -> HeaderValue {
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static(""))
}

fn beyond(size: u64) -> Response {
    let mut response = ApiError::new(Code::BadRange, format!("the file has {size} bytes")).into_response();
    response.headers_mut().insert(header::CONTENT_RANGE, text(format!("bytes */{size}")));
    response
}

/// The first piece is read before anything is said, so that what cannot be read is refused with a
/// code. Later the answer can only break off.
async fn body(mut bytes: FileStream, place: Place) -> Result<Body, ApiError> {
    let Some(first) = bytes.next().await.map_err(Failure::from)? else { return Ok(Body::empty()) };
    if bytes.left() == 0 {
        return Ok(first.into());
    }
    let pieces = stream::try_unfold((Some(first), bytes, place), |(first, mut bytes, place)| async move {
        let piece = match first {
            Some(first) => Some(first),
            None => bytes.next().await.map_err(broken_off)?,
        };
        Ok::<_, FileError>(piece.map(|piece| (piece, (None, bytes, place))))
    });
    Ok(Body::from_stream(pieces))
}

/// Says in the log why an answer ends before its end.
fn broken_off(error: FileError) -> FileError {
    let Failure { code, .. } = error.clone().into();
    tracing::debug!(code = code.name(), "an answer with a file breaks off");
    error
}
