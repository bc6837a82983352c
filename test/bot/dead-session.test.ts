import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linkingAs } from "../e2e/linking.ts";
import { startTestSauda, type TestSauda } from "../e2e/sauda.ts";

const ASHA = 1001;

/** A running bot with one account, whose session is over. */
function useDeadSession(): () => TestSauda {
  let running: TestSauda;
  beforeAll(async () => {
    running = await startTestSauda();
    const asha = linkingAs(running, ASHA);
    await running.playground.chat(ASHA).ask("/start");
    await asha.logIn("zerodha", await asha.typeKeysOnPage("zerodha"));
    await asha.waitFor(/is linked/, 0);
    await running.sauda.lab?.act({ broker: "zerodha", action: "expireSessions" });
    await running.playground.chat(ASHA).ask("/positions");
  });
  afterAll(() => running?.stop());
  return () => running;
}

describe("an account whose session is over", () => {
  const running = useDeadSession();

  const labels = async (typed: string) =>
    (await running().playground.chat(ASHA).ask(typed)).reply_markup?.inline_keyboard.flat().map(({ text }) => text) ??
    [];

  it.each([
    "/exit",
    "/exit SBIN",
    "/cancel",
    "/modify",
    "/panic",
    "/buy SBIN 1",
    "/sell SBIN all",
    "/heat",
    "/quote SBIN",
    "/watch SBIN",
    "/chart SBIN",
    "/alert SBIN > 9000",
    "/alert pnl < -99000",
  ])("gets a login button under the answer to %s", async (typed) => {
    expect((await labels(typed)).filter((label) => label.startsWith("Log in"))).toEqual(["Log in: zerodha"]);
  });

  it("is read again after a panic without asking whether to panic again", async () => {
    const chat = running().playground.chat(ASHA);
    await chat.ask("/panic");
    chat.tapButton("Cancel all orders");
    const report = await chat.until(() => chat.messages().find(({ text }) => text?.includes("what became of it")));
    chat.tapButton("Read again");
    const again = await chat.until(() =>
      chat.messages().find(({ message_id: id, text }) => id === report.message_id && text?.startsWith("Left now")),
    );
    expect(again.text).not.toContain("One tap does it");
    expect(again.reply_markup?.inline_keyboard.flat().map(({ text }) => text)).toContain("Log in: zerodha");
  });
});

describe("an account that is logged in again", () => {
  const running = useDeadSession();

  it("was named until then under prices that are not its own, because its session was over", async () => {
    const chat = running().playground.chat(ASHA);
    const note = "Zerodha: the session has ended. Log in again for its prices.";
    expect((await chat.ask("/quote SBIN")).text).toMatch(new RegExp(`Yahoo, [^]*${note}$`));
    expect((await chat.ask("/alert pnl < -97000")).text).toContain("No account is logged in. Until one is,");
    await chat.ask("/link paper");
    await chat.until(() => chat.messages().find(({ text }) => text?.includes("account is open")));
    expect((await chat.ask("/alert pnl < -98000")).text).toContain("Left out, not logged in: zerodha.");
    const quote = await chat.ask("/quote SBIN");
    expect(quote.text).toMatch(new RegExp(`Paper · [^]*${note}$`));
    chat.tapButton("Log in: zerodha");
    const asha = linkingAs(running(), ASHA);
    await asha.logIn("zerodha", await asha.waitFor(/^Now log in at/, quote.message_id));
    await asha.waitFor(/^Zerodha is linked/, quote.message_id);
    expect((await chat.ask("/quote SBIN")).text).toMatch(/\nZerodha · [\d:]+ IST$/);
  });

  it("has each login in /activity", async () => {
    const { text = "" } = await running().playground.chat(ASHA).ask("/activity");
    expect(text.match(/zerodha: .*/g)?.toSorted()).toEqual(
      ["linked", "logged in", "logged in"].map((what) => `zerodha: ${what}`),
    );
  });
});
