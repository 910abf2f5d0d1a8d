//! What is asked of an audit: from when to when, who, what, where from, and which page.
//!
//! Invariant: a parameter that is not known is refused, because an audit that overlooks a condition shows too much. It
//! finds no entries.

use antler_events::clock::Timestamp;
use antler_events::ids::Offset;
use antler_projections::views::audit::{AuditFilter, EntryId, LOOKED_AT_MAX};
use axum::http::Uri;

use crate::http::error::ApiError;
use crate::http::paging::PageAsked;
use crate::http::search::parameters::Parameters;
use crate::http::search::refusal::invalid;

const SIZE: u32 = 50;
const SIZE_MAX: u32 = 1_000;

#[derive(Debug)]
pub(super) struct Asked {
    pub(super) filter: AuditFilter,
    /// The entry that ended the page before.
    pub(super) after: Option<Offset>,
    pub(super) page: PageAsked,
}

impl Asked {
    pub(super) fn of_list(uri: &Uri, now: Timestamp) -> Result<Self, ApiError> {
        let mut parameters = of(uri);
        let filter = filter(&mut parameters, now)?;
        let size = parameters.number(&["size", "page_size"], 1, SIZE_MAX)?.unwrap_or(SIZE);
        let page = parameters.number(&["page"], 1, u32::MAX)?.unwrap_or(1);
        let page = PageAsked { page: page.into(), size: size.into() };
        let cursor = parameters.text(&["cursor"])?;
        let wrong = |_| invalid("cursor", "it has to be the next_cursor of a page");
        let after = cursor.map(|cursor| cursor.parse::<EntryId>().map_err(wrong)).transpose()?;
        parameters.refuse_unknown()?;
        let after = after.map(|entry| entry.offset);
        if after.is_none() && page.skip() > LOOKED_AT_MAX as u64 {
            let reason = format!("so far back, beyond {LOOKED_AT_MAX} entries, next_cursor of a page leads");
            return Err(invalid("page", reason));
        }
        Ok(Self { filter, after, page })
    }
}

pub(super) fn of(uri: &Uri) -> Parameters {
    Parameters::of_form(uri.query().unwrap_or_default().as_bytes())
}

pub(super) fn filter(parameters: &mut Parameters, now: Timestamp) -> Result<AuditFilter, ApiError> {
    let address = parameters.text(&["address"])?;
    let wrong = |_| invalid("address", "it has to be an IP address, such as 192.0.2.7");
    Ok(AuditFilter {
        from: parameters.moment(&["from", "start_date", "start_time"], now)?.map(|moment| moment.start),
        to: parameters.moment(&["to", "end_date", "end_time"], now)?.map(|moment| moment.end),
        actor: parameters.text(&["actor"])?,
        action: parameters.text(&["action"])?,
        object: parameters.text(&["object"])?,
        address: address.map(|address| address.parse().map_err(wrong)).transpose()?,
        request: parameters.text(&["request_id"])?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<Asked, String> {
        let uri: Uri = format!("/api/audit/?{query}").parse().unwrap();
        Asked::of_list(&uri, Timestamp::from_nanos(0)).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn a_question_says_what_it_says() {
        let question = "actor=operator&object=key/k1&address=192.0.2.7&cursor=0-17&size=5&request_id=r.1";
        let Asked { filter, after, page } = asked(question).unwrap();
        assert_eq!((filter.actor.as_deref(), filter.object.as_deref()), (Some("operator"), Some("key/k1")));
        assert_eq!((filter.address, filter.request.as_deref()), (Some([192, 0, 2, 7].into()), Some("r.1")));
        assert_eq!((after, page), (Some(Offset::new(17)), PageAsked { page: 1, size: 5 }));
        assert_eq!(asked("page=3&size=20").unwrap().page.skip(), 40);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_its_name() {
        let check = |query: &str, name: &str| {
            let error = asked(query).unwrap_err();
            assert!(error.contains(&format!("{name:?}")), "{query}: {error}");
        };
        check("address=here", "address");
        check("cursor=last", "cursor");
        check("size=0", "size");
        check("from=yesterday-ish", "from");
        check("user=ann", "user");
        check("page=0", "page");
        check("page=1002&size=50", "page");
    }
}
