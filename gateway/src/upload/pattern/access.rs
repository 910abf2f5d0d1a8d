//! Access logs of web servers: the common and the combined form, with what servers put before or behind it.
//!
//! Invariant: the message of such a line is the whole line, so that nothing of it is lost. It takes a status for a level:
//! 500 and above is an error, 400 and above a warning.

use std::borrow::Cow;

use super::super::time::Times;
use super::Match;

/// Lines of a web server, and whether it is known to be nginx.
#[derive(Debug)]
pub(super) struct AccessLog {
    pub is_nginx: bool,
}

impl AccessLog {
    pub(super) fn read<'t>(&self, line: &'t str, times: &Times) -> Option<Match<'t>> {
        let (head, rest) = line.split_at_checked(line.find(" [")?)?;
        let (time, length) = times.leading(&rest[2..])?;
        let rest = rest[2 + length..].strip_prefix("] \"")?;
        let mut fields = Vec::with_capacity(12);
        push_client(head, &mut fields)?;
        let (request, rest) = quoted(rest)?;
        push_request(request, &mut fields);
        let (status, rest) = word(rest.strip_prefix(' ')?);
        let is_status = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
        if !is_status && status != "-" {
            return None;
        }
        push(&mut fields, "status", status);
        let (bytes, mut rest) = word(rest.strip_prefix(' ')?);
        push(&mut fields, "bytes", bytes);
        let mut names = ["referrer", "user_agent", "forwarded_for"].into_iter();
        let mut count = 0;
        while let Some((value, after)) = rest.strip_prefix(" \"").and_then(quoted) {
            push(&mut fields, names.next()?, value);
            (count, rest) = (count + 1, after);
        }
        if !rest.trim().is_empty() {
            push(&mut fields, "rest", rest.trim());
        }
        let level = match status.as_bytes()[0] {
            b'5' => "error",
            b'4' => "warning",
            _ => "info",
        };
        let pattern = match count {
            _ if self.is_nginx => "nginx_access",
            0 => "apache_common",
            1 | 2 => "apache_combined",
            _ => "nginx_access",
        };
        Some(Match { pattern, time: Some(time), level: Some(level), message: line, fields })
    }
}

type Fields<'t> = Vec<(Cow<'static, str>, Cow<'t, str>)>;

/// `client - user`, or `host client - user`; a user may hold spaces.
fn push_client<'t>(head: &'t str, fields: &mut Fields<'t>) -> Option<()> {
    let (first, rest) = head.split_once(' ')?;
    let (second, third) = rest.split_once(' ')?;
    let (client, identity, user) = match third.split_once(' ') {
        // What has a port, or a dash behind it, is the host that was asked.
        Some(("-", user)) if second != "-" => {
            push(fields, "host", first);
            (second, "-", user)
        }
        _ => (first, second, third),
    };
    push(fields, "client_ip", client);
    push(fields, "identity", identity);
    push(fields, "user", user);
    Some(())
}

/// `GET /path HTTP/1.1`; what is no request is kept as it is.
fn push_request<'t>(request: &'t str, fields: &mut Fields<'t>) {
    let parts = request.split_once(' ').and_then(|(method, rest)| {
        let (path, protocol) = rest.rsplit_once(' ').unwrap_or((rest, "-"));
        let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        is_method.then_some((method, path, protocol))
    });
    match parts {
        Some((method, path, protocol)) => {
            push(fields, "method", method);
            push(fields, "path", path);
            push(fields, "protocol", protocol);
        }
        None => push(fields, "request", request),
    }
}

/// A dash is nothing.
fn push<'t>(fields: &mut Fields<'t>, name: &'static str, value: &'t str) {
    if value != "-" && !value.is_empty() {
        fields.push((Cow::Borrowed(name), Cow::Borrowed(value)));
    }
}

/// What stands before the next quote that is not escaped, and what behind it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', &text.as_bytes()[from..])?;
        if text.as_bytes()[at] == b'"' {
            return Some((&text[..at], &text[at + 1..]));
        }
        from = (at + 2).min(text.len());
    }
}

fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(' ').unwrap_or(text.len()))
}
