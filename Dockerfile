# syntax=docker/dockerfile:1
# Two images: `offsession` has worker, api and the operator's commands, and the command says which; `emulator` has the
# Stripe stand-in. Debian, because Temporal's native library needs glibc. No package runs a script of its own at
# installation.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && mv dist/emulator /emulator

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev

FROM node:24.21.0-bookworm-slim AS runtime
# tini hands on signals and reaps; the certificates are for Temporal over TLS.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates tini \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY deploy/is-healthy.mjs deploy/
ENTRYPOINT ["tini", "--"]

FROM runtime AS emulator
COPY --from=build /emulator dist/emulator
# Where it keeps its state; a volume mounted here takes over the owner.
RUN install -d -o node -g node -m 700 /data
USER node
EXPOSE 8420
CMD ["node", "dist/emulator/main.js"]

FROM runtime AS offsession
COPY --from=build /app/dist dist
COPY web web
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "deploy/is-healthy.mjs", "http://127.0.0.1:3000/healthz"]
CMD ["node", "dist/api/main.js"]
