import type { MessageKind } from "../../services/digests/delivery.ts";
import type { Settings } from "../../services/people/users.ts";
import { html, lines, type Html } from "../html.ts";

export const settingsText = (settings: Settings): Html =>
  lines(
    html`<b>Settings</b>`,
    html`Messages come with a sound (on), without (silent), or not at all (off).${quietText(settings)}`,
    html`Times are Indian time, on trading days. A digest waits for final prices.`,
    settings.hidesAmounts &&
      html`Amounts are in percent of your accounts' value, quantities held are left out. Orders keep theirs.`,
    html`Prices of an account come from its broker, or from Yahoo where the broker has none.`,
    html`A market order fills at most ${settings.protectionBasisPoints / 100}% away from the last price.`,
    html`<i>Tap to change.</i>`,
  );

const quietText = ({ quietHours }: Settings): string =>
  quietHours === null ? "" : ` From ${quietHours[0]} to ${quietHours[1]} nothing makes a sound.`;

const KINDS: Readonly<Record<MessageKind, string>> = {
  orderUpdates: "Orders",
  alerts: "Alerts",
  strategy: "Strategy",
  reminder: "Logins",
  summary: "Opening",
  digest: "Closing",
  report: "Reports",
};

/** The labels of the buttons. */
export const settingLabels = {
  kinds: KINDS,
  digestAt: ({ digestAt }: Settings): string => `Closing at ${digestAt}`,
  reminderAt: ({ reminderAt }: Settings): string => `Logins at ${reminderAt}`,
  summaryAt: ({ summaryAt }: Settings): string => `Opening at ${summaryAt}`,
  quiet: ({ quietHours }: Settings): string => `Quiet: ${quietHours === null ? "never" : quietHours.join("–")}`,
  pictures: ({ pictures }: Settings): string => `Pictures: ${pictures}`,
  prices: (label: string, source: string): string => `Prices of ${label}: ${source}`,
  amounts: ({ hidesAmounts }: Settings): string => `Amounts: ${hidesAmounts ? "percent" : "rupees"}`,
  protection: ({ protectionBasisPoints }: Settings): string => `Protection ${protectionBasisPoints / 100}%`,
};
