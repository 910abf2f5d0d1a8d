//! Templates of `extract`: literal text with names in angle brackets, `took <ms>ms`.
//!
//! Invariant: matching reads the text once: the first literal is looked for, and each name reaches to the
//! next place where the literal behind it stands, the last name to the end. It never goes back.
//! It knows no wildcards: an expression does.

use memchr::memmem::Finder;

/// A template, ready to be held against texts.
#[derive(Debug, Clone)]
pub(super) struct Template {
    before: Finder<'static>,
    /// The name of each hole, none for `<_>`, and what stands behind it.
    holes: Vec<(Option<String>, Finder<'static>)>,
}

/// Why a text is no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("the template needs a name in angle brackets, such as <ms>")]
    NoName,
    #[error("between two names of the template there must be some text")]
    NothingBetween,
    #[error("the template has one name twice")]
    NameTwice,
}

impl Template {
    pub(super) fn parse(source: &str) -> Result<Self, TemplateError> {
        let mut literals = vec![String::new()];
        let mut names: Vec<Option<String>> = Vec::new();
        let mut rest = source;
        while let Some(at) = rest.find('<') {
            let literal = literals.last_mut().expect("there is always a last literal");
            literal.push_str(&rest[..at]);
            rest = &rest[at..];
            let Some((name, after)) = hole(rest) else {
                literal.push('<');
                rest = &rest[1..];
                continue;
            };
            if literal.is_empty() && !names.is_empty() {
                return Err(TemplateError::NothingBetween);
            }
            let name = (name != "_").then(|| name.to_owned());
            if name.is_some() && names.contains(&name) {
                return Err(TemplateError::NameTwice);
            }
            names.push(name);
            literals.push(String::new());
            rest = after;
        }
        literals.last_mut().expect("there is always a last literal").push_str(rest);
        if names.iter().all(Option::is_none) {
            return Err(TemplateError::NoName);
        }
        let mut finders = literals.into_iter().map(|literal| Finder::new(&literal).into_owned());
        let before = finders.next().expect("there is always a first literal");
        Ok(Self { before, holes: names.into_iter().zip(finders).collect() })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.holes.iter().filter_map(|(name, _)| name.as_deref())
    }

    /// What the names stand for, in their order, if the whole template is found.
    pub(super) fn find<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let mut found = Vec::with_capacity(self.holes.len());
        let mut at = self.before.find(text.as_bytes())? + self.before.needle().len();
        for (name, behind) in &self.holes {
            let length = match behind.needle() {
                [] => text.len() - at,
                _ => behind.find(&text.as_bytes()[at..])?,
            };
            if name.is_some() {
                found.push(text.get(at..at + length)?);
            }
            at += length + behind.needle().len();
        }
        Some(found)
    }
}

/// The name of a hole that begins the text, and what follows it.
fn hole(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix('<')?.split_once('>')?;
    let is_name = !name.is_empty() && name.chars().all(|one| one.is_alphanumeric() || "_.@-".contains(one));
    is_name.then_some((name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_reach_to_the_text_behind_them() {
        let check = |template: &str, text: &str, expected: Option<&[&str]>| {
            let found = Template::parse(template).unwrap().find(text);
            assert_eq!(found.as_deref(), expected, "{template} in {text}");
        };
        check("took <ms>ms", "it took 12ms.", Some(&["12"]));
        check("<user> logged in from <ip>", "bob logged in from ::1", Some(&["bob", "::1"]));
        check("user <_> did <what>", "user 5 did sleep well", Some(&["sleep well"]));
        check("a<b>c", "ac", Some(&[""]));
        check("took <ms>ms", "it took long", None);
        check("1 < 2: <x>", "1 < 2: yes", Some(&["yes"]));
        check("ä<x>ö", "äüö", Some(&["ü"]));
    }

    #[test]
    fn texts_that_are_no_templates_are_refused() {
        let check = |source: &str, expected: TemplateError| {
            assert_eq!(Template::parse(source).unwrap_err(), expected, "{source}");
        };
        check("took ms", TemplateError::NoName);
        check("took <_> ms", TemplateError::NoName);
        check("<a><b>", TemplateError::NothingBetween);
        check("<a> <a>", TemplateError::NameTwice);
    }
}
