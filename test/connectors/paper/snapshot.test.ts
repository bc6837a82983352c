import { describe, expect, it } from "vitest";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import { DAY, HOUR, accepted, away, limit, market, named, openFloor, order, rich } from "./floor.ts";

const AT = "2026-11-20T11:00:00";
const json = (value: unknown) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

describe("the exchange's snapshot", () => {
  it("brings back cash, holdings, positions, orders and trades", () => {
    const floor = openFloor(AT);
    const sbin = named(floor.exchange, "NSE:SBIN-EQ");
    const account = floor.exchange.account("S", {
      cash: rich(floor.exchange).funds().cash,
      holdings: [{ key: sbin.key, qty: 40, avgPrice: priceFromRupees(800), t1Qty: 10 }],
    });
    const future = named(floor.exchange, "NSE:NIFTY26NOVFUT");
    accepted(account, order(future, "BUY", 65, market(floor.exchange, future, "BUY"), { productType: "MARGIN" }));
    accepted(
      account,
      order(sbin, "SELL", 5, limit(away(sbin, floor.exchange.quote(sbin.key).ltp, 4)), { tag: "keep" }),
    );
    const back = openFloor(AT, { snapshot: json(floor.exchange.snapshot()) });
    const again = back.exchange.account("S");
    for (const read of ["orders", "trades", "positions", "holdings", "funds", "chargesToday"] as const)
      expect({ read, is: again[read]() }).toEqual({ read, is: account[read]() });
    expect(json(back.exchange.snapshot())).toEqual(json(floor.exchange.snapshot()));
  });

  it("catches up with what happened while the process was away", () => {
    const floor = openFloor(AT);
    const sbin = named(floor.exchange, "NSE:SBIN-EQ");
    const account = rich(floor.exchange);
    const level = away(sbin, floor.exchange.quote(sbin.key).ltp, -0.3);
    const id = accepted(account, order(sbin, "BUY", 10, limit(level)));
    const back = openFloor("2026-11-20T23:00:00", { snapshot: json(floor.exchange.snapshot()) });
    floor.now += 12 * HOUR;
    expect(rich(back.exchange).order(id)).toMatchObject({ status: "filled", avgPrice: level });
    expect(rich(back.exchange).trades()).toEqual(account.trades());
  });

  it("settles contracts that expired meanwhile and keeps listed what is still held", () => {
    const floor = openFloor(AT);
    const account = rich(floor.exchange);
    const options = floor.exchange.instruments.filter(
      (each) => each.kind === "option" && each.underlying === "NIFTY" && each.optionType === "PE",
    );
    // One at the money that expires, and the lowest strike of the last expiry, which the band may leave behind.
    for (const option of [options[20], options.at(-41)]) {
      if (!option) throw new Error("no option listed");
      accepted(account, order(option, "BUY", 65, market(floor.exchange, option, "BUY"), { productType: "MARGIN" }));
    }
    const held = account.positions().map(({ key }) => key);
    expect(held).toHaveLength(2);
    floor.now += DAY;
    const back = openFloor("2026-12-20T11:00:00", { snapshot: json(floor.exchange.snapshot()) });
    expect(
      rich(back.exchange)
        .positions()
        .map(({ key }) => key),
    ).toEqual([held[1]]);
    expect(back.exchange.find(held[1] ?? instrumentKey("NFO", 1))).toBeDefined();
  });

  it("stays bounded: yesterday's orders and trades are not in it", () => {
    const floor = openFloor(AT);
    const sbin = named(floor.exchange, "NSE:SBIN-EQ");
    const account = rich(floor.exchange);
    const size = () => JSON.stringify(floor.exchange.snapshot()).length;
    accepted(account, order(sbin, "BUY", 1, market(floor.exchange, sbin, "BUY")));
    floor.now += 3 * DAY;
    const settled = size();
    for (let day = 0; day < 10; day++) {
      for (let each = 0; each < 20; each++)
        accepted(account, order(sbin, "BUY", 1, market(floor.exchange, sbin, "BUY")));
      floor.now += DAY;
    }
    floor.now += 3 * DAY;
    expect(size()).toBeLessThan(settled + 100);
  });

  it("is refused when it is not one", () => {
    expect(() => openFloor(AT, { snapshot: { version: 1, accounts: "none" } })).toThrow(/expected array/);
    expect(() => openFloor(AT, { snapshot: {} })).toThrow(/version/);
  });
});
