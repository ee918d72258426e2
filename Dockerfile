# Two stages: one that builds the wheel and compiles the kernels, one that runs them.
FROM python:3.11-slim-bookworm AS build
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends nodejs npm \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN python -m venv /opt/cogmill \
 && /opt/cogmill/bin/pip install --no-cache-dir --constraint constraints.txt .
# Kernels are cached by source and processor: a fixed, widely shared processor keeps them valid on
# the machines where the image runs.
ENV NUMBA_CPU_NAME=x86-64-v3 NUMBA_CACHE_DIR=/opt/cogmill/kernels
RUN /opt/cogmill/bin/python -m engine.run.warm

FROM python:3.11-slim-bookworm
RUN useradd --create-home --uid 10001 cogmill && mkdir /data && chown cogmill /data
COPY --from=build --chown=cogmill /opt/cogmill /opt/cogmill
# Two arenas keep memory flat where many threads decode blocks.
ENV PATH=/opt/cogmill/bin:$PATH \
    MALLOC_ARENA_MAX=2 \
    NUMBA_CPU_NAME=x86-64-v3 \
    NUMBA_CACHE_DIR=/opt/cogmill/kernels \
    COGMILL_HOME=/data \
    COGMILL_HOST=0.0.0.0
USER cogmill
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/ready', timeout=4)"
CMD ["cogmill", "serve"]
