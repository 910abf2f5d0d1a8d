//! What a new password must be: long enough, not common, not digits only, not like its owner's names.
//!
//! Invariant: each refusal says what to do, and all that apply are given at once. It does not ask for kinds of
//! characters: that makes passwords no better and people angry.

use strsim::normalized_levenshtein;

const CHARACTERS_MIN: usize = 8;
/// At this likeness of 1.0 a password is a name with decoration.
const LIKENESS_MAX: f64 = 0.7;
/// Shorter parts of names are in many good passwords.
const PART_CHARACTERS_MIN: usize = 4;

/// Passwords that everybody tries first, in lower case, one a line.
const COMMON: &str = include_str!("common_passwords.txt");

/// What the owner is called.
#[derive(Debug, Clone, Copy, Default)]
pub struct Owner<'a> {
    pub username: &'a str,
    pub email: &'a str,
    pub organization: &'a str,
}

/// All that is wrong with a password.
pub fn faults(password: &str, owner: Owner<'_>) -> Vec<String> {
    let lower = password.to_lowercase();
    let mut faults = Vec::new();
    if password.chars().count() < CHARACTERS_MIN {
        faults.push(format!("it is too short; use at least {CHARACTERS_MIN} characters"));
    }
    if COMMON.lines().any(|common| common == lower) {
        faults.push("it is one of the most common passwords; choose one that nobody would guess".to_owned());
    }
    if !password.is_empty() && password.chars().all(|character| character.is_ascii_digit()) {
        faults.push("it has digits only; add letters".to_owned());
    }
    for (what, name) in
        [("username", owner.username), ("e-mail address", owner.email), ("organization", owner.organization)]
    {
        if is_like(&lower, &name.to_lowercase()) {
            faults.push(format!("it is too similar to the {what}; choose something else"));
        }
    }
    faults
}

/// Is the password the name, or one of its parts, with little else?
fn is_like(password: &str, name: &str) -> bool {
    let parts = name.split(|character: char| !character.is_alphanumeric()).chain([name]);
    let mut parts = parts.filter(|part| !part.is_empty());
    parts.any(|part| {
        let is_part = part.chars().count() >= PART_CHARACTERS_MIN && password.contains(part);
        let rest = password.chars().count().saturating_sub(part.chars().count());
        normalized_levenshtein(password, part) >= LIKENESS_MAX || (is_part && rest < CHARACTERS_MIN / 2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner<'static> =
        Owner { username: "annabelle", email: "ann.smith@example.org", organization: "Acme Logistics" };

    #[test]
    fn each_fault_is_named() {
        let check = |password: &str, expected: &[&str]| {
            let found = faults(password, OWNER);
            assert_eq!(found.len(), expected.len(), "{password}: {found:?}");
            for (fault, word) in found.iter().zip(expected) {
                assert!(fault.contains(word), "{password}: {fault}");
            }
        };
        check("corr3ct-horse-battery-ann", &[]);
        check("zwölfzeichen", &[]);
        check("short7!", &["too short"]);
        check("", &["too short"]);
        check("Password1", &["most common"]);
        check("83920174650", &["digits only"]);
        check("12345678", &["most common", "digits only"]);
        check("1234", &["too short", "most common", "digits only"]);
        check("Annabelle1", &["username"]);
        check("annabell3", &["username"]);
        check("ann.smith@example.org", &["e-mail address"]);
        check("logistics42", &["organization"]);
        check("my-logistics-are-not-for-you", &[]);
    }

    #[test]
    fn the_list_is_in_lower_case_and_has_no_doubles() {
        let mut lines: Vec<&str> = COMMON.lines().collect();
        assert!(
            lines.len() > 100 && lines.iter().all(|line| *line == line.to_lowercase() && !line.is_empty())
        );
        lines.sort_unstable();
        assert!(lines.windows(2).all(|pair| pair[0] != pair[1]), "a password stands there twice");
    }
}
