/** The direction of imports, as docs/life-of-a-ping.md tells it: everything may know the wire; parts know one another only over it. */
const only = (name, from, allowed) => ({
  name,
  severity: "error",
  from: { path: `^${from}/` },
  to: {
    path: "^(contract|road-network|database|broker|dispatch-api|device-sim|map-client|launcher|test|bench)/",
    pathNot: `^(${[from, ...allowed].join("|")})/`,
  },
});

module.exports = {
  forbidden: [
    {
      name: "no-circles",
      comment: "Types may know one another; what runs may not.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    only("contract-knows-nobody", "contract", []),
    only("road-network-is-pure", "road-network", ["contract"]),
    only("database-knows-the-wire", "database", ["contract"]),
    only("broker-knows-others-over-the-wire", "broker", ["contract", "database"]),
    only("api-knows-others-over-the-wire", "dispatch-api", ["contract", "database", "road-network"]),
    only("sim-speaks-as-a-device-does", "device-sim", ["contract", "road-network"]),
    only("map-knows-the-wire", "map-client", ["contract"]),
    only("launcher-starts-processes", "launcher", ["contract", "database"]),
    {
      name: "contract-does-no-io",
      severity: "error",
      from: { path: "^contract/src", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "domain-is-pure",
      comment: "Nothing in domain/ opens, reads a clock or rolls dice; it imports nothing that does.",
      severity: "error",
      from: { path: "^dispatch-api/src/domain/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(dispatch-api/src/(live|adapters|routes|app|server)|database/|node:)" },
    },
    {
      name: "map-engine-imports-no-svelte",
      severity: "error",
      from: { path: "^map-client/src/engine/" },
      to: { path: "svelte" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules|dist" },
    exclude: { path: "(^|/)dist/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ["source", "import", "default"],
      extensions: [".ts", ".js", ".mjs", ".svelte"],
    },
  },
};
