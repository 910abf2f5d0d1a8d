//! What columns there are: a field name and how its values are written.
//!
//! Invariant: all values of a column are of one class, so that a test is made for the class once. One field
//! may have several columns; a search looks at all of them.

use std::sync::Arc;

use super::block::ReadError;
use super::varint;

/// How the values of a column are written; the numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// Texts, escapes resolved.
    Text = 0,
    /// Texts with escapes of JSON that are not the usual ones, as they were written.
    EscapedText = 1,
    /// Numbers that are decimals.
    Number = 2,
    /// Other numbers of JSON, as they were written.
    OtherNumber = 3,
    /// `true` and `false`.
    Flag = 4,
    /// Whole lines whose values are in no column.
    Whole = 5,
    /// The time of the row: it stands there in the line, and no value of it is in the column.
    Time = 6,
}

impl Class {
    pub const ALL: [Self; 7] =
        [Self::Text, Self::EscapedText, Self::Number, Self::OtherNumber, Self::Flag, Self::Whole, Self::Time];
}

/// Names of the columns of lines that are kept whole: taken as JSON, and taken as text.
pub const WHOLE: &str = "";
pub const WHOLE_PLAIN: &str = "plain";

/// Name and class of a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ColumnHead {
    /// Dotted.
    pub name: Arc<str>,
    pub class: Class,
}

impl ColumnHead {
    pub fn encode(&self, out: &mut Vec<u8>) {
        varint::push(out, self.name.len() as u64);
        out.extend_from_slice(self.name.as_bytes());
        out.push(self.class as u8);
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<Self, ReadError> {
        Self::take(bytes).ok_or(ReadError::directory("the name of a column"))
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let length = varint::take_u32(bytes)? as usize;
        let (name, rest) = bytes.split_at_checked(length)?;
        let (class, rest) = rest.split_first()?;
        *bytes = rest;
        let class = *Class::ALL.get(usize::from(*class))?;
        Some(Self { name: std::str::from_utf8(name).ok()?.into(), class })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_survives_its_bytes() {
        for (at, class) in Class::ALL.into_iter().enumerate() {
            let head = ColumnHead { name: "http.größe".into(), class };
            let mut bytes = Vec::new();
            head.encode(&mut bytes);
            assert_eq!(usize::from(*bytes.last().unwrap()), at);
            assert_eq!(ColumnHead::decode(&mut &bytes[..]).unwrap(), head);
            for cut in 0..bytes.len() {
                assert!(ColumnHead::decode(&mut &bytes[..cut]).is_err());
            }
        }
        assert!(ColumnHead::decode(&mut &[0, 7][..]).is_err());
        assert!(ColumnHead::decode(&mut &[1, 0xff, 0][..]).is_err());
    }
}
