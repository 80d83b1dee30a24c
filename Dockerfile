# Claviger on a small Debian. Build: docker build -t claviger .
# It listens on loopback until it has a certificate: run it with --network host, or with
#   -p 8200:8200 -e CLAVIGER_LISTEN=0.0.0.0:8200 -e CLAVIGER_TLS_CERT_FILE=... -e CLAVIGER_TLS_KEY_FILE=...
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libatomic1 npm ca-certificates \
  && rm -rf /var/lib/apt/lists/* && useradd --system --home /var/lib/claviger --create-home claviger
WORKDIR /opt/claviger
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --omit=dev --ignore-scripts
COPY claviger ./
COPY src ./src
COPY deploy/ready.cjs ./deploy/ready.cjs
USER claviger
ENV CLAVIGER_HOME=/var/lib/claviger
VOLUME /var/lib/claviger
EXPOSE 8200
# asks no operation, so that it needs no credential and leaves no record
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
  CMD ["/opt/claviger/node_modules/.bin/node", "/opt/claviger/deploy/ready.cjs"]
ENTRYPOINT ["/opt/claviger/claviger"]
CMD ["serve"]
