// The server's SQLite file, written to from outside: many reports and years that pass cannot be had by waiting.

import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Runs SQL beside the running server, as its operator might; returns the rows as objects. */
export async function sql(server, statement) {
  const file = path.join(server.store, "approdo.db");
  const { stdout } = await run("sqlite3", ["-cmd", ".timeout 20000", "-json", file, statement], { maxBuffer: 1 << 24 });
  return stdout.trim() === "" ? [] : JSON.parse(stdout);
}

/** An id as SQL has it. */
export const blob = (uuid) => `x'${uuid.replaceAll("-", "")}'`;

/** The ISO week of a day, so many weeks back: `2026-W47`. */
export function weekBack(weeks, from = new Date()) {
  const day = new Date(Date.UTC(from.getFullYear(), from.getMonth(), from.getDate() - 7 * weeks));
  // The week belongs to the year of its Thursday.
  day.setUTCDate(day.getUTCDate() + 4 - (day.getUTCDay() || 7));
  const first = Date.UTC(day.getUTCFullYear(), 0, 1);
  const week = Math.ceil(((day.getTime() - first) / 86_400_000 + 1) / 7);
  return `${day.getUTCFullYear()}-W${String(week).padStart(2, "0")}`;
}

/** A day so many days back, as the server stores it. */
export function dayBack(days, from = new Date()) {
  const day = new Date(Date.UTC(from.getFullYear(), from.getMonth(), from.getDate() - days));
  return day.toISOString().slice(0, 10);
}

/**
 * Copies the row of a report that truly arrived, with other ids and `columns` set to SQL; their frames do not exist, so a copy can be
 * listed and not opened. In the SQL, `i` counts from 1.
 */
export async function copies(server, { of, number, columns = {} }) {
  const table = await sql(server, "SELECT name FROM pragma_table_info('report')");
  const names = table.map(({ name }) => name);
  const values = { id: "randomblob(16)", mailbox: "randomblob(32)", ...columns };
  const picked = names.map((name) => values[name] ?? `report.${name}`);
  await sql(
    server,
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${number})
     INSERT INTO report (${names.join(", ")}) SELECT ${picked.join(", ")} FROM report, n WHERE report.id = ${blob(of)}`,
  );
}
