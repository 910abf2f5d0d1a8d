//! Tests of sealed columns: what was written is read, and damage is an error.

use bytes::Bytes;
use proptest::prelude::*;

use super::super::samples::any_text;
use super::super::texts::TemplateTexts;
use super::super::{BlockSink, TemplateColumn, encode};
use super::*;
use crate::index::columns::template::Root;

/// The most frequent ones, so that a test of many templates ends.
const TEMPLATES_CHECKED: usize = 20;

#[derive(Default, Clone)]
struct Memory(Vec<Vec<u8>>);

impl BlockSink for Memory {
    fn put(&mut self, raw: &[u8]) -> u32 {
        self.0.push(raw.to_vec());
        self.0.len() as u32 - 1
    }
}

impl BlockSource for Memory {
    fn block(&self, id: u32) -> Result<Bytes, TemplateError> {
        let block = self.0.get(id as usize).map(|block| Bytes::copy_from_slice(block));
        block.ok_or_else(|| TemplateError::Block { id, reason: "there is none".to_owned() })
    }
}

fn column(texts: &[Vec<u8>]) -> TemplateColumn {
    let mut column = TemplateColumn::default();
    for (position, text) in texts.iter().enumerate() {
        column.push(position as u32 % 3, text, &mut |_| {}).unwrap();
    }
    column
}

fn sealed(column: &TemplateColumn, order: &[u32]) -> (Root, Memory) {
    let mut blocks = Memory::default();
    let root = encode(column, order, &mut blocks).unwrap();
    (root, blocks)
}

fn rendered(texts: &dyn TemplateTexts, positions: &[u32]) -> Result<Vec<Vec<u8>>, TemplateError> {
    let mut out = Vec::new();
    texts.render(positions, &mut |_, text| out.push(text.to_vec()))?;
    Ok(out)
}

/// For each template that has texts, its key and all its texts.
fn by_template(texts: &dyn TemplateTexts) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let mut all = Vec::new();
    for number in 1..=texts.template_count() {
        let mut of_number = Vec::new();
        texts.render_all_of(number, &mut |_, text| of_number.push(text.to_vec())).unwrap();
        assert_eq!(of_number.len(), texts.texts_of(number) as usize);
        all.push((texts.template(number).key(), of_number));
    }
    all.sort();
    all
}

#[test]
fn growing_and_sealed_columns_answer_the_same() {
    let column = column(&varied(300));
    let order: Vec<u32> = (0..300).collect();
    let (root, blocks) = sealed(&column, &order);
    let directory = TemplateDirectory::read(&root, &blocks).unwrap();
    let reader = TemplateReader::new(&directory, &blocks);
    assert_eq!(by_template(&column), by_template(&reader));
    assert_eq!(rendered(&column, &order), rendered(&reader, &order));
    assert_eq!(TemplateTexts::count(&column), TemplateTexts::count(&reader));
}

#[test]
fn templates_are_asked_without_their_pages() {
    let texts = varied(300);
    let (root, blocks) = sealed(&column(&texts), &(0..300).collect::<Vec<_>>());
    let directory = TemplateDirectory::read(&root, &blocks).unwrap();
    let held = directory.bytes_held();
    let reader = TemplateReader::new(&directory, &blocks);
    let count: u32 = (0..=reader.template_count()).map(|number| reader.texts_of(number)).sum();
    assert_eq!((count, directory.bytes_held()), (300, held));
    assert_eq!(rendered(&reader, &[7]).unwrap(), [texts[7].clone()]);
    assert!(held > 1_000 && directory.bytes_held() > held + 1_000, "{held}, {}", directory.bytes_held());
}

/// Both columns give the same texts and the same groups of texts.
fn check(texts: &[Vec<u8>], order: &[u32]) {
    let column = column(texts);
    let (root, blocks) = sealed(&column, order);
    let directory = TemplateDirectory::read(&root, &blocks).unwrap();
    let reader = TemplateReader::new(&directory, &blocks);
    let expected: Vec<Vec<u8>> = order.iter().map(|position| texts[*position as usize].clone()).collect();
    let all: Vec<u32> = (0..order.len() as u32).collect();
    assert_eq!(rendered(&reader, &all).unwrap(), expected);
    let mut numbers = Vec::new();
    reader.numbers(0..order.len() as u32, &mut numbers).unwrap();
    for (number, position) in numbers.iter().zip(order) {
        let old = column.template_of(*position).unwrap();
        assert_eq!(reader.directory().template(*number).key(), TemplateTexts::template(&column, old).key());
    }
    for number in (0..=directory.template_count()).take(TEMPLATES_CHECKED) {
        let of_number: Vec<u32> =
            all.iter().copied().filter(|position| numbers[*position as usize] == number).collect();
        assert_eq!(directory.texts_of(number) as usize, of_number.len());
        let mut positions = of_number.iter();
        let mut take = |position: u32, text: &[u8]| {
            assert_eq!(Some(&position), positions.next());
            assert_eq!(text, expected[position as usize]);
        };
        reader.render_all_of(number, &mut take).unwrap();
        assert_eq!(positions.next(), None);
    }
}

fn shuffled(count: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    order.sort_by_key(|position| position.wrapping_mul(0x9e37_79b9).rotate_left(13));
    order
}

/// Texts whose variables take every form that pages know, on several pages.
fn varied(count: u64) -> Vec<Vec<u8>> {
    let text = |number: u64| {
        let random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        match number % 7 {
            0 => format!("step {} of {:04} in {}ms", number * 1000, number % 60, random % 1000),
            1 => format!("id {random:016x} by user{}", random % 50),
            2 => format!("{:08x}-e89b-12d3-a456-{:012x} 10.{}.0.7", random as u32, number, number % 200),
            3 => format!(
                "few {} {}",
                [1u64 << 40, 7, 99_999][number as usize % 3],
                ["a1", "b22", "c3"][random as usize % 3]
            ),
            4 => format!("word x{random:x}y{} GIT {:07X}", random % 7, random & 0xfff_ffff),
            5 => format!("list {} k{}", "z9".repeat(number as usize % 9 + 1), random % 99),
            _ => format!("{}", char::from_u32(0x4e00 + (random % 20_000) as u32).unwrap()),
        }
    };
    (0..count).map(|number| text(number).into_bytes()).collect()
}

#[test]
fn every_form_comes_back_from_many_pages() {
    let texts = varied(140_000);
    check(&texts, &(0..texts.len() as u32).collect::<Vec<_>>());
    check(&texts, &shuffled(texts.len()));
}

/// The tokens of the variables of a text.
fn tokens(text: &[u8]) -> Vec<Vec<u8>> {
    let is_digit = |token: &&[u8]| token.iter().any(u8::is_ascii_digit);
    let is_other = |byte: &u8| !super::super::alphabet::is_token(*byte);
    text.split(is_other).filter(is_digit).map(<[u8]>::to_vec).collect()
}

/// Every text that has the token is among the candidates. Answers how many there are, and how many have it.
fn check_candidates(texts: &[Vec<u8>], wanted: impl Iterator<Item = Vec<u8>>) -> (usize, usize) {
    let (root, blocks) = sealed(&column(texts), &shuffled(texts.len()));
    let directory = TemplateDirectory::read(&root, &blocks).unwrap();
    let reader = TemplateReader::new(&directory, &blocks);
    let sealed: Vec<&[u8]> = shuffled(texts.len()).iter().map(|old| &texts[*old as usize][..]).collect();
    let numbers: Vec<u16> = (0..=directory.template_count()).collect();
    let (mut candidates, mut exact) = (0, 0);
    for token in wanted {
        let found = reader.candidates(&numbers, &token.to_ascii_uppercase()).unwrap();
        let has = |text: &&&[u8]| tokens(text).iter().any(|other| other.eq_ignore_ascii_case(&token));
        let expected: Vec<u32> = (0..).zip(&sealed).filter(|(_, text)| has(text)).map(|(at, _)| at).collect();
        let missing = expected.iter().find(|position| found.binary_search(position).is_err());
        assert_eq!(missing, None, "{}", String::from_utf8_lossy(&token));
        (candidates, exact) = (candidates + found.len(), exact + expected.len());
    }
    (candidates, exact)
}

#[test]
fn variables_are_found_without_rendering() {
    let texts = varied(3500);
    let wanted = (0..140).flat_map(|at| tokens(&texts[at * 25]));
    let wanted: Vec<Vec<u8>> = wanted.filter(|token| token.len() >= 6).collect();
    let count = wanted.len();
    let (candidates, exact) = check_candidates(&texts, wanted.into_iter());
    assert!(count > 100 && candidates < exact + count / 10, "{candidates} candidates for {exact} texts");
}

#[test]
fn few_rows_need_few_blocks() {
    let texts = varied(140_000);
    let (root, blocks) = sealed(&column(&texts), &(0..texts.len() as u32).collect::<Vec<_>>());
    struct Counting(Memory, std::cell::RefCell<Vec<u32>>);
    impl BlockSource for Counting {
        fn block(&self, id: u32) -> Result<Bytes, TemplateError> {
            self.1.borrow_mut().push(id);
            self.0.block(id)
        }
    }
    let counting = Counting(blocks, std::cell::RefCell::default());
    let directory = TemplateDirectory::read(&root, &counting).unwrap();
    counting.1.borrow_mut().clear();
    let reader = TemplateReader::new(&directory, &counting);
    assert_eq!(
        rendered(&reader, &[70_000, 130_000]).unwrap(),
        [texts[70_000].clone(), texts[130_000].clone()]
    );
    let mut fetched = counting.1.borrow().clone();
    let bytes: usize = fetched.iter().map(|id| counting.0.0[*id as usize].len()).sum();
    assert!(fetched.len() < 20 && bytes < 300_000, "{} blocks, {bytes} bytes", fetched.len());
    let count = fetched.len();
    fetched.sort_unstable();
    fetched.dedup();
    assert_eq!(fetched.len(), count);
}

#[test]
fn positions_are_checked() {
    let column = column(&varied(10));
    let (root, blocks) = sealed(&column, &[3, 4, 5]);
    let directory = TemplateDirectory::read(&root, &blocks).unwrap();
    let reader = TemplateReader::new(&directory, &blocks);
    assert!(rendered(&reader, &[3]).is_err() && rendered(&reader, &[20_000]).is_err());
    assert_eq!(rendered(&reader, &[1, 0]), Err(TemplateError::Order));
    assert!(reader.numbers(1..4, &mut Vec::new()).is_err());
    let out_of = encode(&column, &[10], &mut Memory::default());
    assert_eq!(out_of, Err(TemplateError::Position { position: 10, count: 10 }));
}

#[test]
fn an_empty_column_is_sealed() {
    check(&[], &[]);
    check(&varied(100), &[]);
}

/// Whatever the bytes are, reading ends, with an error or with some texts.
fn read_all(mut root: &[u8], blocks: &Memory) -> Result<usize, TemplateError> {
    let directory = TemplateDirectory::read(&Root::decode(&mut root)?, blocks)?;
    let reader = TemplateReader::new(&directory, blocks);
    let numbers: Vec<u16> = (0..=directory.template_count()).collect();
    reader.candidates(&numbers, b"12345678")?;
    let count = directory.count().min(2000);
    Ok(rendered(&reader, &(0..count).collect::<Vec<_>>())?.len())
}

#[test]
fn damage_is_an_error_or_other_texts() {
    let texts = varied(700);
    let (sealed, blocks) = sealed(&column(&texts), &shuffled(texts.len()));
    let mut root = Vec::new();
    sealed.encode(&mut root);
    assert_eq!(read_all(&root, &blocks), Ok(700));
    let mut errors = 0;
    for at in 0..root.len() {
        for bit in [0, 3, 7] {
            let mut root = root.clone();
            root[at] ^= 1 << bit;
            errors += usize::from(read_all(&root, &blocks).is_err());
        }
    }
    for index in 0..blocks.0.len() {
        let length = blocks.0[index].len();
        for at in (0..length).step_by(length.div_ceil(100)) {
            let mut damaged = blocks.clone();
            damaged.0[index][at] ^= 1 << (at % 8);
            errors += usize::from(read_all(&root, &damaged).is_err());
        }
        let mut cut = blocks.clone();
        cut.0[index].truncate(length / 2);
        assert!(read_all(&root, &cut).is_err(), "block {index}");
    }
    assert!(errors > 100, "{errors}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_selection_of_any_texts_comes_back(
        texts in proptest::collection::vec(any_text(), 0..80),
        order in proptest::collection::vec(any::<u32>(), 0..120),
    ) {
        let order: Vec<u32> = order.iter().filter(|_| !texts.is_empty()).map(|any| any % texts.len() as u32).collect();
        check(&texts, &order);
        check(&texts, &(0..texts.len() as u32).rev().collect::<Vec<_>>());
        check_candidates(&texts, texts.iter().flat_map(|text| tokens(text)).take(30));
    }

    #[test]
    fn any_bytes_are_no_column(
        root in proptest::collection::vec(any::<u8>(), 0..40),
        blocks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..4),
    ) {
        let root = [&[1][..], &root].concat();
        let _ = std::hint::black_box(read_all(&root, &Memory(blocks)));
    }
}
