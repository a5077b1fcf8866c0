//! The four layers, and what a wrong one says.

#![expect(clippy::result_large_err, reason = "figment's Jail hands its own error back")]

use figment::Jail;

use super::*;

fn problems(file: &str, environment: &[(&str, &str)], flags: &Flags) -> Vec<ConfigProblem> {
    let mut found = Vec::new();
    Jail::expect_with(|jail| {
        jail.create_file(DEFAULT_FILE, file)?;
        for (name, value) in environment {
            jail.set_env(name, value);
        }
        found = Config::load(None, flags).expect_err("a refusal").problems().to_vec();
        Ok(())
    });
    found
}

#[test]
fn each_layer_covers_the_one_below() {
    Jail::expect_with(|jail| {
        let flags = Flags::default();
        assert_eq!(Config::load(None, &flags).unwrap().listen.to_string(), "127.0.0.1:8080");
        jail.create_file(DEFAULT_FILE, "listen = '127.0.0.1:1'\n[session]\nhours = 3\nidle_minutes = 4")?;
        let config = Config::load(None, &flags).unwrap();
        assert_eq!((config.listen.port(), config.session.hours, config.session.idle_minutes), (1, 3, 4));
        jail.set_env("APPRODO_LISTEN", "127.0.0.1:2");
        jail.set_env("APPRODO_SESSION__HOURS", "5");
        jail.set_env("APPRODO_TEST_POSTGRES", "postgres://ignored");
        let config = Config::load(None, &flags).unwrap();
        assert_eq!((config.listen.port(), config.session.hours, config.session.idle_minutes), (2, 5, 4));
        let flags = Flags { listen: Some("[::1]:3".to_owned()), demo: Some(true), ..flags };
        let config = Config::load(None, &flags).unwrap();
        assert_eq!((config.listen.port(), config.demo), (3, true));
        Ok(())
    });
}

#[test]
fn a_named_file_must_exist() {
    Jail::expect_with(|_| {
        let error = Config::load(Some(Path::new("absent.toml")), &Flags::default()).unwrap_err();
        assert_eq!(error.to_string(), "absent.toml: expected a file that can be read");
        Ok(())
    });
}

#[test]
fn a_problem_names_key_source_and_expectation() {
    let one = |file, environment: &[(&str, &str)], flags: &Flags| {
        problems(file, environment, flags).remove(0).to_string()
    };
    let none = Flags::default();
    assert_eq!(
        one("[session]\nhours = 25", &[], &none),
        "`session.hours` in approdo.toml: expected whole hours from 1 to 24"
    );
    assert_eq!(
        one("", &[("APPRODO_SESSION__IDLE_MINUTES", "soon")], &none),
        "`session.idle_minutes` in the environment variable APPRODO_SESSION__IDLE_MINUTES: expected whole minutes from 1 to 60"
    );
    assert_eq!(
        one("", &[], &Flags { listen: Some("here".to_owned()), ..none.clone() }),
        "`listen` in the flag --listen: expected an address and a port, such as `127.0.0.1:8080`"
    );
    let unknown = one("[session]\nminutes = 3", &[], &none);
    assert!(
        unknown.starts_with("`session.minutes` in approdo.toml: there is no such setting; known are hours"),
        "{unknown}"
    );
    let unknown = one("", &[("APPRODO_LISTENN", "x")], &none);
    assert!(
        unknown.starts_with("`listenn` in the environment variable APPRODO_LISTENN: there is no such"),
        "{unknown}"
    );
    let level = one("[log]\nlevel = 'everything'", &[], &none);
    assert!(level.starts_with("`log.level` in approdo.toml: expected one of error, warn"), "{level}");
}

#[test]
fn no_problem_repeats_a_value() {
    for database in ["mysql://u:sesame@h/d", "postgres://u:sesame@h", "sqlite::memory:sesame"] {
        let found = problems("", &[("APPRODO_DATABASE", database)], &Flags::default());
        assert!(found[0].expected.starts_with("expected `sqlite:"), "{found:?}");
        assert!(!format!("{found:?}").contains("sesame"), "{found:?}");
    }
}

#[test]
fn the_effective_configuration_reads_back_and_hides_passwords() {
    let url =
        DatabaseUrl::parse("postgres://approdo:sesame@db.internal:5432/approdo?sslpassword=sesame").unwrap();
    let config = Config {
        database: url,
        public_url: PublicUrl::parse("https://example.org").ok(),
        ..Config::default()
    };
    let shown = config.effective();
    assert!(shown.contains("postgres://approdo:…@db.internal:5432/approdo"), "{shown}");
    assert!(!shown.contains("sesame") && !format!("{config:?}").contains("sesame"));
    Jail::expect_with(|jail| {
        jail.create_file("shown.toml", &shown)?;
        assert_eq!(
            Config::load(Some(Path::new("shown.toml")), &Flags::default()).unwrap().effective(),
            shown
        );
        Ok(())
    });
}

#[test]
fn a_public_address_is_encrypted_or_stays_on_the_machine() {
    for good in [
        "https://example.org",
        "https://Example.org:443/",
        "http://127.0.0.1:8080",
        "http://localhost",
        "http://x.onion",
        "http://[::1]:80",
    ] {
        assert!(PublicUrl::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "http://example.org",
        "https://example.org/path",
        "https://u@example.org",
        "ftp://example.org",
        "example.org",
        "",
        "https://",
    ] {
        assert!(PublicUrl::parse(bad).is_err(), "{bad}");
    }
    assert_eq!(PublicUrl::parse("https://Example.org:443/").unwrap().as_str(), "https://example.org");
}

#[test]
fn only_own_origins_are_own() {
    let config =
        Config { other_urls: vec![PublicUrl::parse("http://x.onion").unwrap()], ..Config::default() };
    let local = config.site("127.0.0.1:8080".parse().unwrap());
    for origin in ["http://127.0.0.1:8080", "http://localhost:8080", "http://x.onion"] {
        assert!(local.is_own_origin(origin), "{origin}");
    }
    for origin in [
        "http://127.0.0.1:8081",
        "https://127.0.0.1:8080",
        "http://localhost.evil:8080",
        "null",
        "",
        "http://x.onion.evil",
    ] {
        assert!(!local.is_own_origin(origin), "{origin}");
    }
}
