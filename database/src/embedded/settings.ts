/** How far a committed row must survive. `process`: the death of any process, not a power cut; for tests only. */
export type Durability = "power-cut" | "process";

/** Settings of the embedded server, given on its command line, so that no file in the cluster can disagree. */
export function serverSettings(socketDir: string | undefined, port: number | undefined, durability: Durability) {
  return {
    listen_addresses: port === undefined ? "" : "127.0.0.1",
    ...(port === undefined ? {} : { port: String(port) }),
    unix_socket_directories: socketDir ?? "",
    unix_socket_permissions: "0700",
    max_connections: "80",
    shared_buffers: "128MB",
    // Redo of 0.9 GB took 8.9 s: a quarter of that keeps the start after a crash under 3 s.
    max_wal_size: "224MB",
    min_wal_size: "96MB",
    checkpoint_timeout: "60s",
    wal_buffers: "8MB",
    wal_level: "minimal",
    max_wal_senders: "0",
    synchronous_commit: "on",
    fsync: durability === "power-cut" ? "on" : "off",
    full_page_writes: durability === "power-cut" ? "on" : "off",
    // Queries are short: compiling them, or starting workers for them, costs more than it saves.
    jit: "off",
    max_parallel_workers_per_gather: "0",
    io_method: "sync",
    huge_pages: "off",
    random_page_cost: "1.1",
    timezone: "UTC",
    log_timezone: "UTC",
    lc_messages: "C",
    log_checkpoints: "off",
    log_line_prefix: "%m [%p] ",
  } as const;
}
