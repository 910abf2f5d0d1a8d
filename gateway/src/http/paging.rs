//! Lists in pages: what is asked with `page` and `size`, and the one form of the answer.
//!
//! Invariant: a page has at most `SIZE_MAX` results, and `next` is there exactly if there are more. It does not sort.

use axum::http::Uri;
use serde::Serialize;

use super::error::ApiError;

const SIZE: u64 = 50;
const SIZE_MAX: u64 = 1_000;
/// Parameters that say which page is asked for.
const PLACES: [&str; 5] = ["page", "size", "page_size", "cursor", "after"];

/// The part of a list that is asked for; the first page is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageAsked {
    pub(super) page: u64,
    pub(super) size: u64,
}

/// The answer.
#[derive(Debug, Serialize)]
pub(super) struct Page<T> {
    results: Vec<T>,
    total: u64,
    page: u64,
    size: u64,
    next: Option<String>,
    previous: Option<String>,
}

/// The same question with one parameter in place of some.
pub(super) fn asked_again(uri: &Uri, replaced: &[&str], name: &str, value: &str) -> String {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.filter(|(name, _)| !replaced.contains(&&**name)));
    query.append_pair(name, value);
    format!("{}?{}", uri.path(), query.finish())
}

impl PageAsked {
    pub(super) fn of(uri: &Uri) -> Result<Self, ApiError> {
        let pairs: Vec<(String, String)> =
            form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        Self::of_pairs(&pairs, SIZE_MAX)
    }

    /// Beside one other parameter, whose values come first.
    pub(super) fn beside(uri: &Uri, other: &str) -> Result<(Vec<String>, Self), ApiError> {
        let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned();
        let (others, pages): (Vec<_>, Vec<_>) = pairs.partition(|(name, _)| name == other);
        let values = others.into_iter().map(|(_, value)| value).collect();
        Ok((values, Self::of_pairs(&pages, SIZE_MAX)?))
    }

    /// Of parameters among which there are no others.
    pub(super) fn of_pairs(pairs: &[(String, String)], size_max: u64) -> Result<Self, ApiError> {
        let mut asked = Self { page: 1, size: SIZE };
        for (name, value) in pairs {
            let number = |least: u64, most: u64| {
                let number = value.parse().ok().filter(|number| (least..=most).contains(number));
                number.ok_or_else(|| {
                    let reason = format!("it has to be a number from {least} to {most}");
                    ApiError::InvalidParameter { field: name.clone(), reason }
                })
            };
            match name.as_str() {
                "page" => asked.page = number(1, u64::from(u32::MAX))?,
                "size" | "page_size" => asked.size = number(1, size_max)?,
                _ => {
                    let reason = "there is no such parameter; there are page and size".to_owned();
                    return Err(ApiError::InvalidParameter { field: name.clone(), reason });
                }
            }
        }
        Ok(asked)
    }

    /// How many results are before the page.
    pub(super) fn skip(self) -> u64 {
        (self.page - 1).saturating_mul(self.size)
    }

    /// The page of a list that is all there.
    pub(super) fn cut<T>(self, all: Vec<T>) -> Vec<T> {
        let whole = |number| usize::try_from(number).unwrap_or(usize::MAX);
        all.into_iter().skip(whole(self.skip())).take(whole(self.size)).collect()
    }
}

impl<T> Page<T> {
    /// The page of a list that is all there.
    pub(super) fn of_all(uri: &Uri, asked: PageAsked, all: Vec<T>) -> Self {
        let total = all.len() as u64;
        Self::new(uri, asked, asked.cut(all), total)
    }

    /// `total`: of all pages.
    pub(super) fn new(uri: &Uri, asked: PageAsked, results: Vec<T>, total: u64) -> Self {
        let PageAsked { page, size } = asked;
        let has_more = asked.skip().saturating_add(size) < total;
        let next = has_more.then(|| link(uri, asked, page + 1));
        let previous = (page > 1).then(|| link(uri, asked, page - 1));
        Self { results, total, page, size, next, previous }
    }

    /// The next page begins at a place that is found at once, however many results are before it; none: there is no more.
    pub(super) fn going_on_at(mut self, uri: &Uri, name: &str, place: Option<&str>) -> Self {
        let asked = PageAsked { page: self.page, size: self.size };
        self.next = place.map(|place| {
            let place: String = form_urlencoded::byte_serialize(place.as_bytes()).collect();
            format!("{}&{name}={place}", link(uri, asked, asked.page + 1))
        });
        self
    }
}

/// The same question, for another page.
fn link(uri: &Uri, asked: PageAsked, page: u64) -> String {
    format!("{}&size={}", asked_again(uri, &PLACES, "page", &page.to_string()), asked.size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &'static str) -> Uri {
        Uri::from_static(text)
    }

    #[test]
    fn a_list_is_cut_into_pages_that_lead_to_each_other() {
        let check = |asked: &'static str, results: &[u64], next: Option<&str>, previous: Option<&str>| {
            let at = uri(asked);
            let asked = PageAsked::of(&at).unwrap();
            let page = Page::new(&at, asked, asked.cut((1..=5).collect()), 5);
            assert_eq!((page.results.as_slice(), page.total), (results, 5));
            assert_eq!((page.next.as_deref(), page.previous.as_deref()), (next, previous));
        };
        check("/a", &[1, 2, 3, 4, 5], None, None);
        check("/a?size=2", &[1, 2], Some("/a?page=2&size=2"), None);
        check("/a?page=2&page_size=2", &[3, 4], Some("/a?page=3&size=2"), Some("/a?page=1&size=2"));
        check("/a?page=3&size=2", &[5], None, Some("/a?page=2&size=2"));
        check("/a?page=9", &[], None, Some("/a?page=8&size=50"));
    }

    #[test]
    fn a_question_is_asked_again_with_another_parameter() {
        let asked = uri("/a?actor=a%26b&cursor=0-9&page=3");
        assert_eq!(asked_again(&asked, &["page", "cursor"], "cursor", "0-3"), "/a?actor=a%26b&cursor=0-3");
    }

    #[test]
    fn a_page_leads_to_others_of_the_same_question() {
        let at = uri("/a?state=b%26c&page=2&after=x&size=2");
        let page = Page::new(&at, PageAsked { page: 2, size: 2 }, vec![1, 2], 5);
        assert_eq!(page.next.as_deref(), Some("/a?state=b%26c&page=3&size=2"));
        let page = page.going_on_at(&at, "after", Some("y z"));
        assert_eq!(page.next.as_deref(), Some("/a?state=b%26c&page=3&size=2&after=y+z"));
        assert_eq!(page.previous.as_deref(), Some("/a?state=b%26c&page=1&size=2"));
        assert_eq!(page.going_on_at(&at, "after", None).next, None);
    }

    #[test]
    fn a_page_that_cannot_be_is_refused_with_the_parameter() {
        for (asked, field) in
            [("/a?page=0", "page"), ("/a?size=1001", "size"), ("/a?size=x", "size"), ("/a?sort=x", "sort")]
        {
            let refused = PageAsked::of(&uri(asked)).unwrap_err();
            assert!(
                matches!(&refused, ApiError::InvalidParameter { field: found, .. } if found == field),
                "{refused}"
            );
        }
    }
}
