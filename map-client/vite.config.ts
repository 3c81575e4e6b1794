import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const contract = fileURLToPath(new URL("../contract/src/index.ts", import.meta.url));
const api = process.env.WUFEN_API ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [svelte()],
  resolve: { alias: { "@wufen/contract": contract } },
  worker: { format: "es" },
  build: {
    target: "es2023",
    // The content security policy allows no data: scripts, styles or fonts.
    assetsInlineLimit: 0,
    sourcemap: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2048,
    rolldownOptions: {
      // The browser needs the wire's codecs and constants; its schemas are for the server.
      treeshake: {
        manualPureFunctions: ["Type"],
        moduleSideEffects: [{ test: /contract[\\/]src/, sideEffects: false }],
      },
    },
  },
  server: { proxy: { "/api": { target: api, ws: true }, "/healthz": api } },
});
