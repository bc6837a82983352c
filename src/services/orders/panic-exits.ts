import type { LinkId, UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { isClosed, type OrderPlan } from "../../domain/order-intent.ts";
import { opposite, type Order } from "../../domain/order.ts";
import type { OpenPosition, Position } from "../../domain/portfolio.ts";
import type { Log } from "../../lib/log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Link } from "../accounts.ts";
import type { Desk } from "./desk.ts";
import type { Finding } from "./findings.ts";
import type { Intent, Journal } from "./journal.ts";
import { isConfirmable, type Tickets } from "./tickets.ts";
import type { Watcher } from "./watcher.ts";

/** What came of closing one position, or a part of it: an order of ours, or why there is none. */
export type ExitResult = { readonly link: Link; readonly position: Position } & (
  | { readonly kind: "ordered"; readonly intent: Intent }
  | { readonly kind: "blocked"; readonly findings: readonly Finding[] }
  /** No instrument could be found for the row, or trading is locked: to be done at the broker. */
  | { readonly kind: "not-possible" }
  /** An earlier order that would close it is on its way, or may be live: a second one could turn it around. */
  | { readonly kind: "not-known" }
  /** An open order that could not be cancelled closes this much: a second one could turn it around. */
  | { readonly kind: "left-to-order" }
);

export interface Exitable {
  readonly link: Link;
  readonly position: OpenPosition;
  /** The account's open ones. */
  readonly orders: readonly Order[];
}

export interface PanicExits {
  /** Closes what open orders leave of every position, and looks at the orders until they have ended. */
  run(user: UserId, id: string, positions: readonly Exitable[]): Promise<ExitResult[]>;
}

export interface PanicExitsDeps {
  readonly tickets: Tickets;
  readonly desk: Desk;
  readonly watcher: Watcher;
  readonly journal: Pick<Journal, "ofUser">;
  readonly clock: Clock;
  readonly log: Log;
  readonly instrumentOf: (position: Position) => Promise<Instrument | undefined>;
  readonly protectionBasisPoints: (user: UserId) => Promise<number>;
}

/** What is not known yet is of the last minutes. */
const RECENT_INTENTS = 200;
/** After the last request the books get this long to show what became of it. */
export const READ_BACK_PAUSES_MS = [300, 700, 1_500, 3_000];

export function createPanicExits(deps: PanicExitsDeps): PanicExits {
  const { clock, log } = deps;

  async function run(user: UserId, id: string, positions: readonly Exitable[]): Promise<ExitResult[]> {
    if (positions.length === 0) return [];
    const basisPoints = await deps.protectionBasisPoints(user);
    const doubtful = await doubtfulOrders(user);
    const exits = await Promise.all(positions.map((each) => exit({ user, id, basisPoints, doubtful }, each)));
    return settled(exits.flat());
  }

  /** Names of the user's orders of which it is not known whether they are live. */
  async function doubtfulOrders(user: UserId): Promise<ReadonlySet<string>> {
    const intents = await deps.journal.ofUser(user, { limit: RECENT_INTENTS, order: "desc" });
    return new Set(
      intents.flatMap(({ plan, legs }) =>
        legs.filter(({ state }) => state === "sending" || state === "unknown").map(({ link }) => nameOf(link, plan)),
      ),
    );
  }

  async function exit(exiting: Exiting, { link, position, orders }: Exitable): Promise<ExitResult[]> {
    const notPossible = { kind: "not-possible", link, position } as const;
    try {
      const instrument = await deps.instrumentOf(position);
      if (!instrument) return [notPossible];
      const { side, productType } = closing(position);
      if (exiting.doubtful.has(nameOf(link._id, { key: instrument.key, side, productType })))
        return [{ kind: "not-known", link, position }];
      const taken = Math.min(position.qty, quantityClosing(orders, position, instrument));
      const rest = { ...position, qty: position.qty - taken };
      return [
        ...(rest.qty > 0 ? [await order(exiting, link, rest, instrument)] : []),
        ...(taken > 0 ? [{ kind: "left-to-order", link, position: { ...position, qty: taken } } as const] : []),
      ];
    } catch (error) {
      log.error({ err: error, broker: link.broker_name }, "position not exited");
      return [notPossible];
    }
  }

  async function order(
    { user, id: group, basisPoints: protectionBasisPoints }: Exiting,
    link: Link,
    position: OpenPosition,
    instrument: Instrument,
  ): Promise<ExitResult> {
    const view = await deps.tickets.make({
      ...closing(position),
      userId: user,
      instrument,
      type: "MARKET",
      price: null,
      triggerPrice: null,
      validity: "DAY",
      isAmo: false,
      parts: [{ link, qty: position.qty }],
      origin: "panic",
      group,
      protectionBasisPoints,
    });
    if (!isConfirmable(view)) {
      await deps.desk.drop(user, view.intent._id, "cancelled");
      return { kind: "blocked", link, position, findings: view.findings.filter(({ level }) => level === "block") };
    }
    const result = await deps.desk.confirm(user, view.intent.confirmId);
    return result.kind === "confirmed"
      ? { kind: "ordered", link, position, intent: await result.sent }
      : { kind: "not-possible", link, position };
  }

  /** Looks at the exits until they have ended, or for as long as a person waits. */
  async function settled(exits: readonly ExitResult[]): Promise<ExitResult[]> {
    let results = [...exits];
    for (const pause of READ_BACK_PAUSES_MS) {
      results = await Promise.all(
        results.map(async (exit) => (exit.kind === "ordered" ? { ...exit, intent: await lookAt(exit) } : exit)),
      );
      if (results.every((exit) => exit.kind !== "ordered" || exit.intent.legs.every(isClosed))) break;
      await clock.sleep(pause);
    }
    return results;
  }

  const lookAt = ({ link, intent }: Extract<ExitResult, { kind: "ordered" }>): Promise<Intent> =>
    deps.watcher.look(intent).catch((error: unknown) => {
      log.warn({ err: error, broker: link.broker_name }, "not read back");
      return intent;
    });

  return { run };
}

interface Exiting {
  readonly user: UserId;
  readonly id: string;
  readonly basisPoints: number;
  readonly doubtful: ReadonlySet<string>;
}

const closing = ({ side, productType }: OpenPosition): Pick<OrderPlan, "side" | "productType"> => ({
  side: opposite(side),
  productType,
});

/** What is not filled yet of the orders that close the position. */
function quantityClosing(orders: readonly Order[], position: OpenPosition, { key, symbol }: Instrument): number {
  const { side, productType } = closing(position);
  return orders
    .filter((order) => (order.key === null ? order.symbol === symbol : order.key === key))
    .filter((order) => order.side === side && order.productType === productType)
    .reduce((sum, order) => sum + order.qty - order.filledQty, 0);
}

const nameOf = (link: LinkId, { key, side, productType }: Pick<OrderPlan, "key" | "side" | "productType">): string =>
  `${link} ${key} ${side} ${productType}`;
