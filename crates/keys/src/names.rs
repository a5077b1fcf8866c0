//! Names that become file names or accounts.

use crate::failure::Failure;

/// The longest name of an account or a centre's address.
const LONGEST: usize = 64;

/// Refuses a name that could not stand in an address or a path.
///
/// # Errors
/// [`Failure::Name`].
pub(crate) fn check(name: &str) -> Result<(), Failure> {
    let is_plain =
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte));
    let begins_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if is_plain && begins_well && name.len() <= LONGEST {
        Ok(())
    } else {
        Err(Failure::Name(name.to_owned()))
    }
}

/// A file name made from a person's name.
pub(crate) fn file_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|sign| if sign.is_ascii_alphanumeric() { sign.to_ascii_lowercase() } else { '-' })
        .collect();
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "governor".to_owned() } else { parts.join("-") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_folder() {
        for name in ["..", ".hidden", "a/b", "", "A", "è", "-x"] {
            assert!(check(name).is_err(), "{name}");
        }
        assert!(check(&"a".repeat(65)).is_err());
        assert!(check("elena.livorno-2").is_ok());
    }

    #[test]
    fn a_person_s_name_becomes_a_file_name() {
        assert_eq!(file_name("Prima garante (dimostrazione)"), "prima-garante-dimostrazione");
        assert_eq!(file_name("…/.."), "governor");
    }
}
