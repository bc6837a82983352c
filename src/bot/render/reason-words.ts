import type { NotSentCause } from "../../domain/order.ts";

/**
 * A broker's refusal in plain words: the cause and the remedy. Null for wordings we do not know. Cards show the raw text
 * below, so that a wrong guess is visible. The first match wins.
 */
export function reasonWords(raw: string): string | null {
  return REASONS.find(([pattern]) => pattern.test(raw))?.[1] ?? null;
}

const ADDRESS = "The sending address is not registered with the broker for orders.";

/** Why an order was not sent, for causes that the broker's own words explain badly. */
export const NOT_SENT_WORDS: Readonly<Partial<Record<NotSentCause, string>>> = {
  "session-expired": "The session at the broker has ended. Log in, then tap Repeat.",
  "ip-not-allowed": ADDRESS,
  "invalid-credentials":
    "The broker refuses the key or secret. Check them in its console, then tap New keys on the account's card in /accounts.",
};

const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /\b(ip|static ip)\b.*(not|un)\s?-?(allowed|registered|white|configured)|unregistered ip|not the registered static ip|no ips? configured/i,
    ADDRESS,
  ],
  [
    /insufficient (stock )?holding|no holdings|holding not found|check holdings|t1 holding/i,
    "There are not enough shares that can be sold today.",
  ],
  [
    /tpin|edis|e-dis|ddpi|\bpoa\b|authori[sz]e.*(holding|sell|cdsl)|cdsl/i,
    "Selling from the demat account needs today's authorisation at the broker.",
  ],
  [
    /insufficient (fund|balance|margin)|margin (shortfall|exceed)|(fund|margin).*(short|insufficient|exceed)|available margin/i,
    "There is not enough money or margin in the account for it.",
  ],
  [
    /circuit|price (range|band)|execution range|\bdpr\b|\blpp\b|(outside|beyond|out of).*(range|limit|band)/i,
    "The price is outside what the exchange accepts right now.",
  ],
  [/freeze|exceeds? .*(max|permissible).*quantity|quantity.*exceed/i, "The quantity is above what one order may be."],
  [/tick size|multiple of .*tick/i, "The price is not a multiple of the tick size."],
  [/lot ?size|multiple of .*lot|market lot/i, "The quantity is not a whole number of lots."],
  [
    /market protection|market orders? .*(not allowed|blocked|not permitted)/i,
    "The broker takes no plain market order here. A limit order near the price does the same.",
  ],
  [
    /(market|markets|exchange|session).*(closed|not open)|not (in )?(trading|market) (hours|session)|after market|\bamo\b/i,
    "The market is closed for this order. An after-market order waits for the next session, where the broker has it.",
  ],
  [
    /cautionary|surveillance|\basm\b|\bgsm\b|\besm\b|trade.to.trade|\bt2t\b|(intraday|mis|bo|co) .*(not allowed|blocked|disabled)|blocked for|not allowed to trade|ban period/i,
    "The exchange or the broker restricts trading in this instrument. Delivery (cnc) may still be possible.",
  ],
  [
    /not allowed from this app/i,
    "The app at the broker may not place orders, or not from this address. Its settings in the broker's console decide.",
  ],
  [/self.?trade/i, "It would have traded with an order of your own."],
  [/maintenance/i, "The broker's order system is under maintenance."],
];
