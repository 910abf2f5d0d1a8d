//! One Rust file as the rules see it: syntax tree, tokens, names in full, and which lines are tests.
//!
//! Invariant: strings and comments are never code here, and the inside of a macro call always is.
//! It does not resolve names as the compiler does: only the `use` lines of the same file count.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The smallest piece of code, with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub kind: TokenKind,
    pub line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    Word,
    Literal,
    Sign,
}

/// A name that the file uses, as far as its own `use` lines complete it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub name: String,
    pub line: usize,
    /// Whether a `use` line names it; then a single word is a crate and no variable.
    pub imported: bool,
}

pub struct Source {
    /// Path from the top of the repository, with `/`.
    pub path: String,
    pub text: String,
    pub tree: syn::File,
    pub tokens: Vec<Token>,
    pub names: Vec<Named>,
    /// Modules of other files that this one declares for tests only, as path prefixes.
    pub test_modules: Vec<String>,
    /// The whole file is a test.
    pub is_test_file: bool,
    test_lines: Vec<RangeInclusive<usize>>,
}

impl Source {
    pub fn parse(path: &str, text: &str) -> syn::Result<Self> {
        let tree = syn::parse_file(text)?;
        let mut outline = Outline::default();
        outline.visit_file(&tree);
        let mut tokens = Vec::new();
        flatten(text.parse()?, &mut tokens);
        let mut names = outline.imports;
        shadow(&mut names, &outline.modules);
        let aliases = aliases_of(&names, &outline.modules);
        names.extend(names_in(&tokens, &aliases));
        let folder = module_folder(path);
        let is_test_file =
            path.contains("/tests/") || path.ends_with("/tests.rs") || requires_test(&tree.attrs);
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tokens,
            names: names.into_iter().map(|import| import.named).collect(),
            test_modules: outline.test_modules.iter().map(|name| format!("{folder}/{name}")).collect(),
            is_test_file,
            test_lines: outline.test_lines,
            tree,
        })
    }

    pub fn is_test(&self, line: usize) -> bool {
        self.is_test_file || self.test_lines.iter().any(|lines| lines.contains(&line))
    }

    /// Lines that are not tests.
    pub fn product_lines(&self) -> usize {
        (1..=self.text.lines().count()).filter(|line| !self.is_test(*line)).count()
    }
}

/// Whether a used name is `name` or something inside it.
pub fn matches_name(named: &Named, name: &str) -> bool {
    if let Some(parent) = named.name.strip_suffix('*') {
        return name.starts_with(parent);
    }
    match named.name.strip_prefix(name) {
        Some("") => named.imported || name.contains("::"),
        Some(rest) => rest.starts_with("::"),
        None => false,
    }
}

/// Whether the attributes keep an item out of every build that is not a test.
fn requires_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let last = attribute.path().segments.last().map(|segment| segment.ident.to_string());
        match (&attribute.meta, last.as_deref()) {
            (syn::Meta::Path(_), Some("test")) => true,
            (syn::Meta::List(list), Some("test")) => list.path.segments.len() > 1,
            (syn::Meta::List(list), Some("cfg")) => list.parse_args().is_ok_and(|meta| only_test(&meta)),
            _ => false,
        }
    })
}

/// The suite that every adapter of a port passes is a test too, though other crates' tests import it; so are
/// generators of what tests are put to.
const TEST_FEATURES: [&str; 2] = ["conformance", "generators"];

fn only_test(condition: &syn::Meta) -> bool {
    let parts = |list: &syn::MetaList| {
        let parser = syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated;
        list.parse_args_with(parser).unwrap_or_default()
    };
    match condition {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) if list.path.is_ident("all") => parts(list).iter().any(only_test),
        syn::Meta::List(list) if list.path.is_ident("any") => parts(list).iter().all(only_test),
        syn::Meta::NameValue(pair) if pair.path.is_ident("feature") => {
            matches!(&pair.value, syn::Expr::Lit(literal)
                if matches!(&literal.lit, syn::Lit::Str(name) if TEST_FEATURES.contains(&&*name.value())))
        }
        _ => false,
    }
}

/// Where the modules live that the file at `path` declares.
fn module_folder(path: &str) -> String {
    let stem = path.trim_end_matches(".rs");
    match stem.rsplit_once('/') {
        Some((folder, "lib" | "main" | "mod")) => folder.to_owned(),
        _ => stem.to_owned(),
    }
}

struct Import {
    named: Named,
    alias: String,
}

/// What one walk over the syntax tree collects.
#[derive(Default)]
struct Outline {
    imports: Vec<Import>,
    modules: Vec<String>,
    test_modules: Vec<String>,
    test_lines: Vec<RangeInclusive<usize>>,
}

impl Outline {
    fn note_test(&mut self, attributes: &[syn::Attribute], span: proc_macro2::Span) {
        if requires_test(attributes) {
            self.test_lines.push(span.start().line..=span.end().line);
        }
    }

    fn expand(&mut self, prefix: &str, tree: &syn::UseTree) {
        let joined = |name: &syn::Ident| {
            let name = plain(name);
            if name == "self" { prefix.trim_end_matches("::").to_owned() } else { format!("{prefix}{name}") }
        };
        let (name, alias, line) = match tree {
            syn::UseTree::Path(path) => {
                return self.expand(&format!("{prefix}{}::", plain(&path.ident)), &path.tree);
            }
            syn::UseTree::Group(group) => {
                return group.items.iter().for_each(|item| self.expand(prefix, item));
            }
            syn::UseTree::Glob(glob) => (format!("{prefix}*"), String::new(), glob.span().start().line),
            syn::UseTree::Name(name) => (joined(&name.ident), String::new(), name.span().start().line),
            syn::UseTree::Rename(rename) => {
                (joined(&rename.ident), plain(&rename.rename), rename.span().start().line)
            }
        };
        let last = name.rsplit("::").next().unwrap_or_default().to_owned();
        let alias = if alias.is_empty() { last } else { alias };
        self.imports.push(Import { named: Named { name, line, imported: true }, alias });
    }
}

impl<'ast> Visit<'ast> for Outline {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.note_test(attributes_of(item), item.span());
        visit::visit_item(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note_test(&item.attrs, item.span());
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.expand("", &item.tree);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.modules.push(plain(&item.ident));
        if item.content.is_none() && requires_test(&item.attrs) {
            self.test_modules.push(plain(&item.ident));
        }
        visit::visit_item_mod(self, item);
    }
}

fn attributes_of(item: &syn::Item) -> &[syn::Attribute] {
    use syn::Item;
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// A word without the mark of a raw identifier.
pub fn plain(ident: &syn::Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").unwrap_or(&text).to_owned()
}

fn flatten(stream: TokenStream, into: &mut Vec<Token>) {
    let mut joint = false;
    for tree in stream {
        let line = tree.span().start().line;
        let follows = std::mem::replace(&mut joint, is_joint_colon(&tree));
        let token = |text: String, kind| Token { text, kind, line };
        match tree {
            TokenTree::Ident(ident) => into.push(token(plain(&ident), TokenKind::Word)),
            TokenTree::Literal(literal) => into.push(token(literal.to_string(), TokenKind::Literal)),
            TokenTree::Punct(punct) => {
                if follows && punct.as_char() == ':' {
                    into.pop();
                    into.push(token("::".to_owned(), TokenKind::Sign));
                } else {
                    into.push(token(punct.as_char().to_string(), TokenKind::Sign));
                }
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                into.push(token(open.to_owned(), TokenKind::Sign));
                flatten(group.stream(), into);
                let line = group.span_close().start().line;
                into.push(Token { text: close.to_owned(), kind: TokenKind::Sign, line });
            }
        }
    }
}

fn is_joint_colon(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint)
}

/// A module of the file itself shadows a crate of the same name.
fn shadow(imports: &mut [Import], modules: &[String]) {
    for named in imports.iter_mut().map(|import| &mut import.named) {
        let first = named.name.split("::").next().unwrap_or_default();
        if modules.iter().any(|module| module == first) {
            named.name = format!("self::{}", named.name);
        }
    }
}

/// Short names of imports and modules with what they stand for.
fn aliases_of(imports: &[Import], modules: &[String]) -> BTreeMap<String, String> {
    let own = modules.iter().map(|module| (module.clone(), format!("self::{module}")));
    let imported = imports.iter().map(|import| (import.alias.clone(), import.named.name.clone()));
    own.chain(imported).collect()
}

/// Every path in the code, its first word completed by the imports.
fn names_in(tokens: &[Token], aliases: &BTreeMap<String, String>) -> Vec<Import> {
    let mut names = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let text_at = |index: usize| tokens.get(index).map_or("", |token| token.text.as_str());
        let before = at.checked_sub(1).map_or("", text_at);
        // A field, a method, a lifetime, the rest of a qualified path and the name of a macro are no paths.
        let starts = tokens[at].kind == TokenKind::Word
            && (before != "::" || at < 2 || !matches!(tokens[at - 2].kind, TokenKind::Word))
            && ![".", "'", "mod"].contains(&before)
            && text_at(at + 1) != "!";
        if !starts {
            at += 1;
            continue;
        }
        let line = tokens[at].line;
        let first = &tokens[at].text;
        let mut name = aliases.get(first).unwrap_or(first).clone();
        at += 1;
        while text_at(at) == "::" {
            at = if text_at(at + 1) == "<" { past_arguments(tokens, at + 1) } else { at + 1 };
            match tokens.get(at) {
                Some(token) if token.kind == TokenKind::Word => {
                    name = format!("{name}::{}", token.text);
                    at += 1;
                }
                _ => break,
            }
        }
        names.push(Import { named: Named { name, line, imported: false }, alias: String::new() });
    }
    names
}

/// The place after the `<…>` that opens at `open`, and after the `::` that may follow.
fn past_arguments(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        let arrow = index > 0 && ["-", "="].contains(&tokens[index - 1].text.as_str());
        match token.text.as_str() {
            "<" => depth += 1,
            ">" if !arrow => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let next = index + 1;
            return if tokens.get(next).is_some_and(|token| token.text == "::") { next + 1 } else { next };
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let source = Source::parse("events/src/a.rs", text).unwrap();
        source.names.into_iter().filter(|named| !named.imported).map(|named| named.name).collect()
    }

    #[test]
    fn a_name_is_completed_by_the_imports() {
        let uses = "use std::{env, thread::{self as threads, Builder}};";
        for (code, name) in [
            ("fn f() { env::var(1) }", "std::env::var"),
            ("fn f() { threads::spawn(1) }", "std::thread::spawn"),
            ("fn f() { Builder::new() }", "std::thread::Builder::new"),
            ("fn f() { ::std::env::vars() }", "std::env::vars"),
            ("fn f() { select! { x => tokio::spawn(1) } }", "tokio::spawn"),
            ("fn f() { Vec::<Option<u8>>::with_capacity(1) }", "Vec::with_capacity"),
        ] {
            let found = names(&format!("{uses} {code}"));
            assert!(found.iter().any(|found| found == name), "{code}: {found:?}");
        }
    }

    #[test]
    fn text_fields_and_own_modules_are_no_names() {
        for code in ["// std::env", "const A: &str = \"std::env::var\";", "mod redis; use redis::Pool;"] {
            let found = names(code);
            let foreign = |name: &&String| name.starts_with("std::env") || name.starts_with("redis");
            assert!(!found.iter().any(|name| foreign(&name)), "{code}: {found:?}");
        }
    }

    #[test]
    fn tests_are_known_by_their_attributes() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() {}\n}\n#[cfg(all(test, unix))]\nfn c() {}\n\
                    #[cfg(any(test, feature = \"x\"))]\nfn d() {}\n#[tokio::test]\nasync fn e() {}\n";
        let source = Source::parse("events/src/a.rs", text).unwrap();
        let tests: Vec<usize> = (1..=11).filter(|line| source.is_test(*line)).collect();
        assert_eq!(tests, [2, 3, 4, 5, 6, 7, 10, 11]);
        assert_eq!(source.product_lines(), 3);
    }

    #[test]
    fn a_test_module_in_another_file_is_named() {
        let check = |path: &str, attribute: &str, modules: &[&str]| {
            let source = Source::parse(path, &format!("#[cfg({attribute})] mod given; mod line;")).unwrap();
            assert_eq!(source.test_modules, modules, "{path} {attribute}");
        };
        check("events/src/lib.rs", "test", &["events/src/given"]);
        check("events/src/event.rs", "test", &["events/src/event/given"]);
        check("events/src/log.rs", "any(test, feature = \"conformance\")", &["events/src/log/given"]);
        check("events/src/log.rs", "any(test, feature = \"planted\")", &[]);
        check("events/src/log.rs", "not(test)", &[]);
    }
}
