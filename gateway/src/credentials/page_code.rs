//! The code that a page shows to prove that it could read a cookie of its own site.
//!
//! Invariant: a code belongs to one session and cannot be made without the key of the server. It is no credential: it
//! counts only beside one.

use antler_events::ids::SessionId;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::secret::hex;
use super::token_key::TokenKey;

/// Keeps these codes apart from everything else that is made with the key.
const PURPOSE: &[u8] = b"code of a page\0";

/// Makes and checks codes.
#[derive(Clone)]
pub struct PageCodes(Hmac<Sha256>);

impl std::fmt::Debug for PageCodes {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PageCodes(***)")
    }
}

impl PageCodes {
    pub fn new(key: &TokenKey) -> Self {
        let mut code = Hmac::new_from_slice(key.as_bytes()).expect("a key of any length will do");
        code.update(PURPOSE);
        Self(code)
    }

    pub fn of(&self, session: SessionId) -> String {
        let mut code = self.0.clone();
        code.update(session.to_string().as_bytes());
        hex(&code.finalize().into_bytes())
    }

    /// Whether the code is that of the session. The time taken tells nothing of it.
    pub fn is_of(&self, session: SessionId, given: &[u8]) -> bool {
        let code = self.of(session);
        code.len() == given.len()
            && code.bytes().zip(given).fold(0, |all, (left, right)| all | (left ^ right)) == 0
    }
}

#[cfg(test)]
mod tests {
    use antler_events::randomness::SystemRandomness;

    use super::*;

    #[test]
    fn a_code_is_that_of_its_session_and_its_server() {
        let [here, there] = [(), ()].map(|()| PageCodes::new(&TokenKey::draw(&SystemRandomness).unwrap()));
        let [one, other] = ["s1", "s2"].map(|id| SessionId::parse(id).unwrap());
        let code = here.of(one);
        assert_eq!((code.len(), here.of(one)), (64, code.clone()));
        assert!(here.is_of(one, code.as_bytes()));
        assert!(!here.is_of(other, code.as_bytes()) && !there.is_of(one, code.as_bytes()));
        assert!(!here.is_of(one, b"") && !here.is_of(one, &code.as_bytes()[1..]));
    }
}
