import { expect, it } from "vitest";
import type { Access, BrokerConnector } from "../../connectors/base.ts";
import { createLinkWatch } from "../../src/app/link-watch.ts";
import type { LinkId } from "../../src/domain/ids.ts";
import { createLog } from "../../src/lib/log.ts";
import { createMetrics } from "../../src/lib/metrics.ts";

it("every log line of a broker call names its account, also outside of an update", async () => {
  let line = "";
  const log = createLog({ level: "debug", destination: { write: (text: string) => void (line += text) } });
  const getFunds = async (): Promise<void> => {
    await Promise.resolve();
    log.debug({ outcome: "ok" }, "broker call");
  };
  const watch = createLinkWatch({ now: () => 0, metrics: createMetrics() });
  const observed = watch.observe("zerodha", { getFunds } as unknown as BrokerConnector);
  await observed.getFunds({ link: "l1" as LinkId } as Access);
  expect(line).toMatch(/"link":"l1","outcome":"ok","msg":"broker call"/);
});
