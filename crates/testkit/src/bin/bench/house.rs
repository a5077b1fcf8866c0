//! What everything is measured on: the program, databases with the demonstration network in them, reports to one of its centres.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use envelope::centre::{CentreBundle, VerifiedCentre, verify_centre};
use envelope::clock::Clock;
use envelope::publication::{CERTIFICATE_FILE, ROOT_FILE, STATEMENTS_FILE};
use envelope::root::VerifiedRoot;
use jiff::Timestamp;
use platform::random::Random;
use rusqlite::{Connection, OpenFlags};
use testkit::load::{Letter, Outcome, Running, seal};

/// The centre of the demonstration that takes the reports.
pub(crate) const SLUG: &str = "livorno";

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Rounds of whatever is measured in turns.
    pub(crate) rounds: usize,
    /// Reports of one client in a round.
    pub(crate) with_one: usize,
    /// Reports of all clients together in a round.
    pub(crate) with_many: usize,
    /// Reports that arrive in the hour of the memory.
    pub(crate) hour: usize,
    /// Reports in the database that is started with.
    pub(crate) stored: usize,
    /// Seconds that a page is asked for in a round.
    pub(crate) seconds: usize,
}

impl Scale {
    /// What docs/benchmarks.md tells.
    pub(crate) const WHOLE: Self =
        Self { rounds: 9, with_one: 200, with_many: 3_000, hour: 3_600, stored: 100_000, seconds: 4 };
    /// For work on the driver.
    pub(crate) const QUICK: Self =
        Self { rounds: 3, with_one: 20, with_many: 200, hour: 60, stored: 2_000, seconds: 1 };
}

/// The program and its surroundings.
pub(crate) struct House {
    /// How much is measured.
    pub(crate) scale: Scale,
    program: PathBuf,
    folder: PathBuf,
    centre: VerifiedCentre,
    random: Random,
}

impl House {
    /// Verifies the centre of the demonstration in `folder/demo/public`.
    pub(crate) fn new(program: PathBuf, folder: PathBuf, scale: Scale) -> Outcome<Self> {
        let public = folder.join("demo/public");
        let clock = Clock::exact(now());
        let root = VerifiedRoot::verify(&serde_json::from_slice(&fs::read(public.join(ROOT_FILE))?)?, clock)?;
        let papers = public.join(SLUG);
        let bundle = CentreBundle {
            certificate: serde_json::from_slice(&fs::read(papers.join(CERTIFICATE_FILE))?)?,
            statements: serde_json::from_slice(&fs::read(papers.join(STATEMENTS_FILE))?)?,
            earlier: Vec::new(),
        };
        let centre = verify_centre(&root, &bundle, clock, None)?;
        Ok(Self { scale, program, folder, centre, random: testkit::seeded_random() })
    }

    /// Where a file of this name lies.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A new database with all tables and the demonstration network in it.
    pub(crate) fn furnish(&self, name: &str) -> Outcome<PathBuf> {
        let file = self.path(&format!("{name}.db"));
        let status = Command::new(&self.program)
            .args(["network", "import"])
            .arg(self.path("demo/public"))
            .arg("--database")
            .arg(address(&file))
            .stdout(Stdio::null())
            .status()?;
        if status.success() {
            Ok(file)
        } else {
            Err("the demonstration network could not be imported".into())
        }
    }

    /// Starts the program on a database, with a program and its arguments around it, or nothing.
    pub(crate) async fn serve(&self, database: &Path, around: &[String]) -> Outcome<Running> {
        Running::start(&self.program, &address(database), &database.with_extension("log"), around).await
    }

    /// So many fresh reports: sealed, and the work for the door done.
    pub(crate) async fn letters(&mut self, server: &Running, count: usize) -> Outcome<Vec<Letter>> {
        let mut letters = seal(&self.centre, count, now(), &mut self.random)?;
        Letter::work_all(&mut letters, server.address()).await?;
        Ok(letters)
    }
}

fn address(database: &Path) -> String {
    format!("sqlite:{}", database.display())
}

/// What is in the tables against what was acknowledged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kept {
    /// Acknowledged and not there.
    pub(crate) lost: usize,
    /// There more than once.
    pub(crate) twice: usize,
}

/// Looks for every acknowledged report, by the hash of its frame. One without its case or without the wrap of its key does not count.
pub(crate) fn look_for(acknowledged: &[[u8; 32]], database: &Path) -> Outcome<Kept> {
    let connection = read_only(database)?;
    let mut question = connection.prepare(
        "SELECT i.frame_hash FROM report_item i JOIN report r ON r.id = i.case_id
         WHERE EXISTS (SELECT 1 FROM report_wrap w WHERE w.item_id = i.id)",
    )?;
    let mut found = BTreeMap::<Vec<u8>, usize>::new();
    for hash in question.query_map([], |row| row.get(0))? {
        *found.entry(hash?).or_default() += 1;
    }
    Ok(Kept {
        lost: acknowledged.iter().filter(|hash| !found.contains_key(hash.as_slice())).count(),
        twice: found.values().filter(|times| **times > 1).count(),
    })
}

/// A connection that looks and changes nothing.
pub(crate) fn read_only(database: &Path) -> Outcome<Connection> {
    Ok(Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

/// Now, for what is verified.
fn now() -> Timestamp {
    platform::clock::Clock::system().now()
}
