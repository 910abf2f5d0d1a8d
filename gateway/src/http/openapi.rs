//! The document of the API, and the pages that show it: `/api/schema/`, `/api/docs/`, `/api/redoc/`.
//!
//! To add a route: give it a line in the table of permissions, then an `Operation` beside its kin in `accounts`, `people`,
//! `ingest`, `uploads`, `search`, `kept`, `live`, `operating` or `tenants`, and a `Component` if its answer is new.
//! Permission and class are not written down again: they are looked up. The tests of this room name what is missing on
//! either side, and a test of the program, `documented`, sends every parameter and every example to the server and holds
//! the answers against their schemas.
//! Invariant: everything that is served here is made before the first request, works without any other server, and is the
//! same for everybody. It knows nothing of any tenant.

mod accounts;
mod archives;
mod audit;
mod document;
mod failures;
mod ingest;
mod jobs;
mod kept;
mod live;
mod machines;
mod mails;
mod monitor;
mod operating;
mod operation;
mod pages;
mod people;
mod profile;
mod roles;
mod schema;
mod search;
mod shippers;
mod tenants;
mod uploads;

#[cfg(test)]
mod tests;

pub use self::pages::routes;
