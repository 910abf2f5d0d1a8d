//! The messages of OTLP, as far as lines are made of them.
//!
//! Invariant: the numbers of the fields are those of `opentelemetry/proto/logs/v1`, and their names in JSON those of its
//! mapping; what is not named here is passed over. They say nothing of what becomes of them.

use prost::{Message, Oneof};
use serde::Deserialize;

use super::value::{base64, hex, number, perhaps_number};

#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LogsRequest {
    #[prost(message, repeated, tag = "1")]
    #[serde(alias = "resource_logs")]
    pub resource_logs: Vec<ResourceLogs>,
}

#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ResourceLogs {
    #[prost(message, optional, tag = "1")]
    pub resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    #[serde(alias = "scope_logs")]
    pub scope_logs: Vec<ScopeLogs>,
    /// What scopes were called before version 0.15.
    #[prost(message, repeated, tag = "1000")]
    #[serde(rename = "instrumentationLibraryLogs")]
    pub library_logs: Vec<ScopeLogs>,
}

#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(super) struct Resource {
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ScopeLogs {
    #[prost(message, optional, tag = "1")]
    #[serde(alias = "instrumentationLibrary")]
    pub scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    #[serde(alias = "log_records", alias = "logs")]
    pub log_records: Vec<LogRecord>,
}

#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(super) struct Scope {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub version: String,
    #[prost(message, repeated, tag = "3")]
    pub attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LogRecord {
    #[prost(fixed64, tag = "1")]
    #[serde(alias = "time_unix_nano", deserialize_with = "number")]
    pub time_unix_nano: u64,
    #[prost(fixed64, tag = "11")]
    #[serde(alias = "observed_time_unix_nano", deserialize_with = "number")]
    pub observed_time_unix_nano: u64,
    #[prost(int32, tag = "2")]
    #[serde(alias = "severity_number", deserialize_with = "number")]
    pub severity_number: i32,
    #[prost(string, tag = "3")]
    #[serde(alias = "severity_text")]
    pub severity_text: String,
    #[prost(message, optional, tag = "5")]
    pub body: Option<AnyValue>,
    #[prost(message, repeated, tag = "6")]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "7")]
    #[serde(alias = "dropped_attributes_count")]
    pub dropped_attributes_count: u32,
    #[prost(fixed32, tag = "8")]
    pub flags: u32,
    #[prost(bytes = "vec", tag = "9")]
    #[serde(alias = "trace_id", deserialize_with = "hex")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "10")]
    #[serde(alias = "span_id", deserialize_with = "hex")]
    pub span_id: Vec<u8>,
    #[prost(string, tag = "12")]
    #[serde(alias = "event_name")]
    pub event_name: String,
}

#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(super) struct KeyValue {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(message, optional, tag = "2")]
    pub value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(from = "ValueInJson")]
pub(super) struct AnyValue {
    #[prost(oneof = "Value", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub value: Option<Value>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Value {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Whole(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(message, tag = "5")]
    Array(Array),
    #[prost(message, tag = "6")]
    Map(Map),
    #[prost(bytes = "vec", tag = "7")]
    Bytes(Vec<u8>),
}

#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(super) struct Array {
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<AnyValue>,
}

#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(super) struct Map {
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<KeyValue>,
}

/// A value in JSON: an object with one of these.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ValueInJson {
    #[serde(alias = "string_value")]
    string_value: Option<String>,
    #[serde(alias = "bool_value")]
    bool_value: Option<bool>,
    #[serde(alias = "int_value", deserialize_with = "perhaps_number")]
    int_value: Option<i64>,
    #[serde(alias = "double_value", deserialize_with = "perhaps_number")]
    double_value: Option<f64>,
    #[serde(alias = "array_value")]
    array_value: Option<Array>,
    #[serde(alias = "kvlist_value")]
    kvlist_value: Option<Map>,
    #[serde(alias = "bytes_value", deserialize_with = "base64")]
    bytes_value: Option<Vec<u8>>,
}

impl From<ValueInJson> for AnyValue {
    fn from(of: ValueInJson) -> Self {
        let value = of.string_value.map(Value::Text);
        let value = value.or(of.bool_value.map(Value::Bool)).or(of.int_value.map(Value::Whole));
        let value = value.or(of.double_value.map(Value::Double)).or(of.array_value.map(Value::Array));
        Self { value: value.or(of.kvlist_value.map(Value::Map)).or(of.bytes_value.map(Value::Bytes)) }
    }
}
