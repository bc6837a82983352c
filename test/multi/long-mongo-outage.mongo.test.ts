import { longOutage } from "./long-outage.ts";

await longOutage("60 s without MongoDB", {
  forMs: 60_000,
  begin: (_fleet, mongo) => mongo.kill(),
  end: (_fleet, mongo) => mongo.restart(),
  readiness: { store: false, telegram: true },
  filledAtLeast: 5,
});
