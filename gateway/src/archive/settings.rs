//! The settings of a tenant as they stand in its archive, and what is taken of them.
//!
//! Invariant: of people only address and role are told, and no proof of anybody. An import takes saved searches alone: who
//! belongs to a tenant, what it may and how long it keeps lines is decided where it is. It packs nothing.

use antler_config::limits::AccountLimits;
use antler_events::event::Cause;
use antler_events::event::search::SearchContent;
use antler_events::event::tenant::{Tenant, TenantLimits};
use antler_events::identity::DisplayName;
use antler_events::ids::{ArchiveId, SearchId, TenantId, UserId};

use super::form::{SavedSearch, Setting, StreamDays, json_line};
use super::{ArchiveError, Archives};

impl Archives {
    /// All settings, and how many saved searches are among them.
    pub(super) async fn settings(&self, tenant: TenantId) -> Result<(Vec<u8>, u64), ArchiveError> {
        let views = &self.parts.uploads.accounts().views;
        let state = views.tenant(tenant).await?.and_then(|kept| kept.state);
        let mut settings = state.map(|state| of_tenant(&state)).unwrap_or_default();
        let others = settings.len();
        for (_, kept) in views.searches(tenant).await? {
            let search = kept.state.filter(|search| !search.deleted);
            settings.extend(search.map(|search| Setting::Search { content: (&search.content).into() }));
        }
        let searches = (settings.len() - others) as u64;
        Ok((settings.iter().flat_map(json_line).collect(), searches))
    }

    /// Saves the searches among the settings, for whoever imports them; those that were saved before stay as they are.
    /// Answers how many there are, and what could not be taken.
    pub(super) async fn save_searches(
        &self,
        tenant: TenantId,
        owner: UserId,
        (archive, settings): (ArchiveId, Vec<Setting>),
    ) -> Result<(u64, Vec<String>), ArchiveError> {
        let accounts = self.parts.uploads.accounts();
        let (mut taken, mut warnings) = (0, Vec::new());
        let searches = settings.into_iter().filter_map(|setting| match setting {
            Setting::Search { content } => Some(content),
            _ => None,
        });
        for (number, search) in searches.enumerate() {
            let name = search.name.clone();
            let id = SearchId::parse(&format!("{archive}-{number}")).ok();
            let (Some(id), Some(content)) = (id, content_of(search)) else {
                warnings.push(format!("the saved search {name:?} cannot be taken: its name is none here"));
                continue;
            };
            accounts.bring_search(tenant, id, (owner, content), &Cause::SYSTEM).await?;
            taken += 1;
        }
        Ok((taken, warnings))
    }
}

fn of_tenant(tenant: &Tenant) -> Vec<Setting> {
    let TenantLimits { lines_per_day, bytes_per_day, retention_days, seats, calls_per_hour, streams_max } =
        tenant.limits;
    let streams = tenant.retention.streams.iter();
    let streams =
        streams.map(|of| StreamDays { stream: of.stream.as_str().to_owned(), days: of.days }).collect();
    let mut settings = vec![
        Setting::Tenant { name: tenant.name.as_str().to_owned() },
        Setting::Limits {
            logs_per_day: lines_per_day,
            bytes_per_day,
            retention_days,
            seats,
            api_calls_per_hour: calls_per_hour,
            streams_max: Some(streams_max),
        },
        Setting::Retention { days: tenant.retention.days, streams },
    ];
    settings.extend(tenant.members.values().map(|member| Setting::Member {
        email: member.email.as_str().to_owned(),
        role: member.role.to_string(),
        joined: member.has_joined(),
    }));
    settings.extend(tenant.machines.values().map(|machine| Setting::ServiceAccount {
        name: machine.name.as_str().to_owned(),
        role: machine.role.to_string(),
    }));
    settings
}

fn content_of(search: SavedSearch) -> Option<SearchContent> {
    let SavedSearch { name, description, asked, columns, shared, template } = search;
    let name = DisplayName::parse(&name, &AccountLimits::default()).ok()?;
    Some(SearchContent { name, description, asked, columns, is_shared: shared, is_template: template })
}
