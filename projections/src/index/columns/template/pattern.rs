//! The form of a template: what it is to people, who know nothing of columns.
//!
//! Invariant: the form of a text's template is the form of the text, whichever of both is at hand.
//! It does not merge forms: `query::pattern` does.

use antler_events::query::pattern::{Form, FormBuilder, Hole};

use super::form::{HoleKind, Piece};
use super::templates::Template;

impl Template<'_> {
    /// What all texts of the template are to people.
    pub fn form(self) -> Form {
        let mut form = FormBuilder::default();
        for piece in self.pieces() {
            match piece {
                Piece::Literal(literal) => form.literal(literal),
                Piece::Hole(kind) => form.hole(shown(kind)),
            }
        }
        form.finish()
    }
}

fn shown(kind: HoleKind) -> Hole {
    match kind {
        HoleKind::Decimal => Hole::Number,
        HoleKind::Word => Hole::Word,
        HoleKind::Uuid => Hole::Uuid,
        HoleKind::Address => Hole::Address,
        HoleKind::Text => Hole::Text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::any_text;
    use super::super::split::{Split, split};
    use super::super::templates::Templates;
    use super::*;

    fn check(text: &[u8]) {
        let mut parts = Split::default();
        split(text, &mut parts);
        let form = Templates::of_key(parts.key()).unwrap().template(1).form();
        assert_eq!(form.to_string(), Form::of_text(text).to_string(), "{}", text.escape_ascii());
    }

    #[test]
    fn addresses_ids_and_long_numbers_are_cut_alike() {
        let uuid = "abcdefab-e89b-12d3-a456-42661417400f";
        for text in [
            "10.0.0.9. 10.0.0.256 01.2.3.4 1.2.3.4.5 .1.2.3.4 255.249.200.1x 1234.1.1.1",
            "1234567890123456789 123456789012345678 v1.2.3 _7 \u{e9}7 a-1-b",
            &format!("{uuid} x{uuid} {uuid}0 7{uuid} ab-{uuid} {}", uuid.to_uppercase()),
            "abcdefab-e89b abcdefab-abcd-12d3-a456-42661417400f 123e4567-e89b-12d3-a456-42661417400f!",
        ] {
            check(text.as_bytes());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn a_template_has_the_form_of_its_texts(text in any_text()) {
            check(&text);
        }
    }
}
