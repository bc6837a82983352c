import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lock as lockText } from "../../../src/bot/safety-text.ts";
import { userId } from "../../../src/domain/ids.ts";
import { newTotpSecret, otpauthUri, stepAt, totp } from "../../../src/lib/totp.ts";
import { createOrderLock, type LockInput, type OrderLock } from "../../../src/services/people/lock.ts";
import { openStage, type Stage } from "../stage.ts";

const ASHA = userId(1001);

describe("the order lock", () => {
  let stage: Stage;
  let lock: OrderLock;
  beforeEach(() => {
    stage = openStage();
    lock = createOrderLock(stage);
  });
  afterEach(() => stage.close());

  let messages = 0;
  const takes = (text: string) => lock.take(ASHA, { id: (messages += 1), text });
  const awaiting = async (what: LockInput, text: string) => {
    await lock.expect(ASHA, what);
    return takes(text);
  };
  const right = { kind: "code", result: { kind: "right" } };
  const lockedOut = { kind: "code", result: { kind: "locked-out" } };

  it("needs no code until one is set, and can be frozen and unfrozen", async () => {
    expect(await lock.state(ASHA)).toEqual({ kind: "none", isFrozen: false, needsCode: false, lockedOutUntil: null });
    await lock.freeze(ASHA, { date: 10, id: 1 });
    expect((await lock.state(ASHA)).isFrozen).toBe(true);
    expect(await lock.thaw(ASHA, { date: 10, id: 2 })).toBe(true);
    expect((await lock.state(ASHA)).isFrozen).toBe(false);
  });

  it("stays frozen when an unlock that was sent before the freeze is handled after it", async () => {
    await lock.freeze(ASHA, { date: 10, id: 5 });
    expect(await lock.thaw(ASHA, { date: 9, id: 4 })).toBe(false);
    expect(await lock.thaw(ASHA, { date: 10, id: 4 })).toBe(false);
    expect((await lock.state(ASHA)).isFrozen).toBe(true);
    // Another bot's messages are numbered anew.
    expect(await lock.thaw(ASHA, { date: 11, id: 1 })).toBe(true);
    expect((await lock.state(ASHA)).isFrozen).toBe(false);
  });

  it("opens for five minutes with the right PIN", async () => {
    await awaiting("new-pin", "4829");
    expect((await lock.state(ASHA)).needsCode).toBe(true);
    expect(await awaiting("code", "1111")).toEqual({ kind: "code", result: { kind: "wrong", left: 4 } });
    expect(await awaiting("code", " 4829 ")).toEqual(right);
    expect((await lock.state(ASHA)).needsCode).toBe(false);
    stage.clock.advance(5 * 60_000 - 1);
    expect((await lock.state(ASHA)).needsCode).toBe(false);
    stage.clock.advance(1);
    expect((await lock.state(ASHA)).needsCode).toBe(true);
  });

  it("stays open for a process whose clock is behind", async () => {
    await awaiting("new-pin", "4829");
    await awaiting("code", "4829");
    stage.clock.advance(-2_000);
    expect((await lock.state(ASHA)).needsCode).toBe(false);
  });

  it("rejects even the right code for 15 minutes after five wrong ones", async () => {
    await awaiting("new-pin", "4829");
    for (let guess = 0; guess < 4; guess += 1) await awaiting("code", "0000");
    expect(await awaiting("code", "0000")).toMatchObject(lockedOut);
    expect(await awaiting("code", "4829")).toMatchObject(lockedOut);
    stage.clock.advance(15 * 60_000);
    expect(await awaiting("code", "4829")).toEqual(right);
  });

  it("counts simultaneous guesses separately", async () => {
    await awaiting("new-pin", "4829");
    await lock.expect(ASHA, "code");
    const results = await Promise.all(["1", "2", "3", "4", "5"].map(takes));
    expect(results).toContainEqual({ kind: "code", result: { kind: "locked-out", until: expect.any(Number) } });
  });

  it("accepts each authenticator code once, and only after the authenticator was proven", async () => {
    const secret = (await lock.offerTotp(ASHA)).reveal();
    expect((await lock.state(ASHA)).kind).toBe("none");
    expect(await awaiting("totp-proof", "000000")).toMatchObject({ kind: "totp-wrong" });
    expect(await awaiting("totp-proof", totp(secret, stepAt(stage.clock.now())))).toMatchObject({ kind: "totp-set" });
    stage.clock.advance(30_000);
    const code = totp(secret, stepAt(stage.clock.now()));
    expect(await awaiting("code", code)).toEqual(right);
    expect(await awaiting("code", code)).toMatchObject({ result: { kind: "wrong" } });
    stage.clock.advance(30_000);
    const early = totp(secret, stepAt(stage.clock.now()) + 1);
    expect(await awaiting("code", early)).toEqual(right);
  });

  it("accepts a code in two groups, as authenticators show it", async () => {
    const secret = (await lock.offerTotp(ASHA)).reveal();
    const shown = () => totp(secret, stepAt(stage.clock.now())).replace(/^.../, "$& ");
    expect(await awaiting("totp-proof", shown())).toMatchObject({ kind: "totp-set" });
    stage.clock.advance(30_000);
    expect(await awaiting("code", shown())).toEqual(right);
  });

  it("ignores openings, lockouts and used codes from before the clock was set back", async () => {
    const secret = (await lock.offerTotp(ASHA)).reveal();
    const codeNow = () => totp(secret, stepAt(stage.clock.now()));
    await awaiting("totp-proof", codeNow());
    stage.clock.advance(86_400_000);
    expect(await awaiting("code", codeNow())).toEqual(right);
    stage.clock.advance(-86_400_000 + 60_000);
    expect(await lock.state(ASHA)).toMatchObject({ needsCode: true });
    expect(await awaiting("code", codeNow())).toEqual(right);
    expect(await awaiting("code", codeNow())).toMatchObject({ result: { kind: "wrong" } });
    stage.clock.advance(86_400_000);
    for (let guess = 0; guess < 5; guess += 1) await awaiting("code", "000000");
    stage.clock.advance(-86_400_000 + 60_000);
    expect(await lock.state(ASHA)).toMatchObject({ lockedOutUntil: null });
    expect(await awaiting("code", codeNow())).toEqual(right);
  });

  it("remembers which message shows the offered secret until a code proves it", async () => {
    const secret = (await lock.offerTotp(ASHA)).reveal();
    await lock.expect(ASHA, "totp-proof");
    await lock.noteShown(ASHA, 77);
    expect(await takes("000000")).toEqual({ kind: "totp-wrong", shownIn: 77 });
    await lock.expect(ASHA, "totp-proof");
    const code = totp(secret, stepAt(stage.clock.now()));
    expect(await takes(code)).toEqual({ kind: "totp-set", shownIn: 77 });
    await lock.offerTotp(ASHA);
    await lock.expect(ASHA, "totp-proof");
    expect(await takes("000000")).toEqual({ kind: "totp-wrong", shownIn: null });
  });

  it("takes only an awaited message, and only for five minutes", async () => {
    expect(await takes("4829")).toBeNull();
    await lock.expect(ASHA, "new-pin");
    expect(await takes("my pin")).toEqual({ kind: "bad-pin" });
    await lock.expect(ASHA, "new-pin");
    expect(await takes("4829")).toEqual({ kind: "pin-set" });
    await lock.expect(ASHA, "code");
    expect(await takes("1")).toEqual({ kind: "code", result: { kind: "wrong", left: 4 } });
    expect(await takes("4829")).toEqual({ kind: "code", result: { kind: "right" } });
    await lock.expect(ASHA, "code");
    stage.clock.advance(5 * 60_000);
    expect(await takes("4829")).toBeNull();
  });

  it("does not count text without digits as a guess, and keeps awaiting the code", async () => {
    await awaiting("new-pin", "4829");
    await lock.expect(ASHA, "code");
    for (let words = 0; words < 5; words += 1) expect(await takes("what code?")).toBeNull();
    expect(await takes("4829")).toEqual({ kind: "code", result: { kind: "right" } });
  });

  it("awaits nothing after `stop`", async () => {
    await awaiting("new-pin", "4829");
    await lock.expect(ASHA, "code");
    await lock.leave(ASHA);
    expect(await takes("1")).toEqual({ kind: "code", result: { kind: "wrong", left: 4 } });
    await lock.stop(ASHA);
    expect(await takes("10")).toBeNull();
  });

  it("takes a redelivered message once and returns the same result again", async () => {
    await lock.expect(ASHA, "new-pin");
    for (let times = 0; times < 2; times += 1)
      expect(await lock.take(ASHA, { id: 901, text: "4829" })).toEqual({ kind: "pin-set" });
    await lock.expect(ASHA, "code");
    for (let times = 0; times < 2; times += 1)
      expect(await lock.take(ASHA, { id: 902, text: "1111" })).toEqual({
        kind: "code",
        result: { kind: "wrong", left: 4 },
      });
    for (let times = 0; times < 2; times += 1)
      expect(await lock.take(ASHA, { id: 903, text: "4829" })).toEqual({ kind: "code", result: { kind: "right" } });
    expect(await lock.take(ASHA, { id: 904, text: "4829" })).toBeNull();
  });

  it("stores neither PIN nor secret in plain text on disk", async () => {
    await awaiting("new-pin", "48291537");
    const secret = (await lock.offerTotp(ASHA)).reveal();
    const disk = ["journal.db", "journal.db-wal"].map((file) => readFileSync(join(stage.dir, file), "latin1")).join("");
    expect(disk).toContain("1001");
    expect(disk).not.toContain("48291537");
    expect(disk).not.toContain(secret);
  });
});

describe("one-time passwords", () => {
  // RFC 6238, appendix B, SHA-1, the last six of eight digits: the secret is "12345678901234567890".
  const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

  it.each([
    [59, "287082"],
    [1_111_111_109, "081804"],
    [1_111_111_111, "050471"],
    [1_234_567_890, "005924"],
    [2_000_000_000, "279037"],
    [20_000_000_000, "353130"],
  ])("are the RFC's at %d s", (seconds, code) => {
    expect(totp(SECRET, stepAt(seconds * 1000))).toBe(code);
  });

  it("come from secrets of 160 bits, written as apps read them", () => {
    const secret = newTotpSecret();
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(newTotpSecret()).not.toBe(secret);
    expect(otpauthUri(secret, "Asha & Co")).toBe(`otpauth://totp/Sauda:Asha%20%26%20Co?secret=${secret}&issuer=Sauda`);
  });

  it("are offered in full, however long the user's name is", () => {
    const secret = newTotpSecret();
    for (const name of ["अ".repeat(64), `${"x".repeat(23)}😀`])
      expect(lockText.totpShown(otpauthUri(secret, name)).toString()).toContain(`secret=${secret}&amp;issuer=Sauda<`);
  });
});
