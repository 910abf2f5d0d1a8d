//! The view of mails: each by tenant and id, and beside them those that wait to be sent.
//!
//! Invariant: a mail stands among those that wait from its promise to its end. It sends none.

use antler_events::codec::CodecError;
use antler_events::event::ControlEvent;
use antler_events::event::mail::{self, Mail, MailEvent, MailPromised, MailStage};
use antler_events::ids::{MailId, TenantId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::fold::Folded;
use super::port::{Page, ViewError, ViewName, ViewStore, ViewWrite};

#[derive(Debug)]
pub(super) struct Mails;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MailDocument {
    promised: MailPromised,
    stage: StageDocument,
}

#[derive(Debug, Serialize, Deserialize)]
enum StageDocument {
    Waiting,
    Sent,
    GivenUp,
}

/// What the keys of those begin with that wait.
const WAITING: &str = "waiting/";

/// Mails that wait, of all tenants or of one, in the order of tenants.
pub(super) async fn waiting(
    of: Option<TenantId>,
    store: &dyn ViewStore,
    limit: usize,
) -> Result<Vec<(TenantId, MailId)>, ViewError> {
    let prefix = of.map_or_else(|| WAITING.to_owned(), |tenant| format!("{WAITING}{tenant}/"));
    let found = store.scan(Mails::VIEW, Page { prefix: prefix.as_bytes(), after: None, limit }).await?;
    let damaged = || ViewError::Damaged { view: Mails::VIEW, reason: "a mail of it has no id".to_owned() };
    found.iter().map(|found| named(&found.key).ok_or_else(damaged)).collect()
}

fn waiting_key(tenant: TenantId, id: MailId) -> Bytes {
    format!("{WAITING}{tenant}/{id}").into()
}

fn named(key: &[u8]) -> Option<(TenantId, MailId)> {
    let (tenant, id) = std::str::from_utf8(key).ok()?.strip_prefix(WAITING)?.split_once('/')?;
    Some((TenantId::parse(tenant).ok()?, MailId::parse(id).ok()?))
}

impl Folded for Mails {
    const VIEW: ViewName = ViewName::in_form("mails", 2);
    type Id = MailId;
    type State = Mail;
    type Event = MailEvent;
    type Document = MailDocument;

    fn id(text: &str) -> Option<MailId> {
        MailId::parse(text).ok()
    }

    fn event(event: &ControlEvent) -> Option<(MailId, &MailEvent)> {
        match event {
            ControlEvent::Mail(mail, event) => Some((*mail, event)),
            _ => None,
        }
    }

    fn evolve(state: &mut Option<Mail>, event: &MailEvent) {
        mail::evolve(state, event);
    }

    fn store(mail: &Mail) -> MailDocument {
        let stage = match mail.stage {
            MailStage::Waiting => StageDocument::Waiting,
            MailStage::Sent => StageDocument::Sent,
            MailStage::GivenUp => StageDocument::GivenUp,
        };
        MailDocument { promised: mail.promised.clone(), stage }
    }

    fn restore(document: MailDocument) -> Mail {
        let stage = match document.stage {
            StageDocument::Waiting => MailStage::Waiting,
            StageDocument::Sent => MailStage::Sent,
            StageDocument::GivenUp => MailStage::GivenUp,
        };
        Mail { promised: document.promised, stage }
    }

    fn beside(
        tenant: TenantId,
        id: MailId,
        before: Option<&Mail>,
        after: Option<&Mail>,
    ) -> Result<Vec<ViewWrite>, CodecError> {
        let waits = |mail: Option<&Mail>| mail.is_some_and(|mail| mail.stage == MailStage::Waiting);
        let key = waiting_key(tenant, id);
        Ok(match (waits(before), waits(after)) {
            (false, true) => vec![ViewWrite::Put { key, document: Bytes::new() }],
            (true, false) => vec![ViewWrite::Delete { key }],
            _ => Vec::new(),
        })
    }
}
