/** A length for people: kilobytes, from a million bytes on megabytes. */
export function sizeOf(bytes: number): string {
  const [value, unit] = bytes < 1_000_000 ? [Math.max(1, Math.round(bytes / 1000)), "kilobyte"] : [Math.round(bytes / 100_000) / 10, "megabyte"];
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit }).format(value);
}
