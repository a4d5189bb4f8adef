# syntax=docker/dockerfile:1
# One image for worker, api and emulator; the command says which. Debian, because Temporal's native library needs glibc.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM node:24.21.0-bookworm-slim
# tini hands on signals and reaps; the certificates are for Temporal over TLS.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates tini \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY web web
COPY deploy/is-healthy.mjs deploy/
# Where the emulator keeps its state; a volume mounted here takes over the owner.
RUN install -d -o node -g node /data
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "deploy/is-healthy.mjs", "http://127.0.0.1:3000/healthz"]
ENTRYPOINT ["tini", "--"]
CMD ["node", "dist/api/main.js"]
