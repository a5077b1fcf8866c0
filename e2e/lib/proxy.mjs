// A server that stands between a browser and Approdo and may do what it likes with every exchange: what somebody can do who runs or
// broke into the server, or sits in front of it. To the browser it is the only server there is.

import { createServer } from "node:http";
import { request } from "node:http";

/** The whole body of a message. */
async function bodyOf(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/** Asks the true server. */
function ask(origin, { method, path, headers, body }) {
  return new Promise((resolve, reject) => {
    const sent = request(`${origin}${path}`, { method, headers }, async (answer) => {
      try {
        resolve({ status: answer.statusCode, headers: { ...answer.headers }, body: await bodyOf(answer) });
      } catch (cause) {
        reject(cause);
      }
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

/**
 * Starts it in front of `origin`. `lie` decides about each exchange: it gets `{method, path, headers, body}` and `pass`, which asks the true
 * server, and gives an answer `{status, headers, body}`, or `null` to break the connection off, or `{cut: bytes, …}` to break it off in the
 * middle of the body. Without a lie everything passes.
 */
export async function between(origin) {
  const seen = [];
  const held = { lie: null };
  const server = createServer(async (incoming, outgoing) => {
    const body = await bodyOf(incoming);
    const headers = { ...incoming.headers, host: new URL(origin).host };
    // The true server answers its own pages only.
    if (headers.origin) headers.origin = origin;
    delete headers["accept-encoding"];
    const exchange = { method: incoming.method, path: incoming.url, headers, body };
    const pass = () => ask(origin, exchange);
    try {
      const answer = held.lie ? await held.lie(exchange, pass) : await pass();
      if (answer === null) {
        outgoing.destroy();
        return;
      }
      seen.push({ method: exchange.method, path: exchange.path, sent: body, status: answer.status, answer: answer.body });
      const length = { "content-length": answer.body.length };
      delete answer.headers["transfer-encoding"];
      outgoing.writeHead(answer.status, { ...answer.headers, ...length });
      if (answer.cut === undefined) outgoing.end(answer.body);
      else outgoing.write(answer.body.subarray(0, answer.cut), () => outgoing.destroy());
    } catch {
      outgoing.destroy();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    /** Every exchange so far, as it was answered. */
    seen,
    /** From now on this decides; nothing lets everything pass. */
    lie(how = null) {
      held.lie = how;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The answer with another body. */
export function saying(answer, body) {
  return { ...answer, body: Buffer.isBuffer(body) ? body : Buffer.from(body) };
}
