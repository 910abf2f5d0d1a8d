//! A question about lines as somebody asked it: the text of a query, and the filters beside it.
//!
//! Invariant: every word stays as it was written, so that `now-15m` means the now of whoever asks again. It is a part of
//! frozen bodies, and so it is frozen itself. It does not know what a filter means: whoever reads questions does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::{AskedV1 as Asked, SyntaxV1 as Syntax};

/// The filters that say when; alone they ask for nothing.
pub const FROM: &str = "from";
pub const TO: &str = "to";

/// The language of a query. Stored by position, so new ones only come at the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SyntaxV1 {
    #[default]
    Kql,
    Lucene,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedV1 {
    pub query: String,
    pub syntax: SyntaxV1,
    /// Values by the name of the filter; those of one are alternatives.
    pub filters: BTreeMap<String, Vec<String>>,
}

impl SyntaxV1 {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kql => "kql",
            Self::Lucene => "lucene",
        }
    }
}

impl AskedV1 {
    /// Is nothing asked for but a time?
    pub fn is_empty(&self) -> bool {
        self.query.trim().is_empty() && self.filters.keys().all(|name| name == FROM || name == TO)
    }

    /// The length of all its texts.
    pub fn bytes(&self) -> usize {
        let filter = |(name, values): (&String, &Vec<String>)| -> usize {
            name.len() + values.iter().map(String::len).sum::<usize>()
        };
        self.query.len() + self.filters.iter().map(filter).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_alone_asks_for_nothing() {
        let check = |query: &str, filter: Option<&str>, expected| {
            let filters = filter.map(|name| (name.to_owned(), vec!["x".to_owned()])).into_iter().collect();
            let asked = Asked { query: query.to_owned(), filters, ..Asked::default() };
            assert_eq!(asked.is_empty(), expected, "{asked:?}");
        };
        check("", None, true);
        check(" ", Some(FROM), true);
        check("", Some("level"), false);
        check("*", None, false);
    }
}
