import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// `base: "./"` keeps every address relative: the app works under any path prefix.
// Nothing is inlined as data: because the server's policy lets fonts come from itself only.
export default defineConfig({
  base: "./",
  plugins: [svelte()],
  build: {
    outDir: "../src/impasto/serve/static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2022",
    modulePreload: { polyfill: false },
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8585" } },
});
