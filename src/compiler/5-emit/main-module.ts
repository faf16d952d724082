/** `main.ts`: starts any instance of the program; and `package.json`. */
import { Names } from "./names.ts";
import { quoted, Writer } from "./writer.ts";
import type { Written } from "./writer.ts";

/** FNV-1a over UTF-16 units, twice with different beginnings: a name for the build, no protection. */
export function fingerprint(texts: readonly string[]): string {
  const hash = (seed: number): string => {
    let h = seed;
    for (const text of texts) for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    return (h >>> 0).toString(16).padStart(8, "0");
  };
  return hash(0x811c9dc5) + hash(0x5bd1e995);
}

export function mainModule(
  program: string,
  roles: readonly { readonly role: string; readonly module: string }[],
  version: string,
): Written {
  const writer = new Writer();
  writer.line(
    `/** Starts any instance of ${program}: \`node main.js ${roles[0]?.role ?? "ROLE"} --index 0 --deploy deploy.json\`. Written by dlc. */`,
  );
  writer.line(`import { main } from "./runtime/main.js";`);
  const names = new Names();
  names.take("main");
  const programs = roles.map(({ role, module }) => ({ role, module, local: names.take(role) }));
  for (const { module, local } of programs) {
    writer.line(`import { program as ${local} } from "./${module}.js";`);
  }
  writer.line();
  const members = programs.map(({ role, local }) =>
    role === local ? role : `${role.includes(".") ? quoted(role) : role}: ${local}`,
  );
  writer.line(`main({ ${members.join(", ")} }, { program: ${quoted(program)}, version: ${quoted(version)} });`);
  return writer.written();
}

export function packageText(program: string, modules: readonly string[]): string {
  const name =
    program
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, "-")
      .replace(/^-+|-+$/g, "") || "program";
  return `${JSON.stringify(
    {
      name,
      private: true,
      type: "module",
      engines: { node: ">=20.19.0" },
      exports: Object.fromEntries(
        modules.map((module) => [`./${module}`, { types: `./${module}.ts`, default: `./${module}.js` }]),
      ),
    },
    null,
    2,
  )}\n`;
}
