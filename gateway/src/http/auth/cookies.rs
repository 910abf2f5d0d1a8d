//! Logins that a browser keeps in cookies, and what keeps other sites from using them.
//!
//! There are three: the access token, for all addresses; the refresh token, for the address that takes it; and a code that
//! pages read, and send back in a header with every request that may change something. Another site can have a browser
//! send the cookies, and cannot read the code.
//! Invariant: no script can read a token; a cookie changes nothing without the code of its session. A credential in the head
//! of a request comes first. It opens no session and ends none.

use antler_config::BasePath;
use antler_events::ids::SessionId;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{Extensions, HeaderMap, HeaderValue};

use super::super::error::ApiError;
use super::super::peer::Encrypted;
use crate::credentials::access_token;
use crate::credentials::page_code::PageCodes;

const SESSION: &str = "antler_session";
const REFRESH: &str = "antler_refresh";
const CODE: &str = "antler_csrf";
/// Where the code is sent back.
const CODE_HEADER: &str = "x-csrf-token";
/// The only address that needs to see a refresh token.
const REFRESH_PATH: &str = "/api/auth/refresh";

/// Put into a request whose credential is a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct ByCookie;

/// What is kept, and for how long the browser may come back with it.
#[derive(Debug)]
pub(in crate::http) struct Kept<'a> {
    pub(in crate::http) session: SessionId,
    pub(in crate::http) access: &'a str,
    pub(in crate::http) refresh: &'a str,
    pub(in crate::http) lifetime_s: u64,
}

#[derive(Debug)]
pub struct Cookies {
    pub codes: PageCodes,
    pub base: BasePath,
    /// Browsers come by HTTPS, whatever a connection says.
    pub https_in_front: bool,
}

impl Cookies {
    pub fn new(codes: PageCodes) -> Self {
        Self { codes, base: BasePath::default(), https_in_front: false }
    }

    /// Whether the request brings the code of the session.
    pub(in crate::http) fn check(&self, session: SessionId, headers: &HeaderMap) -> Result<(), ApiError> {
        let given = headers.get(CODE_HEADER).map(HeaderValue::as_bytes);
        if given.is_some_and(|given| self.codes.is_of(session, given)) {
            return Ok(());
        }
        Err(ApiError::Forbidden {
            reason: "with a cookie as credential, what may change something needs the header X-CSRF-Token with the \
                value of the cookie antler_csrf; send it, or the access token in the header Authorization"
                .to_owned(),
        })
    }

    /// Has the browser keep a login.
    pub(in crate::http) fn give(&self, kept: &Kept<'_>, extensions: &Extensions, headers: &mut HeaderMap) {
        let Kept { session, access, refresh, lifetime_s } = *kept;
        let access_s = access_token::LIFETIME.as_secs();
        self.set(headers, extensions, (SESSION, access), "/", access_s);
        self.set(headers, extensions, (REFRESH, refresh), REFRESH_PATH, lifetime_s);
        self.set(headers, extensions, (CODE, &self.codes.of(session)), "/", lifetime_s);
    }

    /// Has the browser forget it.
    pub(in crate::http) fn take_back(&self, extensions: &Extensions, headers: &mut HeaderMap) {
        for (name, path) in [(SESSION, "/"), (REFRESH, REFRESH_PATH), (CODE, "/")] {
            self.set(headers, extensions, (name, ""), path, 0);
        }
    }

    fn set(
        &self,
        headers: &mut HeaderMap,
        extensions: &Extensions,
        (name, value): (&str, &str),
        path: &str,
        seconds: u64,
    ) {
        let is_https = self.https_in_front || extensions.get::<Encrypted>().is_some();
        let base = self.base.as_str();
        let hidden = if name == CODE { "" } else { "; HttpOnly" };
        let secure = if is_https { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Path={base}{path}; Max-Age={seconds}; SameSite=Strict{hidden}{secure}");
        headers.append(SET_COOKIE, text.parse().expect("tokens and paths are plain ASCII"));
    }
}

/// The access token that a browser keeps.
pub(crate) fn session(headers: &HeaderMap) -> Option<&str> {
    value(headers, SESSION)
}

/// The refresh token that a browser keeps.
pub(in crate::http) fn refresh(headers: &HeaderMap) -> Option<&str> {
    value(headers, REFRESH)
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, value)| *known == name && !value.is_empty()).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use antler_events::randomness::SystemRandomness;

    use super::*;
    use crate::credentials::token_key::TokenKey;

    fn cookies() -> Cookies {
        Cookies::new(PageCodes::new(&TokenKey::draw(&SystemRandomness).unwrap()))
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let check = |lines: &[&'static str], expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(COOKIE, HeaderValue::from_static(line));
            }
            assert_eq!(session(&headers), expected, "{lines:?}");
        };
        check(&["antler_session=a.b.c"], Some("a.b.c"));
        check(&["theme=dark; antler_session=a; antler_csrf=b"], Some("a"));
        check(&["theme=dark", "x=y;antler_session=a"], Some("a"));
        check(&["antler_session="], None);
        check(&["not_antler_session=a; antler_sessions=b"], None);
        check(&[], None);
    }

    #[test]
    fn tokens_are_hidden_from_scripts_and_the_refresh_token_from_most_addresses() {
        let (mut cookies, mut headers, mut extensions) = (cookies(), HeaderMap::new(), Extensions::new());
        cookies.base = "/logs".parse().unwrap();
        let session = SessionId::parse("s1").unwrap();
        let kept = Kept { session, access: "a", refresh: "r", lifetime_s: 70 };
        cookies.give(&kept, &extensions, &mut headers);
        let code = cookies.codes.of(session);
        let all: Vec<&str> = headers.get_all(SET_COOKIE).iter().map(|set| set.to_str().unwrap()).collect();
        assert_eq!(
            all,
            [
                "antler_session=a; Path=/logs/; Max-Age=900; SameSite=Strict; HttpOnly",
                "antler_refresh=r; Path=/logs/api/auth/refresh; Max-Age=70; SameSite=Strict; HttpOnly",
                &format!("antler_csrf={code}; Path=/logs/; Max-Age=70; SameSite=Strict"),
            ]
        );
        extensions.insert(Encrypted);
        let mut secure = HeaderMap::new();
        cookies.take_back(&extensions, &mut secure);
        let all: Vec<&str> = secure.get_all(SET_COOKIE).iter().map(|set| set.to_str().unwrap()).collect();
        assert_eq!(all[0], "antler_session=; Path=/logs/; Max-Age=0; SameSite=Strict; HttpOnly; Secure");
        assert!(
            all.len() == 3 && all.iter().all(|set| set.contains("Max-Age=0") && set.ends_with("; Secure"))
        );
    }
}
