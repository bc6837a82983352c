import { describe, expect, it } from "vitest";
import { roleNotification } from "../../src/bot/people.ts";
import { userId } from "../../src/domain/ids.ts";
import type { Role } from "../../src/services/people/users.ts";
import { ASHA, OWNER_CODE, VIKRAM } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

describe("the list of people", () => {
  const world = useWorld();

  const chat = () => world().telegram.chat(ASHA);
  const labels = (): string[] =>
    (chat().lastFromBot()?.reply_markup?.inline_keyboard.flat() ?? []).map(({ text }) => text);

  it("shows every user, page by page, however many are waiting", async () => {
    for (let at = 0; at < 70; at += 1) await world().deps.users.ensure(userId(5000 + at), `Stranger ${at}`);
    chat().send("/users");
    await world().handleAll();
    const seen = new Set(labels());
    for (let page = 1; page < 10; page += 1) {
      chat().tapButton("›");
      await world().handleAll();
      for (const label of labels()) seen.add(label);
    }
    expect(labels()).toContain("10/10");
    expect(seen).toContain("Stranger 69");
    expect(seen).toContain("Vikram");
  });

  it("says that a user who was forgotten meanwhile is not known any more", async () => {
    const stranger = userId(6000);
    await world().deps.users.ensure(stranger, "Stranger");
    await world().deps.forget(stranger);
    chat().send("/users");
    await world().handleAll();
    const query = chat().tap(chat().lastFromBot()?.message_id ?? 0, `ur:${stranger}:viewer`);
    await world().handleAll();
    expect((await chat().answer(query)).text).toBe("That person is not known any more.");
  });
});

describe("the message to a user whose role was changed", () => {
  const world = useWorld();

  const told = async (role: "trader" | "viewer", before: Role): Promise<string> => {
    const user = await world().deps.users.update(userId(VIKRAM), () => ({ role }));
    return roleNotification(user, before, "key").html;
  };

  it("says “let in” only to users who were not in before", async () => {
    expect(await told("viewer", "pending")).toContain("has let you in: you can link accounts and look, not trade.");
    expect(await told("trader", "blocked")).toContain("has let you in: you can link accounts and trade.");
    expect(await told("trader", "viewer")).toBe(
      "The owner has changed what you may do here: you can link accounts and trade.",
    );
    expect(await told("viewer", "trader")).toBe(
      "The owner has changed what you may do here: you can link accounts and look, not trade. Open orders stay open: only the broker's own app cancels them now.",
    );
  });
});

describe("a bot whose owner was forgotten", () => {
  const world = useWorld();

  it("can be claimed with the start-up code, also by a user who was let in before", async () => {
    const { users } = world().deps;
    await world().deps.forget(userId(ASHA));
    const chat = world().telegram.chat(VIKRAM);
    for (const code of ["k3y0fth3b0t8", OWNER_CODE]) {
      expect((await users.get(userId(VIKRAM)))?.role).toBe("viewer");
      chat.send(`/start ${code}`);
      await world().handleAll();
    }
    expect((await users.get(userId(VIKRAM)))?.role).toBe("owner");
    expect(chat.messages().some(({ text }) => text?.startsWith("You own this bot now."))).toBe(true);
  });
});
