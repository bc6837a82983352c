import type { LinkId } from "../../domain/ids.ts";
import type { OrderPlan } from "../../domain/order-intent.ts";
import { opposite } from "../../domain/order.ts";
import { isExitable } from "../../domain/portfolio.ts";
import type { Accounts, Link } from "../accounts.ts";
import type { Finding } from "./findings.ts";
import type { Intent } from "./journal.ts";
import type { Limits } from "./limits.ts";

/** A way out waits no longer than this for being checked. */
const READ_MS = 1_500;

/**
 * An exit closes no more than what is open: its card may be two minutes old, and what was closed meanwhile would be
 * opened the other way. What cannot be read is left to the broker.
 */
export function withExitRule(limits: Limits, accounts: Accounts): Limits {
  async function check(plan: OrderPlan, link: Link, qty: number): Promise<Finding[]> {
    const open = await openQuantity(plan, link);
    return open === null || qty <= open ? [] : [{ level: "block", code: "less-open", label: link.label, open }];
  }

  async function openQuantity({ key, side, productType }: OrderPlan, link: Link): Promise<number | null> {
    const signal = AbortSignal.timeout(READ_MS);
    const rows = await accounts
      .call(link, (connector, access) => connector.getPositions(access, signal))
      .catch(() => null);
    const closed = rows
      ?.filter((row) => row.key === key && row.productType === productType)
      .filter((row) => isExitable(row) && row.side === opposite(side));
    return closed?.reduce((sum, row) => sum + row.qty, 0) ?? null;
  }

  async function checkAll({ userId, plan, legs }: Pick<Intent, "userId" | "plan" | "legs">): Promise<Finding[]> {
    const totals = new Map<LinkId, number>();
    for (const { link, qty } of legs) totals.set(link, qty + (totals.get(link) ?? 0));
    const found = await Promise.all(
      [...totals].map(async ([id, qty]) => {
        const link = await accounts.get(userId, id);
        return link ? check(plan, link, qty) : [];
      }),
    );
    return found.flat();
  }

  return {
    ...limits,
    async check(request, plan) {
      if (request.origin !== "exit") return limits.check(request, plan);
      const found = await Promise.all(request.parts.map(({ link, qty }) => check(plan, link, qty)));
      return [...found.flat(), ...(await limits.check(request, plan))];
    },
    async admit(intent) {
      const [found] = intent.origin === "exit" ? await checkAll(intent) : [];
      return found ?? limits.admit(intent);
    },
  };
}
