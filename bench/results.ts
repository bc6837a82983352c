/** One benchmark's section of the page. */
export interface Section {
  readonly name: string;
  readonly about: string;
  /** Date, machine and versions. */
  readonly measured: string;
  /** As it was printed. */
  readonly output: string;
  /** A missed goal or a failed run, or null. */
  readonly problem: string | null;
}

const HEAD = `# Benchmarks

Written by \`npm run bench\`; a run of some replaces only their sections, and "Before and after" is kept by hand. Each table
has the row to compare with beside ours, and their ratio: times vary with the machine, ratios of one run much less.
`;
const BY_HAND = "## Before and after";

/** The page with this section added or replaced; the other sections and the hand-written part stay as they are. */
export function withSection(page: string, section: Section, order: readonly string[]): string {
  const [measured = "", ...byHand] = page.split(`\n${BY_HAND}\n`);
  const sections = new Map(
    measured
      .split(/\n(?=## )/)
      .slice(1)
      .map((text) => [/^## (\S+)/.exec(text)?.[1] ?? "", text.trimEnd()]),
  );
  sections.set(section.name, written(section));
  const inOrder = order.flatMap((name) => sections.get(name) ?? []);
  return [HEAD, ...inOrder.map((text) => `${text}\n`), `${BY_HAND}\n${byHand.join("") || "\n"}`].join("\n");
}

const written = ({ name, about, measured, output, problem }: Section): string =>
  [
    `## ${name}`,
    about,
    `<sub>${measured}</sub>`,
    ...(problem === null ? [] : [`**Goal missed or broken off: ${problem}.**`]),
    `\`\`\`text\n${output.trimEnd()}\n\`\`\``,
  ].join("\n\n");
