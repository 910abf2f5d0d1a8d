//! Rules on names of files, modules, types and functions.
//!
//! Invariant: a name says what the thing is; a drawer for everything has no name here.
//! It does not judge variables, nor names that a foreign trait demands.

use syn::visit::{self, Visit};

use super::form::functions;
use super::rule::{Finding, Rule, each_source};
use super::source::{Source, plain};

pub fn rules() -> Vec<Rule> {
    vec![file_names(), module_files(), type_names(), getters()]
}

const DRAWERS: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc", "manager", "service"];

/// Whether a file's or module's name is a drawer, by itself or as its last word.
/// A version is a fine last word for bytes that were frozen with it, but no name.
fn is_drawer(name: &str) -> bool {
    name == "v2" || name.rsplit('_').next().is_some_and(|last| DRAWERS.contains(&last))
}

fn file_names() -> Rule {
    Rule {
        name: "file name",
        reason: "utils, helpers, common, misc, manager, service and v2 say nothing, so everything lands there",
        way_out: "name the thing, or move it to its owner",
        check: Box::new(|repository| {
            let mut findings = Vec::new();
            for file in repository.files.iter().filter(|file| !file.path.starts_with("deploy/")) {
                let drawer = |part: &str| is_drawer(part.split('.').next().unwrap_or_default());
                if file.path.split('/').any(drawer) {
                    findings.push(Finding::new(&file.path, 1, "a drawer's name"));
                }
            }
            findings.extend(repository.sources.iter().flat_map(modules));
            findings
        }),
        offending: &[
            &[("events/src/utils.rs", "")],
            &[("events/src/helpers/a.rs", "")],
            &[("gateway/src/tenant_manager.rs", "")],
            &[("gateway/dashboard/src/common.ts", "")],
            &[("events/src/a.rs", "mod misc {}")],
            &[("events/src/v2.rs", "")],
        ],
        innocent: &[
            &[("simulations/src/bin/services.rs", "")],
            &[("events/src/commonly.rs", "mod service_levels {}")],
            &[("events/src/event/golden/tenant_limits_set_v2.bin", "")],
            &[("deploy/systemd/antler.service", "")],
        ],
    }
}

fn modules(source: &Source) -> Vec<Finding> {
    struct Modules(Vec<(usize, String)>);

    impl<'ast> Visit<'ast> for Modules {
        fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
            self.0.push((item.ident.span().start().line, plain(&item.ident)));
            visit::visit_item_mod(self, item);
        }
    }

    let mut modules = Modules(Vec::new());
    modules.visit_file(&source.tree);
    let drawers = modules.0.into_iter().filter(|(_, name)| is_drawer(name));
    drawers.map(|(line, name)| Finding::new(&source.path, line, format!("mod `{name}`"))).collect()
}

fn module_files() -> Rule {
    Rule {
        name: "mod.rs",
        reason: "ten tabs named mod.rs cannot be told apart",
        way_out: "`foo.rs` beside the folder `foo/`",
        check: Box::new(|repository| {
            let named_mod = repository.files.iter().filter(|file| file.path.ends_with("/mod.rs"));
            named_mod.map(|file| Finding::new(&file.path, 1, "`mod.rs`")).collect()
        }),
        offending: &[&[("events/src/log/mod.rs", "")]],
        innocent: &[&[("events/src/log.rs", "")]],
    }
}

fn type_names() -> Rule {
    Rule {
        name: "type name",
        reason: "a Manager, Service, Helper or Util can do anything, so it will",
        way_out: "name what it owns or does: a writer, a cursor, a lease",
        check: each_source(|source| {
            let mut types = Types(Vec::new());
            types.visit_file(&source.tree);
            let vague = types.0.into_iter().filter(|(_, name)| is_vague(name));
            vague.map(|(line, name)| Finding::new(&source.path, line, format!("`{name}`"))).collect()
        }),
        offending: &[
            &[("actors/src/a.rs", "pub struct TenantManager;")],
            &[("gateway/src/a.rs", "trait QueryService {}")],
            &[("gateway/src/a.rs", "enum StringHelpers {}")],
        ],
        innocent: &[
            &[("gateway/src/a.rs", "use tower::Service; struct A; impl Service for A {}")],
            &[("events/src/a.rs", "struct TenantRegisteredV2;\nstruct ServiceName;")],
        ],
    }
}

fn is_vague(name: &str) -> bool {
    ["Manager", "Service", "Helper", "Helpers", "Util", "Utils", "Misc", "Common"]
        .iter()
        .any(|word| name.ends_with(word))
}

struct Types(Vec<(usize, String)>);

impl Types {
    fn note(&mut self, name: &syn::Ident) {
        self.0.push((name.span().start().line, plain(name)));
    }
}

impl<'ast> Visit<'ast> for Types {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.note(&item.ident);
    }
    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.note(&item.ident);
    }
    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.note(&item.ident);
        visit::visit_item_trait(self, item);
    }
    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.note(&item.ident);
    }
}

fn getters() -> Rule {
    Rule {
        name: "get_",
        reason: "a reader already knows that a value comes back; the noun is enough",
        way_out: "drop the prefix, or say how it is got: read, find, fetch, take",
        check: each_source(|source| {
            let getter = functions(source)
                .into_iter()
                .filter(|function| !function.of_trait && function.name.starts_with("get_"));
            getter
                .map(|function| Finding::new(&source.path, function.line, format!("`{}`", function.name)))
                .collect()
        }),
        offending: &[
            &[("events/src/a.rs", "impl A { pub fn get_name(&self) {} }")],
            &[("events/src/a.rs", "trait A { fn get_name(&self); }")],
        ],
        innocent: &[&[("events/src/a.rs", "impl Foreign for A { fn get_ref(&self) {} }\nfn target() {}")]],
    }
}
