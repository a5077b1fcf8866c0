//! How many files may be open at once: every connection is one, and systems allow few unless they are asked.

/// Files that are open beside connections: the database, the log, standard streams, backups.
const BESIDE: usize = 256;

/// Of so many connections one may be ending, having given way, while others take its place.
const LEAVING: usize = 8;

/// How many may be ending at once, where so many are open.
pub(crate) fn leaving(connections: usize) -> usize {
    (connections / LEAVING).max(8)
}

/// Asks the system for enough files for so many connections, and says for how many there is room.
#[cfg(unix)]
pub(crate) fn make_room_for(connections: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let wanted = connections.saturating_add(leaving(connections)).saturating_add(BESIDE);
    let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let Some(current) = current.filter(|current| *current < wanted) else { return connections };
    let raised = maximum.map_or(wanted, |maximum| maximum.min(wanted)).max(current);
    let is_raised = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }).is_ok();
    room_in(if is_raised { raised } else { current }, connections)
}

/// Other systems count differently, and say so when a connection fails.
#[cfg(not(unix))]
pub(crate) fn make_room_for(connections: usize) -> usize {
    connections
}

/// Connections for which there is room in so many files: some are kept for the database, whatever the limit.
#[cfg(unix)]
fn room_in(files: u64, connections: usize) -> usize {
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    let most = files.saturating_sub(BESIDE) / (LEAVING + 1) * LEAVING;
    connections.min(most.max(files / 4))
}

/// How much of what is allowed is open, from 0 to 1; `None` where the system does not say.
#[cfg(target_os = "linux")]
pub(crate) fn share_in_use() -> Option<f64> {
    let allowed = rustix::process::getrlimit(rustix::process::Resource::Nofile).current?;
    let open = std::fs::read_dir("/proc/self/fd").ok()?.count();
    Some(f64::from(u32::try_from(open).ok()?) / f64::from(u32::try_from(allowed).ok()?))
}

/// Other systems do not say.
#[cfg(not(target_os = "linux"))]
pub(crate) fn share_in_use() -> Option<f64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_database_keeps_files_of_its_own() {
        assert_eq!(room_in(10_000, 4_096), 4_096);
        assert_eq!(room_in(4_096, 4_096), 3_408);
        assert_eq!(room_in(256, 4_096), 64);
        assert_eq!(make_room_for(64), 64);
    }
}
