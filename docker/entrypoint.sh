#!/bin/sh
# NAME_FILE names a file that holds the value of NAME, as in the official images: secrets are files.
set -eu
for name in DATABASE_URL REDIS_URL WUFEN_PROXY_KEY WUFEN_DEVICE_KEY; do
  eval "file=\${${name}_FILE:-}"
  [ -n "$file" ] || continue
  [ -r "$file" ] || { echo "${name}_FILE=$file cannot be read: run docker/prepare.sh" >&2; exit 1; }
  export "$name=$(cat "$file")"
  unset "${name}_FILE"
done
exec "$@"
