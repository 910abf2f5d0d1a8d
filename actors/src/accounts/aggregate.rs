//! The aggregates that commands decide on: their names, events and views in one form.
//!
//! Invariant: what is loaded is what the aggregate's events made of it. It decides nothing.

use antler_events::event::ControlEvent;
use antler_events::event::key::{Key, KeyEvent, KeyRejection};
use antler_events::event::mail::{Mail, MailEvent, MailRejection};
use antler_events::event::member::{Account, MemberEvent, MemberRejection};
use antler_events::event::name::{Claim, NameEvent, NameRejection};
use antler_events::event::search::{Search, SearchEvent, SearchRejection};
use antler_events::event::session::{Session, SessionEvent, SessionRejection};
use antler_events::event::tenant::{Tenant, TenantEvent, TenantRejection};
use antler_events::event::upload::{Upload, UploadEvent, UploadRejection};
use antler_events::ids::{KeyId, MailId, NameKey, SearchId, SessionId, TenantId, UploadId, UserId};
use antler_events::log::BoxFuture;
use antler_events::subject::Aggregate;
use antler_projections::views::control::{ControlViews, Kept};
use antler_projections::views::port::ViewError;

use super::AccountError;

/// An aggregate of a kind.
pub(super) trait Aggregated {
    type Id: Copy + Send + Sync;
    type State: Send + Sync;
    type Event: Send + Sync;
    type Rejection: Into<AccountError>;

    fn aggregate(id: Self::Id) -> Aggregate;
    fn event(id: Self::Id, event: &Self::Event) -> ControlEvent;
    fn load(tenant: TenantId, views: &ControlViews, id: Self::Id) -> Loading<'_, Self::State>;
}

type Loading<'a, S> = BoxFuture<'a, Result<Option<Kept<S>>, ViewError>>;

macro_rules! aggregated {
    ($($name:ident($id:ty): $kind:ident, $state:ty, $event:ty, $rejection:ty,
       |$tenant:ident, $views:ident, $of:ident| $load:expr;)*) => {$(
        #[derive(Debug)]
        pub(super) struct $name;

        impl Aggregated for $name {
            type Id = $id;
            type State = $state;
            type Event = $event;
            type Rejection = $rejection;

            fn aggregate(id: $id) -> Aggregate {
                Aggregate::$kind(id)
            }

            fn event(id: $id, event: &$event) -> ControlEvent {
                ControlEvent::$kind(id, event.clone())
            }

            fn load($tenant: TenantId, $views: &ControlViews, $of: $id) -> Loading<'_, $state> {
                Box::pin($load)
            }
        }
    )*};
}

aggregated! {
    Members(UserId): Member, Account, MemberEvent, MemberRejection,
        |tenant, views, user| views.account(tenant, user);
    Keys(KeyId): Key, Key, KeyEvent, KeyRejection,
        |tenant, views, key| views.key(tenant, key);
    Sessions(SessionId): Session, Session, SessionEvent, SessionRejection,
        |tenant, views, session| views.session(tenant, session);
    Searches(SearchId): Search, Search, SearchEvent, SearchRejection,
        |tenant, views, search| views.search(tenant, search);
    Uploads(UploadId): Upload, Upload, UploadEvent, UploadRejection,
        |tenant, views, upload| views.upload(tenant, upload);
    Mails(MailId): Mail, Mail, MailEvent, MailRejection,
        |tenant, views, mail| views.mail(tenant, mail);
    Names(NameKey): Name, Claim, NameEvent, NameRejection,
        |_tenant, views, name| views.name(name);
}

/// A tenant has one aggregate, so there is no id.
#[derive(Debug)]
pub(super) struct Tenants;

impl Aggregated for Tenants {
    type Id = ();
    type State = Tenant;
    type Event = TenantEvent;
    type Rejection = TenantRejection;

    fn aggregate((): ()) -> Aggregate {
        Aggregate::Tenant
    }

    fn event((): (), event: &TenantEvent) -> ControlEvent {
        ControlEvent::Tenant(event.clone())
    }

    fn load(tenant: TenantId, views: &ControlViews, (): ()) -> Loading<'_, Tenant> {
        Box::pin(views.tenant(tenant))
    }
}
