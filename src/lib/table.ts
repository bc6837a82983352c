export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
  /** Longer cells are cut with an ellipsis. */
  readonly max?: number;
}

/** A monospace table without borders: each column as wide as its widest cell, one space between columns. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = [columns.map((column) => column.title), ...rows].map((row) =>
    columns.map((column, at) => cut(row[at] ?? "", column.max)),
  );
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => length(row[at] ?? ""))));
  return cells
    .map((row) =>
      row
        .map((cell, at) => pad(cell, widths[at] ?? 0, columns[at]?.align ?? "left"))
        .join(" ")
        .trimEnd(),
    )
    .join("\n");
}

/** Label left, value right, in a fixed width: for totals and cards. A value that does not fit goes below its label. */
export function renderPairs(pairs: readonly (readonly [string, string])[], width: number): string {
  return pairs.map(([label, value]) => pair(label, value, width)).join("\n");
}

function pair(label: string, value: string, width: number): string {
  const between = width - length(label) - length(value);
  if (between > 0 || label === "") return `${label}${" ".repeat(Math.max(1, between))}${value}`;
  // The label alone is too wide: wrap its last words onto the value's line.
  const at = length(label) <= width ? 0 : label.lastIndexOf(" ", width);
  if (at > 0) return `${label.slice(0, at)}\n${pair(label.slice(at), value, width)}`;
  return value === "" ? label : `${label}\n${pair("", value, width)}`;
}

const length = (text: string): number => Array.from(text).length;

function cut(text: string, max: number | undefined): string {
  if (max === undefined || length(text) <= max) return text;
  return `${Array.from(text)
    .slice(0, max - 1)
    .join("")}…`;
}

function pad(text: string, width: number, align: "left" | "right"): string {
  const blank = " ".repeat(Math.max(0, width - length(text)));
  return align === "left" ? text + blank : blank + text;
}
