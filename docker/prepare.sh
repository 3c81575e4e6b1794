#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, each once: run again, it leaves what is there.
# With two PEM files, a certificate with its chain and its key, it also makes what docker/tls.yml mounts, anew each time.
set -eu
[ $# -eq 0 ] || [ $# -eq 2 ] || { echo "usage: sh docker/prepare.sh [CERTIFICATE.pem KEY.pem]" >&2; exit 2; }
pair=""
[ $# -eq 0 ] || pair="$(cat "$1" "$2")"
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
# The folder is its owner's alone; the files in it must be readable by the users inside the containers.
chmod 700 secrets

random() { od -An -v -tx1 -N "$1" /dev/urandom | tr -d ' \n'; }
make() {
  [ -s "secrets/$1" ] || printf '%s\n' "$2" > "secrets/$1"
  chmod 444 "secrets/$1"
}

make device-key "$(random 32)"
make proxy-key "$(random 32)"
make postgres-password "$(random 24)"
make redis-password "$(random 24)"
make administrator-password "$(random 10)"
make dispatcher-password "$(random 10)"
make database-url "postgres://wufen:$(cat secrets/postgres-password)@postgres:5432/wufen"
make redis-url "redis://:$(cat secrets/redis-password)@redis:6379"
make redis.conf "requirepass $(cat secrets/redis-password)"
if [ -n "$pair" ]; then
  rm -f secrets/tls.pem
  make tls.pem "$pair"
fi

echo "secrets are in $(pwd)/secrets: keep a copy of device-key, without it every device needs a new secret"
echo "people: administrator, dispatcher; their passwords: secrets/administrator-password, secrets/dispatcher-password"
