//! Exports: all lines of a question, page by page, as many as there are.
//!
//! Invariant: every line is given once, in order; memory is that of one page. It ends early only with an error,
//! and says of each page what is missing. Nothing is asked in advance, so who stops reading stops the work.

use std::sync::Arc;

use antler_events::ids::TenantId;

use super::error::SearchError;
use super::search::{After, LinePage, LineQuery};
use super::{Bounds, SearchIndex};

/// An export that goes on.
#[derive(Debug)]
pub struct Export {
    index: Arc<dyn SearchIndex>,
    tenant: TenantId,
    /// The question for the next page; none behind the last one.
    query: Option<LineQuery>,
    bounds: Bounds,
}

impl Export {
    /// `query.limit` is that of a page, `bounds` are for each page.
    pub fn new(tenant: TenantId, index: Arc<dyn SearchIndex>, query: LineQuery, bounds: Bounds) -> Self {
        Self { index, tenant, query: Some(query), bounds }
    }

    /// The next page; none behind the last one. A page may have no lines and others follow nevertheless: it has
    /// used up its time.
    pub async fn next_page(&mut self) -> Result<Option<LinePage>, SearchError> {
        let Some(query) = self.query.take() else { return Ok(None) };
        let page = self.index.search(self.tenant, query.clone(), self.bounds).await?;
        self.query = page.next.map(|cursor| LineQuery {
            after: Some(After::Cursor(cursor)),
            wants_total: false,
            ..query
        });
        Ok(Some(page))
    }
}
