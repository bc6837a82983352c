import { describe, expect, it } from "vitest";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import { DAY, HOUR, accepted, limit, listed, market, openFloor, order, plusPercent, richAccount } from "./floor.ts";

const AT = "2026-11-20T11:00:00";
const json = (value: unknown) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

describe("the exchange's snapshot", () => {
  it("restores cash, holdings, positions, orders and trades", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const account = floor.exchange.account("S", {
      cash: richAccount(floor.exchange).funds().cash,
      holdings: [{ key: sbin.key, qty: 40, avgPrice: priceFromRupees(800), t1Qty: 10 }],
    });
    const future = listed(floor.exchange, "NSE:NIFTY26NOVFUT");
    accepted(account, order(future, "BUY", 65, market(floor.exchange, future, "BUY"), { productType: "MARGIN" }));
    accepted(
      account,
      order(sbin, "SELL", 5, limit(plusPercent(sbin, floor.exchange.quote(sbin.key).ltp, 4)), { tag: "keep" }),
    );
    const restored = openFloor(AT, { snapshot: json(floor.exchange.snapshot()) });
    const restoredAccount = restored.exchange.account("S");
    for (const read of ["orders", "trades", "positions", "holdings", "funds", "chargesToday"] as const)
      expect({ read, is: restoredAccount[read]() }).toEqual({ read, is: account[read]() });
    expect(json(restored.exchange.snapshot())).toEqual(json(floor.exchange.snapshot()));
  });

  it("fills on restore what the market filled while the process was down", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const account = richAccount(floor.exchange);
    const level = plusPercent(sbin, floor.exchange.quote(sbin.key).ltp, -0.3);
    const id = accepted(account, order(sbin, "BUY", 10, limit(level)));
    const restored = openFloor("2026-11-20T23:00:00", { snapshot: json(floor.exchange.snapshot()) });
    floor.now += 12 * HOUR;
    expect(richAccount(restored.exchange).order(id)).toMatchObject({ status: "filled", avgPrice: level });
    expect(richAccount(restored.exchange).trades()).toEqual(account.trades());
  });

  it("settles on restore the contracts that expired meanwhile, and keeps listing those still held", () => {
    const floor = openFloor(AT);
    const account = richAccount(floor.exchange);
    const options = floor.exchange.instruments.filter(
      (each) => each.kind === "option" && each.underlying === "NIFTY" && each.optionType === "PE",
    );
    // One near the money that expires, and the lowest strike of the last expiry, which may fall out of the listed range.
    for (const option of [options[20], options.at(-41)]) {
      if (!option) throw new Error("no option listed");
      accepted(account, order(option, "BUY", 65, market(floor.exchange, option, "BUY"), { productType: "MARGIN" }));
    }
    const held = account.positions().map(({ key }) => key);
    expect(held).toHaveLength(2);
    floor.now += DAY;
    const restored = openFloor("2026-12-20T11:00:00", { snapshot: json(floor.exchange.snapshot()) });
    expect(
      richAccount(restored.exchange)
        .positions()
        .map(({ key }) => key),
    ).toEqual([held[1]]);
    expect(restored.exchange.find(held[1] ?? instrumentKey("NFO", 1))).toBeDefined();
  });

  it("stays small, because it omits the orders and trades of earlier days", () => {
    const floor = openFloor(AT);
    const sbin = listed(floor.exchange, "NSE:SBIN-EQ");
    const account = richAccount(floor.exchange);
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

  it("is refused when it is not valid", () => {
    expect(() => openFloor(AT, { snapshot: { version: 1, accounts: "none" } })).toThrow(/expected array/);
    expect(() => openFloor(AT, { snapshot: {} })).toThrow(/version/);
  });
});
