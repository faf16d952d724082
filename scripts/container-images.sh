#!/usr/bin/env bash
# Makes the two images that the files of `dlc build --target compose` name, for an engine that reaches no registry of images:
# Debian's packages, and Node from npm. As root on Debian, with docker.io and debootstrap; images that are there are left alone.
set -euo pipefail
node_image=node:22-slim nats_image=nats:2.11-alpine
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
has() { docker image inspect "$1" > /dev/null 2>&1; }
# Its packages may come from where only this machine's authorities are trusted.
base() {
  debootstrap --variant=minbase --include="$2" bookworm "$1" > /dev/null
  mkdir -p "$1/etc/ssl/certs"
  cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
}

if ! has "$node_image"; then
  root="$place/node"
  base "$root" ca-certificates
  chroot "$root" useradd --create-home --uid 1000 --user-group node
  case "$(uname -m)" in aarch64) machine=arm64 ;; *) machine=x64 ;; esac
  (cd "$place" && npm pack --silent "node-linux-$machine@22" npm@10 > /dev/null)
  mkdir -p "$root/usr/local/lib/node_modules/npm"
  tar -xzf "$place"/node-linux-*.tgz -C "$root/usr/local" --strip-components=1 package/bin
  tar -xzf "$place"/npm-*.tgz -C "$root/usr/local/lib/node_modules/npm" --strip-components=1
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  tar -C "$root" -c . | docker import --change 'CMD ["node"]' \
    --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' - "$node_image"
fi
if ! has "$nats_image"; then
  root="$place/nats"
  # BusyBox, as in the image of that name.
  base "$root" nats-server,busybox
  ln -sf /bin/busybox "$root/usr/local/bin/wget"
  tar -C "$root" -c . | docker import --change 'ENTRYPOINT ["nats-server"]' - "$nats_image"
fi
