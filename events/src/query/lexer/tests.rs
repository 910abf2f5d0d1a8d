//! Tests of the lexer: a text, a mode, and the tokens as `kind text`.

use super::*;
use proptest::prelude::*;

fn lexed(text: &str, mode: Mode) -> Vec<String> {
    let mut lexer = Lexer::new(text);
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next(mode);
        let text = token.text(text);
        match token.kind {
            TokenKind::End => return tokens,
            TokenKind::Word => tokens.push(text.to_owned()),
            TokenKind::Quoted { .. } | TokenKind::Backquoted { .. } => tokens.push(format!("quoted {text}")),
            TokenKind::Regex => tokens.push(format!("regex {text}")),
            kind => tokens.push(format!("{kind:?}")),
        }
    }
}

fn check(mode: Mode, text: &str, expected: &[&str]) {
    assert_eq!(lexed(text, mode), expected, "{text} as {mode:?}");
}

#[test]
fn a_term_is_names_operators_and_words() {
    check(Mode::Term, "level:error", &["level", "Colon", "error"]);
    check(Mode::Term, "took>=500ms or a<b", &["took", "GreaterEqual", "500ms", "or", "a", "Less", "b"]);
    check(Mode::Term, "a=b c==d e!=f", &["a", "Equal", "b", "c", "EqualEqual", "d", "e", "NotEqual", "f"]);
    check(
        Mode::Term,
        "(a || b) && !c | top",
        &["Open", "a", "Or", "b", "Close", "And", "Not", "c", "Pipe", "top"],
    );
    check(Mode::Term, r#"say "a b"c"#, &["say", r#"quoted "a b""#, "c"]);
    check(Mode::Term, r"a\:b\ c d", &[r"a\:b\ c", "d"]);
    check(Mode::Term, "hello, 1,234 (a,b)", &["hello", "Comma", "1,234", "Open", "a,b", "Close"]);
    check(Mode::Term, "größe\u{a0}→ 5", &["größe", "→", "5"]);
}

#[test]
fn a_colon_inside_an_address_a_path_or_a_time_does_not_end_a_bare_word() {
    check(Mode::Term, "http://x.org:80/a", &["http://x.org", "Colon", "80/a"]);
    check(Mode::Term, "std::io::Error", &["std::io::Error"]);
    check(Mode::Term, "12:30:45 a:30", &["12:30:45", "a", "Colon", "30"]);
    check(Mode::Term, "ip:::1", &["ip", "Colon", "Colon", "Colon", "1"]);
}

#[test]
fn a_dash_is_a_negation_only_before_what_it_can_negate() {
    check(Mode::Term, "-a -5 --b - c", &["Minus", "a", "-5", "--b", "-", "c"]);
    check(Mode::Term, r#"-"a" -(b) a-b"#, &["Minus", r#"quoted "a""#, "Minus", "Open", "b", "Close", "a-b"]);
    check(Mode::Value, "-a", &["-a"]);
}

#[test]
fn a_value_has_colons_and_equal_signs_in_it() {
    check(Mode::Value, "2026-03-01T10:00:00+01:00", &["2026-03-01T10:00:00+01:00"]);
    check(Mode::Value, "::1/128) x", &["::1/128", "Close", "x"]);
    check(Mode::Value, "/a?b=c&&d", &["/a?b=c", "And", "d"]);
    check(Mode::Value, ">=5 [", &["GreaterEqual", "5", "OpenBracket"]);
    check(Mode::RangeEnd, "now-1d/d TO *] }", &["now-1d/d", "TO", "*", "CloseBracket", "CloseBrace"]);
}

#[test]
fn slashes_hold_a_regex_or_begin_a_path() {
    check(Mode::Value, r"/a b\/c/ x", &[r"regex /a b\/c/", "x"]);
    check(Mode::Value, "/a/)", &["regex /a/", "Close"]);
    check(Mode::Value, "/var/log/x", &["/var/log/x"]);
    check(Mode::Value, "/var", &["/var"]);
    check(Mode::Value, "// /", &["//", "/"]);
    check(Mode::Pipe, "extract /a(?<b>c)/", &["extract", "regex /a(?<b>c)/"]);
}

#[test]
fn a_pipe_separates_at_commas_and_keeps_dashes_in_names() {
    check(Mode::Pipe, "fields user-agent,http.*", &["fields", "user-agent", "Comma", "http.*"]);
    check(Mode::Pipe, "sort -ts, a desc", &["sort", "Minus", "ts", "Comma", "a", "desc"]);
    check(
        Mode::Pipe,
        "stats p95(took) by bin(1m)",
        &["stats", "p95", "Open", "took", "Close", "by", "bin", "Open", "1m", "Close"],
    );
    check(Mode::Pipe, "eval x=1", &["eval", "x", "Equal", "1"]);
}

#[test]
fn an_expression_is_arithmetic() {
    check(Mode::Expression, "a-b*1e-5/c.d", &["a", "Minus", "b", "Star", "1e-5", "Slash", "c.d"]);
    check(Mode::Expression, "`user-agent`+\"x\"", &["quoted `user-agent`", "Plus", "quoted \"x\""]);
    check(
        Mode::Expression,
        "if(a>=500ms,1,2)%3",
        &["if", "Open", "a", "GreaterEqual", "500ms", "Comma", "1", "Comma", "2", "Close", "Percent", "3"],
    );
    check(Mode::Expression, "1e-x", &["1e", "Minus", "x"]);
}

#[test]
fn lucene_has_signs_of_its_own() {
    check(
        Mode::Lucene,
        "+a -b^2 c~1 d:[1",
        &["Plus", "a", "Minus", "b", "Caret", "2", "c", "Tilde", "1", "d", "Colon", "OpenBracket", "1"],
    );
}

#[test]
fn quotes_without_an_end_reach_to_the_end() {
    check(Mode::Term, r#"a "b c\"#, &["a", r#"quoted "b c\"#]);
    check(Mode::Term, r#"""#, &[r#"quoted ""#]);
}

proptest! {
    #[test]
    fn tokens_cover_the_text_but_for_white_space(
        text in r#"([a-z0-9é→ :=<>!&|,/\\"`*?()\[\]{}+\-^~%.@]|\PC){0,40}"#,
        mode in prop::sample::select(vec![
            Mode::Term, Mode::Value, Mode::RangeEnd, Mode::Pipe, Mode::Expression, Mode::Lucene,
        ]),
    ) {
        let mut lexer = Lexer::new(&text);
        let mut end = 0;
        loop {
            let token = lexer.next(mode);
            let between = text.get(end..token.span.start);
            prop_assert_eq!(between.map(str::trim), Some(""));
            end = token.span.end;
            if token.kind == TokenKind::End {
                prop_assert_eq!(end, text.len());
                break;
            }
            prop_assert!(!token.span.is_empty() && text.is_char_boundary(end));
        }
    }
}
