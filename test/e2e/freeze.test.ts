import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { brokerDefinitions } from "../../connectors/index.ts";
import type { Message } from "../../playground/telegram/types.ts";
import { linkingAs } from "./linking.ts";
import { startTestSauda, type TestSauda } from "./sauda.ts";

const ASHA = 1001;
const BROKERS = brokerDefinitions.map(({ name }) => name);

/** Costs a few rupees a unit the day before it expires; the exchange takes at most 27 lots in one order. */
const CHEAP = "nifty 1 dec 26200 ce 28 lots";

describe("a quantity above the freeze quantity, which a broker's master file may not contain", () => {
  let running: TestSauda;
  beforeAll(async () => {
    running = await startTestSauda({ SAUDA_CLOCK: "2026-11-30T10:42:00+05:30" });
    const linking = linkingAs(running, ASHA);
    await asha().ask("/start");
    for (const broker of BROKERS) await linking.link(broker);
  }, 60_000);
  afterAll(() => running.stop());

  const asha = () => running.playground.chat(ASHA);
  /** Waits until this message of the bot has been edited to match. */
  const saying = ({ message_id }: Message, words: RegExp): Promise<Message> =>
    asha().until(
      () =>
        asha()
          .messages()
          .find((message) => message.message_id === message_id && words.test(message.text ?? "")),
      30_000,
    );

  it.each(BROKERS)(
    "goes to %s as two orders that the exchange accepts",
    async (broker) => {
      const card = await asha().ask(`/buy ${CHEAP} on ${broker}`);
      // Our own freeze quantity or the broker's; in whole lots they are the same.
      expect(card.text).toMatch(/Above the freeze quantity of 1,(800|755): it goes as 2 orders\./);
      asha().tapButton("Confirm buy");
      await saying(card, new RegExp(`${broker} × 1,755: Filled[^]*${broker} × 65: Filled`));
    },
    40_000,
  );

  it("is closed by /panic in two orders as well, and none is refused", async () => {
    const question = await asha().ask("/panic");
    asha().tapButton("Cancel all, exit all positions");
    const { text = "" } = await saying(question, /what became of it/);
    for (const broker of BROKERS)
      expect(text.match(new RegExp(`^(✅|🟡) long 1,820 \\S+ ${broker}, (?:1,755|65) of it: `, "gm"))).toHaveLength(2);
  });
});
