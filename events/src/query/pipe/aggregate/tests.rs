//! Tests of aggregates: each function, and that parts make the whole.

use proptest::prelude::*;

use super::*;

const FUNCTIONS: [Function; 10] = [
    Function::Count,
    Function::Sum,
    Function::Average,
    Function::Minimum,
    Function::Maximum,
    Function::Percentile(Percent(95_000)),
    Function::Distinct,
    Function::First,
    Function::Last,
    Function::Rate,
];

fn result(function: Function, cells: &[Cell]) -> Cell {
    let mut state = State::new(function, &PipeLimits::default());
    for (at, cell) in cells.iter().enumerate() {
        state.add(cell, 1, Timestamp::from_nanos(at as i64));
    }
    state.finish(10.0)
}

#[test]
fn every_function_has_its_result() {
    let cells = [Cell::text("2.5"), Cell::count(7), Cell::Missing, Cell::text("none"), Cell::count(7)];
    let check = |name: &str, expected: &str| {
        let function = Function::named(name).unwrap();
        assert_eq!(result(function, &cells).to_string(), expected, "{name}");
        assert_eq!(Function::named(&function.to_string()), Some(function));
    };
    check("count", "4");
    check("sum", "16.5");
    check("AVG", "5.5");
    check("min", "2.5");
    check("max", "none");
    check("p50", "7");
    check("p0", "2.5");
    check("p99.9", "7");
    check("distinct", "3");
    check("first", "2.5");
    check("last", "7");
    check("rate", "1.65");
}

#[test]
fn of_no_values_only_counts_are_something() {
    for function in FUNCTIONS {
        let expected = match function {
            Function::Count | Function::Distinct | Function::Rate => Cell::count(0),
            _ => Cell::Missing,
        };
        assert_eq!(result(function, &[Cell::Missing]), expected, "{function}");
    }
}

#[test]
fn names_that_are_no_function_are_none() {
    for name in ["", "p", "p101", "p-1", "p1.2345", "pod", "counts"] {
        assert_eq!(Function::named(name), None, "{name}");
    }
}

#[test]
fn long_texts_are_not_kept_whole() {
    let long = Cell::text(&"ä".repeat(KEPT_TEXT_BYTES_MAX));
    let Cell::Text(kept) = result(Function::Last, &[long]) else { panic!("no text") };
    assert_eq!(kept.len(), KEPT_TEXT_BYTES_MAX);
}

fn cells() -> impl Strategy<Value = Cell> {
    prop_oneof![
        Just(Cell::Missing),
        any::<bool>().prop_map(Cell::Bool),
        (-9_000i64..9_000, 0u8..4)
            .prop_map(|(mantissa, scale)| Cell::Number(Number::decimal(mantissa, scale))),
        "[a-c1-3]{0,2}".prop_map(|text| Cell::text(&text)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn parts_in_any_order_make_the_whole(
        values in prop::collection::vec((cells(), 1u64..4, 0i64..20, 0usize..3), 0..120),
        few in any::<bool>(),
    ) {
        let bound = if few { 8 } else { 1_000 };
        let limits = PipeLimits { percentile_values_max: bound, distinct_values_max: bound, ..PipeLimits::default() };
        for function in FUNCTIONS {
            let mut whole = State::new(function, &limits);
            let mut parts = vec![State::new(function, &limits); 3];
            for (cell, times, at, part) in &values {
                parts[*part].add(cell, *times, Timestamp::from_nanos(*at));
            }
            for (cell, times, at, _) in values.iter().rev() {
                (0..*times).for_each(|_| whole.add(cell, 1, Timestamp::from_nanos(*at)));
            }
            let mut merged = State::new(function, &limits);
            parts.iter().rev().for_each(|part| merged.merge(part));
            prop_assert_eq!(merged.finish(3.0), whole.finish(3.0), "{}", function);
            prop_assert_eq!(merged.is_exact(), whole.is_exact(), "{}", function);
        }
    }
}
