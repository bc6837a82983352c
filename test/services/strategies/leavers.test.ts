import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Proposal } from "../../../src/services/strategies/nifty-shop/proposals.ts";
import { proposalView } from "../../../src/bot/render/nifty-shop-proposal.ts";
import { asha, openPaperShop, type PaperShop } from "./paper-shop.ts";
import { weekdays } from "./prices.ts";

const DAYS = weekdays("2026-07-01", 26);
const [BOUGHT, LEFT] = [DAYS[20] ?? "", DAYS[21] ?? ""];

/** ITC falls by 10 %, is bought, and rises by 20 % on the day it leaves the index. */
const rupees = (ticker: string, date: string): number =>
  ticker !== "ITC" || date < BOUGHT ? 100 : date < LEFT ? 90 : 108;

describe("a share that leaves the index while the strategy holds it", () => {
  const members = ["ITC", "NTPC", "INFY", "WIPRO", "ONGC"];
  let floor: PaperShop;
  beforeAll(async () => {
    floor = await openPaperShop(DAYS, members, rupees);
    await floor.shop.change(asha, { mode: "dry" });
    floor.goTo(BOUGHT, "15:00");
    await floor.shop.propose(await floor.user());
  });
  afterAll(() => floor.close());

  const legs = ({ legs: all }: Proposal) => all.map(({ kind, instrument, by }) => `${kind} ${instrument.symbol} ${by}`);

  it("is still sold at its target, but no longer a candidate", async () => {
    members.splice(members.indexOf("ITC"), 1);
    floor.goTo(LEFT, "15:00");
    const proposal = await floor.shop.propose(await floor.user());
    expect(legs(proposal)).toEqual(["sell NSE:ITC-EQ 2000"]);
    expect(proposal.candidates).toEqual([]);
    expect(proposal.notes).toEqual([]);
  });
});

describe("a proposal after the last date with known index members", () => {
  it("says so once, unlike one on that date", async () => {
    const floor = await openPaperShop(DAYS, ["ITC", "NTPC", "INFY", "WIPRO", "ONGC"], rupees, BOUGHT);
    const notesOn = async (date: string): Promise<string[]> => {
      floor.goTo(date, "15:00");
      const proposal = await floor.shop.propose(await floor.user());
      const card = proposalView({ proposal, account: null, now: floor.clock.now() });
      return card.html.toString().match(/Members of the index are known until [^:]+/g) ?? [];
    };
    expect(await notesOn(BOUGHT)).toEqual([]);
    expect(await notesOn(LEFT)).toEqual(["Members of the index are known until 29 Jul 2026"]);
    await floor.close();
  });
});
