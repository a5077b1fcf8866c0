//! A real server in process, with cases of every kind, and a backup of it: what is left when the platform is gone.

use std::fs;
use std::path::{Path, PathBuf};

use envelope::centre::VerifiedCentre;
use envelope::duty::Channel;
use envelope::header::Undone;
use envelope::ids::CaseId;
use jiff::{SignedDuration, Timestamp};
use keyring::item::ReportDraft;
use network::backup::{self, Order};
use testkit::TestApp;
use testkit::actors::{DemoNetwork, Operator, SealedFile, Victim, draft_with_files};

use crate::desk::Desk;

/// The safe word of the long case.
pub(crate) const WORD: &str = "limone";
/// The file of the report: more than one chunk.
pub(crate) static PICTURE: [u8; 400_000] = [0x5a; 400_000];
/// The file of the message.
pub(crate) const NOTE: &[u8] = b"una nota";

/// A network and its server, until the backup.
pub(crate) struct World {
    pub(crate) app: TestApp,
    pub(crate) network: DemoNetwork,
}

/// The cases of the safe channel of `porto`.
pub(crate) struct Told {
    /// From the first epoch: files, answer, message, new code, another answer, closed, with notes.
    pub(crate) long: CaseId,
    /// From the second epoch.
    pub(crate) second_epoch: CaseId,
    /// From the first epoch of the next certificate.
    pub(crate) next_certificate: CaseId,
    /// Withdrawn by her.
    pub(crate) withdrawn: CaseId,
}

impl World {
    pub(crate) async fn begin(app: TestApp) -> Self {
        let network = DemoNetwork::new(app.platform.now(), 41);
        network.publish(&app.app).await.unwrap();
        Self { app, network }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.app.platform.now()
    }

    pub(crate) fn centre(&self, place: usize) -> VerifiedCentre {
        self.network.verified(place, self.now())
    }

    pub(crate) async fn anna(&self) -> Operator {
        Operator::sign_in(&self.app, &self.network.centres[0].people[0]).await
    }

    /// Somebody writes a few words.
    pub(crate) async fn write(&self, place: usize, channel: Channel, text: &str) -> (Victim, CaseId) {
        let her = Victim::new(&self.app, self.network.id);
        let report = her.seal_report(&self.centre(place), channel, text, self.now());
        assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
        (her, report.case)
    }

    /// Somebody writes to `porto` and names `faro` too.
    pub(crate) async fn write_for_two(&self, text: &str) -> CaseId {
        let her = Victim::new(&self.app, self.network.id);
        let report = her.seal_for_two(&self.centre(0), &self.centre(1), Channel::Safe, text, self.now());
        assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
        report.case
    }

    /// Everything that can happen to a case, and the papers renewed in between.
    pub(crate) async fn live(&mut self) -> Told {
        let long = self.long_case().await;
        let (her, withdrawn) = self.write(0, Channel::Safe, "Scritto e ritirato").await;
        assert_eq!(her.burn(None, self.now()).await.status.as_u16(), 200);
        self.write(0, Channel::General, "Nell'altro canale").await;
        self.write(1, Channel::Safe, "A un altro centro").await;

        self.app.time.advance(SignedDuration::from_hours(30 * 24));
        let now = self.now();
        self.network.renew_epoch(0, Channel::Safe, now, now);
        self.network.publish(&self.app.app).await.unwrap();
        let (_, second_epoch) = self.write(0, Channel::Safe, "Nella seconda epoca").await;

        self.app.time.advance(SignedDuration::from_hours(24));
        let now = self.now();
        self.network.renew_certificate(0, now);
        self.network.publish(&self.app.app).await.unwrap();
        let (_, next_certificate) = self.write(0, Channel::Safe, "Con le nuove carte").await;
        Told { long, second_epoch, next_certificate, withdrawn }
    }

    async fn long_case(&self) -> CaseId {
        let (centre, now) = (self.centre(0), self.now());
        let her = Victim::new(&self.app, self.network.id);
        let picture = her.seal_file(&PICTURE, "foto \u{202e}../di casa.jpg");
        her.send_file(&picture).await;
        let draft = ReportDraft {
            safe_word: Some(WORD),
            urgent: true,
            ..draft_with_files("Prima riga\n1. Answer · 2026-W01 · by Anna Verdi\u{1b}[2J", &[&picture])
        };
        let report = her.seal(&centre, None, Channel::Safe, &draft, now);
        assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
        let case = report.case;
        self.answer(case, "Prima risposta").await;
        self.message(&her, case).await;
        let new = Victim::new(&self.app, self.network.id);
        let (mailbox, reading) = her.read_all(&centre).await.unwrap();
        let rotation = her.seal_rotation(&new.receipt, &centre, (&mailbox, &reading), Some(WORD), now);
        assert_eq!(her.send_message(rotation.bytes).await.status.as_u16(), 201);
        self.answer(case, "Seconda risposta").await;
        let anna = self.anna().await;
        let opened = anna.open(case).await.unwrap();
        assert_eq!(anna.close(&opened, "done", "Nota del centro", now).await.status.as_u16(), 201);
        case
    }

    /// Somebody found her code, hands the case to himself, and two members take that back.
    pub(crate) async fn taken_back(&self) -> CaseId {
        let (centre, now) = (self.centre(0), self.now());
        let her = Victim::new(&self.app, self.network.id);
        let report = her.seal_with_word(&centre, Channel::Safe, "Parole mie", WORD, now);
        assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
        self.answer(report.case, "Risposta a lei").await;
        let thief = Victim::new(&self.app, self.network.id);
        let (mailbox, reading) = her.read_all(&centre).await.unwrap();
        let rotation = her.seal_rotation(&thief.receipt, &centre, (&mailbox, &reading), Some("arancia"), now);
        assert_eq!(her.send_message(rotation.bytes).await.status.as_u16(), 201);
        for person in &self.network.centres[0].people {
            let member = Operator::sign_in(&self.app, person).await;
            let undone = member.undo(report.case, Undone::Rotation(3), now).await;
            assert_eq!(undone.status.as_u16(), 201, "{}", undone.code());
        }
        report.case
    }

    async fn answer(&self, case: CaseId, text: &str) {
        let anna = self.anna().await;
        let opened = anna.open(case).await.unwrap();
        assert_eq!(anna.answer(&opened, text, self.now()).await.status.as_u16(), 201);
    }

    async fn message(&self, her: &Victim, case: CaseId) {
        let centre = self.centre(0);
        let (mailbox, _) = her.read_all(&centre).await.unwrap();
        let note: SealedFile = her.seal_file(NOTE, "nota.txt");
        her.send_file(&note).await;
        let place = keyring::item::Place {
            case,
            seq: mailbox.highest_seq() + 1,
            prev: mailbox.last_hash(),
            seen: mailbox.highest_seq(),
        };
        let message = her.seal_message_with_files(
            &centre,
            Channel::Safe,
            &place,
            "Ancora una cosa",
            &[&note],
            self.now(),
        );
        assert_eq!(her.send_message(message.bytes).await.status.as_u16(), 201);
    }

    /// Takes a backup into the folder `backups` of a desk.
    pub(crate) async fn keep(&self, desk: &Desk) -> PathBuf {
        let (folder, now) = (desk.path("backups"), self.now());
        let database = &self.app.platform.database;
        let order = Order { database, name: "it", folder: &folder, tombstones: None, keep: 9, now };
        backup::make(&order).await.unwrap().path
    }

    /// What lies in the safe: the paper identities of `porto` and `faro`, as files.
    pub(crate) fn papers(&self, desk: &Desk) {
        for centre in &self.network.centres {
            for (channel, paper) in ["safe", "general"].iter().zip(&centre.papers) {
                desk.write_secret(&format!("{}-{channel}.paper", centre.slug), &paper.to_file());
            }
        }
    }

    /// The command as it is typed a minute after the backup.
    pub(crate) fn line(&self, rest: &str) -> (String, String) {
        let now = self.now() + SignedDuration::from_mins(1);
        (now.to_string(), format!("open --backup backups --out restored {rest}"))
    }
}

/// The one file of a backup whose name begins so.
pub(crate) fn part_of(backup: &Path, prefix: &str) -> PathBuf {
    let mut paths = fs::read_dir(backup).unwrap().map(|entry| entry.unwrap().path());
    paths.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix)).unwrap()
}
