//! Rules on the form of a file: its length, its functions, its first words, where its tests stand.
//!
//! Invariant: what is counted is what a reader sees, comments and blank lines included.
//! It does not look at the inside of macro definitions, where nothing has a form yet.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::rule::{Finding, Rule, each_source, text_of};
use super::source::{Source, plain};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const INLINE_TEST_LINES_MAX: usize = 200;

// Samples that just fit, and samples that are a line too long.
const LINES_500: &str = text_of(&[b'\n'; FILE_LINES_MAX]);
const LINES_501: &str = text_of(&[b'\n'; FILE_LINES_MAX + 1]);
const FUNCTION_70: &str = text_of(&function_of_bytes::<77>());
const FUNCTION_71: &str = text_of(&function_of_bytes::<78>());

/// A function with seven lines less than it has bytes.
const fn function_of_bytes<const BYTES: usize>() -> [u8; BYTES] {
    let mut text = [b'\n'; BYTES];
    let head = b"fn f(){";
    let mut at = 0;
    while at < head.len() {
        text[at] = head[at];
        at += 1;
    }
    text[BYTES - 1] = b'}';
    text
}

pub fn rules() -> Vec<Rule> {
    vec![file_length(), function_length(), header(), tests_last(), tenant_first(), globals(), error_message()]
}

fn file_length() -> Rule {
    Rule {
        name: "file length",
        reason: "a file over 500 lines without its tests holds more than one thing",
        way_out: "name the second thing and give it a file of its own",
        check: each_source(|source| match source.product_lines() {
            0..=FILE_LINES_MAX => Vec::new(),
            lines => vec![Finding::new(
                &source.path,
                FILE_LINES_MAX + 1,
                format!("{lines} lines that are not tests"),
            )],
        }),
        offending: &[&[("events/src/a.rs", LINES_501)]],
        innocent: &[&[("events/src/a.rs", LINES_500)], &[("events/src/a/tests.rs", LINES_501)]],
    }
}

fn function_length() -> Rule {
    Rule {
        name: "function length",
        reason: "a function over 70 lines cannot be read at once",
        way_out: "give its steps names: one function each, below their caller",
        check: each_source(|source| {
            let long = |function: &&Function| function.lines > FUNCTION_LINES_MAX;
            let finding = |function: Function| {
                let what = format!("`{}` has {} lines", function.name, function.lines);
                Finding::new(&source.path, function.line, what)
            };
            functions(source).into_iter().filter(|function| long(&function)).map(finding).collect()
        }),
        offending: &[&[("events/src/a.rs", FUNCTION_71)], &[("simulations/tests/a.rs", FUNCTION_71)]],
        innocent: &[&[("events/src/a.rs", FUNCTION_70)]],
    }
}

fn header() -> Rule {
    Rule {
        name: "header",
        reason: "a reader wants to know what a file is, what holds in it, and what is not its business",
        way_out: "begin with `//!`: what it is, one invariant, one thing it deliberately does not do",
        check: each_source(|source| {
            let header: Vec<&str> = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
            let sentences = header.iter().flat_map(|line| line.split_whitespace()).filter(ends_sentence);
            let wanted = if source.is_test_file { 1 } else { 2 };
            match sentences.count() {
                count if count >= wanted => Vec::new(),
                count => {
                    vec![Finding::new(&source.path, 1, format!("{count} sentences of module documentation"))]
                }
            }
        }),
        offending: &[
            &[("events/src/a.rs", "use std::fmt;\n")],
            &[("events/src/a.rs", "//! The ids.\nuse std::fmt;\n")],
            &[("events/src/a.rs", "\n//! The ids.\n//! It knows nothing else.\n")],
        ],
        innocent: &[
            &[("events/src/a.rs", "//! The ids.\n//!\n//! Invariant: parsed once.\n")],
            &[("events/src/a/tests.rs", "//! Tests of a.\n")],
        ],
    }
}

fn ends_sentence(word: &&str) -> bool {
    word.trim_end_matches(['`', ')', '"']).ends_with(['.', '!', '?']) && word.len() > 1 && *word != "//!"
}

fn tests_last() -> Rule {
    Rule {
        name: "tests last",
        reason: "the code of a file is read from the top; its tests stand below and do not outgrow it",
        way_out: "move `mod tests` to the end; above 200 lines to a `tests.rs` in the folder of the file",
        check: each_source(|source| {
            let items = &source.tree.items;
            let mut findings = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let syn::Item::Mod(module) = item else { continue };
                if module.ident != "tests" || module.content.is_none() {
                    continue;
                }
                let (first, last) = (module.span().start().line, module.span().end().line);
                if index + 1 < items.len() {
                    findings.push(Finding::new(&source.path, first, "code below `mod tests`"));
                }
                if last - first >= INLINE_TEST_LINES_MAX {
                    findings.push(Finding::new(
                        &source.path,
                        first,
                        format!("{} lines of tests", last - first + 1),
                    ));
                }
            }
            findings
        }),
        offending: &[&[("events/src/a.rs", "#[cfg(test)]\nmod tests {}\nfn f() {}")]],
        innocent: &[&[("events/src/a.rs", "fn f() {}\n#[cfg(test)]\nmod tests {}")]],
    }
}

fn tenant_first() -> Rule {
    Rule {
        name: "tenant first",
        reason: "whose data it is is the first thing to know; a tenant among other arguments gets mixed up",
        way_out: "make the tenant the first parameter after self",
        check: each_source(|source| {
            let late =
                |function: &Function| function.parameters.iter().skip(1).any(|kind| kind == "TenantId");
            let led =
                |function: &Function| function.parameters.first().is_some_and(|kind| kind == "TenantId");
            let offends =
                |function: &Function| !source.is_test(function.line) && late(function) && !led(function);
            let finding = |function: Function| {
                Finding::new(&source.path, function.line, format!("`{}`", function.name))
            };
            functions(source).into_iter().filter(offends).map(finding).collect()
        }),
        offending: &[&[("events/src/a.rs", "fn f(&self, at: u64, tenant: &TenantId) {}")]],
        innocent: &[&[("events/src/a.rs", "impl A { fn f(&self, tenant: ids::TenantId, at: u64) {} }")]],
    }
}

fn globals() -> Rule {
    Rule {
        name: "globals",
        reason: "hidden state makes two tests one, and nobody sees who depends on it",
        way_out: "pass it through the constructor",
        check: each_source(|source| {
            let mut statics = Statics { source, findings: Vec::new() };
            statics.visit_file(&source.tree);
            for (index, token) in source.tokens.iter().enumerate() {
                let lazy = ["lazy_static", "thread_local"].contains(&token.text.as_str());
                let called = source.tokens.get(index + 1).is_some_and(|next| next.text == "!");
                if lazy && called && !source.is_test(token.line) {
                    statics.findings.push(Finding::new(
                        &source.path,
                        token.line,
                        format!("`{}!`", token.text),
                    ));
                }
            }
            statics.findings
        }),
        offending: &[
            &[("events/src/a.rs", "static A: OnceLock<u8> = OnceLock::new();")],
            &[("events/src/a.rs", "fn f() { static COUNT: AtomicU64 = AtomicU64::new(0); }")],
            &[("events/src/a.rs", "static mut A: u8 = 0;")],
            &[("events/src/a.rs", "thread_local! { static A: u8 = 0; }")],
        ],
        innocent: &[&[(
            "events/src/a.rs",
            "static TABLE: [u8; 2] = [1, 2];\nstruct A { once: OnceLock<&'static str> }",
        )]],
    }
}

fn error_message() -> Rule {
    Rule {
        name: "error message",
        reason: "messages are joined into longer ones, so they begin small and end open",
        way_out: "begin with a lower-case letter, name the object, leave out the full stop",
        check: each_source(|source| {
            let starts = |at: usize, texts: &[&str]| {
                texts
                    .iter()
                    .enumerate()
                    .all(|(index, text)| source.tokens.get(at + index).is_some_and(|t| t.text == *text))
            };
            let mut findings = Vec::new();
            for at in 0..source.tokens.len() {
                let Some(literal) = source.tokens.get(at + 4) else { break };
                let message = literal.text.trim_matches('"');
                if starts(at, &["#", "[", "error", "("])
                    && literal.text.starts_with('"')
                    && !is_message(message)
                {
                    findings.push(Finding::new(&source.path, literal.line, format!("{:?}", message)));
                }
            }
            findings
        }),
        offending: &[
            &[("events/src/a.rs", "enum E { #[error(\"Bad line\")] A }")],
            &[("events/src/a.rs", "enum E { #[error(\"line {at} is bad.\")] A }")],
        ],
        innocent: &[&[(
            "events/src/a.rs",
            "enum E { #[error(\"{kind} is empty\")] A, #[error(\"HTTP port in use\")] B }",
        )]],
    }
}

/// An abbreviation may begin a message; a sentence may not.
fn is_message(text: &str) -> bool {
    let mut letters = text.chars();
    let (first, second) = (letters.next(), letters.next());
    let capital = first.is_some_and(char::is_uppercase) && second.is_some_and(char::is_lowercase);
    !capital && !text.ends_with('.')
}

struct Statics<'a> {
    source: &'a Source,
    findings: Vec<Finding>,
}

impl<'ast> Visit<'ast> for Statics<'_> {
    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        const CHANGING: &[&str] =
            &["OnceLock", "LazyLock", "OnceCell", "LazyCell", "Lazy", "Mutex", "RwLock", "RefCell", "Cell"];
        let line = item.ident.span().start().line;
        let mut words = TypeWords(Vec::new());
        words.visit_type(&item.ty);
        let changes =
            words.0.iter().any(|word| CHANGING.contains(&word.as_str()) || word.starts_with("Atomic"));
        if (changes || matches!(item.mutability, syn::StaticMutability::Mut(_))) && !self.source.is_test(line)
        {
            self.findings.push(Finding::new(
                &self.source.path,
                line,
                format!("static `{}`", plain(&item.ident)),
            ));
        }
        visit::visit_item_static(self, item);
    }
}

/// The words of a type, generic arguments included.
struct TypeWords(Vec<String>);

impl<'ast> Visit<'ast> for TypeWords {
    fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
        self.0.push(plain(&segment.ident));
        visit::visit_path_segment(self, segment);
    }
}

/// A function of a file; those that a foreign trait demands are marked.
pub struct Function {
    pub name: String,
    pub line: usize,
    pub lines: usize,
    /// The last word of each parameter's type, without self.
    pub parameters: Vec<String>,
    /// Its name was chosen by a trait.
    pub of_trait: bool,
}

pub fn functions(source: &Source) -> Vec<Function> {
    let mut functions = Functions { of_trait: false, found: Vec::new() };
    functions.visit_file(&source.tree);
    functions.found
}

struct Functions {
    of_trait: bool,
    found: Vec<Function>,
}

impl Functions {
    fn note(&mut self, signature: &syn::Signature, whole: proc_macro2::Span) {
        let line = signature.span().start().line;
        self.found.push(Function {
            name: plain(&signature.ident),
            line,
            lines: whole.end().line - line + 1,
            parameters: signature.inputs.iter().filter_map(parameter_type).collect(),
            of_trait: self.of_trait,
        });
    }
}

fn parameter_type(input: &syn::FnArg) -> Option<String> {
    let syn::FnArg::Typed(typed) = input else { return None };
    let mut kind = &*typed.ty;
    while let syn::Type::Reference(reference) = kind {
        kind = &reference.elem;
    }
    let syn::Type::Path(path) = kind else { return Some(String::new()) };
    path.path.segments.last().map(|segment| plain(&segment.ident))
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.note(&item.sig, item.span());
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note(&item.sig, item.span());
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.note(&item.sig, item.span());
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let outer = std::mem::replace(&mut self.of_trait, item.trait_.is_some());
        visit::visit_item_impl(self, item);
        self.of_trait = outer;
    }
}
