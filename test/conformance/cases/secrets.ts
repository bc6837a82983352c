import { inspect } from "node:util";
import { expect } from "vitest";
import type { Access } from "../../../connectors/base.ts";
import { FAULT_KINDS } from "../../../playground/brokers/types.ts";
import { Secret } from "../../../src/lib/secret.ts";
import type { Kit } from "../kit.ts";
import { loginGrant } from "../street.ts";
import type { Street } from "../street.ts";
import { ending, readsOf, share, ticket } from "../tickets.ts";
import { expectFor } from "../expect-for.ts";

/** Shorter ones (a PIN) may stand in any number. */
const MIN_LENGTH = 6;
const PROXY = "http://user:pr0xy-passw0rd@127.0.0.1:1";

export function secretCases(kit: Kit): void {
  kit.group("secrets", () => {
    kit.case("are in no error, no warning and no path, whatever goes wrong", async () => {
      const { street, access } = await kit.enter();
      const grant = await loginGrant(street);
      const code = grant.kind === "token" ? grant.token.reveal() : grant.params[kit.spec.login?.code ?? ""];
      const secrets = [...secretsOf(street, access), code ?? ""];
      secrets.push("pr0xy-passw0rd");
      const told: unknown[] = [];
      const collect = async (call: () => Promise<unknown>): Promise<void> => {
        told.push(await ending(call()));
      };
      const { name } = street.definition;
      const { connector } = street;
      const everything = async (as: Access): Promise<void> => {
        await Promise.all([
          ...Object.values(readsOf(street, as)).map(collect),
          collect(() => connector.placeOrder(as, ticket(street, share(street)))),
          collect(() => connector.isTokenValid(as)),
          collect(async () => connector.refreshToken?.(as)),
        ]);
      };
      for (const kind of FAULT_KINDS) {
        street.server.inject(name, { kind, ms: 80 });
        street.hands.timeoutMs = 40;
        await everything(access);
        await collect(() => connector.generateSession(grant));
        street.server.clearFaults(name);
      }
      street.hands.timeoutMs = 500;
      await everything({ ...access, egress: new Secret(PROXY) });
      street.hands.tamper = (_request, reply) => ({ ...reply, body: JSON.stringify({ odd: reply.body }) });
      await everything(access);
      street.hands.tamper = null;
      street.broker.switches.expireSessions();
      await everything(access);
      await collect(() => connector.generateSession(grant));
      await collect(() => connector.generateSession(grant));
      await street.server.close();
      await everything(access);

      expect(told.length).toBeGreaterThan(100);
      const errors = told.flatMap((end) => (isFailure(end) ? [end.error] : [end]));
      for (const error of errors) expectNone(textOf(error), secrets);
      expectNone(street.record.warnings.join("\n"), secrets);
      expectNone(street.record.attempts.map(({ path }) => path).join("\n"), secrets);
    });
  });
}

const isFailure = (end: unknown): end is { error: unknown } =>
  typeof end === "object" && end !== null && "error" in end;

function secretsOf({ definition, credentials }: Street, { session }: Access): string[] {
  const typed = definition.credentials
    .filter(({ isSecret }) => isSecret)
    .flatMap(({ field }) => credentials[field]?.reveal() ?? []);
  const tokens = [session.accessToken, session.refreshToken].flatMap((token) => token?.reveal() ?? []);
  return [...typed, ...tokens].filter((secret) => secret.length >= MIN_LENGTH);
}

/** Every way in which an error may end up in a log. */
function textOf(error: unknown): string {
  const parts = [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), String(error)];
  for (let at = error; at instanceof Error; at = at.cause)
    parts.push(at.message, at.stack ?? "", JSON.stringify(Object.entries(at)));
  return parts.join("\n");
}

function expectNone(text: string, secrets: readonly string[]): void {
  for (const secret of secrets) expectFor(text.includes(secret), `a secret in: ${text.slice(0, 400)}`).toBe(false);
}
