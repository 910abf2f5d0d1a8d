//! JSON held against the schemas of the API's document.
//!
//! Invariant: an object has the fields that its schema names and no others, unless the schema opens it; a word of a schema
//! that is not understood here is a panic, so that nothing is passed over. It knows as much of JSON Schema as the document
//! uses.

use serde_json::{Map, Value, json};

/// Words that say nothing about values.
const REMARKS: [&str; 3] = ["description", "examples", "example"];

/// The schemas that others refer to.
pub(crate) struct Schemas<'a> {
    pub(crate) document: &'a Value,
}

impl Schemas<'_> {
    /// What is wrong, with its place.
    pub(crate) fn faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(schema, value, "$", &mut faults);
        faults
    }

    fn check(&self, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        let words = schema.as_object().unwrap_or_else(|| panic!("{place}: {schema} is no schema"));
        let mut fault = |what: String| faults.push(format!("{place}: {what}"));
        for (word, said) in words {
            match word.as_str() {
                "$ref" => {
                    let pointer = said.as_str().unwrap().trim_start_matches('#');
                    let found = self.document.pointer(pointer).unwrap_or_else(|| panic!("{said}"));
                    return self.check(found, value, place, faults);
                }
                "type" if !is_of(said, value) => return fault(format!("{value} is not of type {said}")),
                "enum" if !(value.is_null() || said.as_array().unwrap().contains(value)) => {
                    fault(format!("{value} is none of {said}"));
                }
                "format" if said == "date-time" && !is_moment(value) => fault(format!("{value} is no time")),
                "minimum" if value.as_f64() < said.as_f64() => fault(format!("{value} is below {said}")),
                "maximum" if value.as_f64() > said.as_f64() => fault(format!("{value} is above {said}")),
                "oneOf" | "anyOf" => {
                    let fits = |any: &Value| self.faults(any, value).is_empty();
                    let count = said.as_array().unwrap().iter().filter(|any| fits(any)).count();
                    if count == 0 || (word == "oneOf" && count > 1) {
                        fault(format!("{value} fits {count} of {said}"));
                    }
                }
                "type" | "enum" | "format" | "minimum" | "maximum" => {}
                "required" | "properties" | "additionalProperties" | "items" => {}
                other => assert!(REMARKS.contains(&other), "{place}: {other} is not understood"),
            }
        }
        match value {
            Value::Object(fields) => self.check_object(words, fields, place, faults),
            Value::Array(items) => {
                if let Some(schema) = words.get("items") {
                    let places = items.iter().enumerate();
                    places.for_each(|(at, item)| self.check(schema, item, &format!("{place}[{at}]"), faults));
                }
            }
            _ => {}
        }
    }

    fn check_object(
        &self,
        words: &Map<String, Value>,
        fields: &Map<String, Value>,
        place: &str,
        faults: &mut Vec<String>,
    ) {
        let required = words.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().map(|name| name.as_str().unwrap()) {
            if !fields.contains_key(name) {
                faults.push(format!("{place}: {name} is missing"));
            }
        }
        let known = words.get("properties").and_then(Value::as_object);
        for (name, value) in fields {
            let inside = format!("{place}.{name}");
            match (known.and_then(|known| known.get(name)), words.get("additionalProperties")) {
                (Some(schema), _) => self.check(schema, value, &inside, faults),
                (None, Some(Value::Bool(true))) => {}
                (None, Some(schema)) => self.check(schema, value, &inside, faults),
                (None, None) if known.is_some() => faults.push(format!("{inside} is not in the schema")),
                (None, None) => {}
            }
        }
    }
}

fn is_of(kinds: &Value, value: &Value) -> bool {
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("there is no type {other}"),
    };
    match kinds {
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    }
}

fn is_moment(value: &Value) -> bool {
    value.as_str().is_none_or(|text| text.len() >= 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T')
}

#[test]
fn what_does_not_fit_a_schema_is_named_with_its_place() {
    let document = json!({"named": {"type": ["string", "null"], "enum": ["a"]}});
    let schema = json!({
        "type": "object", "required": ["id", "at"], "properties": {
            "id": {"type": "integer", "minimum": 1}, "at": {"type": "string", "format": "date-time"},
            "list": {"type": "array", "items": {"$ref": "#/named"}},
            "any": {"oneOf": [{"type": "null"}, {"type": "boolean"}]},
        },
    });
    let check = |value: Value, expected: &[&str]| {
        assert_eq!(Schemas { document: &document }.faults(&schema, &value), expected, "{value}");
    };
    check(json!({"id": 1, "at": "2026-03-01T08:00:00Z", "list": ["a", null], "any": true}), &[]);
    check(json!({"id": 0, "at": "now"}), &["$.id: 0 is below 1", "$.at: \"now\" is no time"]);
    check(json!({"id": 1, "more": 2}), &["$: at is missing", "$.more is not in the schema"]);
    let wrong = json!({"id": "1", "at": "2026-03-01T08:00:00Z", "list": ["b"]});
    check(wrong, &["$.id: \"1\" is not of type \"integer\"", "$.list[0]: \"b\" is none of [\"a\"]"]);
    check(json!([]), &["$: [] is not of type \"object\""]);
}
