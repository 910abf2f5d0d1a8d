//! Senders that were found lately, by what they send of themselves.
//!
//! Invariant: who may not send any more is found out within the time after which a sender is looked at again. A token that
//! was refused is not looked up for each line that has it. It reads no lines.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use antler_events::ids::TenantId;
use foldhash::fast::FixedState;

use super::intake::{Intake, Sender};

/// Tokens that are remembered, good and bad ones.
const TOKENS_MAX: usize = 1_024;
/// A token that was refused is looked at again after so long.
const REFUSED_FOR: Duration = Duration::from_secs(10);

/// Whose lines those without a token are, and how a listener asks for one.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    pub tenant: Option<TenantId>,
    /// That names the tenant.
    pub setting: &'static str,
    /// How a token is sent here.
    pub advice: &'static str,
}

/// What is known.
#[derive(Debug)]
pub struct Senders {
    intake: Arc<Intake>,
    owner: Owner,
    tokens: HashMap<String, Known, FixedState>,
    own: Option<Known>,
}

/// What a credential was found to be.
#[derive(Debug, Clone)]
enum Known {
    Sender(Box<Sender>),
    Refused { at: Duration, reason: Arc<str> },
}

impl Senders {
    pub fn new(intake: Arc<Intake>, owner: Owner) -> Self {
        Self { intake, owner, tokens: HashMap::default(), own: None }
    }

    /// Whose lines they are that come with this token, or without any.
    pub async fn of(&mut self, token: Option<&str>) -> Result<Sender, Arc<str>> {
        let now = self.intake.elapsed();
        let known = match token {
            Some(token) => self.tokens.get(token),
            None => self.own.as_ref(),
        };
        match known {
            Some(Known::Sender(sender)) if sender.is_fresh(now) => return Ok((**sender).clone()),
            Some(Known::Refused { at, reason }) if now.saturating_sub(*at) < REFUSED_FOR => {
                return Err(Arc::clone(reason));
            }
            _ => {}
        }
        let found = self.find(token).await;
        self.remember(token, found.clone(), now);
        found
    }

    fn remember(&mut self, token: Option<&str>, found: Result<Sender, Arc<str>>, now: Duration) {
        let known = match found {
            Ok(sender) => Known::Sender(Box::new(sender)),
            Err(reason) => Known::Refused { at: now, reason },
        };
        let Some(token) = token else { return self.own = Some(known) };
        if self.tokens.len() >= TOKENS_MAX {
            self.tokens.clear();
        }
        self.tokens.insert(token.to_owned(), known);
    }

    async fn find(&self, token: Option<&str>) -> Result<Sender, Arc<str>> {
        let Owner { tenant, setting, advice } = self.owner;
        let found = match (token, tenant) {
            (Some(token), _) => self.intake.bearer(token).await,
            (None, Some(tenant)) => self.intake.configured(tenant, setting).await,
            (None, None) => return Err(format!("lines need a token here: {advice}, or set {setting}").into()),
        };
        found.map_err(|error| error.to_string().into())
    }
}
