/** India has one time zone, without daylight saving. No other file may know its offset. */
export const IST_OFFSET_MS = 5.5 * 3_600_000;
const DAY_MS = 86_400_000;

/** YYYY-MM-DD in India at an instant. */
export const istDate = (at: number): string => new Date(at + IST_OFFSET_MS).toISOString().slice(0, 10);
/** HH:MM in India at an instant. */
export const istTime = (at: number): string => new Date(at + IST_OFFSET_MS).toISOString().slice(11, 16);
/** HH:MM:SS in India at an instant. */
export const istClock = (at: number): string => new Date(at + IST_OFFSET_MS).toISOString().slice(11, 19);
/** "YYYY-MM-DD HH:MM:SS" in India, the format that broker APIs expect. */
export const istDateTime = (at: number): string => `${istDate(at)} ${istClock(at)}`;

/** Epoch ms of an Indian date and wall-clock time (`2026-11-20`, `09:15` or `09:15:00`). Throws on invalid input. */
export function istInstant(date: string, time = "00:00:00"): number {
  const at = Date.parse(`${date}T${time}+05:30`);
  if (Number.isNaN(at) || istDate(at) !== date) throw new RangeError(`not a time: ${date} ${time}`);
  return at;
}

/** The next instant, strictly after `at`, at which it is `time` in India. */
export function nextIst(time: string, at: number): number {
  const today = istInstant(istDate(at), time);
  return today > at ? today : today + DAY_MS;
}

/**
 * Epoch ms of a broker's "YYYY-MM-DD HH:MM:SS", "DD/MM/YYYY HH:MM:SS" or "20-Nov-2026 11:04:33": IST, without a zone.
 */
export function parseIst(text: string): number {
  const [datePart = "", timePart = "00:00:00"] = text.trim().split(/[ T]/);
  return istInstant(isoDate(datePart), timePart.slice(0, 8));
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

function isoDate(text: string): string {
  const slashed = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(text);
  if (slashed) return `${slashed[3]}-${slashed[2]}-${slashed[1]}`;
  const named = /^(\d{2})-?([A-Za-z]{3})-?(\d{4})$/.exec(text);
  if (!named) return text;
  const month = MONTHS.indexOf((named[2] ?? "").toLowerCase()) + 1;
  return `${named[3]}-${String(month).padStart(2, "0")}-${named[1]}`;
}

export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** Whether the text is an existing date, as YYYY-MM-DD. */
export const isDate = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && addDays(text, 0) === text;

/** 0 Sunday … 6 Saturday */
export const weekday = (date: string): number => new Date(`${date}T00:00:00Z`).getUTCDay();
export const isWeekend = (date: string): boolean => weekday(date) % 6 === 0;
/** Monday of the date's week; weeks end on Sunday. */
export const mondayOf = (date: string): string => addDays(date, -((weekday(date) + 6) % 7));

/** Last date of the month, given YYYY-MM or a date in it. */
export function lastOfMonth(date: string): string {
  const [year = 0, month = 0] = date.split("-").map(Number);
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}
