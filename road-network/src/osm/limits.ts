/** Largest extract file that is read; a large country is 4 GiB, a city of 20 million some 100 MiB. */
export const EXTRACT_MAX_BYTES = 2 * 1024 ** 3;
/** Most nodes kept in memory (16 bytes each). */
export const EXTRACT_MAX_NODES = 60_000_000;
/** Most node references over all ways. */
export const EXTRACT_MAX_WAY_REFS = 80_000_000;
/** Longest list of members of one relation. */
export const RELATION_MAX_MEMBERS = 100_000;
/** Longest way; OSM itself allows 2,000 nodes. */
export const WAY_MAX_NODES = 100_000;
/** https://wiki.openstreetmap.org/wiki/PBF_Format: “The length of the BlobHeader … must be less than 64 KiB”. */
export const BLOB_HEADER_MAX_BYTES = 64 * 1024;
/** Same source: “The uncompressed length of a Blob must be less than 32 MiB”. */
export const BLOB_MAX_BYTES = 32 * 1024 * 1024;
