# syntax=docker/dockerfile:1
# The ledger's node and tool in one image. docs/operations.md tells how to run it; tests/containers.sh builds and runs it.
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0.401
ARG BASE=docker.io/library/debian:12.12-slim

FROM ${SDK} AS build
ARG TARGETARCH=amd64
# true: the published packages with their own native libraries. false: compat/ over Debian's. docs/decisions/0001-compat.md
ARG UseNuGetPackages=false
ENV NUGET_PACKAGES=/packages
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/packages \
    case "${TARGETARCH}" in amd64) rid=linux-x64 ;; *) rid="linux-${TARGETARCH}" ;; esac; \
    dotnet publish Ledger.Cli/Ledger.Cli.csproj --configuration Release --runtime "${rid}" --self-contained true \
      --output /ledger -p:PublishReadyToRun=true -p:DebugType=none -p:UseNuGetPackages="${UseNuGetPackages}" --nologo

FROM ${BASE}
ARG UseNuGetPackages=false
# What .NET needs, the ledger's own native libraries, and the certificates that a trace collector over TLS needs.
# hadolint ignore=DL3008
RUN set -eu; \
    packages="ca-certificates libssl3 libstdc++6 zlib1g"; \
    if [ "${UseNuGetPackages}" != true ]; then packages="${packages} libsodium23=1.0.18-* librocksdb7.8=7.8.3-*"; fi; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ${packages}; \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*; \
    groupadd --gid 10001 ledger; \
    useradd --uid 10001 --gid ledger --home-dir /var/lib/ledger --no-create-home --shell /usr/sbin/nologin ledger; \
    install --directory --owner ledger --group ledger --mode 0700 /var/lib/ledger; \
    install --directory /etc/ledger
COPY --from=build /ledger /opt/ledger
RUN ln -s /opt/ledger/ledger /usr/local/bin/ledger

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Ledger" \
      org.opencontainers.image.description="A permissioned ledger: validator and tool" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/debian:12.12-slim"

# Configuration, genesis and key are mounted at /etc/ledger, read-only; the environment wins over node.json.
# A youngest generation of 64 MiB (in hexadecimal) spares most collections under load.
# Without diagnostics nothing is written outside the volume, so that the root filesystem may be read-only.
ENV LEDGER__dataDir=/var/lib/ledger \
    LEDGER__log__format=json \
    DOTNET_GCgen0size=4000000 \
    DOTNET_EnableDiagnostics=0
VOLUME /var/lib/ledger
WORKDIR /var/lib/ledger
USER 10001:10001
# Peers and HTTP. Administration is on loopback inside the container alone.
EXPOSE 7000 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["ledger", "node", "probe", "--config", "/etc/ledger/node.json"]
ENTRYPOINT ["ledger"]
CMD ["node", "run", "--config", "/etc/ledger/node.json"]
