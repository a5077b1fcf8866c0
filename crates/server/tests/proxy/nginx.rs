//! nginx and the program, started with the files of `deploy` in a folder of their own.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use testkit::load::{Address, Letter, instant};

use crate::furnished::{Furnished, free_port};

/// The name of the site in `deploy/nginx.conf` and `deploy/approdo.toml`.
pub(crate) const NAME: &str = "approdo.example.org";

/// Longest wait for something that another process does.
const PATIENCE: Duration = Duration::from_secs(20);

/// A site as a municipality has it, on this machine's own address.
pub(crate) struct Site {
    town: Furnished,
    program: Child,
    nginx: Child,
    /// The port for TLS.
    pub(crate) tls: u16,
    http: u16,
}

fn deployed(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name);
    fs::read_to_string(path).unwrap()
}

/// Puts `new` in the place of `old`, which must be there.
fn change(text: &mut String, old: &str, new: &str) {
    assert!(text.contains(old), "deploy: there is no {old:?} any more");
    *text = text.replace(old, new);
}

fn program_of_nginx() -> PathBuf {
    let candidates = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx", "/usr/local/bin/nginx"];
    let found = candidates.iter().map(PathBuf::from).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("nginx is not installed: scripts/setup.sh test"))
}

/// `deploy/nginx.conf` with the lines changed that it marks, and no others.
fn nginx_conf(folder: &Path, approdo: u16, http: u16, tls: u16) -> String {
    let text = deployed("nginx.conf");
    let mut lines = Vec::new();
    for line in text.lines() {
        let Some((setting, _)) = line.split_once("# test:") else {
            lines.push(line.to_owned());
            continue;
        };
        let folder = folder.display();
        let setting = setting.trim();
        let changed = match setting {
            "user www-data;" | "worker_rlimit_nofile 16384;" => String::new(),
            "pid /run/nginx.pid;" => format!("pid {folder}/nginx.pid;"),
            "error_log /var/log/nginx/error.log crit;" => format!("error_log {folder}/logs/main.log crit;"),
            "error_log /var/log/nginx/error.log emerg;" => format!("error_log {folder}/logs/http.log emerg;"),
            "worker_connections 8192;" => "worker_connections 512;".to_owned(),
            "server 127.0.0.1:8080;" => format!("server 127.0.0.1:{approdo};"),
            "listen 80;" => format!("listen 127.0.0.1:{http};"),
            "listen 443 ssl http2 default_server;" => {
                format!("listen 127.0.0.1:{tls} ssl http2 default_server;")
            }
            "listen 443 ssl http2;" => format!("listen 127.0.0.1:{tls} ssl http2;"),
            other if other.starts_with("listen [::]:") => String::new(),
            other => panic!("what does the test do with {other:?}?"),
        };
        lines.push(changed);
    }
    let mut text = lines.join("\n");
    let folder = folder.display();
    change(
        &mut text,
        "/etc/letsencrypt/live/approdo.example.org/fullchain.pem",
        &format!("{folder}/certificate.pem"),
    );
    change(&mut text, "/etc/letsencrypt/live/approdo.example.org/privkey.pem", &format!("{folder}/key.pem"));
    // Folders that the package makes for root; nothing is written there, but without them nginx does not start.
    let kept: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("    {name}_temp_path {folder}/temporary/{name};\n"))
        .concat();
    change(&mut text, "http {\n", &format!("http {{\n{kept}"));
    text
}

fn approdo_toml(folder: &Path, listen: u16, tls: u16) -> String {
    let mut text = deployed("approdo.toml");
    change(&mut text, "127.0.0.1:8080", &format!("127.0.0.1:{listen}"));
    change(&mut text, "127.0.0.1:9464", &format!("127.0.0.1:{}", free_port()));
    change(&mut text, "https://approdo.example.org", &format!("https://{NAME}:{tls}"));
    change(&mut text, "/var/lib/approdo/approdo.db", &folder.join("approdo.db").display().to_string());
    text
}

fn make_certificate(folder: &Path) {
    let status = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", &format!("/CN={NAME}"), "-addext", &format!("subjectAltName=DNS:{NAME}")])
        .arg("-keyout")
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("certificate.pem"))
        .stderr(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "openssl is not installed: scripts/setup.sh test");
}

async fn wait_for(what: &str, mut is_there: impl AsyncFnMut() -> bool) {
    let begun = instant();
    while !is_there().await {
        assert!(begun.elapsed() < PATIENCE, "{what} does not come up");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Site {
    /// Starts both, with so many sealed reports at hand.
    pub(crate) async fn start(letters: usize) -> Self {
        let town = Furnished::new(letters).await;
        let folder = town.folder.path();
        // nginx drops its rights where it is started as root, and still opens its logs.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["logs", "temporary"] {
            fs::create_dir(folder.join(name)).unwrap();
        }
        let (approdo, http, tls) = (free_port(), free_port(), free_port());
        make_certificate(folder);
        fs::write(folder.join("approdo.toml"), approdo_toml(folder, approdo, tls)).unwrap();
        fs::write(folder.join("nginx.conf"), nginx_conf(folder, approdo, http, tls)).unwrap();

        let log = |name: &str| fs::File::create(folder.join("logs").join(name)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_approdo"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("APPRODO_")) {
            command.env_remove(name);
        }
        let program = command
            .args(["serve", "--demo", "--config"])
            .arg(folder.join("approdo.toml"))
            // Soon, so that the story sees which network it is that is told to work harder.
            .env("APPRODO_DOOR__QUIET_POSTS", "1")
            .stdout(log("approdo.out"))
            .stderr(log("approdo.err"))
            .spawn()
            .unwrap();
        let nginx = Command::new(program_of_nginx())
            .arg("-c")
            .arg(folder.join("nginx.conf"))
            .args(["-e", &folder.join("logs/start.log").display().to_string(), "-g", "daemon off;"])
            .stdout(log("nginx.out"))
            .stderr(log("nginx.err"))
            .spawn()
            .unwrap();
        let site = Self { town, program, nginx, tls, http };
        let address = Address(format!("127.0.0.1:{approdo}"));
        wait_for("approdo", async || {
            address.get("/health", "identity").await.is_ok_and(|reply| reply.status == 200)
        })
        .await;
        wait_for("nginx", async || TcpStream::connect(("127.0.0.1", tls)).is_ok()).await;
        site
    }

    pub(crate) fn letters(&self) -> &[Letter] {
        &self.town.letters
    }

    /// The value of `Origin` that the own pages send.
    pub(crate) fn origin(&self) -> String {
        format!("https://{NAME}:{}", self.tls)
    }

    /// Sends bytes to the port for plain HTTP.
    pub(crate) fn plain(&self, request: &str) -> Vec<u8> {
        send_raw(self.http, request.as_bytes())
    }

    /// Sends bytes to the port for TLS that are none.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        send_raw(self.tls, bytes)
    }

    /// Ends the program behind nginx.
    pub(crate) async fn stop_the_program(&mut self) {
        assert!(Command::new("kill").arg(self.program.id().to_string()).status().unwrap().success());
        wait_for("the end", async || self.program.try_wait().unwrap().is_some()).await;
    }

    /// No file that nginx or the program writes tells of a visitor: neither address, nor path, nor anything she sent.
    pub(crate) fn expect_silent_logs(&self) {
        let mut lines = 0;
        for entry in fs::read_dir(self.town.folder.path().join("logs")).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            lines += text.lines().count();
            for trace in
                ["127.0.5.", "127.0.6.", "client:", "canary", "/it/", "/reports", "/work", "GET ", "POST "]
            {
                assert!(!text.contains(trace), "{trace:?} in {}: {text}", path.display());
            }
        }
        assert!(lines > 0, "the search finds logs");
        let temporary = self.town.folder.path().join("temporary");
        for folder in fs::read_dir(temporary).unwrap() {
            assert_eq!(fs::read_dir(folder.unwrap().path()).unwrap().count(), 0, "a body on the disk");
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // The master tells its workers; killed, it would leave them behind.
        let _ = Command::new("kill").args(["-TERM", &self.nginx.id().to_string()]).status();
        let _ = self.nginx.wait();
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// The three digits of an answer; empty where there is none.
pub(crate) fn status_of(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).unwrap_or_default().to_owned()
}

fn send_raw(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // Silence is an answer too.
    let _ = stream.read_to_end(&mut answer);
    answer
}

fn client(name: &str, port: u16, from: &str) -> Child {
    Command::new("openssl")
        .args(["s_client", "-quiet", "-nocommands", "-servername", name, "-bind", from])
        .args(["-connect", &format!("127.0.0.1:{port}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("openssl, see scripts/setup.sh test: {error}"))
}

/// Sends bytes through TLS from an address of this machine, and gives back everything that is answered until the end.
pub(crate) fn exchange(port: u16, from: &str, request: &[u8]) -> Vec<u8> {
    exchange_as(NAME, port, from, request)
}

/// The same, to another name.
pub(crate) fn exchange_as(name: &str, port: u16, from: &str, request: &[u8]) -> Vec<u8> {
    let mut client = client(name, port, from);
    let mut input = client.stdin.take().unwrap();
    let request = request.to_vec();
    // Beside the reading: an answer may come before everything is sent. Where nobody listens any more, the rest is not sent.
    let sending = std::thread::spawn(move || {
        let _ = input.write_all(&request);
        let _ = input.flush();
        input
    });
    let mut answer = Vec::new();
    client.stdout.take().unwrap().read_to_end(&mut answer).unwrap();
    drop(sending.join().unwrap());
    client.wait().unwrap();
    answer
}

/// Sends `first`, then `again` after each pause, until the other side hangs up or the time is over.
pub(crate) fn send_slowly(port: u16, first: &str, again: &str, pause: Duration, most: Duration) {
    let mut client = client(NAME, port, "127.0.5.1");
    let mut input = client.stdin.take().unwrap();
    input.write_all(first.as_bytes()).unwrap();
    let begun = instant();
    while client.try_wait().unwrap().is_none() {
        if begun.elapsed() > most {
            client.kill().unwrap();
        }
        std::thread::sleep(pause);
        // When it has ended, nobody reads this.
        let _ = input.write_all(again.as_bytes()).and_then(|()| input.flush());
    }
}
