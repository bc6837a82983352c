import { longOutage } from "./long-outage.ts";

await longOutage("120 s without Telegram", {
  forMs: 120_000,
  begin: (fleet) => fleet.setTelegram(false),
  end: (fleet) => fleet.setTelegram(true),
  readiness: { store: true, telegram: false },
  filledAtLeast: 1,
});
