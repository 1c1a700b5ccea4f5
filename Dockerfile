# A small image that runs as nobody in particular.  PostgreSQL is somebody else's here: docker-compose.yml starts it beside.
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY schema schema
COPY fediverse_circle fediverse_circle
RUN python -m venv /app && /app/bin/pip install --no-cache-dir -r requirements.lock && /app/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
COPY --from=build /app /app
RUN useradd --system --uid 10001 --home-dir /data --create-home fediverse
USER fediverse
VOLUME /data
ENV PATH=/app/bin:$PATH FEDIVERSE_CIRCLE_DATA_DIRECTORY=/data FEDIVERSE_CIRCLE_LISTEN=:8080 FEDIVERSE_CIRCLE_LOG_FORMAT=json
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
CMD ["fediverse-circle", "up"]
