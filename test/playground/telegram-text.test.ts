import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { captionText, formatText, messageText } from "../../playground/telegram/formatted-text.ts";
import { parseHtml } from "../../playground/telegram/html.ts";

const html = (text: string) => formatText({ text, parse_mode: "HTML" });

describe("HTML becomes text and entities", () => {
  test.each([
    ["<b>x</b>", "bold"],
    ["<strong>x</strong>", "bold"],
    ["<i>x</i>", "italic"],
    ["<em>x</em>", "italic"],
    ["<u>x</u>", "underline"],
    ["<ins>x</ins>", "underline"],
    ["<s>x</s>", "strikethrough"],
    ["<strike>x</strike>", "strikethrough"],
    ["<del>x</del>", "strikethrough"],
    ["<code>x</code>", "code"],
    ["<pre>x</pre>", "pre"],
    ["<tg-spoiler>x</tg-spoiler>", "spoiler"],
    ['<span class="tg-spoiler">x</span>', "spoiler"],
    ["<blockquote>x</blockquote>", "blockquote"],
    ["<blockquote expandable>x</blockquote>", "expandable_blockquote"],
    ["<B>x</b>", "bold"],
    ["<b>x</>", "bold"],
  ])("%s is %s", (source, type) => {
    expect(html(source)).toEqual({ text: "x", entities: [{ type, offset: 0, length: 1 }] });
  });

  test("offsets count UTF-16 units, so an emoji counts two", () => {
    expect(html("📈₹ <b>up</b>")).toEqual({ text: "📈₹ up", entities: [{ type: "bold", offset: 4, length: 2 }] });
  });

  test("named and numeric characters are decoded, an unknown name stays as typed", () => {
    expect(html("&lt;a&gt; &amp; &quot;b&quot; &#8377; &#x1F4C8; &nbsp; R&D").text).toBe('<a> & "b" ₹ 📈 &nbsp; R&D');
  });

  test("a code with a language inside a pre is one pre with that language", () => {
    expect(html('<pre><code class="language-ts">let x</code></pre>').entities).toEqual([
      { type: "pre", offset: 0, length: 5, language: "ts" },
    ]);
  });

  test("a link keeps its address, decoded", () => {
    expect(html('<a href="https://kite.example/login?a=1&amp;b=2">log in</a>').entities).toEqual([
      { type: "text_link", offset: 0, length: 6, url: "https://kite.example/login?a=1&b=2" },
    ]);
  });

  test("a link that cannot be opened stays plain text", () => {
    expect(html('<a href="javascript:alert(1)">x</a>')).toEqual({ text: "x", entities: [] });
  });

  test("a time carries its moment and its format", () => {
    expect(html('<tg-time unix="1795476554" format="Dt">now</tg-time>').entities).toEqual([
      { type: "date_time", offset: 0, length: 3, unix_time: 1795476554, date_time_format: "Dt" },
    ]);
  });

  test("nested styles come out in order, the outer first", () => {
    expect(html("<b>a<i>b</i></b>").entities).toEqual([
      { type: "bold", offset: 0, length: 2 },
      { type: "italic", offset: 1, length: 1 },
    ]);
  });

  test("bold around code stays on what is outside it", () => {
    expect(html("<b>a <code>b</code> c</b>").entities).toEqual([
      { type: "bold", offset: 0, length: 2 },
      { type: "code", offset: 2, length: 1 },
      { type: "bold", offset: 3, length: 2 },
    ]);
  });

  test("any text survives being escaped", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
        expect(parseHtml(escaped)).toEqual({ text, entities: [] });
      }),
    );
  });

  test("any text is either parsed or refused in Telegram's words", () => {
    const piece = fc.constantFrom("<b>", "</b>", "<a href=", '"', ">", "<", "/", "=", "&", "x", " ", "₹", "</", "<pre");
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        try {
          const { text, entities } = parseHtml(pieces.join(""));
          expect(entities.every(({ offset, length }) => length > 0 && offset + length <= text.length)).toBe(true);
        } catch (error) {
          expect(String(error)).toMatch(/^ApiFailure: Bad Request: can't parse entities: /);
        }
      }),
    );
  });
});

describe("HTML that Telegram refuses", () => {
  test.each([
    ["a <x>b</x>", 'Unsupported start tag "x" at byte offset 2'],
    ["₹ <x>b</x>", 'Unsupported start tag "x" at byte offset 4'],
    ["NIFTY < 24500", 'Unsupported start tag "" at byte offset 6'],
    ["<b>x", 'Can\'t find end tag corresponding to start tag "b"'],
    ["x</b>", "Unexpected end tag at byte offset 1"],
    ["<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'],
    ["<b", "Unclosed start tag at byte offset 0"],
    ["<b>x</b", "Unclosed end tag at byte offset 4"],
    ["<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
    ["<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'],
    ['<a ="x">x</a>', 'Empty attribute name in the tag "a" at byte offset 0'],
    ["<a href=x/y>x</a>", "Unexpected end of name token at byte offset 8"],
    ['<tg-time unix="soon">x</tg-time>', 'Tag "tg-time" must have a valid attribute "unix" at byte offset 0'],
    ['<tg-time unix="1" format="q">x</tg-time>', 'Tag "tg-time" has an invalid attribute "format" at byte offset 0'],
  ])("%s", (source, reason) => {
    expect(() => html(source)).toThrow(`Bad Request: can't parse entities: ${reason}`);
  });
});

describe("text as Telegram keeps it", () => {
  test("white space around it is removed, and entities move with the text", () => {
    expect(html("\n  <b>Total</b>  \n")).toEqual({
      text: "Total",
      entities: [{ type: "bold", offset: 0, length: 5 }],
    });
  });

  test("spaces inside an entity at the start are kept", () => {
    expect(html("<pre>  1\n</pre>").text).toBe("  1");
  });

  test.each([
    ["/start", "bot_command", 0, 6],
    ["see /positions now", "bot_command", 4, 10],
    ["/buy@sauda_bot NSE:SBIN-EQ 10", "bot_command", 0, 14],
    ["ask @vikram", "mention", 4, 7],
    ["https://kite.example/x?y=1.", "url", 0, 26],
    ["write to asha@example.org", "email", 9, 16],
    ["#nifty", "hashtag", 0, 6],
  ])("%s carries a %s", (text, type, offset, length) => {
    expect(formatText({ text }).entities).toEqual([{ type, offset, length }]);
  });

  test.each(["50/100", "and/or", "NSE:NIFTY26D0124500CE", "₹1,23,456.50", "10:45", "#1"])(
    "%s carries nothing",
    (text) => {
      expect(formatText({ text }).entities).toEqual([]);
    },
  );

  test("links and commands are not detected inside code", () => {
    expect(html("<code>/start @asha</code>").entities).toEqual([{ type: "code", offset: 0, length: 12 }]);
  });

  test("4096 characters fit and one more does not, whatever they take in bytes", () => {
    expect(messageText({ text: "📈".repeat(4096) }).text.length).toBe(8192);
    expect(() => messageText({ text: "x".repeat(4097) })).toThrow("Bad Request: message is too long");
  });

  test("the limit applies to the text after parsing", () => {
    expect(messageText({ text: `<b>${"x".repeat(4096)}</b>`, parse_mode: "HTML" }).text.length).toBe(4096);
  });

  test.each(["", "  \n ", "<b></b>", "<b> </b>"])("%j is an empty message", (text) => {
    expect(() => messageText({ text, parse_mode: "HTML" })).toThrow("Bad Request: message text is empty");
  });

  test("a caption ends at 1024 characters and may be empty", () => {
    expect(captionText({ text: "" }).text).toBe("");
    expect(() => captionText({ text: "x".repeat(1025) })).toThrow("Bad Request: message caption is too long");
  });

  test("Markdown is not served and an unknown mode is refused", () => {
    expect(() => formatText({ text: "x", parse_mode: "MarkdownV2" })).toThrow("not served here");
    expect(() => formatText({ text: "x", parse_mode: "BBCode" })).toThrow("Bad Request: unsupported parse_mode");
  });
});
