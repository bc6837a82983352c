import type { LinkHealth, SystemHealth } from "../commands.ts";
import { html, lines, type Html } from "../html.ts";
import type { View } from "../view.ts";
import { timeText } from "./amounts.ts";
import { linesThatFit } from "./page.ts";

/** Of Telegram's 4,096 characters; the rest is for the lines about the process. */
const MAX_LENGTH = 3_700;

export interface LinkRow {
  readonly userName: string;
  readonly label: string;
  readonly hasSession: boolean;
  readonly sessionFrom: number | null;
  readonly health: LinkHealth;
  /** The strictest of the broker's rate limits, in calls a minute. */
  readonly budgetPerMinute: number | null;
}

export interface LinkRows {
  readonly shown: readonly LinkRow[];
  /** Number of links that are left out. */
  readonly more: number;
}

/** For the owner: the store, queues and process, and each link's session and calls since the process started. */
export function healthView(system: SystemHealth, { shown, more }: LinkRows, now: number): View {
  const hours = Math.floor(system.uptimeS / 3600);
  const minutes = Math.floor((system.uptimeS % 3600) / 60);
  const rows = linesThatFit(
    shown.map((row) => linkLine(row, now)),
    shown.length,
    MAX_LENGTH,
  );
  const left = more + shown.length - rows.length;
  return {
    html: lines(
      html`<b>Health</b>`,
      html`Store: ${storeState(system)}.`,
      html`Updates waiting: ${system.inboxDepth}, with this one. Messages waiting: ${system.outboxDepth}.`,
      html`Up ${hours} h ${minutes} min, ${Math.round(system.memoryBytes / 1_048_576)} MB.`,
      ...rows,
      left > 0 && html`… and ${left} more.`,
    ),
  };
}

function storeState({ storeMs, takesWrites }: SystemHealth): string {
  if (storeMs === null) return "⚠️ not well; the log says why";
  return takesWrites ? `answers in ${storeMs} ms` : "⚠️ takes no writes; the disk may be full";
}

function linkLine({ userName, label, hasSession, sessionFrom, health, budgetPerMinute }: LinkRow, now: number): Html {
  const session = !hasSession || sessionFrom === null ? "no session" : `session since ${timeText(sessionFrom, now)}`;
  const good = health.lastGoodAt === null ? "no call yet" : `last good call ${timeText(health.lastGoodAt, now)}`;
  const speed = health.latencyMs === null ? "" : `, ${health.latencyMs} ms`;
  const budget =
    budgetPerMinute === null ? "" : `, ${health.lastMinute} calls in the last minute of about ${budgetPerMinute}`;
  const failure =
    health.lastFailure && `; last failure ${health.lastFailure.kind} ${timeText(health.lastFailure.at, now)}`;
  return html`${hasSession ? "🟢" : "🔴"} <b>${label}</b> ${userName}: ${session}, ${good}${speed}${budget}${failure ?? ""}`;
}
