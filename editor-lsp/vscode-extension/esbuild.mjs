// Bundles the extension, its panel, and with `test` its tests.
import { readdirSync } from "node:fs";
import { build } from "esbuild";

const shared = { bundle: true, sourcemap: false, logLevel: "warning", target: "es2022" };
const node = { ...shared, platform: "node", format: "cjs" };

if (process.argv[2] === "test") {
  const tests = readdirSync("test").filter((name) => name.endsWith(".ts"));
  await build({ ...node, entryPoints: tests.map((name) => `test/${name}`), outdir: "build/test" });
} else {
  await build({
    ...node,
    entryPoints: ["src/extension.ts"],
    outfile: "build/extension.js",
    external: ["vscode"],
    minify: true,
  });
  await build({
    ...shared,
    entryPoints: { webview: "src/webview/main.ts" },
    outdir: "build",
    format: "iife",
    minify: true,
  });
  await build({ ...shared, entryPoints: { webview: "src/webview/style.css" }, outdir: "build", minify: true });
}
