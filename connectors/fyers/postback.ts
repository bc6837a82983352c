import { namedOrder } from "../postbacks.ts";
import { parseReply } from "./client.ts";
import { postbackSchema } from "./schemas.ts";

/** How the webhook's secret is delivered is not documented, so it counts as unsigned. */
export const readPostback = (body: string) => namedOrder(postbackSchema.safeParse(parseReply(body)).data?.id);
