import { simulatedAngelone } from "./angelone.ts";
import { simulatedDhan } from "./dhan.ts";
import { simulatedFyers } from "./fyers.ts";
import { simulatedGroww } from "./groww.ts";
import type { SimulatedBroker, SimulatedBrokerDeps } from "./types.ts";
import { simulatedUpstox } from "./upstox.ts";
import { simulatedZerodha } from "./zerodha.ts";

/** `redirectUrl` is the one registered in the broker's developer console; some brokers take it only from there. */
export type Simulate = (deps: SimulatedBrokerDeps & { readonly redirectUrl: string }) => SimulatedBroker;

/** Every real broker's stand-in, by the connector's name. A new one needs its file and one line here. */
export const simulations: Readonly<Record<string, Simulate>> = {
  zerodha: simulatedZerodha,
  fyers: simulatedFyers,
  dhan: simulatedDhan,
  angelone: simulatedAngelone,
  upstox: simulatedUpstox,
  groww: simulatedGroww,
};
