import type { BrokerDefinition } from "./base.ts";
import { angelone } from "./angelone/index.ts";
import { dhan } from "./dhan/index.ts";
import { fyers } from "./fyers/index.ts";
import { groww } from "./groww/index.ts";
import { upstox } from "./upstox/index.ts";
import { zerodha } from "./zerodha/index.ts";

/** Every real broker. A new one needs its folder and one line here. Paper is created with its exchange in src/app. */
export const brokerDefinitions: readonly BrokerDefinition[] = [zerodha, fyers, dhan, angelone, upstox, groww];
