//! The view of saved searches: each by tenant and id.
//!
//! Invariant: a search that was deleted keeps its document, so that it is known where its history ends. It does not say who may see a search: whoever asks does.

use antler_events::event::ControlEvent;
use antler_events::event::search::{self, Search, SearchContent, SearchEvent};
use antler_events::ids::{SearchId, UserId};
use serde::{Deserialize, Serialize};

use super::fold::Folded;
use super::port::ViewName;

#[derive(Debug)]
pub(super) struct Searches;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SearchDocument {
    owner: UserId,
    content: SearchContent,
    deleted: bool,
}

impl Folded for Searches {
    const VIEW: ViewName = ViewName::in_form("searches", 2);
    type Id = SearchId;
    type State = Search;
    type Event = SearchEvent;
    type Document = SearchDocument;

    fn id(text: &str) -> Option<SearchId> {
        SearchId::parse(text).ok()
    }

    fn event(event: &ControlEvent) -> Option<(SearchId, &SearchEvent)> {
        match event {
            ControlEvent::Search(search, event) => Some((*search, event)),
            _ => None,
        }
    }

    fn evolve(state: &mut Option<Search>, event: &SearchEvent) {
        search::evolve(state, event);
    }

    fn store(search: &Search) -> SearchDocument {
        let Search { owner, content, deleted } = search.clone();
        SearchDocument { owner, content, deleted }
    }

    fn restore(document: SearchDocument) -> Search {
        let SearchDocument { owner, content, deleted } = document;
        Search { owner, content, deleted }
    }
}
