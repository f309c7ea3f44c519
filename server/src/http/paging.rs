//! Where a list goes on, and how long a part of it is.

use axum::extract::{Query, rejection::QueryRejection};
use rill_protocol::Code;
use serde::Deserialize;
use std::str::FromStr;

use super::error::ApiError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    after: Option<String>,
    limit: Option<usize>,
}

/// Not yet looked at.
pub(super) type Paging = Result<Query<PageQuery>, QueryRejection>;

/// The query of a list, refused with a code.
pub(super) fn paging<T: FromStr>(query: Paging) -> Result<(Option<T>, Option<usize>), ApiError> {
    let Query(query) = query.map_err(|error| ApiError::new(Code::BadRequest, error.body_text()))?;
    let after = query.after.map(|text| text.parse()).transpose();
    let after = after.map_err(|_| ApiError::new(Code::BadRequest, "after is not an id"))?;
    Ok((after, query.limit))
}
