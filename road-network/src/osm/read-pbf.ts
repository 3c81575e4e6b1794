import type { FileHandle } from "node:fs/promises";
import { BoundedPbf } from "./bounded-pbf.ts";
import { decodeBlock } from "./decode-block.ts";
import type { ElementHandler } from "./elements.ts";
import { ExtractError } from "./extract-error.ts";
import { readBlobs } from "./read-blobs.ts";

const KNOWN_FEATURES: ReadonlySet<string> = new Set(["OsmSchema-V0.6", "DenseNodes"]);

/**
 * Reads an .osm.pbf from its first byte to its last.
 * @throws ExtractError
 */
export async function readPbf(
  file: FileHandle,
  handler: ElementHandler,
  onBytes: (bytes: Uint8Array) => void,
): Promise<void> {
  let headerSeen = false;
  for await (const blob of readBlobs(file, onBytes)) {
    if (blob.type === "OSMHeader") {
      checkFeatures(blob.data);
      headerSeen = true;
    } else if (blob.type === "OSMData") {
      if (!headerSeen) {
        throw new ExtractError("EXTRACT_BROKEN", "The extract has data before its OSMHeader; download it again");
      }
      decodeBlock(new BoundedPbf(blob.data), handler);
    }
  }
  if (!headerSeen) {
    throw new ExtractError("EXTRACT_BROKEN", "The extract has no OSMHeader: it is not an .osm.pbf");
  }
}

function checkFeatures(data: Uint8Array): void {
  const required: string[] = [];
  new BoundedPbf(data).readFields((field, list, pbf) => {
    if (field === 4) list.push(pbf.readString());
  }, required);
  const unknown = required.filter((feature) => !KNOWN_FEATURES.has(feature));
  if (unknown.length > 0) {
    throw new ExtractError(
      "EXTRACT_BROKEN",
      `The extract needs “${unknown.join(", ").slice(0, 200)}”, which is not read here; use an extract without history, for instance from osmium cat`,
    );
  }
}
