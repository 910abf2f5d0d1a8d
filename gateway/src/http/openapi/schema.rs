//! Words to write schemas with.
//!
//! Invariant: an object lists all fields that its answers have; those that are not optional are always there. A field that
//! may be null says so. They check nothing.

use serde_json::{Map, Value, json};

/// A schema that others refer to, and something that fits it.
#[derive(Debug, Clone)]
pub(super) struct Component {
    pub name: &'static str,
    pub schema: Value,
    pub example: Value,
}

impl Component {
    pub(super) fn new(name: &'static str, schema: Value, example: Value) -> Self {
        Self { name, schema, example }
    }

    /// As it stands among the components.
    pub(super) fn shown(&self) -> Value {
        let mut shown = self.schema.clone();
        shown["examples"] = json!([self.example]);
        shown
    }
}

pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

pub(super) fn text(what: &str) -> Value {
    json!({"type": "string", "description": what})
}

pub(super) fn moment(what: &str) -> Value {
    json!({"type": "string", "format": "date-time", "description": what})
}

pub(super) fn whole(what: &str) -> Value {
    json!({"type": "integer", "description": what})
}

pub(super) fn number(what: &str) -> Value {
    json!({"type": "number", "description": what})
}

pub(super) fn flag(what: &str) -> Value {
    json!({"type": "boolean", "description": what})
}

pub(super) fn word(words: &[&str], what: &str) -> Value {
    json!({"type": "string", "enum": words, "description": what})
}

pub(super) fn list(items: Value, what: &str) -> Value {
    let mut list = json!({"type": "array", "description": what});
    list["items"] = items;
    list
}

/// An object with names that are not known before.
pub(super) fn map(values: Value, what: &str) -> Value {
    let mut map = json!({"type": "object", "description": what});
    map["additionalProperties"] = values;
    map
}

/// It may be null.
pub(super) fn nullable(mut schema: Value) -> Value {
    match schema.get("type").cloned() {
        Some(kind) => {
            schema["type"] = json!([kind, "null"]);
            schema
        }
        None => json!({"oneOf": [schema, {"type": "null"}]}),
    }
}

/// An object with these fields, and no others.
pub(super) fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let fields: Vec<(&str, Value)> = fields.into_iter().collect();
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        fields.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({"type": "object", "required": required, "properties": properties})
}

/// The same with fields that are not always there.
pub(super) fn optional<'a>(mut object: Value, fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    for (name, schema) in fields {
        object["properties"][name] = schema;
    }
    object
}

/// A page that says more than others.
pub(super) fn page_with<'a>(items: Value, fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let mut page = page_of(items);
    for (name, schema) in fields {
        page["properties"][name] = schema;
        let required = page["required"].as_array_mut().expect("a page has fields");
        if !required.iter().any(|known| known == name) {
            required.push(name.into());
        }
    }
    page
}

/// The only page of a list.
pub(super) fn page_example(item: Value) -> Value {
    let mut page = json!({"total": 1, "page": 1, "size": 50, "next": null, "previous": null});
    page["results"] = vec![item].into();
    page
}

/// A page of a list.
pub(super) fn page_of(items: Value) -> Value {
    object([
        ("results", list(items, "The entries of this page.")),
        ("total", whole("How many entries there are.")),
        ("page", whole("Counted from 1.")),
        ("size", whole("Entries of a page.")),
        ("next", nullable(text("The address of the next page."))),
        ("previous", nullable(text("The address of the page before."))),
    ])
}
