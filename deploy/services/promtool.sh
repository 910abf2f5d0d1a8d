#!/bin/sh
# Holds the rules of Prometheus against their form and their tests, with the promtool of the machine or, without
# installing anything, with the one of Debian's package: it is taken out of the package into the build folder. With the
# word find it only makes sure that there is one.
set -eu
cd "$(dirname "$0")/../.."
there=target/services/prometheus
promtool=$(command -v promtool || echo "$there/usr/bin/promtool")
if [ ! -x "$promtool" ]; then
    mkdir -p "$there"
    take() { (cd "$there" && apt-get download -q prometheus && dpkg-deb -x prometheus_*.deb .); }
    take || { apt-get update -q && take; } || {
        echo "promtool is missing; run: apt-get install prometheus" >&2
        exit 1
    }
fi
[ "${1:-}" = find ] && exit 0
"$promtool" check rules deploy/prometheus/antler.rules.yml
"$promtool" test rules deploy/prometheus/antler.rules.tests.yml
