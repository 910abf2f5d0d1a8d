//! A matcher that knows the names and defaults of one batch, so that a line costs little.
//!
//! Invariant: the lines that it is asked about are those of its batch. What the sender said for all lines
//! is tested once, here; a line then only says whether it fills the role itself.
//! It does not copy values, but for those with escapes.

use super::condition::{CompiledCondition, Target};
use super::{Matcher, Node};
use crate::event::lines::LineDefaults;
use crate::line::{Line, LineBatch, NameId, Role, StreamName, Value, ValueKind};
use crate::query::value::{NumberUnits, ValueTest};

/// Where the default tags of a batch are found.
const TAGS: &str = "tags";

/// See [`Matcher::for_batch`].
#[derive(Debug, Clone)]
pub struct BoundMatcher<'m> {
    pub(super) matcher: &'m Matcher,
    conditions: Vec<BoundCondition>,
    /// Of all names, in order, if a range is asked of many.
    units: Vec<(NameId, NumberUnits)>,
    /// What the sender said for all lines; a part of the names of their streams.
    service: Option<Box<str>>,
}

#[derive(Debug, Clone, Default)]
struct BoundCondition {
    /// Names of the batch that are asked, in order; not those of `Target::Any`.
    names: Vec<NameId>,
    /// Roles whose default passes, where the line does not fill the role.
    default_roles: Vec<Role>,
    /// A default tag passes: for all lines.
    always: bool,
}

impl<'m> BoundMatcher<'m> {
    pub(super) fn new(matcher: &'m Matcher, batch: &LineBatch, defaults: &LineDefaults) -> Self {
        let mut conditions: Vec<_> =
            matcher.conditions.iter().map(|condition| BoundCondition::new(condition, defaults)).collect();
        find_names(matcher, batch, &mut conditions);
        let units = match matcher.conditions.iter().any(|condition| condition.test.asks_units()) {
            true => batch.names().map(|(id, name)| (id, NumberUnits::of_name(name))).collect(),
            false => Vec::new(),
        };
        Self { matcher, conditions, units, service: defaults.service.as_deref().map(Into::into) }
    }

    /// Whether a line of the batch is one that the filter asks for.
    pub fn matches(&self, line: Line<'_>) -> bool {
        self.holds(&self.matcher.root, line)
    }

    fn holds(&self, node: &Node, line: Line<'_>) -> bool {
        match node {
            Node::All => true,
            Node::And(parts) => parts.iter().all(|part| self.holds(part, line)),
            Node::Or(parts) => parts.iter().any(|part| self.holds(part, line)),
            Node::Not(inner) => !self.holds(inner, line),
            Node::Is(condition) => self.is(*condition, line),
            Node::Filed(streams) => streams.reach(StreamName::filed(line, self.service.as_deref()).as_str()),
        }
    }

    fn is(&self, index: usize, line: Line<'_>) -> bool {
        let condition = &self.matcher.conditions[index];
        let bound = &self.conditions[index];
        match condition.target {
            Target::Levels(levels) => match line.level() {
                Some(level) => levels >> level as u8 & 1 == 1,
                None => !bound.default_roles.is_empty(),
            },
            Target::Period(first, last) => (first..=last).contains(&line.timestamp().nanos()),
            Target::Role(Role::Time) => time_passes(&condition.test, line),
            Target::Role(role) => match line.role(role) {
                Some(value) => passes(&condition.test, value, NumberUnits::DEFAULT),
                None => !bound.default_roles.is_empty(),
            },
            Target::Any | Target::Named(_) | Target::Like(_) => {
                bound.always || self.default_passes(index, line) || self.field_passes(index, line)
            }
        }
    }

    fn default_passes(&self, index: usize, line: Line<'_>) -> bool {
        self.conditions[index].default_roles.iter().any(|role| line.role(*role).is_none())
    }

    fn field_passes(&self, index: usize, line: Line<'_>) -> bool {
        let condition = &self.matcher.conditions[index];
        if !matches!(condition.target, Target::Any) {
            let asked = |name| self.asks(index, name);
            return !self.conditions[index].names.is_empty()
                && line
                    .fields()
                    .any(|field| asked(field.name) && self.passes(index, field.name, field.value));
        }
        if condition.test.allows_json(line.raw()) {
            return self.any_passes(index, line, |_| true)
                || line.is_cut() && condition.test.matches_text(line.raw());
        }
        condition.test.asks_number() && self.any_passes(index, line, has_power)
    }

    /// Whether one of the values passes, but for the one that tells the time.
    fn any_passes(&self, index: usize, line: Line<'_>, asked: impl Fn(Value<'_>) -> bool) -> bool {
        let time = line.index_of(Role::Time);
        let mut fields = line.fields().enumerate().filter(|(at, _)| Some(*at) != time);
        fields.any(|(_, field)| asked(field.value) && self.passes(index, field.name, field.value))
    }

    /// Whether a condition that is not for a role asks the values of a name.
    pub(super) fn asks(&self, index: usize, name: NameId) -> bool {
        match self.matcher.conditions[index].target {
            Target::Any => true,
            _ => match &self.conditions[index].names[..] {
                [only] => *only == name,
                names => names.binary_search(&name).is_ok(),
            },
        }
    }

    fn passes(&self, index: usize, name: NameId, value: Value<'_>) -> bool {
        let test = &self.matcher.conditions[index].test;
        let units = match value.kind {
            ValueKind::Number => self.units_of(name),
            _ => NumberUnits::DEFAULT,
        };
        passes(test, value, units)
    }

    fn units_of(&self, name: NameId) -> NumberUnits {
        let found = self.units.binary_search_by_key(&name, |(id, _)| *id);
        found.map_or(NumberUnits::DEFAULT, |at| self.units[at].1)
    }
}

impl BoundCondition {
    fn new(condition: &CompiledCondition, defaults: &LineDefaults) -> Self {
        let passes = |text: &str| condition.test.matches_text(text.as_bytes());
        let default_roles = roles_of(defaults)
            .into_iter()
            .filter(|(role, text)| condition.asks_default(*role) && text.as_deref().is_some_and(passes))
            .map(|(role, _)| role)
            .collect();
        let always = condition.asks_name(TAGS) && defaults.tags.iter().any(|tag| passes(tag));
        Self { names: Vec::new(), default_roles, always }
    }
}

/// What a sender may say for all lines.
fn roles_of(defaults: &LineDefaults) -> [(Role, &Option<String>); 5] {
    [
        (Role::Source, &defaults.source),
        (Role::Service, &defaults.service),
        (Role::Environment, &defaults.environment),
        (Role::Level, &defaults.level),
        (Role::Host, &defaults.host),
    ]
}

/// Notes the names of the batch that the conditions ask, each name looked up once.
fn find_names(matcher: &Matcher, batch: &LineBatch, bound: &mut [BoundCondition]) {
    let mut exact: Vec<(&str, usize)> = Vec::new();
    let mut patterns = Vec::new();
    for (index, condition) in matcher.conditions.iter().enumerate() {
        match &condition.target {
            Target::Named(name) => exact.push((name, index)),
            Target::Like(pattern) => patterns.push((pattern, index)),
            Target::Any | Target::Role(_) | Target::Levels(_) | Target::Period(..) => {}
        }
    }
    if exact.is_empty() && patterns.is_empty() {
        return;
    }
    exact.sort_unstable();
    for (id, name) in batch.names() {
        let first = exact.partition_point(|(wanted, _)| *wanted < name);
        for (_, index) in exact[first..].iter().take_while(|(wanted, _)| *wanted == name) {
            bound[*index].names.push(id);
        }
        for (_, index) in patterns.iter().filter(|(pattern, _)| pattern.matches(name)) {
            bound[*index].names.push(id);
        }
    }
}

#[inline]
pub(super) fn passes(test: &ValueTest, value: Value<'_>, units: NumberUnits) -> bool {
    match value.kind {
        ValueKind::String => test.matches_text(value.raw),
        ValueKind::EscapedString => test.allows_json(value.raw) && test.matches_text(value.text().as_bytes()),
        ValueKind::Number => test.matches_number(value.raw, units),
        ValueKind::True | ValueKind::False => test.matches_literal(value.kind == ValueKind::True),
        ValueKind::Null | ValueKind::EmptyObject | ValueKind::EmptyArray => false,
    }
}

/// Whether a value is a number that is written with a power of ten.
fn has_power(value: Value<'_>) -> bool {
    value.kind == ValueKind::Number && memchr::memchr2(b'e', b'E', value.raw).is_some()
}

/// The time of a line exists always: as its sender wrote it, or as the arrival.
fn time_passes(test: &ValueTest, line: Line<'_>) -> bool {
    let time = line.timestamp();
    match line.role(Role::Time) {
        Some(value) => test.matches_time(time, value.text().as_bytes(), value.kind == ValueKind::Number),
        None => test.matches_time(time, time.to_string().as_bytes(), false),
    }
}
