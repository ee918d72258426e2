/**
 * Bundles the page: `node build.mjs OUTPUT`.
 *
 * OUTPUT/index.html, docs.html     name the bundles by their hashed names
 * OUTPUT/assets/NAME-HASH.ENDING   may be cached for ever
 * OUTPUT/licenses.txt              the licenses of everything that was bundled
 * OUTPUT/….br, OUTPUT/….gz         the same files, compressed
 */

import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const output = process.argv[2];
if (!output) throw new Error("usage: node build.mjs OUTPUT");
const assets = join(output, "assets");
await rm(assets, { recursive: true, force: true });
await mkdir(assets, { recursive: true });

/** Bundles the scripts and styles; returns what each came from. */
async function bundle() {
  const { metafile } = await build({
    absWorkingDir: here,
    entryPoints: {
      explorer: "explorer/main.ts",
      "explorer-style": "styles/explorer.css",
      docs: "docs/docs.ts",
      "docs-style": "docs/docs.css",
    },
    entryNames: "[name]-[hash]",
    outdir: assets,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022", "safari16.4"],
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  return metafile;
}

/** Copies a file under a name with its hash; returns the name. */
async function copyHashed(name) {
  const body = await readFile(join(here, name));
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 8).toUpperCase();
  const hashed = `${basename(name, extname(name))}-${hash}${extname(name)}`;
  await writeFile(join(assets, hashed), body);
  return hashed;
}

/** Writes an HTML page with the names in double braces replaced. */
async function writePage(name, addresses) {
  const text = await readFile(join(here, name), "utf8");
  const page = text.replace(/\{\{(.+?)\}\}/g, (_, key) => {
    if (!addresses[key]) throw new Error(`${name} names ${key}, which was not built`);
    return `/static/assets/${addresses[key]}`;
  });
  await writeFile(join(output, name), page);
}

/** Returns the packages that went into the bundles, by their folder. */
function bundledPackages(metafile) {
  const packages = new Set();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
      if (found && bytesInOutput > 0) packages.add(join(here, found[1]));
    }
  }
  return [...packages].sort();
}

/** Returns one package's name, version, license and the texts that must go with it. */
async function licenseOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json")));
  const files = (await readdir(folder)).filter((file) =>
    /(^(licen[cs]e|notice|copying)|\.license\.txt$)/i.test(file),
  );
  const texts = await Promise.all(files.sort().map((file) => readFile(join(folder, file), "utf8")));
  return [`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join("\n\n");
}

/** Writes a file's compressed twins where they save something. */
async function compress(path) {
  const body = await readFile(path);
  const size = { [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
  const twins = {
    br: await promisify(brotliCompress)(body, { params: size }),
    gz: await promisify(gzip)(body, { level: 9 }),
  };
  for (const [ending, twin] of Object.entries(twins)) {
    if (twin.length < 0.9 * body.length) await writeFile(`${path}.${ending}`, twin);
  }
}

const metafile = await bundle();
const names = Object.keys(metafile.outputs).map((path) => basename(path));
const built = (stem, ending) => names.find((one) => one.startsWith(`${stem}-`) && one.endsWith(ending));
const addresses = {
  "explorer.js": built("explorer", ".js"),
  "explorer.css": built("explorer-style", ".css"),
  "docs.js": built("docs", ".js"),
  "docs.css": built("docs-style", ".css"),
  "favicon.svg": await copyHashed("favicon.svg"),
};
await copyFile(join(here, "favicon.svg"), join(output, "favicon.svg"));
await writePage("index.html", addresses);
await writePage("docs.html", addresses);
const licenses = await Promise.all(bundledPackages(metafile).map(licenseOf));
await writeFile(join(output, "licenses.txt"), licenses.join(`\n\n${"=".repeat(78)}\n\n`) + "\n");
for (const file of await readdir(output, { recursive: true, withFileTypes: true })) {
  if (file.isFile()) await compress(join(file.parentPath ?? file.path, file.name));
}
