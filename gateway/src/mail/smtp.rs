//! Mails by SMTP: one connection for each.
//!
//! Invariant: with `starttls` or `tls` nothing is said unencrypted, and the server's certificate is checked for its name. It
//! does not try again: the post office does.

use std::time::Duration;

use antler_actors::post::Undelivered;
use antler_config::{Mail, MailSecurity};
use antler_events::ids::MailId;
use antler_events::log::BoxFuture;
use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::{MailError, Transport};

#[derive(Debug)]
pub(super) struct Smtp {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: String,
    /// For the whole of one mail.
    timeout: Duration,
}

impl Smtp {
    pub(super) fn new(settings: &Mail) -> Result<Self, MailError> {
        let Mail { host, port, user, password, timeout, from, .. } = settings;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(*port)
            .timeout(Some(*timeout))
            .tls(tls(settings)?);
        let builder = match user.is_empty() {
            true => builder,
            false => builder.credentials(Credentials::new(user.clone(), password.reveal().to_owned())),
        };
        Ok(Self { server: builder.build(), from: from.clone(), timeout: *timeout })
    }

    async fn send(&self, to: &str, message: &str) -> Result<(), Undelivered> {
        let never = |reason: String| Undelivered::Never { reason };
        let address = |text: &str| text.parse::<Address>().map_err(|error| never(error.to_string()));
        let envelope = Envelope::new(Some(address(&self.from)?), vec![address(to)?]);
        let envelope = envelope.map_err(|error| never(error.to_string()))?;
        let sent = self.server.send_raw(&envelope, message.as_bytes());
        match tokio::time::timeout(self.timeout, sent).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(undelivered(&error)),
            Err(_) => Err(Undelivered::Down { reason: "it took too long".to_owned() }),
        }
    }
}

impl Transport for Smtp {
    fn hand_over<'a>(
        &'a self,
        _id: MailId,
        to: &'a str,
        message: &'a str,
    ) -> BoxFuture<'a, Result<(), Undelivered>> {
        Box::pin(self.send(to, message))
    }
}

fn tls(settings: &Mail) -> Result<Tls, MailError> {
    if settings.security == MailSecurity::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(settings.host.clone());
    if !settings.authorities.as_os_str().is_empty() {
        let pem = std::fs::read(&settings.authorities).map_err(MailError::Authorities)?;
        parameters = parameters.add_root_certificate(Certificate::from_pem(&pem).map_err(MailError::Smtp)?);
    }
    let parameters = parameters.build_rustls().map_err(MailError::Smtp)?;
    Ok(match settings.security {
        MailSecurity::Tls => Tls::Wrapper(parameters),
        MailSecurity::Starttls | MailSecurity::None => Tls::Required(parameters),
    })
}

/// A refused login is the operator's to mend, so no mail is given up for it.
fn undelivered(error: &Error) -> Undelivered {
    const LOGINS: [u16; 5] = [421, 530, 534, 535, 538];
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    let reason = format!("{error}{cause}");
    let is_of_login = error.status().is_some_and(|code| LOGINS.contains(&u16::from(code)));
    match (is_of_login, error.is_permanent(), error.is_transient()) {
        (false, true, _) => Undelivered::Never { reason },
        (false, _, true) => Undelivered::Later { reason },
        _ => Undelivered::Down { reason },
    }
}
