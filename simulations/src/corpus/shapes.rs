//! The shapes of the corpus: families of records, each a text file of templates in `shapes/`.
//!
//! In such a file a line without indentation opens a block: `list NAME` (values to pick from, the first
//! most often), `ok WEIGHT` or `error WEIGHT` (records). Lines indented by two are its templates, deeper
//! ones continue the line before. Invariant: a list is defined before it is picked from, so that no
//! template contains itself. It does not decide when an error comes.

use anyhow::{Context as _, bail};

use super::template::Template;
use crate::draw::Draw;

/// Words come first, because the others pick from them.
const FILES: [(&str, &str); 11] = [
    ("words", include_str!("shapes/words.txt")),
    ("nginx", include_str!("shapes/nginx.txt")),
    ("django", include_str!("shapes/django.txt")),
    ("backend", include_str!("shapes/backend.txt")),
    ("kubernetes", include_str!("shapes/kubernetes.txt")),
    ("transactions", include_str!("shapes/transactions.txt")),
    ("syslog", include_str!("shapes/syslog.txt")),
    ("stack_traces", include_str!("shapes/stack_traces.txt")),
    ("audit", include_str!("shapes/audit.txt")),
    ("database", include_str!("shapes/database.txt")),
    ("edge", include_str!("shapes/edge.txt")),
];

/// Named lists of values, in the order of their definition.
#[derive(Debug, Default)]
pub(super) struct Lists {
    lists: Vec<(String, Vec<Template>)>,
}

impl Lists {
    pub(super) fn position(&self, name: &str) -> anyhow::Result<usize> {
        self.lists
            .iter()
            .position(|(known, _)| known == name)
            .with_context(|| format!("no list {name} so far"))
    }

    pub(super) fn pick(&self, list: usize, draw: &mut Draw) -> &Template {
        let (_, templates) = &self.lists[list];
        &templates[draw.skewed(templates.len() as u64) as usize]
    }
}

/// Records of one kind of program.
#[derive(Debug)]
pub(super) struct Family {
    ok: Vec<Group>,
    error: Vec<Group>,
}

/// Records that are as likely as each other.
#[derive(Debug)]
struct Group {
    weight: u64,
    templates: Vec<Template>,
}

/// All families.
#[derive(Debug)]
pub(super) struct Shapes {
    pub(super) lists: Lists,
    pub(super) families: Vec<Family>,
}

impl Shapes {
    pub(super) fn built_in() -> Self {
        Self::parse(&FILES).expect("a test parses these files, which are part of the program")
    }

    fn parse(files: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut shapes = Self { lists: Lists::default(), families: Vec::new() };
        for (name, text) in files {
            let mut family = Family { ok: Vec::new(), error: Vec::new() };
            for (header, templates) in blocks(text) {
                shapes
                    .add_block(&header, &templates, &mut family)
                    .with_context(|| format!("shapes/{name}.txt, block {header:?}"))?;
            }
            if !family.ok.is_empty() {
                shapes.families.push(family);
            }
        }
        Ok(shapes)
    }

    fn add_block(&mut self, header: &str, texts: &[String], family: &mut Family) -> anyhow::Result<()> {
        let templates = texts
            .iter()
            .map(|text| Template::parse(text, &self.lists))
            .collect::<anyhow::Result<Vec<_>>>()?;
        if templates.is_empty() {
            bail!("the block is empty");
        }
        match header.split_once(' ') {
            Some(("list", name)) => self.lists.lists.push((name.to_owned(), templates)),
            Some(("ok", weight)) => family.ok.push(Group { weight: weight.parse()?, templates }),
            Some(("error", weight)) => family.error.push(Group { weight: weight.parse()?, templates }),
            _ => bail!("a block is list NAME, ok WEIGHT or error WEIGHT"),
        }
        Ok(())
    }

    /// A record as it comes on a calm day.
    pub(super) fn any_record(&self, draw: &mut Draw) -> &Template {
        let groups = || self.families.iter().flat_map(|family| family.ok.iter().chain(&family.error));
        pick_group(groups(), draw)
    }

    /// An error of one family, if it has any.
    pub(super) fn error_record(&self, family: usize, draw: &mut Draw) -> &Template {
        let family = &self.families[family];
        pick_group(if family.error.is_empty() { family.ok.iter() } else { family.error.iter() }, draw)
    }
}

fn pick_group<'a>(groups: impl Iterator<Item = &'a Group> + Clone, draw: &mut Draw) -> &'a Template {
    let mut left = draw.below(groups.clone().map(|group| group.weight).sum());
    for group in groups {
        if left < group.weight {
            return &group.templates[draw.below(group.templates.len() as u64) as usize];
        }
        left -= group.weight;
    }
    unreachable!("the draw is below the sum of the weights")
}

/// Headers with their templates.
fn blocks(text: &str) -> Vec<(String, Vec<String>)> {
    let mut blocks: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let content = line.trim_start_matches(' ');
        match (line.len() - content.len(), blocks.last_mut()) {
            (0, _) => blocks.push((content.to_owned(), Vec::new())),
            (2, Some((_, templates))) => templates.push(content.to_owned()),
            (_, Some((_, templates))) => templates.last_mut().map_or((), |last| last.push_str(content)),
            (_, None) => {}
        }
    }
    blocks
}
