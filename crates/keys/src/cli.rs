//! The commands and their arguments. The text of `--help` is written for a person at an offline computer.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;

/// The offline tool of Approdo: makes and signs what a server may only publish.
#[derive(Debug, Parser)]
#[command(name = "approdo-keys", version, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// Act as if it were this moment (RFC 3339); for tests and rehearsals.
    #[arg(long, global = true, hide = true)]
    pub(crate) now: Option<Timestamp>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The network's root: its governors and how many of them must sign.
    #[command(subcommand)]
    Network(NetworkCommand),
    /// A paper identity: the key in the safe that opens a channel's data when nobody else can.
    #[command(subcommand)]
    Paper(PaperCommand),
    /// The people who read at a centre.
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Certify a centre: governors sign what it is, what its people must report, and who founds it.
    Certify(Certify),
    /// Make the next epoch key of a channel, sealed to its readers and to its paper identity, announced by a member.
    Epoch(Epoch),
    /// Read a publication folder and say what it verifies.
    Verify(Verify),
    /// When the platform is gone: restore what a centre received, from a backup, with the paper identity of one channel alone.
    Open(Open),
    /// Make the demonstration network, or renew what is about to expire in it.
    Demo(Demo),
}

/// Commands about the network.
#[derive(Debug, Subcommand)]
pub(crate) enum NetworkCommand {
    /// Draw the governors' keys and sign the root with all of them.
    Init(NetworkInit),
}

/// Arguments of `network init`.
#[derive(Debug, Args)]
pub(crate) struct NetworkInit {
    /// Folder of the publication, where root.json will stand.
    #[arg(long)]
    pub(crate) publication: PathBuf,
    /// Folder for the governors' key files; it becomes readable by its owner only.
    #[arg(long)]
    pub(crate) keys: PathBuf,
    /// Name of the network.
    #[arg(long)]
    pub(crate) name: String,
    /// A governor's name; give it once for each governor.
    #[arg(long = "governor", required = true)]
    pub(crate) governors: Vec<String>,
    /// How many governors must sign.
    #[arg(long, default_value_t = 2)]
    pub(crate) threshold: u32,
    /// Mark the network as a demonstration: a server refuses it unless it runs with --demo.
    #[arg(long)]
    pub(crate) demonstration: bool,
}

/// Commands about paper identities.
#[derive(Debug, Subcommand)]
pub(crate) enum PaperCommand {
    /// Draw a paper identity; the file is an age identity file, to be printed and then erased.
    New(PaperNew),
}

/// Arguments of `paper new`.
#[derive(Debug, Args)]
pub(crate) struct PaperNew {
    /// The file to write.
    #[arg(long)]
    pub(crate) out: PathBuf,
}

/// Commands about operators.
#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// Draw a person's identity and seal it into a slot; prints the passphrase once and keeps it nowhere.
    New(OperatorNew),
    /// Let two members admit a person to a centre: a join statement, and the current epoch keys sealed to the newcomer.
    Join(OperatorJoin),
}

/// Arguments of `operator new`.
#[derive(Debug, Args)]
pub(crate) struct OperatorNew {
    /// The name with which the person signs in.
    #[arg(long)]
    pub(crate) account: String,
    /// The person's name, as it will be published.
    #[arg(long)]
    pub(crate) name: String,
    /// Language of the console and of the passphrase's words.
    #[arg(long, value_enum)]
    pub(crate) language: LanguageArgument,
    /// A channel that the person may read; once for each.
    #[arg(long = "channel", value_enum, required = true)]
    pub(crate) channels: Vec<ChannelArgument>,
    /// What the person must report about somebody's residence status. Not stated counts as strong.
    #[arg(long, value_enum, default_value = "strong")]
    pub(crate) on_status: DutyArgument,
    /// What the person must report about a crime. Not stated counts as strong.
    #[arg(long, value_enum, default_value = "strong")]
    pub(crate) on_crime: DutyArgument,
    /// The file to write: public keys and the sealed slot, nothing that is secret in the clear.
    #[arg(long)]
    pub(crate) out: PathBuf,
}

/// Arguments of `operator join`.
#[derive(Debug, Args)]
pub(crate) struct OperatorJoin {
    /// Folder of the publication (the one with root.json).
    #[arg(long)]
    pub(crate) publication: PathBuf,
    /// The centre's address name.
    #[arg(long)]
    pub(crate) centre: String,
    /// The newcomer's file, made by `operator new`.
    #[arg(long)]
    pub(crate) newcomer: PathBuf,
    /// Account of a signing member; twice.
    #[arg(long = "signer", num_args = 1, required = true)]
    pub(crate) signers: Vec<String>,
    /// File with the passphrase of the signer at the same place; twice. Mode 0600.
    #[arg(long = "passphrase-file", num_args = 1, required = true)]
    pub(crate) passphrase_files: Vec<PathBuf>,
}

/// Arguments of `certify`.
#[derive(Debug, Args)]
pub(crate) struct Certify {
    /// Folder of the publication (the one with root.json).
    #[arg(long)]
    pub(crate) publication: PathBuf,
    /// The request, a JSON file (docs/offline-keys.md).
    #[arg(long)]
    pub(crate) request: PathBuf,
    /// A governor's key file; once for each governor that signs.
    #[arg(long = "governor-key", required = true)]
    pub(crate) governor_keys: Vec<PathBuf>,
    /// For the next certificate of a centre that is published already: where its present files are kept.
    #[arg(long)]
    pub(crate) archive: Option<PathBuf>,
}

/// Arguments of `epoch`.
#[derive(Debug, Args)]
pub(crate) struct Epoch {
    /// Folder of the publication (the one with root.json).
    #[arg(long)]
    pub(crate) publication: PathBuf,
    /// The centre's address name.
    #[arg(long)]
    pub(crate) centre: String,
    /// The channel.
    #[arg(long, value_enum)]
    pub(crate) channel: ChannelArgument,
    /// Account of the member who signs.
    #[arg(long)]
    pub(crate) signer: String,
    /// File with the signer's passphrase. Mode 0600.
    #[arg(long)]
    pub(crate) passphrase_file: PathBuf,
    /// Days until the epoch ends, at most 35.
    #[arg(long, default_value_t = 35)]
    pub(crate) days: u32,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Folder of the publication (the one with root.json).
    pub(crate) publication: PathBuf,
}

/// Arguments of `open`.
#[derive(Debug, Args)]
pub(crate) struct Open {
    /// The paper identity of the centre's channel, typed from the paper into a file. Mode 0600.
    #[arg(long)]
    pub(crate) paper: PathBuf,
    /// A backup (the folder with manifest.json), or a folder of backups: then the newest.
    #[arg(long)]
    pub(crate) backup: PathBuf,
    /// The folder to write. It must not exist; only its owner may read it, and nothing in it is sealed.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// A list of what was shredded, newer than the backup's own; may be given several times.
    #[arg(long)]
    pub(crate) tombstones: Vec<PathBuf>,
    /// The network's root.json as governors or colleagues hold it: a backup with another root is refused.
    #[arg(long)]
    pub(crate) root: Option<PathBuf>,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The folder; `public` and `private` are made inside.
    #[arg(long, default_value = "demo")]
    pub(crate) folder: PathBuf,
}

/// A channel on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChannelArgument {
    /// For people whom a report of their residence status would harm.
    Safe,
    /// For everybody; what the centre must report is said beforehand.
    General,
}

/// A duty to report on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DutyArgument {
    /// No duty.
    None,
    /// Disputed in law.
    Contested,
    /// Must report.
    Strong,
}

/// A language on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LanguageArgument {
    /// Italian.
    It,
    /// English.
    En,
}
