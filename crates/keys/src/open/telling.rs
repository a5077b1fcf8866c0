//! What is said at the end: the index beside the cases, and the lines on the screen.

use std::path::Path;

use super::backup::Backup;
use super::cases::Cases;
use super::folder::Written;
use super::text::INDEX;
use super::trust::{Trust, short};

/// Collects what was written.
pub(super) struct Telling {
    head: Vec<String>,
    absent: Vec<String>,
    findings: Vec<String>,
    written: Vec<Written>,
}

impl Telling {
    /// Begins with what is known before the first case.
    pub(super) fn begin(backup: &Backup, trust: &Trust, cases: &Cases) -> Self {
        let mut head = vec![
            format!("Restored from {}, made {}", backup.name, backup.made_at),
            format!("Network: {} ({})", super::text::line(trust.root.name()), trust.root.network()),
            format!("Root: {}", trust.root.hash()),
            format!("Centre: {} ({})", super::text::line(&trust.organisation), trust.centre),
            format!("Channel: {}", trust.channel),
        ];
        for chain in &trust.chains {
            let numbers: Vec<String> = chain.keys.iter().map(|key| key.number().to_string()).collect();
            head.push(format!(
                "Epochs opened under the certificate {}: {}",
                short(chain.certificate),
                numbers.join(", ")
            ));
        }
        let mut absent = Vec::new();
        for (count, what) in [
            (cases.withdrawn, "withdrawn by the person who wrote, and waiting for their end"),
            (cases.shredded, "shredded, as a list says"),
        ] {
            if count > 0 {
                absent.push(format!("Cases not opened because they were {what}: {count}"));
            }
        }
        let findings =
            backup.findings.iter().chain(&trust.findings).chain(&cases.findings).cloned().collect();
        Self { head, absent, findings, written: Vec::new() }
    }

    /// Adds a case that was written.
    pub(super) fn add(&mut self, written: Written) {
        self.written.push(written);
    }

    /// The text of the index.
    pub(super) fn index(&self) -> String {
        let mut lines = vec![
            "THIS FOLDER IS NOT SEALED. Whoever gets it reads everything in it. Keep it on an encrypted disk, copy it nowhere, and erase it when".to_owned(),
            "its cases are safe elsewhere.".to_owned(),
            String::new(),
        ];
        lines.extend(self.head.iter().cloned());
        lines.push("Every signature was checked against that root. Compare it with the one that governors or colleagues hold, unless --root did.".to_owned());
        lines.push(String::new());
        lines.push(format!("Cases: {}", self.written.len()));
        lines.extend(self.absent.iter().cloned());
        for case in &self.written {
            let mark = if case.findings.is_empty() { "" } else { " · NOT AS IT SHOULD BE, see its text" };
            lines.push(format!(
                "- {} · {} · {} · items: {} · files: {}{mark}",
                case.folder, case.week, case.state, case.items, case.files
            ));
        }
        lines.push(String::new());
        if self.wrong() == 0 {
            lines.push("Everything that is here was opened, and every signature and chain holds.".to_owned());
        } else {
            lines.push("NOT AS IT SHOULD BE".to_owned());
            lines.extend(self.findings.iter().map(|finding| format!("- {finding}")));
            for case in &self.written {
                lines.extend(case.findings.iter().map(|finding| format!("- {}: {finding}", case.folder)));
            }
        }
        lines.push(String::new());
        lines.join("\n")
    }

    /// The lines on the screen.
    pub(super) fn summary(&self, out: &Path) -> Vec<String> {
        let mut said = self.head.clone();
        said.extend(self.absent.iter().cloned());
        let items: usize = self.written.iter().map(|case| case.items).sum();
        let files: usize = self.written.iter().map(|case| case.files).sum();
        said.push(format!(
            "written: {} ({} cases, {items} items, {files} files)",
            out.display(),
            self.written.len()
        ));
        if self.wrong() > 0 {
            said.push(format!(
                "NOT AS IT SHOULD BE: {} things; {} lists them",
                self.wrong(),
                out.join(INDEX).display()
            ));
        }
        said.push("The folder is not sealed: whoever gets it reads everything in it.".to_owned());
        said
    }

    fn wrong(&self) -> usize {
        self.findings.len() + self.written.iter().map(|case| case.findings.len()).sum::<usize>()
    }
}
