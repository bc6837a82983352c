import type { Access, BrokerConnector } from "../../../connectors/base.ts";
import { type Instrument, isDerivative, isTradeToTrade } from "../../domain/instrument.ts";
import { sumPaise, valueOf } from "../../domain/money.ts";
import type { OrderPlan } from "../../domain/order-intent.ts";
import { expectedPrice, isDelivery, type OrderCost } from "../../domain/order.ts";
import {
  deliveredQty,
  type Funds,
  type Holding,
  isDeliverySale,
  isHoldingOf,
  isSameListing,
  type Position,
  type Profile,
  sellableWithT1,
} from "../../domain/portfolio.ts";
import { BrokerError } from "../../errors.ts";
import type { Accounts, Link } from "../accounts/accounts.ts";
import { rowsFor } from "../portfolio/books.ts";
import type { Finding } from "./findings.ts";
import { requestOf } from "./ticket-plan.ts";

/** Deadline for reading an account before an order. What has not answered by then is left off the card. */
export const ACCOUNT_READ_MS = 4_000;

/** What one account reports about the order before it is sent; null where it did not answer. */
export interface AccountView {
  readonly link: Link;
  readonly qty: number;
  readonly funds: Funds | null;
  readonly cost: OrderCost | null;
  /** Signed quantity in this product, now and after the order. */
  readonly positionBefore: number | null;
  readonly positionAfter: number | null;
}

interface Seen {
  readonly isSessionOver: boolean;
  readonly funds: Funds | null;
  readonly cost: OrderCost | null;
  readonly positions: readonly Position[] | null;
  /** Only those of the order's instrument and product. */
  readonly holdings: readonly Holding[] | null;
  readonly profile: Profile | null;
}

export interface Part {
  readonly link: Link;
  readonly qty: number;
}

/** Checks the order against what the account reports within the deadline. */
export async function checkAccount(
  accounts: Accounts,
  plan: OrderPlan,
  instrument: Instrument,
  part: Part,
): Promise<{ account: AccountView; findings: Finding[] }> {
  const { link, qty } = part;
  const seen = await readAccount(accounts, plan, instrument, part);
  const { funds, cost } = seen;
  const before = seen.positions && heldQuantity(plan, seen.positions, seen.holdings);
  const opening = opens(plan, qty, before);
  const after = before === null ? null : before + (plan.side === "BUY" ? qty : -qty);
  return {
    account: {
      link,
      qty,
      funds,
      cost: opening || before === null ? cost : cost && { ...cost, margin: null },
      positionBefore: before,
      positionAfter: after,
    },
    findings: [
      ...checkRead(link, plan, seen, opening),
      ...(opening ? checkFunds(link, plan, qty, seen) : []),
      ...(sellsDelivery(plan) ? checkSale(part, plan, instrument, seen) : []),
    ],
  };
}

async function readAccount(
  accounts: Accounts,
  plan: OrderPlan,
  instrument: Instrument,
  { link, qty }: Part,
): Promise<Seen> {
  const signal = AbortSignal.timeout(ACCOUNT_READ_MS);
  let isSessionOver = false;
  const ask = <T>(call: (connector: BrokerConnector, access: Access) => Promise<T> | undefined): Promise<T | null> =>
    accounts
      .call(link, async (connector, access) => (await call(connector, access)) ?? null)
      .catch((error: unknown) => {
        isSessionOver ||= error instanceof BrokerError && error.kind === "auth-expired";
        return null;
      });
  const [funds, cost, positions, all, profile] = await Promise.all([
    ask((connector, access) => connector.getFunds(access, signal)),
    // Without a price, the broker would be asked for the cost at price 0.
    plan.value === null
      ? null
      : ask((connector, access) => connector.getOrderCost?.(access, requestOf(plan, qty, "look"), signal)),
    ask((connector, access) => rowsFor(plan, connector.getPositions(access, signal))),
    isDerivative(instrument) ? null : ask((connector, access) => connector.getHoldings(access, signal)),
    sellsDelivery(plan) ? ask((connector, access) => connector.getProfile(access, signal)) : null,
  ]);
  const holdings = all?.filter((row) => isHoldingOf(row, instrument) && row.productType === plan.productType) ?? null;
  return { isSessionOver, funds, cost, positions, holdings, profile };
}

const sellsDelivery = ({ side, productType }: OrderPlan): boolean => side === "SELL" && productType === "CNC";

function heldQuantity(
  plan: OrderPlan,
  positions: readonly Position[],
  holdings: readonly Holding[] | null,
): number | null {
  if (isDelivery(plan.productType) && holdings === null) return null;
  const open = positions
    .filter((position) => isSameListing(position, plan) && position.productType === plan.productType)
    // Shares sold for delivery today have already left the holdings.
    .filter((position) => !isDeliverySale(position))
    .reduce((sum, position) => sum + (position.side === "SELL" ? -position.qty : position.qty), 0);
  return (holdings ?? []).reduce((sum, holding) => sum + holding.qty, open);
}

/** Whether the order opens or enlarges a position. If not, it needs no funds, whatever margin the broker reports. */
function opens({ side }: OrderPlan, qty: number, before: number | null): boolean {
  if (before === null) return side === "BUY";
  return qty > Math.max(0, side === "BUY" ? -before : before);
}

/** Warns of what could not be read in time, so that the card does not look as if it had been checked. */
function checkRead(
  { label }: Link,
  plan: OrderPlan,
  { isSessionOver, funds, positions, holdings }: Seen,
  opening: boolean,
): Finding[] {
  if (isSessionOver) return [{ level: "block", code: "session", label }];
  const isSale = sellsDelivery(plan);
  if (isSale && (positions === null || holdings === null))
    return [{ level: "warn", code: "unread", label, what: "shares" }];
  return opening && !isSale && funds === null ? [{ level: "warn", code: "unread", label, what: "funds" }] : [];
}

function checkFunds(link: Link, plan: OrderPlan, qty: number, { funds, cost }: Seen): Finding[] {
  if (!funds) return [];
  const price = expectedPrice(plan.terms, plan.shownPrice);
  const full = plan.productType === "CNC" && plan.side === "BUY" && price !== null ? valueOf(price, qty) : null;
  const needed = cost?.margin ?? full;
  if (needed === null) return [];
  const total = cost?.charges == null ? needed : sumPaise([needed, cost.charges]);
  const isShort = total > funds.available;
  return isShort
    ? [{ level: "warn", code: "funds", label: link.label, needed: total, available: funds.available }]
    : [];
}

/** A delivery sale needs sellable shares: not pledged ones, and T1 shares only as far as the broker allows. */
function checkSale(
  { link, qty }: Part,
  plan: OrderPlan,
  instrument: Instrument,
  { positions, holdings, profile }: Seen,
): Finding[] {
  if (!holdings || !positions) return [];
  const boughtToday = positions
    .filter((position) => isSameListing(position, plan) && position.productType === "CNC" && position.side === "BUY")
    .reduce((sum, position) => sum + position.qty, 0);
  const total = (pick: (holding: Holding) => number): number =>
    holdings.reduce((sum, holding) => sum + pick(holding), 0);
  const sellable = total(sellableWithT1) + boughtToday;
  if (qty > sellable) {
    return [
      {
        level: "block",
        code: "not-sellable",
        label: link.label,
        sellable,
        owned: total((holding) => holding.qty) + boughtToday,
        pledged: total((holding) => holding.pledgedQty),
      },
    ];
  }
  const delivered = total(deliveredQty);
  const early = qty - delivered - (isTradeToTrade(instrument) ? 0 : boughtToday);
  const leavesDemat = delivered > 0 && qty > boughtToday;
  const mustAuthorise = leavesDemat && profile?.canSellWithoutAuthorisation === false;
  const { label } = link;
  return [
    ...(early > 0 ? [{ level: "warn", code: "undelivered", label, qty: early } as const] : []),
    ...(mustAuthorise ? [{ level: "warn", code: "authorisation", label } as const] : []),
  ];
}
