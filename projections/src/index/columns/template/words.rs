//! Words of a page: decimals or hex digits between a beginning and an end that all have, a table of few words,
//! or a list.
//!
//! Invariant: the words come back byte for byte. It does not choose pages.

use std::collections::HashMap;

use bytes::Bytes;
use foldhash::fast::FixedState;

use super::TemplateError;
use super::layout::{Blocks, Cursor, Matter, Part, PartWriter};
use super::notation::{self, DIGITS_MAX, HexCase};
use super::numbers::{self, Numbers, NumbersView};
use super::run::{Run, TakeRun, Which};
use super::spelling::{Alphabet, Atom};

const LIST: u8 = 0;
const TABLE: u8 = 1;
const SAME: u8 = 2;
const DECIMALS: u8 = 3;
const LOWER_HEX: u8 = 4;
const UPPER_HEX: u8 = 5;
/// Shorter runs of hex digits are no smaller in binary.
const HEX_DIGITS_MIN: usize = 4;
/// Fewer words have no table.
const TABLE_WORDS_MIN: usize = 64;
const SAMPLE: usize = 256;
/// A word of a table must occur so often.
const TABLE_USES_MIN: usize = 4;

mod find;

/// Writes the words, of which there is at least one.
pub(super) fn write(words: &[&[u8]], out: &mut PartWriter<'_>) {
    let (prefix, suffix) = affixes(words);
    if words.iter().all(|word| word.len() == prefix) {
        out.byte(SAME);
        out.run(words[0]);
    } else if let Some((numbers, digits)) = decimals(words, without_digits(words[0], prefix, suffix)) {
        out.byte(DECIMALS);
        write_affixes(words[0], without_digits(words[0], prefix, suffix), out);
        write_decimals(&numbers, &digits, out);
    } else if let Some(table) = table(words) {
        let indices: Vec<u64> = words.iter().map(|word| u64::from(table.indices[word])).collect();
        out.byte(TABLE);
        out.varint(table.words.len() as u64);
        write_texts(&table.words, out);
        numbers::write(&indices, out);
    } else if let Some(case) = hex(words, prefix, suffix) {
        write_hex(words, case, (prefix, suffix), out);
    } else {
        write_list(words, out);
    }
}

/// Writes the words one after the other.
pub(super) fn write_list(words: &[&[u8]], out: &mut PartWriter<'_>) {
    out.byte(LIST);
    write_texts(words, out);
}

fn write_texts(words: &[&[u8]], out: &mut PartWriter<'_>) {
    let lengths: Vec<u64> = words.iter().map(|word| word.len() as u64).collect();
    numbers::write(&lengths, out);
    let bytes = words.concat();
    out.varint(bytes.len() as u64);
    out.part(Matter::Text, &bytes);
}

/// Writes numbers and with how many digits each is written.
pub(super) fn write_decimals(decimals: &[u64], digits: &[u8], out: &mut PartWriter<'_>) {
    let least = digits.iter().copied().min().unwrap_or_default();
    let is_rule = |(number, digits): (&u64, &u8)| *digits == notation::digit_count(*number).max(least);
    if decimals.iter().zip(digits).all(is_rule) {
        out.byte(least);
    } else {
        out.byte(0);
        numbers::write(&digits.iter().map(|digits| u64::from(*digits)).collect::<Vec<_>>(), out);
    }
    numbers::write(decimals, out);
}

fn write_affixes(word: &[u8], (prefix, suffix): (usize, usize), out: &mut PartWriter<'_>) {
    out.run(&word[..prefix]);
    out.run(&word[word.len() - suffix..]);
}

/// How many bytes all words have in common at the beginning and, after those, at the end.
fn affixes(words: &[&[u8]]) -> (usize, usize) {
    let first = words[0];
    let (mut prefix, mut suffix, mut shortest) = (first.len(), first.len(), first.len());
    for word in &words[1..] {
        let same = |pair: &(&u8, &u8)| pair.0 == pair.1;
        prefix = first[..prefix].iter().zip(*word).take_while(same).count();
        suffix = first[first.len() - suffix..].iter().rev().zip(word.iter().rev()).take_while(same).count();
        shortest = shortest.min(word.len());
    }
    (prefix, suffix.min(shortest - prefix))
}

/// The affixes without the digits at their inner ends: those that happen to be the same are left to the numbers.
fn without_digits(word: &[u8], prefix: usize, suffix: usize) -> (usize, usize) {
    let is_other = |byte: &u8| !byte.is_ascii_digit();
    let end = &word[word.len() - suffix..];
    let prefix = word[..prefix].iter().rposition(is_other).map_or(0, |at| at + 1);
    (prefix, end.iter().position(is_other).map_or(0, |at| suffix - at))
}

fn decimals(words: &[&[u8]], (prefix, suffix): (usize, usize)) -> Option<(Vec<u64>, Vec<u8>)> {
    let (mut numbers, mut counts) = (Vec::with_capacity(words.len()), Vec::with_capacity(words.len()));
    for word in words {
        let digits = &word[prefix..word.len() - suffix];
        if !(1..=DIGITS_MAX).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        numbers.push(notation::decimal(digits));
        counts.push(digits.len() as u8);
    }
    Some((numbers, counts))
}

/// The case of the digits if every word is so many hex digits between the affixes, and not too many.
fn hex(words: &[&[u8]], prefix: usize, suffix: usize) -> Option<HexCase> {
    let length = words[0].len();
    let digits = length - prefix - suffix;
    let fits = (HEX_DIGITS_MIN..=usize::from(u8::MAX)).contains(&digits);
    if !fits || words.iter().any(|word| word.len() != length) {
        return None;
    }
    let is_all = |case: &HexCase| words.iter().all(|word| case.is_digits(&word[prefix..length - suffix]));
    [HexCase::Lower, HexCase::Upper].into_iter().find(is_all)
}

fn write_hex(words: &[&[u8]], case: HexCase, (prefix, suffix): (usize, usize), out: &mut PartWriter<'_>) {
    let digits = words[0].len() - prefix - suffix;
    out.byte(if case == HexCase::Lower { LOWER_HEX } else { UPPER_HEX });
    write_affixes(words[0], (prefix, suffix), out);
    out.byte(digits as u8);
    let mut bytes = Vec::with_capacity(words.len() * digits.div_ceil(2));
    words.iter().for_each(|word| case.read(&word[prefix..prefix + digits], &mut bytes));
    out.part(Matter::Numbers, &bytes);
}

/// The different words, if they are few.
#[derive(Default)]
struct Table<'w> {
    words: Vec<&'w [u8]>,
    indices: HashMap<&'w [u8], u32, FixedState>,
}

impl<'w> Table<'w> {
    fn enter(&mut self, word: &'w [u8]) {
        let next = self.words.len() as u32;
        if *self.indices.entry(word).or_insert(next) == next {
            self.words.push(word);
        }
    }
}

fn table<'w>(words: &[&'w [u8]]) -> Option<Table<'w>> {
    if words.len() < TABLE_WORDS_MIN {
        return None;
    }
    let mut table = Table::default();
    let sample = words.iter().step_by(words.len().div_ceil(SAMPLE));
    let sampled = sample.len();
    sample.for_each(|word| table.enter(word));
    if table.words.len() * 2 > sampled {
        return None;
    }
    for word in words {
        table.enter(word);
        if table.words.len() * TABLE_USES_MIN > words.len() {
            return None;
        }
    }
    Some(table)
}

/// How words were written, and where.
#[derive(Debug, Clone, Copy)]
pub(super) enum WordPage<'d> {
    List(Texts),
    Table(Texts, Numbers),
    Same(&'d [u8]),
    Decimals(Affixes<'d>, Decimals),
    Hex { affixes: Affixes<'d>, case: HexCase, digits: usize, bytes: Part },
}

/// What all words begin and end with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Affixes<'d> {
    prefix: &'d [u8],
    suffix: &'d [u8],
}

/// Where the bytes of the words of a page lie, each word whole.
#[derive(Debug, Clone)]
pub(super) enum Held {
    Part(Part),
    /// One word; digits are zeros.
    Word(Box<[u8]>),
    Unknown,
}

/// Texts one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Texts {
    count: u32,
    lengths: Numbers,
    bytes: Part,
}

/// Numbers, and how many digits they are written with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimals {
    digits: Numbers,
    numbers: Numbers,
}

impl<'d> WordPage<'d> {
    pub(super) fn read(count: u32, cursor: &mut Cursor<'d>) -> Result<Self, TemplateError> {
        Ok(match cursor.byte()? {
            LIST => Self::List(Texts::read(count, cursor)?),
            TABLE => {
                let entries = cursor.count(count)?;
                Self::Table(Texts::read(entries, cursor)?, Numbers::read(count, cursor)?)
            }
            SAME => Self::Same(cursor.run()?),
            DECIMALS => Self::Decimals(Affixes::read(cursor)?, Decimals::read(count, cursor)?),
            LOWER_HEX => Self::read_hex(count, HexCase::Lower, cursor)?,
            UPPER_HEX => Self::read_hex(count, HexCase::Upper, cursor)?,
            _ => return Err(TemplateError::Damaged("the form of its words")),
        })
    }

    fn read_hex(count: u32, case: HexCase, cursor: &mut Cursor<'d>) -> Result<Self, TemplateError> {
        let affixes = Affixes::read(cursor)?;
        let digits = usize::from(cursor.byte()?);
        let bytes = cursor.part(Matter::Numbers, u64::from(count) * digits.div_ceil(2) as u64)?;
        Ok(Self::Hex { affixes, case, digits, bytes })
    }

    pub(super) fn view(&self, blocks: &mut Blocks<'_>) -> Result<WordsView<'d>, TemplateError> {
        Ok(match *self {
            Self::List(texts) => WordsView::List(texts.view(blocks)?),
            Self::Table(texts, indices) => WordsView::Table(texts.view(blocks)?, indices.view(blocks)?),
            Self::Same(word) => WordsView::Same(word),
            Self::Decimals(affixes, decimals) => WordsView::Decimals(affixes, decimals.view(blocks)?),
            Self::Hex { affixes, case, digits, bytes } => {
                WordsView::Hex { affixes, case, digits, bytes: blocks.part(bytes)? }
            }
        })
    }
}

impl<'d> WordPage<'d> {
    /// Where the bytes of its words lie.
    pub(super) fn held(&self) -> Held {
        match self {
            Self::List(texts) | Self::Table(texts, _) => Held::Part(texts.bytes),
            Self::Same(word) => Held::Word((*word).into()),
            Self::Decimals(affixes, _) => Held::Word([affixes.prefix, b"0", affixes.suffix].concat().into()),
            Self::Hex { .. } => Held::Unknown,
        }
    }

    /// How its words are spelled, if that is known without reading them.
    pub(super) fn spelling(&self) -> Option<Vec<Atom<'d>>> {
        let around = |affixes: &Affixes<'d>, atom| {
            vec![Atom::Bytes(affixes.prefix), atom, Atom::Bytes(affixes.suffix)]
        };
        match self {
            Self::Same(word) => Some(vec![Atom::Bytes(word)]),
            Self::Decimals(affixes, decimals) => Some(around(affixes, decimals.spelling())),
            Self::Hex { affixes, case, digits, .. } => {
                let alphabet = if *case == HexCase::Lower { Alphabet::LowerHex } else { Alphabet::UpperHex };
                Some(around(affixes, Atom::Of(alphabet, *digits as u32, *digits as u32)))
            }
            Self::List(_) | Self::Table(..) => None,
        }
    }
}

impl<'d> Affixes<'d> {
    fn read(cursor: &mut Cursor<'d>) -> Result<Self, TemplateError> {
        Ok(Self { prefix: cursor.run()?, suffix: cursor.run()? })
    }
}

impl Texts {
    fn read(count: u32, cursor: &mut Cursor<'_>) -> Result<Self, TemplateError> {
        let lengths = Numbers::read(count, cursor)?;
        let length = cursor.varint()?;
        Ok(Self { count, lengths, bytes: cursor.part(Matter::Text, length)? })
    }

    fn view(&self, blocks: &mut Blocks<'_>) -> Result<TextsView, TemplateError> {
        let (bytes, lengths) = (blocks.part(self.bytes)?, self.lengths.view(blocks)?);
        let (mut end, mut ends) = (0u64, Vec::with_capacity(self.count as usize));
        lengths.for_each(self.count as usize, &mut |length| {
            end = end.saturating_add(length);
            ends.push(end as u32);
        });
        // They rise, so all fit if the last one does.
        if end > bytes.len() as u64 || ends.len() != self.count as usize {
            return Err(TemplateError::Damaged("the lengths of its words"));
        }
        Ok(TextsView { ends, bytes })
    }
}

impl Decimals {
    pub(super) fn read(count: u32, cursor: &mut Cursor<'_>) -> Result<Self, TemplateError> {
        let digits = match cursor.byte()? {
            0 => Numbers::read(count, cursor)?,
            least => Numbers::same(count, u64::from(least)),
        };
        Ok(Self { digits, numbers: Numbers::read(count, cursor)? })
    }

    pub(super) fn spelling(&self) -> Atom<'static> {
        let (least, most) = self.digits.range();
        let (first, last) = self.numbers.range();
        let digits = |number, count: u64| u64::from(notation::digit_count(number)).max(count).min(20) as u32;
        Atom::Of(Alphabet::Digits, digits(first, least), digits(last, most))
    }

    pub(super) fn view(&self, blocks: &mut Blocks<'_>) -> Result<DecimalsView, TemplateError> {
        let digits = self.digits.view(blocks)?;
        Ok(DecimalsView { digits, numbers: self.numbers.view(blocks)? })
    }
}

/// Words that can be looked at.
#[derive(Debug)]
pub(super) enum WordsView<'d> {
    List(TextsView),
    Table(TextsView, NumbersView),
    Same(&'d [u8]),
    Decimals(Affixes<'d>, DecimalsView),
    Hex { affixes: Affixes<'d>, case: HexCase, digits: usize, bytes: Bytes },
}

#[derive(Debug)]
pub(super) struct TextsView {
    ends: Vec<u32>,
    bytes: Bytes,
}

#[derive(Debug)]
pub(super) struct DecimalsView {
    digits: NumbersView,
    numbers: NumbersView,
}

impl WordsView<'_> {
    /// Gives all words as they lie there; answers whether they do.
    pub(super) fn give(&self, count: usize, take: &mut TakeRun<'_>) -> bool {
        match self {
            Self::List(texts) => take(&texts.run(count, Which::InOrder)),
            Self::Table(texts, indices) => take(&texts.run(count, Which::Table(indices))),
            Self::Same(word) => {
                take(&Run { count, bytes: word, ends: &[word.len() as u32], which: Which::Same });
            }
            Self::Decimals(..) | Self::Hex { .. } => return false,
        }
        true
    }

    /// How many digits each word has, and all of them in binary, if the words are lower-case hex digits as a whole.
    pub(super) fn lower_hex(&self) -> Option<(usize, &[u8])> {
        match self {
            Self::Hex { affixes, case: HexCase::Lower, digits, bytes } => {
                (affixes.prefix.is_empty() && affixes.suffix.is_empty()).then_some((*digits, &**bytes))
            }
            _ => None,
        }
    }

    pub(super) fn write(&self, index: usize, out: &mut Vec<u8>) {
        match self {
            Self::List(texts) => out.extend_from_slice(texts.text(index)),
            Self::Table(texts, indices) => out.extend_from_slice(texts.text(indices.at(index) as usize)),
            Self::Same(word) => out.extend_from_slice(word),
            Self::Decimals(affixes, decimals) => affixes.around(out, |out| decimals.write(index, out)),
            Self::Hex { affixes, case, digits, bytes } => affixes.around(out, |out| {
                let width = digits.div_ceil(2);
                case.write(bytes[index * width..][..width].iter().copied(), *digits, out);
            }),
        }
    }
}

impl Affixes<'_> {
    fn around(&self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        out.extend_from_slice(self.prefix);
        write(out);
        out.extend_from_slice(self.suffix);
    }
}

impl TextsView {
    fn run<'v>(&'v self, count: usize, which: Which<'v>) -> Run<'v> {
        Run { count, bytes: &self.bytes, ends: &self.ends, which }
    }

    /// The text of this index; a damaged index has none.
    fn text(&self, index: usize) -> &[u8] {
        let start =
            index.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        self.ends.get(index).map_or(&[], |end| &self.bytes[start..*end as usize])
    }
}

impl DecimalsView {
    #[inline]
    pub(super) fn write(&self, index: usize, out: &mut Vec<u8>) {
        notation::write_decimal(self.numbers.at(index), self.digits.at(index) as u8, out);
    }
}
