import { defineConfig } from "vitest/config";

// Workspace packages are read from their sources, so a test never sees a stale build.
const resolve = { conditions: ["source"] };
const ssr = { resolve: { conditions: ["source"], externalConditions: ["source"] } };

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          include: [
            "{contract,road-network,database,broker,dispatch-api,device-sim,launcher,map-client}/{src,test}/**/*.test.ts",
          ],
          maxWorkers: 2,
          globalSetup: ["./vitest.global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "system",
          include: ["test/**/*.test.ts"],
          // One system at a time: each test file starts real processes and two cores are all there is.
          fileParallelism: false,
          maxWorkers: 1,
          globalSetup: ["./vitest.global-setup.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
