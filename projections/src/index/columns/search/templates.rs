//! Testing templates: most tests are answered by the literals, for all texts of a template at once.
//!
//! A variable is a whole token with a digit, or a UUID or an address, or rarely a quoted text; so a word without
//! digits that does not stand in a literal can only stand in a UUID or a quoted text. Invariant: `All` and `None` are said only when every text of
//! the template passes or fails; the others are rendered and asked.

use std::ops::Range;

use antler_events::query::matcher::Target;
use antler_events::query::text::{fold, is_token_byte};
use antler_events::query::value::Piece;

use super::rows::RowSet;
use super::values::Check;
use crate::index::columns::block::ReadError;
use crate::index::columns::column::Class;
use crate::index::columns::template::{self, HoleKind, REST, Template, TemplateTexts};

/// What is known of all texts of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    None,
    All,
    /// Each has to be asked.
    Each,
}

pub(super) fn passing(
    check: Check<'_>,
    texts: &dyn TemplateTexts,
    ranks: &Range<u32>,
    wanted: &RowSet,
) -> Result<RowSet, ReadError> {
    let count = ranks.end - ranks.start;
    let verdicts = verdicts(check, texts);
    let mut found = RowSet::none(count);
    if verdicts.iter().all(|verdict| *verdict == Verdict::None) {
        return Ok(found);
    }
    let mut numbers = Vec::with_capacity(count as usize);
    texts.numbers(ranks.clone(), &mut numbers)?;
    let mut each = Vec::new();
    for (number, at) in numbers.iter().zip(0u32..) {
        match verdicts[usize::from(*number)] {
            Verdict::None => {}
            Verdict::All => found.insert(at),
            Verdict::Each if wanted.contains(at) => each.push(ranks.start + at),
            Verdict::Each => {}
        }
    }
    texts.render(&each, &mut |rank, text| {
        if check.passes_text(text) {
            found.insert(rank - ranks.start);
        }
    })?;
    Ok(found)
}

/// For each template, the rest first.
fn verdicts(check: Check<'_>, texts: &dyn TemplateTexts) -> Vec<Verdict> {
    let rest = if texts.texts_of(REST) == 0 { Verdict::None } else { Verdict::Each };
    std::iter::once(rest).chain(texts.templates().map(|(_, template, _)| verdict(check, template))).collect()
}

fn verdict(check: Check<'_>, template: &Template) -> Verdict {
    if template.holes().is_empty() {
        return if check.passes_text(template.text()) { Verdict::All } else { Verdict::None };
    }
    let is_plain =
        check.head.class == Class::Text && !matches!(check.leaf.condition.target, Target::Levels(_));
    if !is_plain {
        return Verdict::Each;
    }
    let literals = || {
        template.pieces().filter_map(|piece| match piece {
            template::Piece::Literal(literal) => Some(literal),
            template::Piece::Hole(_) => None,
        })
    };
    let test = &check.leaf.condition.test;
    // An empty text stands between words, and only the whole text tells where they end.
    if test.is_for_words()
        && !test.pieces().is_empty()
        && literals().any(|literal| check.passes_text(literal))
    {
        return Verdict::All;
    }
    let has = |wanted| template.holes().iter().any(|(_, kind)| *kind == wanted);
    if has(HoleKind::Text) {
        return Verdict::Each;
    }
    let has_uuid = has(HoleKind::Uuid);
    let missing = |piece: &Piece| {
        words(piece).any(|word| {
            let in_uuid = has_uuid && word.bytes().all(|byte| byte.is_ascii_hexdigit());
            !in_uuid && !literals().any(|literal| contains(literal, word))
        })
    };
    if test.pieces().iter().any(missing) { Verdict::None } else { Verdict::Each }
}

/// Whole words of a piece without digits: in a text they stand in a literal, or in a UUID.
fn words(piece: &Piece) -> impl Iterator<Item = &str> {
    let parts = piece.text.split(|character: char| character.is_ascii() && !is_token_byte(character as u8));
    let last = parts.clone().count() - 1;
    let is_whole = move |at: usize| (at > 0 || piece.begins_word) && (at < last || piece.ends_word);
    let is_word = |word: &str| !word.is_empty() && !word.bytes().any(|byte| byte.is_ascii_digit());
    parts.enumerate().filter(move |(at, word)| is_whole(*at) && is_word(word)).map(|(_, word)| word)
}

fn contains(literal: &[u8], word: &str) -> bool {
    fold(&String::from_utf8_lossy(literal)).contains(word)
}
