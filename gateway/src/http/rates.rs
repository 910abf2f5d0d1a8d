//! How often somebody may ask in an hour: each address, person and key by itself, and each tenant in all.
//!
//! Hours are full ones in UTC. What is left is told in the headers of every answer that was counted.
//! Invariant: what is counted here neither takes a lock that all share nor grows with who asks: beyond a number of callers,
//! those that asked least lately are forgotten. Which requests are counted is the route class's to say.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use antler_actors::calls::{Calls, Counted, HourCount};
use antler_config::limits::RateLimits;
use antler_events::clock::{Clock, Timestamp};
use antler_events::ids::{KeyId, TenantId, UserId};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use quick_cache::sync::Cache;

use super::auth::{Caller, Identity, Operator};
use super::error::ApiError;
use super::peer::{PeerAddress, network};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// Counts of callers, and of the tenants that they belong to.
pub struct Rates {
    limits: RateLimits,
    callers: Cache<Asker, Arc<HourCount>>,
    /// None where nothing counts for tenants, as in a test of something else.
    calls: Option<Arc<Calls>>,
    clock: Arc<dyn Clock>,
    refused: [AtomicU64; Class::ALL.len()],
}

/// Who is counted by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Asker {
    Address(IpAddr),
    Person(TenantId, UserId),
    Key(TenantId, KeyId),
}

/// What callers have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Anonymous,
    User,
    Key,
}

/// What is left of each limit that a request was counted against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowance {
    now: Timestamp,
    of_caller: Option<(Class, Counted)>,
    of_tenant: Option<Counted>,
}

impl Class {
    pub(super) const ALL: [Self; 3] = [Self::Anonymous, Self::User, Self::Key];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::User => "user",
            Self::Key => "key",
        }
    }

    fn whose(self) -> &'static str {
        match self {
            Self::Anonymous => "without a credential, your address has",
            Self::User => "you have",
            Self::Key => "this API key has",
        }
    }
}

impl Rates {
    pub fn new(limits: &RateLimits, calls: Option<Arc<Calls>>, clock: Arc<dyn Clock>) -> Self {
        let callers = Cache::new(limits.callers_max as usize);
        Self { limits: limits.clone(), callers, calls, clock, refused: Default::default() }
    }

    /// Counts a request of whoever was found to ask, or refuses it. An operator with the token of the settings is free.
    pub(super) async fn take(&self, request: &Extensions) -> Result<Allowance, (ApiError, Allowance)> {
        let caller = request.get::<Caller>();
        if caller.is_none() && request.get::<Operator>().is_some() {
            return Ok(Allowance::default());
        }
        let mut allowance = Allowance { now: self.clock.now(), ..Allowance::default() };
        if let Some((class, asker)) = asker(caller, request)
            && let Some(counted) = self.count(class, asker, allowance.now)
        {
            allowance.of_caller = Some((class, counted));
            if counted.is_refused {
                self.refused[class as usize].fetch_add(1, Ordering::Relaxed);
                let whose = format!("{} asked", class.whose());
                return Err((refusal(&whose, &counted, allowance.now), allowance));
            }
        }
        if let (Some(calls), Some(caller)) = (&self.calls, caller) {
            let counted = calls.take(caller.tenant).await;
            let counted = counted.map_err(|error| (error.into(), allowance.clone()))?;
            allowance.of_tenant = Some(counted);
            if counted.is_refused {
                return Err((refusal("the tenant has asked", &counted, allowance.now), allowance));
            }
        }
        Ok(allowance)
    }

    /// Requests that were refused since the start.
    pub(super) fn refused(&self, class: Class) -> u64 {
        self.refused[class as usize].load(Ordering::Relaxed)
    }

    pub fn calls(&self) -> Option<&Calls> {
        self.calls.as_deref()
    }

    /// None if there is no limit.
    fn count(&self, class: Class, asker: Asker, now: Timestamp) -> Option<Counted> {
        let max = match class {
            Class::Anonymous => self.limits.anonymous_per_hour,
            Class::User => self.limits.user_per_hour,
            Class::Key => self.limits.key_per_hour,
        };
        if max == 0 {
            return None;
        }
        let count = self.callers.get(&asker).unwrap_or_else(|| {
            let new = || Ok::<_, std::convert::Infallible>(Arc::default());
            let Ok(count) = self.callers.get_or_insert_with(&asker, new);
            count
        });
        Some(count.take(now, max.into()))
    }
}

/// None of a request that came from nowhere.
fn asker(caller: Option<&Caller>, request: &Extensions) -> Option<(Class, Asker)> {
    match caller.map(|caller| (caller.tenant, &caller.identity)) {
        Some((tenant, Identity::Person { user, .. })) => Some((Class::User, Asker::Person(tenant, *user))),
        Some((tenant, Identity::Key { id, .. })) => Some((Class::Key, Asker::Key(tenant, *id))),
        None => {
            let PeerAddress(address) = request.get::<PeerAddress>()?;
            Some((Class::Anonymous, Asker::Address(network(*address))))
        }
    }
}

fn refusal(who: &str, counted: &Counted, now: Timestamp) -> ApiError {
    let reason = format!("{who} as often as may be in an hour, {} times", counted.max);
    ApiError::TooMany { reason, retry_after_s: counted.seconds_left(now) }
}

impl Allowance {
    /// Tells it: the nearer limit in the older headers, all of them in those of the IETF.
    pub(super) fn show(&self, headers: &mut HeaderMap) {
        let of_caller = self.of_caller.map(|(class, counted)| (class.name(), counted));
        let all = of_caller.into_iter().chain(self.of_tenant.map(|counted| ("tenant", counted)));
        let Some((_, nearest)) = all.clone().min_by_key(|(_, counted)| counted.remaining()) else { return };
        headers.insert(LIMIT, nearest.max.into());
        headers.insert(REMAINING, nearest.remaining().into());
        headers.insert(RESET, (nearest.until.nanos() / 1_000_000_000).into());
        let (mut policy, mut state) = (String::with_capacity(64), String::with_capacity(64));
        for (name, counted) in all {
            let comma = if policy.is_empty() { "" } else { ", " };
            policy += &format!("{comma}\"{name}\";q={};w=3600", counted.max);
            state +=
                &format!("{comma}\"{name}\";r={};t={}", counted.remaining(), counted.seconds_left(self.now));
        }
        headers.insert(POLICY, HeaderValue::try_from(policy).expect("it is plain ASCII"));
        headers.insert(STATE, HeaderValue::try_from(state).expect("it is plain ASCII"));
    }
}

impl fmt::Debug for Rates {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Rates({} callers)", self.callers.len())
    }
}

#[cfg(test)]
mod tests {
    use antler_events::clock::SystemClock;

    use super::*;

    fn rates(anonymous_per_hour: u32) -> Rates {
        let limits = RateLimits { anonymous_per_hour, ..RateLimits::default() };
        Rates::new(&limits, None, Arc::new(SystemClock::new()))
    }

    fn from(address: &str) -> Extensions {
        let mut request = Extensions::new();
        request.insert(PeerAddress(address.parse().unwrap()));
        request
    }

    fn shown(allowance: &Allowance, name: &str) -> String {
        let mut headers = HeaderMap::new();
        allowance.show(&mut headers);
        headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    #[tokio::test]
    async fn an_address_is_refused_beyond_its_limit_and_others_go_on() {
        let rates = rates(2);
        let first = rates.take(&from("192.0.2.1")).await.unwrap();
        assert_eq!(
            (shown(&first, "x-ratelimit-limit"), shown(&first, "x-ratelimit-remaining")),
            ("2".into(), "1".into())
        );
        assert_eq!(shown(&first, "ratelimit-policy"), "\"anonymous\";q=2;w=3600");
        assert!(shown(&first, "ratelimit").starts_with("\"anonymous\";r=1;t="));
        rates.take(&from("192.0.2.1")).await.unwrap();
        let (error, allowance) = rates.take(&from("192.0.2.1")).await.unwrap_err();
        assert!(error.to_string().contains("2 times; try again in"), "{error}");
        assert_eq!(
            (shown(&allowance, "x-ratelimit-remaining"), rates.refused(Class::Anonymous)),
            ("0".into(), 1)
        );
        assert!(rates.take(&from("192.0.2.2")).await.is_ok());
    }

    #[tokio::test]
    async fn one_network_of_ipv6_is_one_caller() {
        let rates = rates(1);
        assert!(rates.take(&from("2001:db8::1")).await.is_ok());
        assert!(rates.take(&from("2001:db8::ffff")).await.is_err());
        assert!(rates.take(&from("2001:db8:0:1::1")).await.is_ok());
    }

    #[tokio::test]
    async fn without_a_limit_nothing_is_counted_or_told() {
        let rates = rates(0);
        for _ in 0..10 {
            assert_eq!(shown(&rates.take(&from("192.0.2.1")).await.unwrap(), "x-ratelimit-limit"), "");
        }
        let mut operator = from("192.0.2.1");
        operator.insert(Operator);
        assert_eq!(rates.take(&operator).await.unwrap(), Allowance::default());
    }
}
