import { describe, expect, it } from "vitest";
import { finishBook, readBook, requireComplete } from "../../connectors/book.ts";
import { brokerName, tradingSymbol } from "../../src/domain/ids.ts";
import { BrokerError, UnreadRows } from "../../src/errors.ts";
import type { ReadRow } from "../../src/lib/rows.ts";

interface Raw {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}
const reading = {
  broker: brokerName("acme"),
  endpoint: "GET /orders",
  idBy: "id",
  listedBy: ["name"],
  listedOf: ({ name }: Pick<Raw, "name">) => ({ symbol: tradingSymbol(name), key: null }),
  map({ id, status }: Raw): string {
    if (status === "broken") throw new TypeError("a bug in the mapper");
    if (status !== "open") throw new RangeError(`unknown status: ${status}`);
    return id;
  },
} as const;
const row = (id: string, status = "open", name = "NSE:SBIN-EQ"): ReadRow<Raw> => ({
  ok: true,
  row: { id, name, status },
});
const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe("mapping a broker's rows one by one", () => {
  it("returns every row when all of them can be mapped", async () => {
    expect(await readBook([row("1"), row("2")], reading)).toEqual(["1", "2"]);
  });

  it("throws the mapped rows, what is still known of the others, and why the first of those failed", async () => {
    const bare: ReadRow<Raw> = { ok: false, partial: { id: "4" }, field: "3.name" };
    const error = await failureOf(readBook([row("1"), row("2", "parked"), row("3", "parked", "?"), bare], reading));
    const listed = { symbol: "NSE:SBIN-EQ", key: null };
    expect(error).toBeInstanceOf(UnreadRows);
    expect(error).toMatchObject({
      kind: "bad-response",
      message: "GET /orders: 3 of 4 rows not as documented: unknown status: parked",
      book: {
        rows: ["1"],
        unread: [
          { orderId: "2", listed },
          { orderId: "3", listed: null },
          { orderId: "4", listed: null },
        ],
      },
    });
  });

  it("lets a bug in the mapper through instead of blaming the row", async () => {
    expect(await failureOf(readBook([row("1", "broken")], reading))).toBeInstanceOf(TypeError);
  });

  it("applies the finishing step to a partial book too", async () => {
    const upper = (rows: readonly string[]): string[] => rows.map((id) => `#${id}`);
    expect(await finishBook(readBook([row("1")], reading), upper)).toEqual(["#1"]);
    const part = finishBook(readBook([row("1"), row("2", "parked")], reading), upper);
    expect(await failureOf(part)).toMatchObject({ book: { rows: ["#1"], unread: [{ orderId: "2" }] } });
  });

  it("throws a plain BrokerError when the whole book is needed, so that no caller takes the partial rows for its own", async () => {
    const error = await failureOf(requireComplete(readBook([row("1"), row("2", "parked")], reading)));
    expect(error).toBeInstanceOf(BrokerError);
    expect(error).not.toBeInstanceOf(UnreadRows);
    expect(error).toMatchObject({ kind: "bad-response", endpoint: "GET /orders" });
  });
});
