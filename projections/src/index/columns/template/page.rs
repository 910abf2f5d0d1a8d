//! Pages: the variables of one hole, so many that a few rows do not cost much.
//!
//! Invariant: what a page was written from is what its view writes. It does not know templates.

use bytes::Bytes;

use super::TemplateError;
use super::form::HoleKind;
use super::layout::{Blocks, Cursor, Matter, Part, PartWriter};
use super::notation::{self, HexCase};
use super::numbers::{self, Numbers, NumbersView};
use super::run::{Run, TakeRun, Which};
use super::spelling::Atom;
use super::variables::{Variables, Words};
use super::words::{self, Decimals, DecimalsView, Held, WordPage, WordsView};

/// No page has more variables, or places of texts.
pub(super) const PAGE_COUNT_MAX: usize = 16_384;
/// A page of texts is full with so many bytes.
const WORD_BYTES: usize = 64 << 10;
const REST_BYTES: usize = 128 << 10;
const UUID_BYTES: usize = 16;
const UUIDS: usize = 4096;

/// Writes the variables of these ranks in pages.
pub(super) fn write(variables: &Variables, ranks: &[u32], out: &mut PartWriter<'_>) {
    match variables {
        Variables::Decimals(decimals) => pages(ranks, PAGE_COUNT_MAX, out, |ranks, out| {
            let of_rank = |rank: &u32| decimals.numbers.at(*rank as usize);
            let digits = |rank: &u32| decimals.digits(*rank as usize);
            let numbers: Vec<u64> = ranks.iter().map(of_rank).collect();
            if decimals.has_zeros() {
                words::write_decimals(&numbers, &ranks.iter().map(digits).collect::<Vec<_>>(), out);
            } else {
                out.byte(1);
                numbers::write(&numbers, out);
            }
        }),
        Variables::Addresses(addresses) => pages(ranks, PAGE_COUNT_MAX, out, |ranks, out| {
            let of_rank = |rank: &u32| u64::from(addresses[*rank as usize]);
            numbers::write(&ranks.iter().map(of_rank).collect::<Vec<_>>(), out);
        }),
        Variables::Uuids(uuids) => pages(ranks, UUIDS, out, |ranks, out| {
            let bytes: Vec<u8> = ranks.iter().flat_map(|rank| uuids[*rank as usize]).collect();
            out.part(Matter::Numbers, &bytes);
        }),
        Variables::Words(texts) => text_pages(texts, ranks, WORD_BYTES, words::write, out),
    }
}

/// Writes texts that have no template in pages.
pub(super) fn write_rest(texts: &Words, ranks: &[u32], out: &mut PartWriter<'_>) {
    text_pages(texts, ranks, REST_BYTES, words::write_list, out);
}

fn pages(
    ranks: &[u32],
    count: usize,
    out: &mut PartWriter<'_>,
    mut write: impl FnMut(&[u32], &mut PartWriter<'_>),
) {
    for ranks in ranks.chunks(count) {
        out.varint(ranks.len() as u64);
        write(ranks, out);
    }
}

fn text_pages(
    texts: &Words,
    mut ranks: &[u32],
    bytes_max: usize,
    write: fn(&[&[u8]], &mut PartWriter<'_>),
    out: &mut PartWriter<'_>,
) {
    let mut words: Vec<&[u8]> = Vec::new();
    while !ranks.is_empty() {
        words.clear();
        let mut bytes = 0;
        for rank in ranks.iter().take(PAGE_COUNT_MAX) {
            let word = texts.word(*rank as usize);
            if bytes + word.len() > bytes_max && !words.is_empty() {
                break;
            }
            bytes += word.len();
            words.push(word);
        }
        ranks = &ranks[words.len()..];
        out.varint(words.len() as u64);
        write(&words, out);
    }
}

/// A page as the directory describes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'d> {
    /// The rank of its first variable.
    pub(super) start: u32,
    pub(super) count: u32,
    form: Form<'d>,
}

#[derive(Debug, Clone, Copy)]
enum Form<'d> {
    Decimals(Decimals),
    Words(WordPage<'d>),
    Uuids(Part),
    Addresses(Numbers),
}

impl<'d> Page<'d> {
    /// Reads the page that begins at the rank and belongs to a hole with variables up to `end`.
    pub(super) fn read(
        kind: HoleKind,
        start: u32,
        end: u32,
        cursor: &mut Cursor<'d>,
    ) -> Result<Self, TemplateError> {
        let count = cursor.count((end - start).min(PAGE_COUNT_MAX as u32))?;
        if count == 0 {
            return Err(TemplateError::Damaged("a page without variables"));
        }
        let form = match kind {
            HoleKind::Decimal => Form::Decimals(Decimals::read(count, cursor)?),
            HoleKind::Word | HoleKind::Text => Form::Words(WordPage::read(count, cursor)?),
            HoleKind::Uuid => {
                Form::Uuids(cursor.part(Matter::Numbers, u64::from(count) * UUID_BYTES as u64)?)
            }
            HoleKind::Address => Form::Addresses(Numbers::read(count, cursor)?),
        };
        Ok(Self { start, count, form })
    }

    /// One more than the rank of its last variable.
    pub(super) fn end(&self) -> u32 {
        self.start + self.count
    }

    #[inline]
    pub(super) fn contains(&self, rank: u32) -> bool {
        (self.start..self.end()).contains(&rank)
    }

    /// Whether some variable may have the token, as far as the directory says.
    pub(super) fn may_have(&self, token: &[u8]) -> bool {
        match self.form {
            Form::Decimals(decimals) => decimals.may_have(token),
            Form::Words(words) => words.may_have(token),
            Form::Uuids(_) => matches!(token.len(), 4 | 8 | 12 | notation::UUID_BYTES),
            Form::Addresses(_) => token.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.'),
        }
    }

    /// How its variables are spelled, if that is more than their kind says.
    pub(super) fn spelling(&self) -> Option<Vec<Atom<'d>>> {
        match self.form {
            Form::Decimals(decimals) => Some(vec![decimals.spelling()]),
            Form::Words(words) => words.spelling(),
            Form::Uuids(_) | Form::Addresses(_) => None,
        }
    }

    /// Where the bytes of its words lie.
    pub(super) fn held(&self) -> Held {
        match self.form {
            Form::Words(words) => words.held(),
            Form::Decimals(_) | Form::Uuids(_) | Form::Addresses(_) => Held::Unknown,
        }
    }

    pub(super) fn view(&self, blocks: &mut Blocks<'_>) -> Result<View<'d>, TemplateError> {
        Ok(match self.form {
            Form::Decimals(decimals) => View::Decimals(decimals.view(blocks)?),
            Form::Words(words) => View::Words(words.view(blocks)?),
            Form::Uuids(part) => View::Uuids(blocks.part(part)?),
            Form::Addresses(numbers) => View::Addresses(numbers.view(blocks)?),
        })
    }
}

/// A page that can be looked at.
#[derive(Debug)]
pub(super) enum View<'d> {
    Decimals(DecimalsView),
    Words(WordsView<'d>),
    Uuids(Bytes),
    Addresses(NumbersView),
}

impl View<'_> {
    /// Takes the indices of variables that may have the token, in any ASCII case. Some that do not may be
    /// among them, none that does is left out.
    pub(super) fn find(&self, token: &[u8], count: usize, take: &mut dyn FnMut(usize)) {
        match self {
            Self::Decimals(decimals) => decimals.find(token, count, take),
            Self::Words(words) => words.find(token, count, take),
            Self::Uuids(bytes) => find_uuids(bytes, token, take),
            Self::Addresses(numbers) => find_addresses(numbers, token, count, take),
        }
    }

    /// Gives all of them.
    pub(super) fn give(&self, count: usize, take: &mut TakeRun<'_>) {
        if let Self::Words(words) = self
            && words.give(count, take)
        {
            return;
        }
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(count));
        for index in 0..count {
            self.write(index, &mut bytes);
            ends.push(bytes.len() as u32);
        }
        take(&Run { count, bytes: &bytes, ends: &ends, which: Which::InOrder });
    }

    /// Appends the variable of this index within the page.
    #[inline]
    pub(super) fn write(&self, index: usize, out: &mut Vec<u8>) {
        match self {
            Self::Decimals(decimals) => decimals.write(index, out),
            Self::Words(words) => words.write(index, out),
            Self::Uuids(bytes) => {
                let uuid = bytes[index * UUID_BYTES..].first_chunk().copied();
                notation::write_uuid(uuid.unwrap_or_default(), out);
            }
            Self::Addresses(numbers) => notation::write_address(numbers.at(index) as u32, out),
        }
    }
}

/// UUIDs with the token, which is one of their five parts or all of them.
fn find_uuids(bytes: &[u8], token: &[u8], take: &mut dyn FnMut(usize)) {
    let token = token.to_ascii_lowercase();
    let mut wanted = Vec::new();
    if let Some(uuid) = token.first_chunk().filter(|_| token.len() == notation::UUID_BYTES) {
        wanted.extend(notation::uuid(uuid).unwrap_or_default());
    } else if HexCase::Lower.is_digits(&token) {
        HexCase::Lower.read(&token, &mut wanted);
    }
    let places: &[usize] = match wanted.len() {
        16 => &[0],
        4 => &[0],
        2 => &[4, 6, 8],
        6 => &[10],
        _ => &[],
    };
    let (uuids, _) = bytes.as_chunks::<UUID_BYTES>();
    for (index, uuid) in uuids.iter().enumerate() {
        if places.iter().any(|place| uuid[*place..].starts_with(&wanted)) {
            take(index);
        }
    }
}

/// Addresses with the token, which is one of their four parts or all of them.
fn find_addresses(numbers: &NumbersView, token: &[u8], count: usize, take: &mut dyn FnMut(usize)) {
    if let Some((address, _)) = notation::address(token).filter(|(_, length)| *length == token.len()) {
        numbers.for_each_equal(u64::from(address), count, take);
    } else if token.len() <= 3 && token.iter().all(u8::is_ascii_digit) {
        let part = notation::decimal(token);
        let has_part = |index: &usize| {
            let address = numbers.at(*index);
            (0..4).any(|place| address >> (8 * place) & 255 == part)
        };
        (0..count).filter(has_part).for_each(take);
    }
}
