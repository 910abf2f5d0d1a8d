//! A setting that is a list of texts, each of which means something.
//!
//! Invariant: every entry was read by its own type; one that cannot be is named. The environment gives a list as one text
//! with commas, so a file may, too. It knows no entry's meaning.

use std::fmt::Display;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: FromStr<Err: Display>> List<T> {
    /// What is between commas; nothing between two of them is no entry.
    fn of_text(text: &str) -> Result<Self, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(Self::entry).collect::<Result<_, _>>().map(Self)
    }

    fn entry(text: &str) -> Result<T, String> {
        text.parse().map_err(|error: T::Err| format!("{text:?} cannot be one of its entries: {error}"))
    }
}

impl<T: Display> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(T::to_string))
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Entries(PhantomData))
    }
}

struct Entries<T>(PhantomData<T>);

impl<'de, T: FromStr<Err: Display>> Visitor<'de> for Entries<T> {
    type Value = List<T>;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("a list of texts in quotes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<List<T>, E> {
        List::of_text(text).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<List<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(text) = entries.next_element::<String>()? {
            list.push(List::entry(text.trim()).map_err(A::Error::custom)?);
        }
        Ok(List(list))
    }
}
