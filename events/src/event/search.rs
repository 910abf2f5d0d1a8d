//! A saved search: a question under a name, of one person, whom the others of the tenant may be allowed to read along.
//!
//! Invariants: a deleted search stays deleted; a change says only what is to change, so that two changes of different
//! parts made at once both count. It does not ask who may, nor whether the question can be asked: the gateway does both.

use std::collections::BTreeMap;

use crate::event::asked::{Asked, Syntax};
use crate::identity::DisplayName;
use crate::ids::UserId;

pub mod wire;

pub use wire::{SearchContentV1 as SearchContent, SearchSavedV1 as SearchSaved};

/// `None` until the search is saved.
pub type SearchState = Option<Search>;

/// A saved search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    pub owner: UserId,
    pub content: SearchContent,
    pub deleted: bool,
}

/// What is to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchChange {
    pub name: Option<DisplayName>,
    pub description: Option<String>,
    pub query: Option<String>,
    pub syntax: Option<Syntax>,
    pub filters: Option<BTreeMap<String, Vec<String>>>,
    pub columns: Option<Vec<String>>,
    pub is_shared: Option<bool>,
    pub is_template: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchCommand {
    Save { owner: UserId, content: SearchContent },
    Change(SearchChange),
    Delete,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchEvent {
    Saved(SearchSaved),
    Changed(SearchContent),
    Deleted,
}

/// Why a command is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SearchRejection {
    #[error("the saved search does not exist")]
    NotSaved,
    #[error("the saved search exists already")]
    AlreadySaved,
    #[error("the saved search has been deleted")]
    Deleted,
}

/// What happens on a command. A command that asks for what is so already is obeyed without an event.
pub fn decide(state: &SearchState, command: SearchCommand) -> Result<Vec<SearchEvent>, SearchRejection> {
    match (state, command) {
        (None, SearchCommand::Save { owner, content }) => {
            Ok(vec![SearchEvent::Saved(SearchSaved { owner, content })])
        }
        (None, _) => Err(SearchRejection::NotSaved),
        (Some(_), SearchCommand::Save { .. }) => Err(SearchRejection::AlreadySaved),
        (Some(search), SearchCommand::Delete) if search.deleted => Ok(vec![]),
        (Some(_), SearchCommand::Delete) => Ok(vec![SearchEvent::Deleted]),
        (Some(search), SearchCommand::Change(_)) if search.deleted => Err(SearchRejection::Deleted),
        (Some(search), SearchCommand::Change(change)) => {
            let content = change.over(&search.content);
            Ok(if content == search.content { vec![] } else { vec![SearchEvent::Changed(content)] })
        }
    }
}

/// Takes an event into the state. An event that does not fit changes nothing; `decide` makes none.
pub fn evolve(state: &mut SearchState, event: &SearchEvent) {
    match (state, event) {
        (state @ None, SearchEvent::Saved(SearchSaved { owner, content })) => {
            *state = Some(Search { owner: *owner, content: content.clone(), deleted: false });
        }
        (Some(search), SearchEvent::Changed(content)) => search.content = content.clone(),
        (Some(search), SearchEvent::Deleted) => search.deleted = true,
        (None, _) | (Some(_), SearchEvent::Saved(_)) => {}
    }
}

impl SearchChange {
    /// What becomes of a content.
    pub fn over(self, content: &SearchContent) -> SearchContent {
        let SearchContent { name, description, asked, columns, is_shared, is_template } = content.clone();
        SearchContent {
            name: self.name.unwrap_or(name),
            description: self.description.unwrap_or(description),
            asked: Asked {
                query: self.query.unwrap_or(asked.query),
                syntax: self.syntax.unwrap_or(asked.syntax),
                filters: self.filters.unwrap_or(asked.filters),
            },
            columns: self.columns.unwrap_or(columns),
            is_shared: self.is_shared.unwrap_or(is_shared),
            is_template: self.is_template.unwrap_or(is_template),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::given::{self, Given};
    use crate::event::samples::{name, user};

    fn given(events: &[SearchEvent]) -> Given<SearchState, SearchCommand, SearchEvent, SearchRejection> {
        given::given(decide, evolve, events)
    }

    fn content(query: &str) -> SearchContent {
        SearchContent {
            name: name("errors"),
            description: String::new(),
            asked: Asked { query: query.to_owned(), ..Asked::default() },
            columns: vec!["message".to_owned()],
            is_shared: false,
            is_template: false,
        }
    }

    fn saved() -> SearchEvent {
        SearchEvent::Saved(SearchSaved { owner: user("u1"), content: content("x") })
    }

    fn change() -> SearchCommand {
        SearchCommand::Change(SearchChange { query: Some("y".to_owned()), ..SearchChange::default() })
    }

    #[test]
    fn a_search_is_saved_once() {
        let save = || SearchCommand::Save { owner: user("u1"), content: content("x") };
        given(&[]).when(save()).then(&[saved()]);
        given(&[saved()]).when(save()).then_rejected(SearchRejection::AlreadySaved);
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        given(&[]).when(change()).then_rejected(SearchRejection::NotSaved);
        let shared = SearchContent { is_shared: true, ..content("x") };
        let both = SearchContent { is_shared: true, ..content("y") };
        given(&[saved(), SearchEvent::Changed(shared)]).when(change()).then(&[SearchEvent::Changed(both)]);
        given(&[saved(), SearchEvent::Changed(content("y"))]).when(change()).then(&[]);
    }

    #[test]
    fn a_deleted_search_stays_deleted() {
        given(&[]).when(SearchCommand::Delete).then_rejected(SearchRejection::NotSaved);
        given(&[saved()]).when(SearchCommand::Delete).then(&[SearchEvent::Deleted]);
        let deleted = [saved(), SearchEvent::Deleted];
        given(&deleted).when(SearchCommand::Delete).then(&[]);
        given(&deleted).when(change()).then_rejected(SearchRejection::Deleted);
    }
}
