//! What `docs/http.md` and `docs/configuration.md` say is what the code has, and the reverse.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Files below a folder with one of these endings, in any depth; what was installed or built is passed over.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && name != "node_modules" {
                folders.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found
}

/// The code that runs: sources of platform and network without their tests.
fn sources() -> Vec<String> {
    let paths = [files("crates/network/src", &[".rs"]), files("crates/platform/src", &[".rs"])].concat();
    let texts = paths.iter().filter(|path| !path.ends_with("tests.rs")).map(|path| {
        let text = fs::read_to_string(path).unwrap();
        text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned()
    });
    texts.collect()
}

/// What stands between `before` and `after`, each time.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    text.split(before).skip(1).map(|rest| rest.split(after).next().unwrap()).collect()
}

/// The cells of the first column of every table in a section, or in the whole document.
fn first_cells<'a>(text: &'a str, heading: &str) -> Vec<&'a str> {
    let section = text.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|row| row.split(" |").next().unwrap())
        .collect()
}

/// An address with every varying part written alike: `/static/{name}.{hash}.{ext}` is `/static/{}`.
fn plain(address: &str) -> String {
    let part = |part: &str| if part.contains('{') { "{}".to_owned() } else { part.to_owned() };
    address.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[test]
fn every_route_is_in_the_table_and_every_address_of_the_table_is_a_route() {
    let mut routes = BTreeSet::new();
    for source in sources() {
        for route in between(&source, ".route(", ");") {
            let address = route.split('"').nth(1).unwrap();
            let call = route.split_once("\",").unwrap().1.trim_start();
            let method = call.split('(').next().unwrap();
            assert!(["get", "post"].contains(&method), "{address}: {method}");
            let more = call.split(".route(").next().unwrap();
            assert!(
                !more.contains(").post(") && !more.contains(").get("),
                "{address}: one route a method, please"
            );
            routes.insert(format!("{} {}", method.to_uppercase(), plain(address)));
        }
    }
    let document = read("docs/http.md");
    let mut written = BTreeSet::new();
    for heading in ["## Pages for everybody", "## For her browser", "## Console"] {
        for cell in first_cells(&document, heading) {
            for address in cell.split('`').filter(|part| part.contains('/')) {
                let (method, address) = address.split_once(' ').unwrap_or(("GET", address));
                written.insert(format!("{method} {}", plain(address)));
            }
        }
    }
    assert!(routes.len() > 30, "the search finds routes: {routes:?}");
    assert_eq!(routes, written);
}

#[test]
fn every_refusal_is_in_the_table_with_its_status() {
    let status = |name: &str| match name {
        "BAD_REQUEST" => "400",
        "UNAUTHORIZED" => "401",
        "FORBIDDEN" => "403",
        "NOT_FOUND" => "404",
        "METHOD_NOT_ALLOWED" => "405",
        "CONFLICT" => "409",
        "PAYLOAD_TOO_LARGE" => "413",
        "TOO_MANY_REQUESTS" => "429",
        "INTERNAL_SERVER_ERROR" => "500",
        "SERVICE_UNAVAILABLE" => "503",
        other => panic!("what number is {other}?"),
    };
    let mut in_code: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for line in sources().iter().flat_map(|source| source.lines()) {
        let Some(name) =
            between(line, "StatusCode::", ",").last().map(|rest| rest.split([')', ' ']).next().unwrap())
        else {
            continue;
        };
        let Some(code) = line.split('"').nth(1).filter(|_| line.matches('"').count() == 2) else { continue };
        if name != "PRECONDITION_FAILED" {
            in_code.entry(code.to_owned()).or_default().insert(status(name));
        }
    }
    let document = read("docs/http.md");
    let section = document.split("## Refusals").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut written = BTreeMap::new();
    for row in section.lines().filter_map(|line| line.strip_prefix("| `")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        written.insert(cells[0].trim_end_matches('`').to_owned(), cells[1]);
    }
    assert_eq!(in_code.keys().collect::<Vec<_>>(), written.keys().collect::<Vec<_>>());
    for (code, status) in written {
        assert!(in_code[&code].contains(status), "{code} is {:?}, not {status}", in_code[&code]);
    }
}

/// `approdo config check` with everything set, and the variables of our scripts beside it.
fn effective(also: &[String]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_approdo"));
    command.args(["config", "check"]).current_dir(folder.path());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("APPRODO_")) {
        command.env_remove(name);
    }
    for (name, value) in [
        ("PUBLIC_URL", "https://example.org"),
        ("TOMBSTONES", "approdo.tombstones"),
        ("METRICS__LISTEN", "127.0.0.1:9464"),
        ("OPERATOR__NAME", "Comune di Esempio"),
        ("OPERATOR__ADDRESS", "Piazza 1, 00100 Esempio"),
        ("OPERATOR__TELEPHONE", "+39 06 1234567"),
        ("OPERATOR__EMAIL", "urp@example.org"),
        ("OPERATOR__DATA_PROTECTION_OFFICER", "Ufficio privacy"),
        ("OPERATOR__SECURITY_CONTACT", "https://example.org/security"),
        ("MAIL__SERVER", "smtp.example.org"),
        ("MAIL__USERNAME", "approdo"),
        ("MAIL__PASSWORD", "secret"),
        ("MAIL__FROM", "notices@example.org"),
        ("MAIL__AUTHORITY", "authority.pem"),
    ] {
        command.env(format!("APPRODO_{name}"), value);
    }
    let output = command.envs(also.iter().map(|name| (name, "x"))).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_setting_is_in_the_tables_with_its_variable() {
    let mut section = String::new();
    let mut settings = BTreeSet::new();
    for line in effective(&[]).lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = format!("{}.", name.trim_end_matches(']'));
        } else if let Some((key, _)) = line.split_once(" = ") {
            settings.insert(format!("{section}{key}"));
        }
    }
    let document = read("docs/configuration.md");
    let mut written = BTreeSet::new();
    for row in
        document.lines().filter_map(|line| line.strip_prefix("| `")).filter(|row| row.contains("`APPRODO_"))
    {
        let mut parts = row.split('`');
        let key = parts.next().unwrap();
        let variable = format!("APPRODO_{}", key.to_uppercase().replace('.', "__"));
        assert_eq!(parts.nth(1), Some(variable.as_str()), "the variable of {key}");
        written.insert(key.to_owned());
    }
    assert_eq!(settings, written);
}

/// The names `APPRODO_…` after a mark.
fn variables<'a>(text: &'a str, marks: &[&str]) -> Vec<&'a str> {
    let name = |rest: &'a str| {
        rest.split(|sign: char| !(sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == '_')).next()
    };
    let found = marks.iter().flat_map(|mark| text.split(mark).skip(1).filter_map(name));
    found.filter(|name| name.starts_with("APPRODO_")).collect()
}

#[test]
fn the_variables_of_our_scripts_are_not_settings() {
    let document = read("docs/configuration.md");
    let list = document.split("are passed over:").nth(1).unwrap().split(". A new one").next().unwrap();
    let foreign: Vec<String> =
        list.split('`').filter(|part| part.starts_with("APPRODO_")).map(str::to_owned).collect();
    // Each of them stands in the list of the code too, or this would be refused.
    effective(&foreign);
    let mut used = BTreeSet::new();
    for path in [
        files("scripts", &[".sh", ".mjs"]),
        files("e2e", &[".mjs"]),
        files("web", &[".mjs"]),
        files("crates", &[".rs"]),
    ]
    .concat()
    {
        let text = fs::read_to_string(&path).unwrap();
        let marks: &[&str] = if path.extension().is_some_and(|ending| ending == "sh") {
            &["$", "${"]
        } else {
            &["env.", "env::var(\"", "env::var_os(\""]
        };
        used.extend(variables(&text, marks).into_iter().map(str::to_owned));
    }
    let settings = ["APPRODO_LISTEN", "APPRODO_DATABASE"];
    let unknown: Vec<&String> =
        used.iter().filter(|name| !settings.contains(&name.as_str()) && !foreign.contains(name)).collect();
    assert!(used.len() > 8, "the search finds variables: {used:?}");
    assert!(unknown.is_empty(), "docs/configuration.md does not list {unknown:?}");
}

#[test]
fn every_command_is_in_the_table() {
    let output = Command::new(env!("CARGO_BIN_EXE_approdo")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let section = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands = section.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    let commands: BTreeSet<&str> = commands.filter(|name| *name != "help").collect();
    let document = read("docs/configuration.md");
    let cells = first_cells(&document, "## Commands");
    let written: BTreeSet<&str> = cells.iter().map(|cell| cell.split(['`', ' ']).nth(1).unwrap()).collect();
    assert!(commands.len() > 4, "the search finds commands: {help}");
    assert_eq!(commands, written);
}
