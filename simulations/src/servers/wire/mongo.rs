//! The protocol of MongoDB: messages of one document in its binary form of JSON.
//!
//! Invariant: a length that a server tells is never trusted beyond the bytes that came. It knows the types that JSON
//! has, and reads no others.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value, json};

use super::{ANSWER_BYTES_MAX, connect};

/// The code of the one kind of message that is in use.
const MESSAGE: i32 = 2013;
/// Length, id, id of the question, code; then flags, and the kind of what follows: one document.
const HEAD_BYTES: usize = 16;
const BEFORE_BYTES: usize = HEAD_BYTES + 5;

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
}

impl Connection {
    pub fn open(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self { stream: connect(address)? })
    }

    /// Runs a command on a database; what the server refuses is an error.
    pub fn run(&mut self, database: &str, mut command: Value) -> anyhow::Result<Value> {
        command["$db"] = json!(database);
        let document = encode(&command)?;
        let length = i32::try_from(BEFORE_BYTES + document.len())?;
        let numbers = [length, 1, 0, MESSAGE, 0];
        let mut message: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        message.push(0);
        message.extend(document);
        self.stream.write_all(&message)?;
        let answer = self.answer()?;
        ensure!(answer["ok"].as_f64() == Some(1.0), "the server refuses: {}", answer["errmsg"]);
        Ok(answer)
    }

    pub(super) fn ask(&mut self) -> anyhow::Result<()> {
        self.run("admin", json!({"hello": 1})).map(|_| ())
    }

    fn answer(&mut self) -> anyhow::Result<Value> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let length = usize::try_from(i32::from_le_bytes(length)).unwrap_or_default();
        ensure!((BEFORE_BYTES..=ANSWER_BYTES_MAX).contains(&length), "an answer of {length} bytes");
        let mut message = vec![0; length - 4];
        self.stream.read_exact(&mut message)?;
        decode(&message[BEFORE_BYTES - 4..])
    }
}

fn encode(document: &Value) -> anyhow::Result<Vec<u8>> {
    let fields: Vec<(String, &Value)> = match document {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        other => bail!("{other} is no document"),
    };
    let mut bytes = vec![0; 4];
    for (name, value) in fields {
        let (kind, content) = encode_value(value)?;
        bytes.push(kind);
        bytes.extend(name.as_bytes());
        bytes.push(0);
        bytes.extend(content);
    }
    bytes.push(0);
    let length = i32::try_from(bytes.len())?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

fn encode_value(value: &Value) -> anyhow::Result<(u8, Vec<u8>)> {
    Ok(match value {
        Value::Null => (0x0a, Vec::new()),
        Value::Bool(is_true) => (0x08, vec![u8::from(*is_true)]),
        Value::Object(_) => (0x03, encode(value)?),
        Value::Array(_) => (0x04, encode(value)?),
        Value::String(text) => {
            let length = i32::try_from(text.len() + 1)?.to_le_bytes();
            (0x02, [&length, text.as_bytes(), &[0]].concat())
        }
        Value::Number(number) => match number.as_i64() {
            Some(number) => match i32::try_from(number) {
                Ok(small) => (0x10, small.to_le_bytes().into()),
                Err(_) => (0x12, number.to_le_bytes().into()),
            },
            None => (0x01, number.as_f64().unwrap_or_default().to_le_bytes().into()),
        },
    })
}

fn decode(bytes: &[u8]) -> anyhow::Result<Value> {
    Reader { bytes }.document(false, 0)
}

/// What is left to read.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn document(&mut self, is_list: bool, depth: usize) -> anyhow::Result<Value> {
        ensure!(depth < 100, "a document is too deep");
        self.number()?;
        let mut fields = Map::new();
        loop {
            let kind = self.take(1)?[0];
            if kind == 0 {
                break;
            }
            let name = self.name()?;
            let value = self.value(kind, depth)?;
            fields.insert(name, value);
        }
        Ok(if is_list { fields.into_iter().map(|(_, value)| value).collect() } else { fields.into() })
    }

    fn value(&mut self, kind: u8, depth: usize) -> anyhow::Result<Value> {
        Ok(match kind {
            0x01 => json!(f64::from_le_bytes(self.array()?)),
            0x02 => {
                let length = usize::try_from(self.number()?)?;
                let text = self.take(length)?;
                json!(String::from_utf8_lossy(&text[..length.saturating_sub(1)]))
            }
            0x03 => self.document(false, depth + 1)?,
            0x04 => self.document(true, depth + 1)?,
            0x05 => {
                let length = usize::try_from(self.number()?)?;
                // Before the bytes stands of which kind they are.
                json!(self.take(length.saturating_add(1))?[1..])
            }
            0x07 => json!(self.take(12)?),
            0x08 => json!(self.take(1)? != [0]),
            0x09 | 0x11 | 0x12 => json!(i64::from_le_bytes(self.array()?)),
            0x0a => Value::Null,
            0x10 => json!(self.number()?),
            _ => bail!("a value of kind {kind:#x} is not known"),
        })
    }

    fn name(&mut self) -> anyhow::Result<String> {
        let end = self.bytes.iter().position(|byte| *byte == 0).context("a name without an end")?;
        let name = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(name)
    }

    fn number(&mut self) -> anyhow::Result<i32> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    fn array<const COUNT: usize>(&mut self) -> anyhow::Result<[u8; COUNT]> {
        Ok(self.take(COUNT)?.try_into()?)
    }

    fn take(&mut self, count: usize) -> anyhow::Result<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count).context("the answer ends early")?;
        self.bytes = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_back_as_they_were() {
        let document = json!({"hello": 1, "a": {"b": [true, null, "ü", 1.5]}, "big": 1_i64 << 40, "": -7});
        assert_eq!(decode(&encode(&document).unwrap()).unwrap(), document);
        assert_eq!(encode(&json!({})).unwrap(), [5, 0, 0, 0, 0]);
        assert!(encode(&json!(1)).is_err());
    }

    #[test]
    fn a_document_that_is_cut_or_lies_is_refused() {
        let whole = encode(&json!({"a": "text", "b": [1, {"c": 2}]})).unwrap();
        for length in 0..whole.len() {
            assert!(decode(&whole[..length]).is_err(), "{length}");
        }
        for at in 0..whole.len() {
            let mut lying = whole.clone();
            lying[at] = 0xff;
            // Any answer will do, but there has to be one.
            let _ = decode(&lying);
        }
    }
}
