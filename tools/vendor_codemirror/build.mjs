// Writes web/js/vendor/codemirror.mjs, CodeMirror 6 as one file, and beside it the licences of all that is in it.
//   cd tools/vendor_codemirror && npm install --ignore-scripts && npm run build
// The same versions (package.json, package-lock.json) give the same bytes.

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url)), out = join(here, "../../web/js/vendor");

const { metafile } = await build({
  absWorkingDir: here, entryPoints: ["entry.mjs"], outfile: join(out, "codemirror.mjs"), bundle: true, minify: true,
  format: "esm", target: "es2022", charset: "utf8", legalComments: "none", metafile: true, logLevel: "info",
  banner: { js: "// CodeMirror 6, MIT: codemirror.LICENSE.txt. Built by tools/vendor_codemirror; do not edit." },
});

const packages = [...new Set(Object.keys(metafile.inputs).map((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]))];
const licence = "MIT License", parts = [];
let terms = "";
for (const name of packages.filter(Boolean).sort()) {
  const folder = join(here, "node_modules", name), text = readFileSync(join(folder, "LICENSE"), "utf8");
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const begin = text.indexOf("Permission is hereby granted"), said = text.slice(begin).replace(/\s+/g, " ").trim();
  if (license !== "MIT" || (terms && said !== terms.replace(/\s+/g, " ").trim())) throw new Error(`${name}: other terms`);
  terms ||= text.slice(begin).trim();
  parts.push(`${name} ${version}: ${/^Copyright.*$/m.exec(text)[0]}`);
}
writeFileSync(join(out, "codemirror.LICENSE.txt"), `${licence}\n\n${parts.join("\n")}\n\n${terms}\n`);
