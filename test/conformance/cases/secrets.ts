import { inspect } from "node:util";
import { expect } from "vitest";
import type { Access } from "../../../connectors/base.ts";
import { FAULT_KINDS } from "../../../playground/brokers/types.ts";
import { Secret } from "../../../src/lib/secret.ts";
import type { Kit } from "../kit.ts";
import { loginGrant } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { settle, readsOf, share, ticket } from "../tickets.ts";
import { expectFor } from "../expect-for.ts";

/** Shorter ones (a PIN) may be part of any number. */
const MIN_LENGTH = 6;
const PROXY = "http://user:pr0xy-passw0rd@127.0.0.1:1";

export function secretCases(kit: Kit): void {
  kit.group("secrets", () => {
    kit.case("never appear in errors, warnings or paths, whatever fails", async () => {
      const { rig, access } = await kit.loggedIn();
      const grant = await loginGrant(rig);
      const code = grant.kind === "token" ? grant.token.reveal() : grant.params[kit.spec.login?.code ?? ""];
      const secrets = [...secretsOf(rig, access), code ?? ""];
      secrets.push("pr0xy-passw0rd");
      const results: unknown[] = [];
      const collect = async (call: () => Promise<unknown>): Promise<void> => {
        results.push(await settle(call()));
      };
      const { name } = rig.definition;
      const { connector } = rig;
      const everything = async (as: Access): Promise<void> => {
        await Promise.all([
          ...Object.values(readsOf(rig, as)).map(collect),
          collect(() => connector.placeOrder(as, ticket(rig, share(rig)))),
          collect(() => connector.isTokenValid(as)),
          collect(async () => connector.refreshToken?.(as)),
        ]);
      };
      for (const kind of FAULT_KINDS) {
        rig.server.inject(name, { kind, ms: 80 });
        rig.controls.timeoutMs = 40;
        await everything(access);
        await collect(() => connector.generateSession(grant));
        rig.server.clearFaults(name);
      }
      rig.controls.timeoutMs = 500;
      await everything({ ...access, egress: new Secret(PROXY) });
      rig.controls.tamper = (_request, reply) => ({ ...reply, body: JSON.stringify({ odd: reply.body }) });
      await everything(access);
      rig.controls.tamper = null;
      rig.broker.switches.expireSessions();
      await everything(access);
      await collect(() => connector.generateSession(grant));
      await collect(() => connector.generateSession(grant));
      await rig.server.close();
      await everything(access);

      expect(results.length).toBeGreaterThan(100);
      const errors = results.flatMap((end) => (isFailure(end) ? [end.error] : [end]));
      for (const error of errors) expectNone(textOf(error), secrets);
      expectNone(rig.record.warnings.join("\n"), secrets);
      expectNone(rig.record.attempts.map(({ path }) => path).join("\n"), secrets);
    });
  });
}

const isFailure = (end: unknown): end is { error: unknown } =>
  typeof end === "object" && end !== null && "error" in end;

function secretsOf({ definition, credentials }: Rig, { session }: Access): string[] {
  const typed = definition.credentials
    .filter(({ isSecret }) => isSecret)
    .flatMap(({ field }) => credentials[field]?.reveal() ?? []);
  const tokens = [session.accessToken, session.refreshToken].flatMap((token) => token?.reveal() ?? []);
  return [...typed, ...tokens].filter((secret) => secret.length >= MIN_LENGTH);
}

/** Every form in which an error may be logged. */
function textOf(error: unknown): string {
  const parts = [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), String(error)];
  for (let at = error; at instanceof Error; at = at.cause)
    parts.push(at.message, at.stack ?? "", JSON.stringify(Object.entries(at)));
  return parts.join("\n");
}

function expectNone(text: string, secrets: readonly string[]): void {
  for (const secret of secrets) expectFor(text.includes(secret), `a secret in: ${text.slice(0, 400)}`).toBe(false);
}
