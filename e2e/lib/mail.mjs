// A mail server as a centre's provider runs one: smtp-server on a loopback port, which keeps what it gets.

import { once } from "node:events";
import { SMTPServer } from "smtp-server";

/**
 * @param {{key: string, cert: string, offersTls?: boolean, account?: {username: string, password: string}}} options
 */
export async function mailServer({ key, cert, offersTls = true, account }) {
  const letters = [];
  const heard = { senders: 0, inClear: 0 };
  const server = new SMTPServer({
    key,
    cert,
    authOptional: account === undefined,
    disabledCommands: offersTls ? [] : ["STARTTLS"],
    disableReverseLookup: true,
    onAuth({ username, password }, _, done) {
      if (username === account?.username && password === account?.password) done(null, { user: username });
      else done(new Error("wrong password"));
    },
    onMailFrom(_, session, done) {
      heard.senders += 1;
      if (!session.secure) heard.inClear += 1;
      done();
    },
    onData(stream, session, done) {
      const parts = [];
      stream.on("data", (part) => parts.push(part));
      stream.on("end", () => {
        const raw = Buffer.concat(parts).toString("utf8");
        letters.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw, secure: session.secure });
        done();
      });
    },
  });
  // What a client does wrong is seen by what is missing.
  server.on("error", () => {});
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  return {
    port: server.server.address().port,
    letters,
    heard,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** A header of a letter. */
export function header({ raw }, name) {
  const [head] = raw.split("\r\n\r\n");
  const line = head.split("\r\n").find((one) => one.startsWith(`${name}: `));
  return line?.slice(name.length + 2);
}

/** The text of a letter, decoded. */
export function textOf(letter) {
  const body = letter.raw.slice(letter.raw.indexOf("\r\n\r\n") + 4).replace(/\r\n$/, "");
  if (header(letter, "Content-Transfer-Encoding") !== "quoted-printable") return body.replaceAll("\r\n", "\n");
  const bytes = body
    .replaceAll("=\r\n", "")
    .replaceAll("\r\n", "\n")
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
