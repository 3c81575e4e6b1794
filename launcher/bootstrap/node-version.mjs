/** Ends with one line where this Node is too old. Runs before anything is installed: node: builtins only. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(
    `Node ${process.versions.node} is too old: Wufen needs 20.19 or newer. Install it from https://nodejs.org`,
  );
  process.exit(1);
}
