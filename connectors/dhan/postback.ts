import { parseJson } from "../../src/lib/json.ts";
import type { Credentials } from "../base.ts";
import { namedOrder } from "../postbacks.ts";
import { postbackSchema } from "./schemas.ts";

export function readPostback(body: string, credentials: Credentials) {
  const { data } = postbackSchema.safeParse(parseJson(body));
  return data?.dhanClientId === credentials["clientId"]?.reveal() ? namedOrder(data?.orderId) : null;
}
