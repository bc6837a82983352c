import { parseJson } from "../../src/lib/json.ts";
import { namedOrder } from "../postbacks.ts";
import { postbackSchema } from "./schemas.ts";

export const readPostback = (body: string) => namedOrder(postbackSchema.safeParse(parseJson(body)).data?.orderid);
