//! What is said of one operation: its parameters, bodies, answers and failures.
//!
//! Invariant: it says nothing that the table of permissions says, nor the class of its route: both are looked up when the
//! document is made, so that they cannot differ. It answers no requests.

use serde_json::{Map, Value, json};

/// The value of a parameter.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Text,
    /// RFC 3339, milliseconds since 1970, or relative to now.
    Moment,
    Flag,
    /// A whole number between two.
    Whole(u32, u32),
    Word(&'static [&'static str]),
    /// Separated by commas, or given again and again.
    List,
    /// Words or JSON.
    Any,
}

/// A parameter of the address; in questions that are posted, a field of the body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter {
    /// All mean the same; the first is the one to prefer.
    pub names: &'static [&'static str],
    pub form: Form,
    pub example: &'static str,
    pub what: &'static str,
    pub is_required: bool,
}

/// The parameters of every list.
pub(super) const PAGES: &[Parameter] = &[
    Parameter::new(&["page"], Form::Whole(1, u32::MAX), "1", "Counted from 1."),
    Parameter::new(&["size", "page_size"], Form::Whole(1, 1_000), "20", "Entries of a page; 50 by default."),
];

impl Parameter {
    pub(super) const fn new(
        names: &'static [&'static str],
        form: Form,
        example: &'static str,
        what: &'static str,
    ) -> Self {
        Self { names, form, example, what, is_required: false }
    }

    pub(super) const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// One object for each of its names.
    fn shown(&self) -> impl Iterator<Item = Value> {
        self.names.iter().enumerate().map(|(at, name)| {
            let is_required = self.is_required && at == 0;
            let mut shown =
                parameter(("query", name), is_required, &self.sentence(at), self.schema(), self.example());
            if at > 0 {
                shown["x-antler-same-as"] = self.names[0].into();
            }
            if matches!(self.form, Form::List) {
                shown["explode"] = true.into();
            }
            shown
        })
    }

    fn sentence(&self, at: usize) -> String {
        match at {
            0 => self.what.to_owned(),
            _ => format!("Another name of `{}`.", self.names[0]),
        }
    }

    fn schema(&self) -> Value {
        match self.form {
            Form::Text | Form::Moment | Form::Any => json!({"type": "string"}),
            Form::Flag => json!({"type": "boolean"}),
            Form::Whole(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
            Form::Word(words) => json!({"type": "string", "enum": words}),
            Form::List => json!({"type": "array", "items": {"type": "string"}}),
        }
    }

    fn example(&self) -> Value {
        match self.form {
            Form::Flag | Form::Whole(..) => self.example.parse().expect("the example of a number is one"),
            Form::List => self.example.split(',').collect(),
            Form::Text | Form::Moment | Form::Word(_) | Form::Any => self.example.into(),
        }
    }

    /// The fields of a posted question that say the same.
    fn properties(&self) -> impl Iterator<Item = (String, Value)> {
        self.names.iter().enumerate().map(|(at, name)| {
            let mut schema = match self.form {
                Form::List => json!({"type": ["string", "array"], "items": {"type": "string"}}),
                Form::Moment => json!({"type": ["string", "integer"]}),
                Form::Any => json!({}),
                _ => self.schema(),
            };
            schema["description"] = self.sentence(at).into();
            ((*name).to_owned(), schema)
        })
    }
}

/// A body in one content type.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub media: &'static str,
    pub schema: Value,
    pub example: Option<Value>,
}

impl Content {
    pub(super) fn json(schema: Value) -> Self {
        Self { media: "application/json", schema, example: None }
    }

    pub(super) fn of(media: &'static str, schema: Value) -> Self {
        Self { media, schema, example: None }
    }

    pub(super) fn like(self, example: Value) -> Self {
        Self { example: Some(example), ..self }
    }
}

/// An answer that is no failure.
#[derive(Debug, Clone)]
struct Answer {
    status: u16,
    what: &'static str,
    contents: Vec<Content>,
}

/// One method of one path.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub method: &'static str,
    /// As the table of permissions has it.
    pub path: &'static str,
    id: &'static str,
    summary: &'static str,
    description: Option<&'static str>,
    parameters: Vec<Value>,
    bodies: Vec<Content>,
    is_body_required: bool,
    answers: Vec<Answer>,
    failures: Vec<u16>,
    extensions: Map<String, Value>,
}

impl Operation {
    pub(super) fn get(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new("GET", path, id, summary)
    }

    pub(super) fn post(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new("POST", path, id, summary)
    }

    pub(super) fn new(
        method: &'static str,
        path: &'static str,
        id: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            id,
            summary,
            description: None,
            parameters: Vec::new(),
            bodies: Vec::new(),
            is_body_required: true,
            answers: Vec::new(),
            failures: Vec::new(),
            extensions: Map::new(),
        }
    }

    /// The same by another method or address.
    pub(super) fn also(&self, method: &'static str, path: &'static str, id: &'static str) -> Self {
        Self { method, path, id, ..self.clone() }
    }

    pub(super) fn described(self, description: &'static str) -> Self {
        Self { description: Some(description), ..self }
    }

    /// A part of the path that stands in braces.
    pub(super) fn place(mut self, name: &str, example: &str, what: &str) -> Self {
        self.parameters.push(parameter(
            ("path", name),
            true,
            what,
            json!({"type": "string"}),
            example.into(),
        ));
        self
    }

    pub(super) fn header(mut self, name: &str, example: &str, what: &str) -> Self {
        let schema = json!({"type": "string"});
        self.parameters.push(parameter(("header", name), false, what, schema, example.into()));
        self
    }

    pub(super) fn query<'a>(mut self, parameters: impl IntoIterator<Item = &'a Parameter>) -> Self {
        self.parameters.extend(parameters.into_iter().flat_map(Parameter::shown));
        self
    }

    pub(super) fn body(mut self, content: Content) -> Self {
        self.bodies.push(content);
        self
    }

    pub(super) fn body_if_any(mut self, content: Content) -> Self {
        self.is_body_required = false;
        self.body(content)
    }

    /// The parameters of a question, as a JSON object or as a form.
    pub(super) fn asked<'a>(
        self,
        parameters: impl IntoIterator<Item = &'a Parameter>,
        example: &Value,
    ) -> Self {
        let properties: Map<String, Value> = parameters.into_iter().flat_map(Parameter::properties).collect();
        let schema = json!({"type": "object", "properties": properties});
        self.body_if_any(Content::json(schema.clone()).like(example.clone()))
            .body(Content::of("application/x-www-form-urlencoded", schema).like(example.clone()))
            .failing(&[400, 413, 415])
    }

    pub(super) fn answering(mut self, status: u16, what: &'static str, contents: Vec<Content>) -> Self {
        self.answers.push(Answer { status, what, contents });
        self
    }

    /// The usual answer: 200 with JSON.
    pub(super) fn giving(self, what: &'static str, schema: Value) -> Self {
        self.answering(200, what, vec![Content::json(schema)])
    }

    /// Failures beside those that its permission brings.
    pub(super) fn failing(mut self, statuses: &[u16]) -> Self {
        self.failures.extend(statuses);
        self
    }

    /// Something that OpenAPI has no word for.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.extensions.insert(name.to_owned(), value);
        self
    }

    /// The operation object; `more` and `failures` come from the tables.
    pub(super) fn shown(&self, tag: &str, more: Map<String, Value>, failures: &[u16]) -> Value {
        let mut shown = Map::from_iter([
            ("tags".to_owned(), json!([tag])),
            ("operationId".to_owned(), self.id.into()),
            ("summary".to_owned(), self.summary.into()),
        ]);
        if let Some(description) = self.description {
            shown.insert("description".to_owned(), description.into());
        }
        if !self.parameters.is_empty() {
            shown.insert("parameters".to_owned(), self.parameters.clone().into());
        }
        if !self.bodies.is_empty() {
            let body = json!({"required": self.is_body_required, "content": contents(&self.bodies)});
            shown.insert("requestBody".to_owned(), body);
        }
        shown.insert("responses".to_owned(), self.responses(failures).into());
        shown.extend(more);
        shown.extend(self.extensions.clone());
        shown.into()
    }

    fn responses(&self, failures: &[u16]) -> Map<String, Value> {
        let mut responses = Map::new();
        for Answer { status, what, contents: shown } in &self.answers {
            let mut response = json!({"description": what});
            if !shown.is_empty() {
                response["content"] = contents(shown);
            }
            responses.insert(status.to_string(), response);
        }
        let mut failures: Vec<u16> = failures.iter().chain(&self.failures).copied().collect();
        failures.sort_unstable();
        for status in failures {
            // A status that is an answer here too keeps what was said of it.
            responses
                .entry(status.to_string())
                .or_insert_with(|| json!({"$ref": format!("#/components/responses/{status}")}));
        }
        responses.insert("default".to_owned(), json!({"$ref": "#/components/responses/default"}));
        responses
    }
}

/// The example is one of the schema: one of the parameter itself would be filled in by pages, for all of them at once.
fn parameter(
    (place, name): (&str, &str),
    is_required: bool,
    what: &str,
    mut schema: Value,
    example: Value,
) -> Value {
    schema["examples"] = vec![example].into();
    let mut parameter = json!({"name": name, "in": place, "required": is_required, "description": what});
    parameter["schema"] = schema;
    parameter
}

fn contents(contents: &[Content]) -> Value {
    let shown = contents.iter().map(|content| {
        let mut shown = json!({"schema": content.schema});
        if let Some(example) = &content.example {
            shown["example"] = example.clone();
        }
        (content.media.to_owned(), shown)
    });
    Value::Object(shown.collect())
}
