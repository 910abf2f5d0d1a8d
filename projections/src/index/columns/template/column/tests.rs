//! Tests of the growing column.

use proptest::prelude::*;

use super::*;

fn column(texts: &[&[u8]]) -> TemplateColumn {
    let mut column = TemplateColumn::default();
    for text in texts {
        column.push(0, text, &mut |_| {}).unwrap();
    }
    column
}

fn text(column: &TemplateColumn, position: u32) -> Vec<u8> {
    let mut out = Vec::new();
    column.render(position, &mut out).unwrap();
    out
}

/// What is reported of a text.
fn reported(column: &mut TemplateColumn, text: &str) -> Vec<u64> {
    let mut reported = Vec::new();
    column.push(0, text.as_bytes(), &mut |hash| reported.push(hash)).unwrap();
    reported
}

fn hashes<const TOKENS: usize>(tokens: [&str; TOKENS]) -> [u64; TOKENS] {
    tokens.map(|token| token_hash(token.as_bytes()))
}

#[test]
fn texts_of_one_template_share_its_number() {
    let column = column(&[b"user 1 in", b"user 22 out", b"user 0033 in"]);
    assert_eq!(column.numbers(0..3).unwrap(), [1, 2, 1]);
    assert_eq!((column.count(), column.template_count(), column.texts_of(1)), (3, 2, 2));
    assert_eq!(column.templates().template(1).key(), b"user \x01 in");
    assert_eq!(text(&column, 2), b"user 0033 in");
    assert!(column.template_of(3).is_err() && column.numbers(2..4).is_err());
}

#[test]
fn tokens_are_reported_for_the_filter() {
    let mut column = TemplateColumn::default();
    assert_eq!(reported(&mut column, "a user 17 of user x1234"), hashes(["user", "of", "user", "x1234"]));
    assert_eq!(reported(&mut column, "a user 65432 of user x1"), hashes(["65432"]));
    let uuid = "123e4567-e89b-12d3-a456-42661417400f";
    assert_eq!(
        reported(&mut column, &format!("{uuid} 10.0.0.9")),
        hashes(["123e4567", "42661417400f", "10.0.0.9"])
    );
    let long = format!("a bc d7 {}", "x".repeat(TEXT_BYTES_MAX));
    assert_eq!(reported(&mut column, &long)[..2], hashes(["bc", "d7"]));
    assert_eq!(column.texts_of(REST), 1);
}

#[test]
fn a_cleared_column_begins_again_with_the_templates_in_use() {
    let mut column = column(&[b"once", b"user 1 in", b"user 2 in"]);
    column.clear();
    assert_eq!((column.count(), column.template_count(), column.texts_of(1)), (0, 2, 0));
    assert_eq!(reported(&mut column, "user 3 in"), hashes(["user", "in"]));
    assert_eq!((column.texts_of(2), text(&column, 0)), (1, b"user 3 in".to_vec()));
    column.clear();
    assert_eq!(
        (column.template_count(), column.templates().template(1).key()),
        (1, b"user \x01 in".to_vec())
    );
}

#[test]
fn quoted_texts_are_variables_when_there_is_no_room_for_more_templates() {
    let mut column = TemplateColumn::default();
    // Large templates leave a little of what the tenant may spend; small ones use it up.
    for number in (0..700).chain(1..10) {
        let text =
            format!("{number} \"GET /{}\" ok", if column.count() < 700 { "x" } else { "y" }.repeat(number));
        column.push(0, text.as_bytes(), &mut |_| {}).unwrap();
    }
    let last = column.template_of(699).unwrap();
    assert!(column.templates().has(usize::from(last), HoleKind::Text));
    assert!(column.texts_of(last) > 200 && column.texts_of(REST) == 0);
    assert_eq!(reported(&mut column, "7 \"GET /needle\" ok"), hashes(["GET", "needle"]));
    assert_eq!(reported(&mut column, "8 \"GET /needle\" ok"), hashes([""; 0]));
    assert_eq!(text(&column, 709), b"7 \"GET /needle\" ok");
}

#[test]
fn large_templates_go_to_the_rest() {
    let many_holes = "1 ".repeat(HOLES_MAX + 1);
    let long_key = "-".repeat(KEY_BYTES_MAX + 1);
    let column = column(&[many_holes.as_bytes(), long_key.as_bytes()]);
    assert_eq!(column.texts_of(REST), 2);
    assert_eq!(text(&column, 0), many_holes.as_bytes());
}

#[test]
fn a_hostile_tenant_takes_no_templates_from_others() {
    let mut column = TemplateColumn::default();
    let letters = |number: u32| -> String {
        format!("{number:06}").bytes().map(|digit| (digit - b'0' + b'a') as char).collect()
    };
    for number in 0..100_000 {
        column.push(666, letters(number).as_bytes(), &mut |_| {}).unwrap();
    }
    assert!(column.texts_of(REST) > 85_000);
    for tenant in 1..50 {
        let text = format!("tenant {} says {}", letters(tenant), 5);
        // There are so many templates that a new one must be seen twice.
        column.push(tenant, text.as_bytes(), &mut |_| {}).unwrap();
        assert_ne!(column.push(tenant, text.as_bytes(), &mut |_| {}).unwrap(), REST, "tenant {tenant}");
    }
    assert!(column.bytes_held() < 8 << 20, "{}", column.bytes_held());
}

proptest! {
    #[test]
    fn every_text_comes_back(texts in proptest::collection::vec(super::super::samples::any_text(), 0..60)) {
        let mut column = TemplateColumn::default();
        for (tenant, text) in texts.iter().enumerate() {
            column.push(tenant as u32 % 3, text, &mut |_| {}).unwrap();
        }
        for (position, expected) in texts.iter().enumerate() {
            prop_assert_eq!(&text(&column, position as u32), expected);
        }
    }
}
