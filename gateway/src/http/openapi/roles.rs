//! What each role may do, as a table for people.
//!
//! Invariant: it is made of the functions by which requests are let in, so it cannot say anything else. It lets nobody in.

use antler_events::access::{Role, Scope};

use crate::http::auth::permissions::scopes_of;

/// In Markdown, a role a line.
pub(super) fn table() -> String {
    let cells = |of: &dyn Fn(Scope) -> String| Scope::ALL.map(of).join(" | ");
    let head = format!(
        "| role | {} |\n|---|{}\n",
        cells(&|scope| format!("`{scope}`")),
        "---|".repeat(Scope::ALL.len())
    );
    Role::ALL.into_iter().fold(head, |table, role| {
        let scopes = scopes_of(role);
        let cells = cells(&|scope| if scopes.contains(&scope) { "yes".to_owned() } else { "–".to_owned() });
        format!("{table}| {role} | {cells} |\n")
    })
}

#[cfg(test)]
mod tests {
    use antler_events::ids::{SessionId, TenantId, UserId};

    use super::super::document::document;
    use super::*;
    use crate::http::auth::permissions::Permission;
    use crate::http::auth::{Caller, Identity};

    /// Whether somebody in the role gets through to a route that needs the scope.
    fn may(role: Role, scope: Scope) -> bool {
        let (user, session) = (UserId::parse("u").unwrap(), SessionId::parse("s").unwrap());
        let identity = Identity::Person { user, session, epoch: 0, role };
        let caller = Caller { tenant: TenantId::parse("t").unwrap(), identity, is_unverified: false };
        caller.check(Permission::Scope(scope)).is_ok()
    }

    #[test]
    fn the_document_says_of_each_role_what_it_is_let_do() {
        let document = document("");
        let text = document["info"]["description"].as_str().unwrap();
        let rows: Vec<Vec<&str>> = text
            .lines()
            .filter(|line| line.starts_with("| "))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        assert_eq!(rows.len(), Role::ALL.len() + 1, "{text}");
        for row in &rows[1..] {
            let role: Role = row[0].parse().unwrap();
            for (name, cell) in rows[0][1..].iter().zip(&row[1..]) {
                let scope: Scope = name.trim_matches('`').parse().unwrap();
                assert_eq!(*cell == "yes", may(role, scope), "{role} {scope}");
            }
        }
    }
}
