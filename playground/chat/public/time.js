const clockFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long" });
const dayWithYearFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const relativeFormat = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

let serverAheadMs = 0;

/** The bot may live at a pretended time: what "today" and "in 5 minutes" mean follows the newest message. @param {number} unix */
export function noteServerTime(unix) {
  serverAheadMs = unix * 1000 - Date.now();
}

const now = () => Date.now() + serverAheadMs;

/** @param {number} unix */
export const clockTime = (unix) => clockFormat.format(unix * 1000);

/** @param {number} unix */
export const fullTime = (unix) => fullFormat.format(unix * 1000);

/** Changes with the calendar day of the person looking. @param {number} unix */
export const dayKey = (unix) => new Date(unix * 1000).toDateString();

/** @param {number} unix */
export function dayTitle(unix) {
  const today = new Date(now());
  const yesterday = new Date(now());
  yesterday.setDate(today.getDate() - 1);
  if (dayKey(unix) === today.toDateString()) return "Today";
  if (dayKey(unix) === yesterday.toDateString()) return "Yesterday";
  const isThisYear = new Date(unix * 1000).getFullYear() === today.getFullYear();
  return (isThisYear ? dayFormat : dayWithYearFormat).format(unix * 1000);
}

const RELATIVE_UNITS = /** @type {const} */ ([
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
]);

/** @param {number} unix */
function relativeTime(unix) {
  const seconds = Math.round(unix - now() / 1000);
  const [unit, size] = RELATIVE_UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? RELATIVE_UNITS[5];
  return relativeFormat.format(Math.trunc(seconds / size), unit);
}

/**
 * A date_time entity's text by its format: `r` relative, or any of `w` weekday, `d`/`D` short or long date,
 * `t`/`T` time without or with seconds, in that order. Null leaves the bot's own text.
 * @param {number} unix @param {string} format
 */
export function entityTime(unix, format) {
  if (format === "r") return relativeTime(unix);
  if (!/^(?=.)w?[dD]?[tT]?$/.test(format)) return null;
  /** @type {Intl.DateTimeFormatOptions} */
  const options = {};
  if (format.includes("w")) options.weekday = "long";
  if (format.includes("d")) Object.assign(options, { day: "2-digit", month: "2-digit", year: "numeric" });
  if (format.includes("D")) Object.assign(options, { day: "numeric", month: "long", year: "numeric" });
  if (/[tT]/.test(format)) Object.assign(options, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  if (format.includes("T")) options.second = "2-digit";
  return new Intl.DateTimeFormat(undefined, options).format(unix * 1000);
}

/** @param {number | undefined} bytes */
export function fileSize(bytes) {
  if (bytes === undefined) return "";
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
