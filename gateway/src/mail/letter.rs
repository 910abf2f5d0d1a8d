//! What mails say, and how they are written down.
//!
//! Invariant: a header has no text of a person but its address, which has no character that could end a line; the body is
//! encoded whole, so no line of it can be taken for anything else. Links are the only secrets. It sends nothing.

use antler_actors::quotas::Limited;
use antler_events::clock::Timestamp;
use antler_events::identity::{DisplayName, Email, Username};
use antler_events::ids::MailId;
use base64ct::{Base64, Encoding as _};

/// Characters of a line of the body.
const LINE: usize = 76;

/// A mail before it has an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    subject: &'static str,
    text: String,
}

impl Letter {
    pub(super) fn invitation(site: &str, organization: &DisplayName, token: &str, until: Timestamp) -> Self {
        let what = format!(
            "You are invited to read and send the logs of {organization}. Choose a name and a password here:"
        );
        let way = "POST /api/auth/accept-invitation/ with this token does the same:";
        Self::with_link("You are invited to Antler", &what, site, ("accept-invitation", way), token, until)
    }

    pub(super) fn verification(site: &str, name: &Username, token: &str, until: Timestamp) -> Self {
        let what = format!(
            "Somebody, probably you, has an account {name} with this address. It is yours if you open this:"
        );
        let way = "POST /api/auth/verify-email/ with this token does the same:";
        Self::with_link("Verify your address", &what, site, ("verify-email", way), token, until)
    }

    pub(super) fn password_reset(site: &str, name: &Username, token: &str, until: Timestamp) -> Self {
        let what = format!(
            "Somebody, perhaps you, has forgotten the password of the account {name}. Choose another one here, once:"
        );
        let way = "POST /api/auth/password-reset/confirm/ with this token does the same:";
        Self::with_link("Choose another password", &what, site, ("reset-password", way), token, until)
    }

    /// `steps`: how many of a hundred parts of which limit are used.
    pub(super) fn quota_warning(site: &str, organization: &DisplayName, steps: &[(Limited, u64)]) -> Self {
        let used: String = steps
            .iter()
            .map(|(limited, percent)| {
                let (what, relief) = (limited.what(), limited.relief());
                format!("- {percent} % of {what} are used; {relief}.\n")
            })
            .collect();
        let text = format!(
            "{organization} is near a limit of its quota, or has reached it:\n\n{used}\nWhat goes beyond a limit is refused \
             until then, or until the operator raises it. GET {site}/api/users/profile/quota/ shows the figures.\n\n\
             You get this because you are an admin there. With \"notification_preferences\": {{\"email_alerts\": false}} in \
             your profile no such mails come.\n"
        );
        Self { subject: "Your quota is nearly used", text }
    }

    /// What stands behind `#` is sent to no server and stands in no log.
    fn with_link(
        subject: &'static str,
        what: &str,
        site: &str,
        (page, way): (&str, &str),
        token: &str,
        until: Timestamp,
    ) -> Self {
        let text = format!(
            "{what}\n\n{site}/{page}#token={token}\n\nIt counts until {until}. {way}\n\n{token}\n\n\
             If you expect no such mail, you need not do anything.\n"
        );
        Self { subject, text }
    }

    /// The whole message. A mail that is sent twice has the same id, by which mailboxes know it.
    pub(super) fn message(&self, from: &str, to: &Email, id: MailId, now: Timestamp) -> String {
        let host = from.rsplit_once('@').map_or("localhost", |(_, host)| host);
        let body = Base64::encode_string(self.text.replace('\n', "\r\n").as_bytes());
        let lines: Vec<&str> = body.as_bytes().chunks(LINE).map(plain).collect();
        format!(
            "From: Antler <{from}>\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: <{id}@{host}>\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\
             Auto-Submitted: auto-generated\r\n\r\n{body}\r\n",
            subject = self.subject,
            date = date(now),
            body = lines.join("\r\n"),
        )
    }
}

fn plain(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("base64 has letters and digits only")
}

/// As headers have it: `Mon, 23 Nov 2026 02:00:00 +0000`.
fn date(now: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    // As RFC 3339 has it: 2026-11-23T02:00:00.000Z.
    let text = now.to_string();
    let day = now.nanos().div_euclid(86_400_000_000_000).rem_euclid(7);
    let month = text.get(5..7).and_then(|month| month.parse::<usize>().ok()).unwrap_or(1);
    format!(
        "{}, {} {} {} {} +0000",
        DAYS[day as usize],
        text.get(8..10).unwrap_or("01"),
        MONTHS[(month - 1) % 12],
        text.get(..4).unwrap_or("1970"),
        text.get(11..19).unwrap_or("00:00:00"),
    )
}

#[cfg(test)]
mod tests {
    use antler_config::limits::AccountLimits;

    use super::*;

    fn opened(message: &str) -> (String, String) {
        let (head, body) = message.split_once("\r\n\r\n").unwrap();
        let bytes = Base64::decode_vec(&body.replace("\r\n", "")).unwrap();
        (head.to_owned(), String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_letter_has_its_headers_and_its_link() {
        let limits = AccountLimits::default();
        let name = Username::parse("ann", &limits).unwrap();
        let to = Email::parse("ann@example.org", &limits).unwrap();
        let until = Timestamp::from_nanos(1_700_003_600_000_000_000);
        let letter = Letter::password_reset("https://logs.example.org/a", &name, "t.m.s", until);
        let now = Timestamp::from_nanos(1_700_000_000_000_000_000);
        let message = letter.message("antler@example.org", &to, MailId::parse("m1").unwrap(), now);
        let (head, text) = opened(&message);
        assert_eq!(
            head.lines().take(5).collect::<Vec<_>>(),
            [
                "From: Antler <antler@example.org>",
                "To: ann@example.org",
                "Subject: Choose another password",
                "Date: Tue, 14 Nov 2023 22:13:20 +0000",
                "Message-ID: <m1@example.org>",
            ]
        );
        assert!(text.contains("https://logs.example.org/a/reset-password#token=t.m.s\r\n"), "{text}");
        assert!(text.contains("the account ann.") && text.contains("until 2023-11-14T23:13:20"), "{text}");
        assert!(message.lines().all(|line| line.len() < 100) && message.is_ascii());
    }

    #[test]
    fn the_name_of_an_organization_stays_in_the_body() {
        let limits = AccountLimits::default();
        let to = Email::parse("ann@example.org", &limits).unwrap();
        let name = "Größe\u{a0}Bcc: eve@example.org";
        let organization = DisplayName::parse(name, &limits).unwrap();
        let letter = Letter::invitation("https://a", &organization, "t", Timestamp::from_nanos(0));
        let message = letter.message("a@b", &to, MailId::parse("m").unwrap(), Timestamp::from_nanos(0));
        let (head, text) = opened(&message);
        assert!(!head.contains("eve") && text.contains(name), "{message}");
        assert_eq!(head.matches('@').count(), 3);
    }
}
