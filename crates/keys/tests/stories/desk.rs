//! The real binary in a folder of its own, as somebody at an offline computer uses it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The moment of every test that does not say otherwise.
pub(crate) const NOW: &str = "2026-11-22T09:00:00Z";

/// A folder and the tool.
pub(crate) struct Desk {
    folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command line at a moment; words are separated by spaces, `_` stands for a space inside a word.
    pub(crate) fn run_at(&self, now: &str, line: &str) -> Output {
        let words = line.split_whitespace().map(|word| word.replace('_', " "));
        Command::new(env!("CARGO_BIN_EXE_approdo-keys"))
            .args(["--now", now])
            .args(words)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.run_at(NOW, line)
    }

    /// Runs a command that has to succeed; returns what it said.
    pub(crate) fn succeed(&self, line: &str) -> String {
        succeeded(&self.run(line))
    }

    /// Runs a command that has to fail; returns its complaint.
    pub(crate) fn fail(&self, line: &str) -> String {
        failed(&self.run(line))
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// A secret in a file of mode 0600.
    pub(crate) fn write_secret(&self, name: &str, content: &str) {
        self.write(name, content);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o777
    }

    /// Every file below a folder with its content, by path.
    pub(crate) fn tree(&self, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(name), &mut files);
        files
    }

    /// Three governors, two must sign; keys in `keys`, publication in `public`.
    pub(crate) fn network(&self) {
        self.succeed(
            "network init --publication public --keys keys --name Net --governor Ada --governor Bea --governor Cleo --threshold 2",
        );
    }

    /// A person's file and passphrase file: `{account}.json` and `{account}.passphrase`.
    pub(crate) fn person(&self, account: &str, options: &str) -> String {
        let said = self.succeed(&format!(
            "operator new --account {account} --name {account} --language en --out {account}.json {options}"
        ));
        let passphrase = said.lines().find_map(|line| line.strip_prefix("passphrase: ")).unwrap().to_owned();
        self.write_secret(&format!("{account}.passphrase"), &passphrase);
        passphrase
    }

    /// Two people and a request for a centre with both channels: `request.json`.
    pub(crate) fn request(&self) -> Value {
        for account in ["mara", "nora"] {
            self.person(account, "--channel safe --channel general --on-status none --on-crime none");
        }
        let paper = |file: &str| {
            let said = self.succeed(&format!("paper new --out {file}"));
            said.lines().find_map(|line| line.strip_prefix("paper recipient: ")).unwrap().to_owned()
        };
        serde_json::json!({
            "facts": {
                "slug": "harbour", "demonstration": false,
                "name": {"it": "Porto", "en": "Harbour"}, "about": {"it": "Uno.", "en": "One."},
                "town": "Livorno", "province": "LI", "region": "Toscana", "address": null,
                "phones": [{"number": "1522", "label": {"it": "Linea", "en": "Line"}, "source": "example", "checked": "2026-11-22"}],
                "languages": ["it"], "time_zone": "Europe/Rome",
                "reading_hours": [{"weekday": 1, "from": "09:00", "to": "17:00"}], "closed": [{"month": 12, "day": 25}], "promise_days": 2
            },
            "organisation": "Harbour association",
            "channels": [
                {"channel": "safe", "paper_recipient": paper("safe.paper")},
                {"channel": "general", "paper_recipient": paper("general.paper")}
            ],
            "duty": {"on_status": "none", "on_crime": "none"},
            "legal_basis": "example",
            "local_opinion": null,
            "review_date": "2027-10-01",
            "not_after": "2027-11-01T00:00:00Z",
            "founding_members": ["mara.json", "nora.json"]
        })
    }

    pub(crate) fn certify(&self, request: &Value, governors: &[&str]) -> Output {
        self.write("request.json", &request.to_string());
        let keys: Vec<String> =
            governors.iter().map(|name| format!("--governor-key keys/{name}.json")).collect();
        self.run(&format!("certify --publication public --request request.json {}", keys.join(" ")))
    }

    /// A certified centre with an epoch on each channel.
    pub(crate) fn centre(&self) {
        self.network();
        let request = self.request();
        succeeded(&self.certify(&request, &["1-ada", "3-cleo"]));
        for channel in ["safe", "general"] {
            self.succeed(&format!(
                "epoch --publication public --centre harbour --channel {channel} --signer mara --passphrase-file mara.passphrase"
            ));
        }
    }
}

pub(crate) fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn failed(output: &Output) -> String {
    assert!(!output.status.success(), "should have failed: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}
