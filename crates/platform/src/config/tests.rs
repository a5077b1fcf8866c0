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
        assert_eq!(error.to_string(), "absent.toml: there is no such file");
        Ok(())
    });
}

#[test]
fn a_file_in_a_folder_above_is_not_ours() {
    Jail::expect_with(|jail| {
        jail.create_file(DEFAULT_FILE, "listen = '127.0.0.1:1'")?;
        let below = jail.create_dir("below")?;
        jail.change_dir(below)?;
        assert_eq!(Config::load(None, &Flags::default()).unwrap().listen.port(), 8080);
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
    for (file, expected) in [
        ("demo = 'yes'", "`demo` in approdo.toml: expected `true` or `false`"),
        ("listen = 8080", "`listen` in approdo.toml: expected text in quotes"),
        (
            "other_urls = 'x'",
            "`other_urls` in approdo.toml: expected a list, such as `[\"https://a.example\"]`",
        ),
    ] {
        assert_eq!(one(file, &[], &none), expected);
    }
    let level = one("[log]\nlevel = 'everything'", &[], &none);
    assert!(level.starts_with("`log.level` in approdo.toml: expected one of error, warn"), "{level}");
}

#[test]
fn the_second_factor_is_required_outside_of_a_demonstration() {
    assert_eq!(Config::default().session.second_factor, SecondFactor::Required);
    let offered = "[session]\nsecond_factor = 'offered'";
    assert_eq!(
        problems(offered, &[], &Flags::default()).remove(0).to_string(),
        "`session.second_factor` in approdo.toml: expected `required`; `offered` is for a demonstration (`demo`) alone"
    );
    let variable = [("APPRODO_SESSION__SECOND_FACTOR", "offered")];
    let said = problems("", &variable, &Flags::default()).remove(0).to_string();
    assert!(said.contains("the environment variable APPRODO_SESSION__SECOND_FACTOR"), "{said}");
    let none = problems("[session]\nsecond_factor = 'none'", &[], &Flags::default()).remove(0).to_string();
    assert_eq!(none, "`session.second_factor` in approdo.toml: expected one of required, offered");
    Jail::expect_with(|jail| {
        jail.create_file(DEFAULT_FILE, offered)?;
        let flags = Flags { demo: Some(true), ..Flags::default() };
        assert_eq!(Config::load(None, &flags).unwrap().session.second_factor, SecondFactor::Offered);
        Ok(())
    });
}

#[test]
fn no_problem_repeats_a_value() {
    for database in ["mysql://u:sesame@h/d", "postgres://u:sesame@h", "sqlite::memory:sesame"] {
        let found = problems("", &[("APPRODO_DATABASE", database)], &Flags::default());
        assert!(found[0].expected.starts_with("expected `sqlite:"), "{found:?}");
        assert!(!format!("{found:?}").contains("sesame"), "{found:?}");
    }
    let found = problems("demo = true\ndatabase = 'postgres://u:sesame@h/d", &[], &Flags::default());
    assert!(found[0].to_string().contains("line 2") && !format!("{found:?}").contains("sesame"), "{found:?}");
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

const IMPRINT: &str = r#"
[operator]
name = "Comune di \"Prova\""
address = 'Piazza 1, 00100 Roma \ RM'
telephone = "+39 06 1234567"
email = "urp@example.org"
data_protection_officer = "Ufficio privacy, rpd@example.org"
security_contact = "https://example.org/security"
"#;

#[test]
fn an_imprint_is_whole_or_absent() {
    Jail::expect_with(|jail| {
        assert!(Config::load(None, &Flags::default()).unwrap().operator.is_none());
        jail.create_file(DEFAULT_FILE, IMPRINT)?;
        jail.set_env("APPRODO_OPERATOR__TELEPHONE", "+39 06 7654321");
        jail.set_env("APPRODO_OPERATOR__SECURITY_CONTACT", "sicurezza@example.org");
        let config = Config::load(None, &Flags::default()).unwrap();
        let operator = config.operator.clone().unwrap();
        assert_eq!(operator.name, "Comune di \"Prova\"");
        assert_eq!(operator.tel(), "+39067654321");
        assert_eq!(operator.security_uri(), "mailto:sicurezza@example.org");
        jail.create_file("shown.toml", &config.effective())?;
        let again = Config::load(Some(Path::new("shown.toml")), &Flags::default()).unwrap();
        assert_eq!(again.operator, config.operator, "{}", config.effective());
        Ok(())
    });
    let found = problems("[operator]\nname = 'Comune'\nemail = 'urp@example.org'", &[], &Flags::default());
    assert_eq!(
        found[0].to_string(),
        "`operator` in approdo.toml: `address`, `telephone`, `data_protection_officer`, `security_contact` missing; \
         the six settings are given together, or none of them"
    );
    let found = problems("", &[("APPRODO_OPERATOR__NAME", "Comune")], &Flags::default());
    assert!(found[0].to_string().starts_with("`operator` in the environment variable"), "{found:?}");
}

#[test]
fn each_field_of_the_imprint_is_looked_at() {
    let with = |key: &str, value: &str| {
        let line = IMPRINT.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
        problems(&IMPRINT.replace(line, &format!("{key} = {value}")), &[], &Flags::default())
    };
    for (key, value) in [
        ("name", "''"),
        ("address", "\"one\\ntwo\""),
        ("telephone", "'06 1234567'"),
        ("telephone", "'+39 sesame'"),
        ("telephone", "'+'"),
        ("telephone", "390612345"),
        ("email", "'urp'"),
        ("email", "'urp@example.org?subject=sesame'"),
        ("email", "'a@b@example.org'"),
        ("data_protection_officer", "' '"),
        ("security_contact", "'http://example.org/'"),
        ("security_contact", "'https://'"),
        ("security_contact", "'call us'"),
    ] {
        let found = with(key, value);
        assert_eq!(found[0].key, format!("operator.{key}"), "{value}: {found:?}");
        assert!(found[0].expected.starts_with("expected "), "{found:?}");
        assert!(!found[0].to_string().contains("sesame"), "{found:?}");
    }
    let found = problems(&format!("{IMPRINT}vat = 'IT1'"), &[], &Flags::default());
    assert!(
        found[0].to_string().starts_with("`operator.vat` in approdo.toml: there is no such"),
        "{found:?}"
    );
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
