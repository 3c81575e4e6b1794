/** What an import found; kept beside the map as report.json. */
export interface ImportReport {
  readonly sourceName: string;
  readonly sourceSha256: string;
  /** Of the graph: changes with the source and with the builder. */
  readonly version: string;
  readonly importedAtMs: number;
  /** Of the roads: west, south, east, north, degrees. */
  readonly bounds: readonly [number, number, number, number];
  /** The middle of the roads (median of their nodes), where a map may open. */
  readonly center: readonly [lng: number, lat: number];
  /** To be shown wherever the roads are drawn. */
  readonly attribution: string;
  /** Ways for motor traffic, motorway to service; tracks, footways and the like are in the graph and not in this number. */
  readonly roadWays: number;
  /** Nodes of those ways. */
  readonly roadNodes: number;
  /** Directed edges that somebody may use. */
  readonly edges: number;
  /** Strongly connected components for cars. */
  readonly components: number;
  /** Share of the car roads' length in the largest component, 0 to 1. */
  readonly largestComponentShare: number;
  /** Turn restrictions and traffic signals of the extract, also those that no road meets. */
  readonly restrictions: number;
  readonly signals: number;
  /** Of all ways in the graph. */
  readonly namedWays: number;
  readonly warnings: readonly string[];
}
