import type { UserId } from "../../domain/ids.ts";
import type { OrderPlan } from "../../domain/order-intent.ts";
import { isDelivery, isFinal } from "../../domain/order.ts";
import { closableBy, isSameListing, openRows, type Position } from "../../domain/portfolio.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, Link } from "../accounts/accounts.ts";
import { rowsFor } from "../portfolio/books.ts";
import { ACCOUNT_READ_MS, type Part } from "./account-check.ts";
import type { Finding } from "./findings.ts";
import type { Intent } from "./journal.ts";
import type { Limits } from "./limits.ts";
import { partsOf } from "./ticket-plan.ts";
import type { TicketRequest } from "./tickets.ts";
import { beforePositions, isSameTrade, type UnderWayDeps } from "./under-way.ts";

/**
 * Deadline for reading positions at confirmation, when a tap is waiting. The card waits ACCOUNT_READ_MS: where a broker
 * allows one such read per second, this one has to queue behind that of the card's account check.
 */
const READ_MS = 1_500;

export interface ExitRuleDeps extends UnderWayDeps {
  readonly accounts: Accounts;
  readonly clock: Clock;
}

interface Exit {
  readonly user: UserId;
  readonly plan: OrderPlan;
  readonly parts: readonly Part[];
  readonly madeAt: number;
  readonly withinMs: number;
}

/**
 * An exit must not close more than is open, or it would open the opposite position. Its card may be two minutes old,
 * and the position may have been closed since, or be closing by another order. If the positions cannot be read, the
 * exit is let through, unless another market order of the same trade is under way or was confirmed since the card was
 * made.
 */
export function withExitRule(limits: Limits, deps: ExitRuleDeps): Limits {
  const { accounts } = deps;

  async function check({ user, plan, parts, madeAt, withinMs }: Exit): Promise<Finding[]> {
    // A stop or a target may stay open beside an exit, so only market orders count as under way.
    const underWayNow = await beforePositions(
      deps,
      user,
      (other) => isSameTrade(other, plan) && other.terms.type === "MARKET",
    );
    const read = await Promise.all(parts.map(({ link }) => positionsAt(plan, link, withinMs)));
    const underWay = await underWayNow();
    return parts.flatMap(({ link, qty }, at): Finding[] => {
      const rows = read[at] ?? null;
      if (rows !== null && openRows(plan, rows).length > 1)
        return [{ level: "block", code: "listed-twice", label: link.label }];
      const left = rows && closableBy(plan, rows);
      if (left !== null && left < qty) return [{ level: "block", code: "less-open", label: link.label, open: left }];
      const isUnsure = left === null && underWay.hasSince(link._id, plan, madeAt);
      return isUnsure || underWay.has(link._id, plan) ? [{ level: "block", code: "closing", label: link.label }] : [];
    });
  }

  function positionsAt(plan: OrderPlan, link: Link, withinMs: number): Promise<readonly Position[] | null> {
    const signal = AbortSignal.timeout(withinMs);
    return accounts
      .call(link, (connector, access) => rowsFor(plan, connector.getPositions(access, signal)))
      .catch(() => null);
  }

  /** Warns of open stops and targets that close the same position: after the exit they would open the opposite one. */
  async function checkOtherOrders(plan: OrderPlan, { link }: Part): Promise<Finding[]> {
    // Delivery products cannot go short, so nothing opposite can open.
    if (isDelivery(plan.productType)) return [];
    const signal = AbortSignal.timeout(ACCOUNT_READ_MS);
    const rows = await accounts
      .call(link, (connector, access) => rowsFor(plan, connector.getOrders(access, signal)))
      .catch(() => []);
    const others = rows.filter(
      (order) =>
        !isFinal(order.status) &&
        order.side === plan.side &&
        order.productType === plan.productType &&
        isSameListing(order, plan),
    );
    if (others.length === 0) return [];
    return [{ level: "warn", code: "stays-open", label: link.label, orders: others.length }];
  }

  async function checkRequest({ userId: user, parts, madeAt }: TicketRequest, plan: OrderPlan): Promise<Finding[]> {
    const [found, ...others] = await Promise.all([
      check({ user, plan, parts, madeAt: madeAt ?? deps.clock.now(), withinMs: ACCOUNT_READ_MS }),
      ...parts.map((part) => checkOtherOrders(plan, part)),
    ]);
    return [...found, ...others.flat()];
  }
  const checkIntent = async ({ userId: user, plan, legs, createdAt: madeAt }: Intent): Promise<Finding[]> =>
    check({ user, plan, parts: partsOf(legs, await accounts.all(user)), madeAt, withinMs: READ_MS });

  return {
    ...limits,
    async check(request, plan) {
      const found = request.origin === "exit" ? await checkRequest(request, plan) : [];
      return [...found, ...(await limits.check(request, plan))];
    },
    async admit(intent) {
      const [found] = intent.origin === "exit" ? await checkIntent(intent) : [];
      return found ?? limits.admit(intent);
    },
  };
}
