//! The yardstick of pages: nginx with the same bytes under the same headers, from a file.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use testkit::load::{Address, Outcome, Reply};

/// Headers that nginx writes itself.
const OWN: [&str; 5] = ["content-length", "content-type", "date", "connection", "server"];

/// A running nginx; stopped when dropped.
pub(crate) struct Nginx {
    child: Child,
    address: Address,
}

impl Nginx {
    /// Starts one that answers `/it/` with the body and the headers of an answer of ours.
    pub(crate) async fn start(folder: &Path, answer: &Reply) -> Outcome<Self> {
        fs::create_dir_all(folder.join("it"))?;
        fs::write(folder.join("it/page"), &answer.body)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = Address(format!("127.0.0.1:{port}"));
        fs::write(folder.join("nginx.conf"), configuration(folder, &address, answer)?)?;
        let child = Command::new("nginx")
            .args(["-e", "stderr", "-p"])
            .arg(folder)
            .args(["-c", "nginx.conf"])
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("nginx: {error}"))?;
        let nginx = Self { child, address };
        for _ in 0..500 {
            if let Ok(reply) = nginx.address.get("/it/", "br").await {
                return if reply.body == answer.body && reply.status == 200 {
                    Ok(nginx)
                } else {
                    Err(format!("nginx answers {} with other bytes", reply.status).into())
                };
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err("nginx did not answer".into())
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Killed with -9 it would leave its workers behind.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// As Debian has it, without its log of visits, and with connections that are kept: on both sides nothing but pages is measured.
fn configuration(folder: &Path, address: &Address, answer: &Reply) -> Outcome<String> {
    let kind = find(answer, "content-type").unwrap_or("text/html");
    let mut headers = String::new();
    for (name, value) in &answer.headers {
        if !OWN.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            writeln!(headers, "add_header {name} \"{}\";", value.replace('"', "\\\""))?;
        }
    }
    let user = Command::new("id").arg("--user").arg("--name").output()?;
    let user = String::from_utf8(user.stdout)?;
    let root = folder.display();
    // The workers of a master that is root would be somebody who cannot read a private folder.
    let user = if user.trim() == "root" { "user root;" } else { "" };
    Ok(format!(
        "{user}
daemon off;
worker_processes auto;
pid {root}/pid;
events {{ worker_connections 768; }}
http {{
    access_log off;
    server_tokens off;
    sendfile on;
    tcp_nopush on;
    etag off;
    keepalive_requests 100000000;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    types {{ }}
    default_type \"{kind}\";
    server {{
        listen {};
        root {root};
        location = /it/ {{
            try_files /it/page =404;
            {headers}
        }}
    }}
}}
",
        address.0
    ))
}

fn find<'a>(answer: &'a Reply, name: &str) -> Option<&'a str> {
    let mut headers = answer.headers.iter();
    headers.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
