//! Secrets in texts, found by the words before them and by their form.
//!
//! Invariant: what follows such a word up to the end of a value is gone, and so is what looks like a key, a token or a hash of
//! this program. It rather masks too much. It knows no settings: those mask themselves.

const MASK: &str = "***";
/// A value that stands behind one of these is a secret.
const WORDS: [&str; 8] =
    ["setup_token", "access_token", "token", "password", "secret", "authorization", "api_key", "cookie"];
/// What secrets of this program begin with, whatever stands before them.
const BEGINNINGS: [&str; 3] = ["antler_", "eyJ", "$argon2"];

/// The line without its secrets.
pub(super) fn masked(line: &str) -> String {
    let line = WORDS.iter().fold(line.to_owned(), |line, word| behind_word(&line, word));
    BEGINNINGS.iter().fold(line, |line, beginning| beginning_with(&line, beginning))
}

/// Masks values as in `word=value`, `"word":"value"` and `word: value`.
fn behind_word(line: &str, word: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(line.len()), line);
    while let Some(at) = find(rest, word) {
        let (before, behind) = rest.split_at(at + word.len());
        out += before;
        rest = behind;
        let sign = behind.trim_start_matches(['\\', '"', ' ']);
        let Some(value) = sign.strip_prefix(['=', ':']) else { continue };
        let value = value.trim_start_matches([' ', '\\']);
        let (is_quoted, value) = value.strip_prefix('"').map_or((false, value), |value| (true, value));
        let end = match (is_quoted, word) {
            (true, _) => value.find('"'),
            (false, "authorization" | "cookie") => None,
            (false, _) => value.find(is_end),
        };
        let end = end.unwrap_or(value.len());
        out += &behind[..behind.len() - value.len()];
        out += if end == 0 { "" } else { MASK };
        rest = &value[end..];
    }
    out + rest
}

fn beginning_with(line: &str, beginning: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(line.len()), line);
    while let Some(at) = rest.find(beginning) {
        let behind = &rest[at + beginning.len()..];
        let end = behind.find(is_end).unwrap_or(behind.len());
        // A metric or a field of that name is short and has no digit in it.
        let is_secret = end >= 16 && behind[..end].bytes().any(|byte| byte.is_ascii_digit());
        out += &rest[..at];
        match is_secret {
            true => out += MASK,
            false => out += &rest[at..at + beginning.len() + end],
        }
        rest = &behind[end..];
    }
    out + rest
}

fn find(text: &str, word: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(word)
}

fn is_end(character: char) -> bool {
    character.is_whitespace() || "\"',;&}])\\".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_the_rest_stays() {
        let check = |line: &str, expected: &str| assert_eq!(masked(line), expected, "{line}");
        check(
            "link=http://a/register?setup_token=abc123 nobody",
            "link=http://a/register?setup_token=*** nobody",
        );
        check(r#"{"username":"ann","password":"three otters"}"#, r#"{"username":"ann","password":"***"}"#);
        check(r#"  "operator_token": "***","#, r#"  "operator_token": "***","#);
        check(r#"  "metrics_token": "","#, r#"  "metrics_token": "","#);
        check("Authorization: Bearer x.y.z", "Authorization: ***");
        check("key antler_1f9c2ab4d7e03561_secretsecret is", "key *** is");
        check("hash $argon2id$v=19$m=19456$abcdefgh1 x", "hash *** x");
        check("antler_http_requests_total{route=\"a\"} 5", "antler_http_requests_total{route=\"a\"} 5");
        check(r#"said="{\"password\":\"x y\"}" z"#, r#"said="{\"password\":\"***"}" z"#);
        check("the token has expired", "the token has expired");
        check("12 lines", "12 lines");
    }
}
