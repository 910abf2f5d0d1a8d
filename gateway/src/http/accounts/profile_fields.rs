//! The fields of a profile in JSON: taken from a body, one by one, and shown.
//!
//! Invariant: a field that is not one of a profile is refused with its whole name, so that no wish is passed over in
//! silence; what the server alone says may come back as it was shown. It changes no account.

use antler_config::limits::AccountLimits;
use antler_events::event::member::Profile;
use antler_events::event::member::profile::{Prose, TimeZone, WebAddress};
use antler_events::identity::{DisplayName, IdentityError};
use serde::Serialize;
use serde_json::{Map, Value};

use super::super::error::ApiError;

/// Who somebody is and what it may: chosen by nobody here. Clients send a profile back as they got it, so the same is no
/// wish, and another is one that is refused.
const GIVEN: [&str; 8] =
    ["id", "user_id", "username", "email", "email_verified", "role", "tenant_id", "organization"];
/// These move by themselves, so what comes back of them is passed over.
const MOVING: [&str; 5] = ["api_quota", "subscription", "created_at", "updated_at", "last_login"];

/// Takes all fields of the body into the profile. `shown` is what the server says of it now.
pub(super) fn take(
    profile: &mut Profile,
    body: &Map<String, Value>,
    shown: &Value,
    limits: &AccountLimits,
) -> Result<(), ApiError> {
    for (name, value) in body.iter().filter(|(name, _)| !MOVING.contains(&name.as_str())) {
        if !GIVEN.contains(&name.as_str()) {
            take_one(profile, name, value, limits)?;
        } else if shown[name] != *value {
            let reason = "nobody chooses that in a profile; leave it out, or send it as it is".to_owned();
            return Err(ApiError::FieldAt { field: name.clone(), reason });
        }
    }
    Ok(())
}

/// The names in a body that has other fields too.
pub(super) fn named(body: &Map<String, Value>, limits: &AccountLimits) -> Result<Profile, ApiError> {
    let mut profile = Profile::default();
    let names = body.iter().filter(|(name, _)| ["first_name", "last_name"].contains(&name.as_str()));
    names.into_iter().try_for_each(|(name, value)| take_one(&mut profile, name, value, limits))?;
    Ok(profile)
}

/// `path` is dotted. Objects are opened only where a profile has one.
fn take_one(
    profile: &mut Profile,
    path: &str,
    value: &Value,
    limits: &AccountLimits,
) -> Result<(), ApiError> {
    let refused = |reason: String| ApiError::FieldAt { field: path.chars().take(100).collect(), reason };
    let wrong = |error: IdentityError| refused(error.to_string());
    let text = || optional_text(value).map_err(refused);
    let choice = || value.as_bool().ok_or_else(|| refused("it must be true or false".to_owned()));
    let name = |text: &str| DisplayName::parse(text, limits).map_err(wrong);
    match path {
        "preferences" | "preferences.notifications" | "notification_preferences" => {
            let fields = value.as_object().ok_or_else(|| refused("it must be an object".to_owned()))?;
            for (name, value) in fields {
                take_one(profile, &format!("{path}.{name}"), value, limits)?;
            }
        }
        "first_name" => profile.first_name = text()?.map(name).transpose()?,
        "last_name" => profile.last_name = text()?.map(name).transpose()?,
        "avatar" => {
            profile.avatar =
                text()?.map(|text| WebAddress::parse(text, limits)).transpose().map_err(wrong)?;
        }
        "bio" => profile.bio = text()?.map(|text| Prose::parse(text, limits)).transpose().map_err(wrong)?,
        "preferences.theme" => {
            profile.theme = text()?.map(str::parse).transpose().map_err(wrong)?.unwrap_or_default();
        }
        "preferences.timezone" => {
            profile.timezone = text()?.map(TimeZone::parse).transpose().map_err(wrong)?;
        }
        "preferences.default_dashboard" => profile.default_dashboard = text()?.map(name).transpose()?,
        "preferences.notifications.email" => profile.email = choice()?,
        "preferences.notifications.browser" => profile.browser = choice()?,
        "preferences.notifications.slack" => profile.slack = choice()?,
        "notification_preferences.email_alerts" => profile.email_alerts = choice()?,
        "notification_preferences.push_notifications" => profile.push_notifications = choice()?,
        "notification_preferences.alert_threshold" => {
            let text = text()?.ok_or_else(|| refused("it must be a text".to_owned()))?;
            profile.alert_threshold = text.parse().map_err(wrong)?;
        }
        "metadata" => profile.metadata = entries(value, limits).map_err(refused)?.into_iter().collect(),
        _ => return Err(refused("it is no field of a profile, or none that can be changed here".to_owned())),
    }
    Ok(())
}

/// An empty text is none.
fn optional_text(value: &Value) -> Result<Option<&str>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.as_str()).filter(|text| !text.trim().is_empty())),
        _ => Err("it must be a text".to_owned()),
    }
}

fn entries(value: &Value, limits: &AccountLimits) -> Result<Vec<(DisplayName, DisplayName)>, String> {
    let fields = value.as_object().ok_or("it must be an object of texts")?;
    let max = limits.profile_entries_max;
    if fields.len() > usize::from(max) {
        return Err(format!("it has {} entries, more than {max}", fields.len()));
    }
    let entry = |(name, value): (&String, &Value)| {
        let text = value.as_str().ok_or_else(|| format!("the value of {name:.60?} must be a text"))?;
        let parse =
            |text| DisplayName::parse(text, limits).map_err(|error| format!("in {name:.60?}: {error}"));
        Ok((parse(name)?, parse(text)?))
    };
    fields.iter().map(entry).collect()
}

/// A profile as it is answered.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    avatar: Option<&'a str>,
    bio: Option<&'a str>,
    preferences: Preferences<'a>,
    notification_preferences: AlertPreferences,
    metadata: Map<String, Value>,
}

#[derive(Debug, Serialize)]
struct Preferences<'a> {
    theme: &'static str,
    timezone: &'a str,
    notifications: Notifications,
    default_dashboard: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Notifications {
    email: bool,
    browser: bool,
    slack: bool,
}

#[derive(Debug, Serialize)]
struct AlertPreferences {
    email_alerts: bool,
    push_notifications: bool,
    alert_threshold: &'static str,
}

impl<'a> Shown<'a> {
    pub(super) fn new(profile: &'a Profile) -> Self {
        let entry = |(name, value): (&DisplayName, &DisplayName)| {
            (name.as_str().to_owned(), Value::from(value.as_str()))
        };
        Self {
            avatar: profile.avatar.as_ref().map(WebAddress::as_str),
            bio: profile.bio.as_ref().map(Prose::as_str),
            preferences: Preferences {
                theme: profile.theme.as_str(),
                timezone: profile.timezone.as_ref().map_or("UTC", TimeZone::as_str),
                notifications: Notifications {
                    email: profile.email,
                    browser: profile.browser,
                    slack: profile.slack,
                },
                default_dashboard: profile.default_dashboard.as_ref().map(DisplayName::as_str),
            },
            notification_preferences: AlertPreferences {
                email_alerts: profile.email_alerts,
                push_notifications: profile.push_notifications,
                alert_threshold: profile.alert_threshold.as_str(),
            },
            metadata: profile.metadata.iter().map(entry).collect(),
        }
    }
}
