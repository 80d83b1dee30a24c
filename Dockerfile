# Claviger on a small Debian. Build: docker build -t claviger .
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libatomic1 npm ca-certificates \
  && rm -rf /var/lib/apt/lists/* && useradd --system --home /var/lib/claviger --create-home claviger
WORKDIR /opt/claviger
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --omit=dev --ignore-scripts
COPY claviger ./
COPY src ./src
USER claviger
ENV CLAVIGER_HOME=/var/lib/claviger
VOLUME /var/lib/claviger
HEALTHCHECK CMD ["/opt/claviger/claviger", "status", "-o", "json"]
ENTRYPOINT ["/opt/claviger/claviger"]
CMD ["serve"]
