//! Lists: which page of one is asked for, and the one form in which it is answered.
//!
//! Invariant: a link leads to a page that takes the same parameters. It does not know what is listed.

use axum::http::Uri;
use serde::Serialize;

use super::error::ApiError;

const SIZE: u64 = 50;

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    page: u64,
    size: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Listing<T> {
    results: Vec<T>,
    total: u64,
    page: u64,
    size: u64,
    next: Option<String>,
    previous: Option<String>,
}

impl Page {
    /// As the parameters of an address say.
    pub(super) fn read(uri: &Uri, size_max: u64) -> Result<Self, ApiError> {
        let mut read = Self { page: 1, size: SIZE };
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let refused = |reason: String| ApiError::InvalidParameter { field: name.to_string(), reason };
            let number = |least: u64, most: u64| {
                let number = value.parse().ok().filter(|number| (least..=most).contains(number));
                number.ok_or_else(|| refused(format!("it has to be a number from {least} to {most}")))
            };
            match &*name {
                "page" => read.page = number(1, u64::from(u32::MAX))?,
                "size" | "page_size" => read.size = number(1, size_max)?,
                _ => return Err(refused("there is no such parameter; there are page and size".to_owned())),
            }
        }
        Ok(read)
    }

    /// How many come before it.
    pub(super) fn skip(self) -> u64 {
        (self.page - 1).saturating_mul(self.size)
    }

    pub(super) fn size(self) -> usize {
        usize::try_from(self.size).unwrap_or(usize::MAX)
    }

    /// Those of all that stand on the page.
    pub(super) fn of<T>(self, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        let skip = usize::try_from(self.skip()).unwrap_or(usize::MAX);
        all.into_iter().skip(skip).take(self.size())
    }
}

impl<T> Listing<T> {
    pub(super) fn new(uri: &Uri, page: Page, results: Vec<T>, total: u64) -> Self {
        let Page { page: number, size } = page;
        let link = |page: u64| format!("{}?page={page}&size={size}", uri.path());
        let has_more = page.skip().saturating_add(size) < total;
        let (next, previous) = (has_more.then(|| link(number + 1)), (number > 1).then(|| link(number - 1)));
        Self { results, total, page: number, size, next, previous }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_and_wrong_ones_refused() {
        let read = |query: &str| Page::read(&format!("/api/x/?{query}").parse().unwrap(), 1_000);
        assert_eq!(read(""), Ok(Page { page: 1, size: 50 }));
        assert_eq!(read("page=3&size=10"), Ok(Page { page: 3, size: 10 }));
        for wrong in ["page=0", "size=1001", "size=x", "pages=1"] {
            assert!(matches!(read(wrong), Err(ApiError::InvalidParameter { .. })), "{wrong}");
        }
    }

    #[test]
    fn a_page_has_links_to_its_neighbours() {
        let uri: Uri = "/api/x/?page=2&size=2".parse().unwrap();
        let page = Page::read(&uri, 10).unwrap();
        let check = |count: u32, expected: &[u32], next: Option<&str>| {
            let results: Vec<u32> = page.of(0..count).collect();
            let listing = Listing::new(&uri, page, results, count.into());
            assert_eq!((&listing.results[..], listing.next.as_deref()), (expected, next));
            assert_eq!(listing.previous.as_deref(), Some("/api/x/?page=1&size=2"));
        };
        check(5, &[2, 3], Some("/api/x/?page=3&size=2"));
        check(3, &[2], None);
        check(1, &[], None);
    }
}
