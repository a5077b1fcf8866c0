//! The command line by itself; the running program is in `tests/binary.rs`.

use clap::CommandFactory as _;
use clap::Parser as _;

use crate::command::Arguments;
use crate::serve::check_demonstration;

#[test]
fn the_command_line_is_well_formed() {
    Arguments::command().debug_assert();
}

#[test]
fn flags_stand_before_or_after_the_command() {
    for line in [
        "approdo serve --demo --database sqlite:x.db --listen 127.0.0.1:0",
        "approdo --database sqlite:x.db serve --origin http://127.0.0.1:1",
        "approdo network import demo/public --database sqlite:x.db",
        "approdo config check --config x.toml",
        "approdo migrate --database sqlite:x.db",
        "approdo backup /backups --config x.toml",
        "approdo backup /backups --keep 3 --database sqlite:x.db",
        "approdo restore /backups --into sqlite:y.db --tombstones a --tombstones b --database sqlite:x.db",
        "approdo notices send --database sqlite:x.db",
    ] {
        assert!(Arguments::try_parse_from(line.split(' ')).is_ok(), "{line}");
    }
    assert!(Arguments::try_parse_from(["approdo", "migrate", "--demo"]).is_err());
}

#[test]
fn a_demonstration_is_served_only_as_one() {
    assert!(check_demonstration(Some(true), true).is_ok());
    assert!(check_demonstration(Some(false), false).is_ok());
    assert!(check_demonstration(None, true).is_ok());
    assert!(check_demonstration(None, false).is_ok());
    assert!(
        check_demonstration(Some(true), false).is_err_and(|failure| failure.to_string().contains("--demo"))
    );
    assert!(check_demonstration(Some(false), true).is_err());
}
