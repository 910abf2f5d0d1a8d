//! The operator: whoever has the token of the settings, or is a superadmin, and with it sees what concerns all tenants.
//!
//! Invariant: without a token in the settings nobody is the operator. Texts are compared whole, whatever differs, so that the
//! time taken tells nothing. It lets nobody read lines of a tenant that it is no member of.

use antler_config::Secret;

/// Put into a request of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator;

/// Whether what was given is the secret, which has to be set.
pub(in crate::http) fn is(secret: &Secret, given: &[u8]) -> bool {
    let token = secret.reveal().as_bytes();
    secret.is_set()
        && given.len() == token.len()
        && given.iter().zip(token).fold(0, |all, (left, right)| all | (left ^ right)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_counts_and_none_if_there_is_none() {
        let secret = Secret::new("a token of some length".to_owned());
        assert!(is(&secret, b"a token of some length"));
        for given in
            [&b""[..], b"a token of some lengt", b"a token of some lengtH", b"a token of some length "]
        {
            assert!(!is(&secret, given));
        }
        assert!(!is(&Secret::default(), b""));
    }
}
